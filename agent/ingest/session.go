package ingest

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/media"
)

// mostQueued units lie between the reader of the connection and the receiver; a
// full queue slows the camera down.
const mostQueued = 256

// mostSetup is the time that a session may take to begin; each of its requests has
// less.
const mostSetup = time.Minute

// session is one RTSP session. The fields in the middle belong to gortsplib's
// readers once playing, the last ones to the goroutine that called run.
type session struct {
	i      *Ingest
	login  login
	client *gortsplib.Client
	dial   func(context.Context, string, string) (net.Conn, error)
	conn   *gatherer // the newest; of gortsplib's own goroutine, and of its reader while there is one
	udp    bool
	units  chan media.Unit
	over   chan struct{} // closed when nobody reads units any more
	broke  chan error    // why the client ended

	hears      bool // sound is wanted
	challenged bool // the camera asked who we are
	barred     bool // and was not told: the password was refused often enough
	tried      func(Verdict)

	reading  sync.Mutex // guards what follows: with UDP each track has readers of its own
	video    media.Track
	sound    *media.Track
	frames   assembler
	picture  rtpClock
	hearing  rtpClock
	hearable func(*rtp.Packet) ([][]byte, error)
	noise    noise

	sets    media.Parameters
	times   decoding
	started bool
	zero    time.Duration // media time of the first unit

	past *playback // nil: what it plays is happening now
}

// session pulls the camera once, until it breaks or ctx ends.
func (i *Ingest) session(ctx context.Context, address *base.URL) outcome {
	return i.pull(ctx, address, nil, (*session).run)
}

// pull leads one session; run hands its units on.
func (i *Ingest) pull(ctx context.Context, address *base.URL, past *playback, run func(*session, context.Context) outcome) outcome {
	queue := mostQueued
	if past != nil {
		queue = mostReplayed
	}
	s := &session{
		i: i, login: i.credentials(), dial: dialer(i.cfg.Control), hears: i.cfg.Sound && i.now().After(i.deaf),
		udp:   i.cfg.UDP && address.Scheme == "rtsp" && past == nil,
		units: make(chan media.Unit, queue), over: make(chan struct{}), broke: make(chan error, 1), past: past,
	}
	s.client = s.newClient(address)
	if err := s.client.Start2(); err != nil {
		return failed("start", err, false)
	}
	session, end := context.WithCancel(ctx)
	var helpers sync.WaitGroup
	helpers.Go(func() { s.broke <- s.client.Wait() })
	helpers.Go(func() { // gortsplib's calls know no context: closing the client ends them
		<-session.Done()
		close(s.over)
		s.client.Close()
	})
	defer func() { s.verdict(Unknown) }() // the client has ended
	defer helpers.Wait()
	defer end()
	tooLong := time.AfterFunc(mostSetup, end)
	out, ok := s.setUp(address)
	tooLong.Stop()
	if ok {
		out = run(s, ctx)
	}
	out.started = s.started
	if s.sound != nil && !s.started && ctx.Err() == nil && (out.cause == camera.CauseCameraOff || out.cause == camera.CauseReconnect) {
		i.deaf = i.now().Add(deafFor) // it may be the sound that the camera cannot do
	}
	return out
}

// read is when the packet at hand was read.
func (s *session) read() time.Time {
	if s.past != nil { // it may come at any pace: what counts is where in the footage it is
		return time.Unix(0, 0).Add(s.picture.media)
	}
	if s.udp {
		return s.i.now()
	}
	return s.conn.at
}

// videoPacket runs in gortsplib's reader.
func (s *session) videoPacket(pkt *rtp.Packet) {
	s.reading.Lock()
	defer s.reading.Unlock()
	if s.past != nil {
		s.past.marked(pkt)
	}
	done, err := s.frames.push(pkt, s.read())
	if err != nil {
		s.damage(err)
	}
	for _, a := range done {
		s.sendPicture(a)
	}
}

