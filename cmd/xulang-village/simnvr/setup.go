package simnvr

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"

	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/headers"

	"xulang.vn/camera/cmd/xulang-village/simcam"
)

// track is the name of the one video track in URLs.
const track = "trackID=1"

// replayTag asks for absolute times with the pictures (ONVIF Streaming, "Playback",
// RTSP feature tag).
const replayTag = "onvif-replay"

func (c *rtspConn) describe(req *base.Request) *base.Response {
	u := (*url.URL)(req.URL.CloneWithoutCredentials())
	t, ok := c.rec.parseTarget(u)
	if !ok || !c.rec.holds(t) {
		return status(base.StatusNotFound)
	}
	if res := c.unknownTag(req, t); res != nil {
		return res
	}
	if c.session == nil && c.rec.cfg.Dialect == Dahua && c.rec.seats.full(t.seat()) {
		return c.full()
	}
	ch, _ := c.rec.channel(t.channel)
	media, _, err := simcam.Track(ch.Home)
	if err != nil {
		return status(base.StatusInternalServerError)
	}
	media.Control = track
	sdp, err := description.Session{Title: "Media Presentation", Medias: []*description.Media{media}}.Marshal(false)
	if err != nil {
		return status(base.StatusInternalServerError)
	}
	place := u.String()
	if !strings.HasSuffix(place, "/") {
		place += "/"
	}
	return &base.Response{StatusCode: base.StatusOK, Header: base.Header{
		"Content-Type": base.HeaderValue{"application/sdp"},
		"Content-Base": base.HeaderValue{place},
	}, Body: sdp}
}

func (c *rtspConn) setup(req *base.Request) *base.Response {
	u, ok := withoutTrack(url.URL(*req.URL))
	if !ok {
		return status(base.StatusNotFound)
	}
	t, ok := c.rec.parseTarget(&u)
	if !ok || !c.rec.holds(t) {
		return status(base.StatusNotFound)
	}
	if res := c.unknownTag(req, t); res != nil {
		return res
	}
	channels, ok := interleaved(req)
	if !ok {
		return status(base.StatusUnsupportedTransport)
	}
	if c.session != nil {
		return status(base.StatusMethodNotValidInThisState)
	}
	if !c.rec.seats.take(t.seat()) {
		return c.full()
	}
	s, err := c.newSession(t, channels[0])
	if err != nil {
		c.rec.seats.free(t.seat())
		return status(base.StatusInternalServerError)
	}
	s.extension = t.replay && requires(req)
	s.place = u.String()
	c.session = s
	return &base.Response{StatusCode: base.StatusOK, Header: base.Header{
		"Transport": base.HeaderValue{fmt.Sprintf("RTP/AVP/TCP;unicast;interleaved=%d-%d;ssrc=%08X", channels[0], channels[1], s.ssrc)},
	}}
}

func (t target) seat() seat {
	if t.playback {
		return playbackSeat
	}
	return liveSeat
}

// unknownTag refuses a feature that the URL has not (RFC 2326 section 12.32).
func (c *rtspConn) unknownTag(req *base.Request, t target) *base.Response {
	if tag := first(req.Header, "Require"); tag != "" && (!t.replay || tag != replayTag) {
		return &base.Response{StatusCode: base.StatusOptionNotSupported, Header: base.Header{"Unsupported": base.HeaderValue{tag}}}
	}
	return nil
}

func requires(req *base.Request) bool { return first(req.Header, "Require") == replayTag }

// interleaved finds an offer of TCP, and the channels that it asks for (RFC 2326
// sections 10.12 and 12.39).
func interleaved(req *base.Request) ([2]int, bool) {
	var offers headers.Transports
	if offers.Unmarshal(req.Header["Transport"]) != nil {
		return [2]int{}, false
	}
	for _, o := range offers {
		if o.Protocol != headers.TransportProtocolTCP || o.Secure {
			continue
		}
		if ids := o.InterleavedIDs; ids != nil {
			if ids[0] < 0 || ids[0] > 254 || ids[1] != ids[0]+1 {
				continue
			}
			return *ids, true
		}
		return [2]int{0, 1}, true
	}
	return [2]int{}, false
}

func (c *rtspConn) newSession(t target, channel int) (*session, error) {
	var dice [14]byte
	if _, err := rand.Read(dice[:]); err != nil {
		return nil, fmt.Errorf("draw session: %w", err)
	}
	ch, _ := c.rec.channel(t.channel)
	_, encoder, err := simcam.Track(ch.Home)
	if err != nil {
		return nil, fmt.Errorf("set up session: %w", err)
	}
	return &session{
		conn: c, target: t, seat: t.seat(), id: hex.EncodeToString(dice[:4]),
		out: stream{
			reel: simcam.Reel{Home: ch.Home, Passes: ch.Passes}, encoder: encoder, clock: c.rec.clock, write: c.write, channel: byte(channel),
			ssrc: binary.BigEndian.Uint32(dice[4:]), sequence: binary.BigEndian.Uint16(dice[8:]), ticks: binary.BigEndian.Uint32(dice[10:]),
		},
		ssrc: binary.BigEndian.Uint32(dice[4:]),
	}, nil
}
