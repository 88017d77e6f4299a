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
		s.challenged = true
	}
	if t := res.Header["Content-Type"]; len(t) == 1 && len(res.Body) > 0 {
		res.Body = usableSDP(res.Body, s.hears)
	}
	ownSource(res)
	if s.past != nil {
		s.past.response(res)
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
		return failed("describe", err, s.i.took(s.login)), false
	}
	if s.challenged { // and then it answered: the password is right
		s.i.accepted(s.login)
	}
	m, f, ok := s.pickVideo(desc)
	if !ok {
		return ended(camera.CauseBadCodec, "camera offers no H.264 or H.265 video, only: %s", offered(desc)), false
	}
	if _, err := s.client.Setup(desc.BaseURL, m, 0, 0); err != nil {
		return failed("set up video", err, s.i.took(s.login)), false
	}
	s.client.OnPacketRTP(m, f, s.videoPacket)
	s.client.OnPacketRTCP(m, s.report)
	if s.hears {
		s.setUpSound(desc)
	}
	if _, err := s.client.Play(nil); err != nil {
		return failed("play", err, s.i.took(s.login)), false
	}
	s.i.accepted(s.login)
	if !s.udp {
		s.conn.playing.Store(true)
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
	if s.past != nil {
		s.picture.ahead = s.past.Times.length() + time.Minute
	}
	s.times = decoding{codec: t.Codec}
}
