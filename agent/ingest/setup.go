package ingest

import (
	"crypto/tls"
	"net/url"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/pion/rtp"
	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/media"
)

const userAgent = "xulang-agent"

func (s *session) newClient(address *base.URL) *gortsplib.Client {
	transport := gortsplib.TransportTCP
	if s.udp {
		transport = gortsplib.TransportUDP
	}
	c := &gortsplib.Client{
		Scheme: address.Scheme, Host: address.Host, Transport: &transport, UserAgent: userAgent,
		DialContext: s.connect, ListenPacket: s.listen,
		InitialUDPReadTimeout: s.i.cfg.Stall,
		TLSConfig:             &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // cameras sign their own certificates: see Config.URL
		OnResponse:            s.response,
		OnTransportSwitch:     func(error) {},
		OnPacketsLost:         func(uint64) {}, // the assembler counts for itself
		OnDecodeError:         s.damage,
	}
	if s.past != nil {
		c.OnRequest = s.past.request
		c.ReadTimeout = mostPaused
	}
	return c
}

// response changes an answer before gortsplib reads it: it narrows a session
// description, and takes out addresses that are not the camera's.
func (s *session) response(res *base.Response) {
	if res.StatusCode == base.StatusUnauthorized {
		s.introduce(res)
	}
	if t := res.Header["Content-Type"]; len(t) == 1 && len(res.Body) > 0 {
		res.Body = usableSDP(res.Body, s.hears)
	}
	ownSource(res)
	if s.past != nil {
		s.past.response(res)
	}
}

// introduce lets the password be sent in answer to a challenge, or bars that. Asked
// again, the camera has refused it.
func (s *session) introduce(res *base.Response) {
	first := !s.challenged
	s.challenged = true
	switch {
	case !first:
		s.verdict(Refused)
	case s.i.cfg.Try != nil && s.login != (login{}) && !s.i.took(s.login):
		var ok bool
		if s.tried, ok = s.i.cfg.Try(s.over); ok {
			return
		}
		res.StatusCode = base.StatusForbidden // gortsplib answers 401 by itself
		select {
		case <-s.over:
		default:
			s.barred = true
		}
	}
}

// verdict tells how a try ended, once.
func (s *session) verdict(v Verdict) {
	if tried := s.tried; tried != nil {
		s.tried = nil
		tried(v)
	}
}

// setUp asks for the streams and starts them.
func (s *session) setUp(address *base.URL) (outcome, bool) {
	u := address.Clone()
	if s.login != (login{}) {
		u.User = url.UserPassword(s.login.user, s.login.pass) // gortsplib answers challenges with it and sends the URL without
	}
	desc, _, err := s.client.Describe(u)
	if err != nil {
		return s.failed("describe", err), false
	}
	if s.challenged { // and then it answered: the password is right
		s.verdict(Taken)
		s.i.accepted(s.login)
	}
	m, f, ok := s.pickVideo(desc)
	if !ok {
		return ended(camera.CauseBadCodec, "camera offers no H.264 or H.265 video, only: %s", offered(desc)), false
	}
	if _, err := s.client.Setup(desc.BaseURL, m, 0, 0); err != nil {
		return s.failed("set up video", err), false
	}
	s.client.OnPacketRTP(m, f, s.videoPacket)
	s.client.OnPacketRTCP(m, s.report)
	if s.hears {
		s.setUpSound(desc)
	}
	if _, err := s.client.Play(nil); err != nil {
		return s.failed("play", err), false
	}
	s.verdict(Taken)
	s.i.accepted(s.login)
	if !s.udp {
		s.conn.playing.Store(true)
	}
	return outcome{}, true
}

func (s *session) failed(doing string, err error) outcome {
	if s.barred {
		return refusedTwice()
	}
	return failed(doing, err, s.i.took(s.login))
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
	if s.past != nil {
		s.picture.ahead = s.past.Times.length() + time.Minute
	}
	s.times = decoding{codec: t.Codec}
}