func (s *session) sendPicture(a access) {
	u := media.Unit{
		NALUs: a.nalus, PTS: s.picture.at(a.stamp, a.received), Received: a.received,
		NTP: s.picture.ntp(a.stamp), Key: media.Key(s.video.Codec, a.nalus),
	}
	if s.past == nil {
		s.send(u)
		return
	}
	m := s.past.mark(a.stamp)
	u.Received = m.at
	s.send(u)
	if m.last {
		s.send(theEnd)
	}
}

// report takes RTCP of the video; it runs in gortsplib's reader.
func (s *session) report(p rtcp.Packet) {
	s.reading.Lock()
	defer s.reading.Unlock()
	switch r := p.(type) {
	case *rtcp.SenderReport:
		s.picture.told(r.NTPTime, r.RTPTime)
	case *rtcp.Goodbye:
		if s.past == nil {
			return // the end of the connection or silence will tell
		}
		if s.frames.coded { // a last picture without a marker
			s.sendPicture(s.frames.take())
		}
		s.send(theEnd)
	}
}

// send waits for room in the queue: a disk that is slow for a moment slows the
// camera down, and loses nothing that TCP can hold.
func (s *session) send(u media.Unit) {
	select {
	case s.units <- u:
	case <-s.over:
	}
}

// damage notes what was dropped, folded to a line a minute.
func (s *session) damage(err error) {
	if hidden, ok := s.i.lost.allow(); ok {
		s.i.log.Warn("video damaged on the way", "error", err, "more", hidden)
	}
}

// run hands the units on until the session ends.
func (s *session) run(ctx context.Context) outcome {
	stall := time.NewTimer(s.i.cfg.Stall)
	defer stall.Stop()
	key := time.NewTimer(s.i.cfg.NoKeyFrame)
	defer key.Stop()
	for {
		select {
		case <-ctx.Done():
			return outcome{}
		case u := <-s.units:
			usable, err := s.unit(u)
			if err != nil {
				return ended(camera.CauseDisk, "keep footage: %s", err)
			}
			if u.Track == 0 { // now: a disk that took long is no silence of the camera
				stall.Reset(s.i.cfg.Stall)
			}
			if usable {
				key.Reset(s.i.cfg.NoKeyFrame)
			}
		case <-stall.C:
			out := ended(camera.CauseCameraOff, "no video for %s", s.i.cfg.Stall)
			out.quiet = true
			return out
		case <-key.C:
			return ended(camera.CauseNoKeyFrame, "no key frame with parameter sets for %s", s.i.cfg.NoKeyFrame)
		case err := <-s.broke:
			if e := s.rest(); e != nil {
				return ended(camera.CauseDisk, "keep footage: %s", e)
			}
			return broken(err)
		}
	}
}

// rest hands on what was read before the connection broke.
func (s *session) rest() error {
	for {
		select {
		case u := <-s.units:
			if _, err := s.unit(u); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

// unit hands one unit on, and tells whether recording can start at it.
func (s *session) unit(u media.Unit) (usable bool, err error) {
	if u.Track > 0 {
		if !s.started || u.PTS < s.zero {
			return false, nil // it belongs to pictures that were not handed on
		}
		u.PTS -= s.zero
		u.DTS = u.PTS
		return false, s.i.r.Unit(u)
	}
	s.sets = media.ParametersIn(s.video.Codec, u.NALUs).Over(s.sets)
	usable = u.Key && s.sets.Complete(s.video.Codec)
	if !s.started {
		if !usable {
			return false, nil
		}
		s.started, s.zero = true, u.PTS
		if err := s.start(); err != nil {
			return false, err
		}
	}
	u.PTS -= s.zero
	u.DTS = s.times.at(u, s.sets)
	return usable, s.i.r.Unit(u)
}

// start tells the receiver what comes.
func (s *session) start() error {
	s.video.VPS, s.video.SPS, s.video.PPS = s.sets.VPS, s.sets.SPS, s.sets.PPS
	out := media.Session{Video: s.video.Codec, Tracks: []media.Track{s.video}}
	if s.sound != nil {
		out.Tracks = append(out.Tracks, *s.sound)
	}
	return s.i.r.Start(out)
}
