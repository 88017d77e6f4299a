package live

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"
	"xulang.vn/camera/agent/media"
)

// Bounds of what waits for the hub.
const (
	queueUnits = 128     // access units between Unit and the writer
	queueBytes = 8 << 20 // of them

	// behindMost is how many packets the hub may not have reported yet: reports come
	// each second, 2048 packets in between are 19 Mbit/s. More means that they pile up
	// on the way, over TCP in pion's own 4 MB buffer.
	behindMost = 2048
)

var (
	errStopped = errors.New("stopped")
	errLate    = errors.New("no connection to the hub in time")
	errSilent  = errors.New("the hub is silent")
	errClosed  = errors.New("the hub closed")
)

// session is one publication. Its owner is run.
type session struct {
	pc     *webrtc.PeerConnection
	track  *webrtc.TrackLocalStaticRTP
	sender *webrtc.RTPSender
	hub    resource // set before run

	up   chan struct{} // closed when connected
	gone chan struct{} // closed by the first leave
	once sync.Once
	why  error // set before gone is closed

	queue  chan media.Unit
	queued atomic.Int64 // bytes in queue
	lost   bool         // take's: everything until the next key frame is left out

	pack packer // write's

	sent    atomic.Uint32 // newest sequence number sent
	arrived atomic.Uint32 // newest one that the hub reported
}

func newSession(video media.Track) (*session, error) {
	api, err := newAPI()
	if err != nil {
		return nil, err
	}
	track, err := webrtc.NewTrackLocalStaticRTP(h264(), "video", "camera")
	if err != nil {
		return nil, err
	}
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, err
	}
	s := &session{
		pc: pc, track: track,
		up: make(chan struct{}), gone: make(chan struct{}),
		queue: make(chan media.Unit, queueUnits), lost: true,
		pack: newPacker(video),
	}
	before := uint32(s.pack.seq - 1)
	s.sent.Store(before)
	s.arrived.Store(before)
	t, err := pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	if err != nil {
		pc.GracefulClose()
		return nil, err
	}
	s.sender = t.Sender()
	var connected sync.Once
	pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		switch state {
		case webrtc.PeerConnectionStateConnected:
			connected.Do(func() { close(s.up) })
		case webrtc.PeerConnectionStateFailed:
			s.leave(errSilent)
		case webrtc.PeerConnectionStateClosed:
			s.leave(errClosed)
		}
	})
	return s, nil
}

// offer makes the SDP with all candidates.
func (s *session) offer(ctx context.Context) (string, error) {
	offer, err := s.pc.CreateOffer(nil)
	if err != nil {
		return "", err
	}
	gathered := webrtc.GatheringCompletePromise(s.pc)
	if err := s.pc.SetLocalDescription(offer); err != nil {
		return "", err
	}
	select {
	case <-gathered:
		return s.pc.LocalDescription().SDP, nil
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

func (s *session) leave(why error) {
	s.once.Do(func() {
		s.why = why
		close(s.gone)
	})
}

// run owns the connection until it is gone.
func (s *session) run() {
	var wg sync.WaitGroup
	wg.Go(s.readReports)
	late := time.NewTimer(connectMost)
	defer late.Stop()
	select {
	case <-s.up:
		wg.Go(s.write)
	case <-late.C:
		s.leave(errLate)
	case <-s.gone:
	}
	<-s.gone
	s.pc.GracefulClose()
	wg.Wait()
}

// take queues a unit or leaves it out. Called from ingest's goroutine.
func (s *session) take(u media.Unit) {
	select {
	case <-s.up:
	default:
		s.lost = true
		return
	}
	if s.lost && !u.Key {
		return
	}
	size := weight(u)
	if s.queued.Load()+size > queueBytes || s.behind() {
		s.lost = true
		return
	}
	s.queued.Add(size)
	select {
	case s.queue <- u:
		s.lost = false
	default:
		s.queued.Add(-size)
		s.lost = true
	}
}

func weight(u media.Unit) (bytes int64) {
	for _, n := range u.NALUs {
		bytes += int64(len(n))
	}
	return bytes
}

func (s *session) behind() bool {
	return int16(s.sent.Load()-s.arrived.Load()) > behindMost
}

// write turns queued units into packets. Lost packets are no errors here: the hub
// asks for them again, and the connection's state tells of its end.
func (s *session) write() {
	for {
		select {
		case u := <-s.queue:
			for _, p := range s.pack.unit(u) {
				_ = s.track.WriteRTP(p)
				s.sent.Store(uint32(p.SequenceNumber))
			}
			s.queued.Add(-weight(u))
		case <-s.gone:
			return
		}
	}
}

// readReports reads the hub's RTCP until the connection ends. Wishes for a key
// frame cannot be granted: the camera makes them as it likes.
func (s *session) readReports() {
	for {
		packets, _, err := s.sender.ReadRTCP()
		if err != nil {
			return
		}
		for _, p := range packets {
			r, ok := p.(*rtcp.ReceiverReport)
			if !ok {
				continue
			}
			for _, one := range r.Reports {
				if one.LastSequenceNumber != 0 { // 0 before the first packet came
					s.arrived.Store(one.LastSequenceNumber)
				}
			}
		}
	}
}
