package ingest

import (
	"net"
	"time"

	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/bluenviron/gortsplib/v4/pkg/sdp"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"xulang.vn/camera/agent/media"
)

// UsableSDP is the filter of session descriptions.
var UsableSDP = usableSDP

// Access is one access unit of an Assembler.
type Access struct {
	NALUs    [][]byte
	Stamp    uint32
	Received time.Time
}

// Assembler is the assembler of a codec.
type Assembler struct{ a assembler }

// NewAssembler makes one with the decoder that a session uses.
func NewAssembler(c media.Codec) *Assembler {
	if c == media.H264 {
		d, err := (&format.H264{PacketizationMode: 1}).CreateDecoder()
		if err != nil {
			panic(err)
		}
		return &Assembler{assembler{codec: c, decode: wrapH264(d)}}
	}
	d, err := (&format.H265{}).CreateDecoder()
	if err != nil {
		panic(err)
	}
	return &Assembler{assembler{codec: c, decode: wrapH265(d)}}
}

// Push takes a packet.
func (a *Assembler) Push(p *rtp.Packet, at time.Time) (out []Access, err error) {
	done, err := a.a.push(p, at)
	for _, d := range done {
		out = append(out, Access{d.nalus, d.stamp, d.received})
	}
	return out, err
}

// Clock is the RTP clock of a track.
type Clock struct{ c rtpClock }

// NewClock makes one of 90 kHz.
func NewClock() *Clock { return &Clock{rtpClock{rate: 90000}} }

// At is the media time of a time stamp.
func (c *Clock) At(stamp uint32, at time.Time) time.Duration { return c.c.at(stamp, at) }

// Report takes a packet of RTCP as a session does, and tells what it holds.
func (c *Clock) Report(raw []byte) (reports []*rtcp.SenderReport) {
	pkts, err := rtcp.Unmarshal(raw)
	if err != nil {
		return nil
	}
	s := &session{picture: c.c}
	for _, p := range pkts {
		s.report(p)
		if r, ok := p.(*rtcp.SenderReport); ok {
			reports = append(reports, r)
		}
	}
	c.c = s.picture
	return reports
}

// Told takes a sender report.
func (c *Clock) Told(ntp uint64, stamp uint32) { c.c.told(ntp, stamp) }

// NTP maps a time stamp to the sender's clock.
func (c *Clock) NTP(stamp uint32) time.Time { return c.c.ntp(stamp) }

// Pauses lists the pauses after sessions that worked or did not, all short.
func Pauses(worked ...bool) (out []time.Duration) {
	var p pause
	for _, w := range worked {
		out = append(out, p.next(outcome{started: w}, time.Second))
	}
	return out
}

// Detail is what a technician gets to read of a text.
func Detail(text string) string { return ended("", "%s", text).detail }

// Gatherer is a connection that is read a few times a second.
type Gatherer struct{ *gatherer }

// NewGatherer makes one.
func NewGatherer(c net.Conn, every time.Duration, live func() bool, now func() time.Time) Gatherer {
	return Gatherer{newGatherer(c, every, live, now)}
}

// Play ends the handshake.
func (g Gatherer) Play() { g.playing.Store(true) }

// At is when the data that Read gave last was read.
func (g Gatherer) At() time.Time { return g.at }

// OwnSource is the filter of answers to SETUP.
var OwnSource = ownSource

// Failure is a kind of end of a session.
type Failure = trouble

// The kinds.
const (
	Plain      = noTrouble
	Doubted    = doubted
	Full       = isFull
	NotReached = notReached
)

// PauseAfter lists the pauses after sessions that failed so, each after as long.
func PauseAfter(lasted time.Duration, fails ...Failure) (out []time.Duration) {
	var p pause
	for _, f := range fails {
		out = append(out, p.next(outcome{trouble: f}, lasted))
	}
	return out
}

// Tracks makes what a session makes of a description, and counts it.
func Tracks(body []byte) (n int) {
	var parsed sdp.SessionDescription
	var d description.Session
	if parsed.Unmarshal(body) != nil || d.Unmarshal(&parsed) != nil {
		return 0
	}
	if _, _, ok := (&session{}).pickVideo(&d); ok {
		n++
	}
	for _, m := range d.Medias {
		for _, f := range m.Formats {
			if _, decode := soundTrack(f); decode != nil {
				n++
			}
		}
	}
	return n
}

// Playback is what a session of the past reads of packets and answers.
type Playback struct{ p playback }

// NewPlayback makes one.
func NewPlayback(t Times) *Playback {
	return &Playback{playback{ReplayConfig: ReplayConfig{Times: t}}}
}

// Told gives what a packet says of its picture.
func (p *Playback) Told(pkt *rtp.Packet) (at time.Time, last bool) {
	p.p.marked(pkt)
	m := p.p.mark(pkt.Timestamp)
	return m.at, m.last
}

// Began gives what an answer to PLAY says of the beginning.
func (p *Playback) Began(ranges string) time.Time {
	p.p.response(&base.Response{Header: base.Header{"Range": base.HeaderValue{ranges}}})
	if at := p.p.began.Load(); at != nil {
		return *at
	}
	return time.Time{}
}
