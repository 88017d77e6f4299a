package ingest

import (
	"context"
	"net/url"
	"sync"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/media"
)

const (
	userAgent  = "xulang-agent"
	mostQueued = 256 // units between the reader of the connection and the receiver; a full queue slows the camera down
)

// session is one RTSP session. The fields in the middle belong to gortsplib's
// reader once playing, the last ones to the goroutine that called run.
type session struct {
	i      *Ingest
	client *gortsplib.Client
	units  chan media.Unit
	over   chan struct{} // closed when nobody reads units any more
	broke  chan error    // why the client ended

	video    media.Track
	sound    *media.Track
	frames   assembler
	picture  rtpClock
	hearing  rtpClock
	hearable func(*rtp.Packet) ([][]byte, error)

	sets    media.Parameters
	times   decoding
	started bool
	zero    time.Duration // media time of the first unit
}

// session pulls the camera once, until it breaks or ctx ends.
func (i *Ingest) session(ctx context.Context, address *base.URL) outcome {
	s := &session{i: i, units: make(chan media.Unit, mostQueued), over: make(chan struct{}), broke: make(chan error, 1)}
	tcp := gortsplib.TransportTCP
	s.client = &gortsplib.Client{
		Scheme: address.Scheme, Host: address.Host, Transport: &tcp, UserAgent: userAgent,
		DialContext:       dialer(i.cfg.Networks),
		OnResponse:        s.response,
		OnTransportSwitch: func(error) {},
		OnPacketsLost:     func(uint64) {}, // the assembler counts for itself
		OnDecodeError:     s.damage,
	}
	if err := s.client.Start2(); err != nil {
		return failed("start", err)
	}
	session, end := context.WithCancel(ctx)
	var helpers sync.WaitGroup
	helpers.Go(func() { s.broke <- s.client.Wait() })
	helpers.Go(func() { // gortsplib's calls know no context: closing the client ends them
		<-session.Done()
		close(s.over)
		s.client.Close()
	})
	defer helpers.Wait()
	defer end()
	if out, ok := s.setUp(address); !ok {
		return out
	}
	out := s.run(ctx)
	out.started = s.started
	return out
}

// response narrows a session description before gortsplib reads it.
func (s *session) response(res *base.Response) {
	if t := res.Header["Content-Type"]; len(t) == 1 && len(res.Body) > 0 {
		res.Body = usableSDP(res.Body, s.i.cfg.Sound)
	}
}

// setUp asks for the streams and starts them.
func (s *session) setUp(address *base.URL) (outcome, bool) {
	u := address.Clone()
	if user, pass := s.i.credentials(); user != "" || pass != "" {
		u.User = url.UserPassword(user, pass) // gortsplib answers challenges with it and sends the URL without
	}
	desc, _, err := s.client.Describe(u)
	if err != nil {
		return failed("describe", err), false
	}
	m, f, ok := s.pickVideo(desc)
	if !ok {
		return ended(camera.CauseBadCodec, "camera offers no H.264 or H.265 video, only: %s", offered(desc)), false
	}
	if _, err := s.client.Setup(desc.BaseURL, m, 0, 0); err != nil {
		return failed("set up video", err), false
	}
	s.client.OnPacketRTP(m, f, s.videoPacket)
	s.client.OnPacketRTCP(m, func(p rtcp.Packet) {
		if r, ok := p.(*rtcp.SenderReport); ok {
			s.picture.told(r.NTPTime, r.RTPTime)
		}
	})
	if s.i.cfg.Sound {
		s.setUpSound(desc)
	}
	if _, err := s.client.Play(nil); err != nil {
		return failed("play", err), false
	}
	return outcome{}, true
}

// pickVideo finds the first video that can be recorded.
func (s *session) pickVideo(desc *description.Session) (*description.Media, format.Format, bool) {
	for _, m := range desc.Medias {
		for _, f := range m.Formats {
			if m.IsBackChannel {
				continue
			}
			switch f := f.(type) {
			case *format.H264:
				if d, err := f.CreateDecoder(); err == nil {
					s.pick(media.Track{Codec: media.H264, SPS: f.SPS, PPS: f.PPS}, wrapH264(d))
					return m, f, true
				}
			case *format.H265:
				if d, err := f.CreateDecoder(); err == nil {
					s.pick(media.Track{Codec: media.H265, VPS: f.VPS, SPS: f.SPS, PPS: f.PPS}, wrapH265(d))
					return m, f, true
				}
			}
		}
	}
	return nil, nil, false
}

func (s *session) pick(t media.Track, decode func(*rtp.Packet) ([][]byte, error)) {
	const rate = 90000 // RFC 6184, 8.2.1 and RFC 7798, 7.1: no other is allowed
	t.ClockRate = rate
	s.video, s.sets = t, media.ParametersOf(t)
	s.frames = assembler{codec: t.Codec, decode: decode}
	s.picture = rtpClock{rate: rate}
	s.times = decoding{codec: t.Codec}
}

// videoPacket runs in gortsplib's reader.
func (s *session) videoPacket(pkt *rtp.Packet) {
	done, err := s.frames.push(pkt, s.i.now())
	if err != nil {
		s.damage(err)
	}
	for _, a := range done {
		s.send(media.Unit{
			NALUs: a.nalus, PTS: s.picture.at(a.stamp, a.received), Received: a.received,
			NTP: s.picture.ntp(a.stamp), Key: media.Key(s.video.Codec, a.nalus),
		})
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
			if u.Track == 0 {
				stall.Reset(s.i.cfg.Stall)
			}
			usable, err := s.unit(u)
			if err != nil {
				return ended(camera.CauseDisk, "keep footage: %s", err)
			}
			if usable {
				key.Reset(s.i.cfg.NoKeyFrame)
			}
		case <-stall.C:
			return ended(camera.CauseCameraOff, "no video for %s", s.i.cfg.Stall)
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
		if !s.started {
			return false, nil
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
