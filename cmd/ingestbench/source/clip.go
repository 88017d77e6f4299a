// Package source is the camera of the bench: one recorded H.264 clip, packed into
// RTP once and sent to any number of clients, so that the source takes as little
// of the machine as it can from the recorders that are measured.
package source

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"

	"xulang.vn/camera/cmd/ingestbench/mark"
)

// FPS is how many pictures a second are sent; the clip has to be made so.
const FPS = 25

const (
	clockRate   = 90000 // RFC 6184 section 8.2.1
	ticks       = clockRate / FPS
	payloadType = 96
	payloadMost = 1400 // bytes: a packet fits into an Ethernet frame
	clipMost    = 256 << 20
)

// NAL unit types, ISO/IEC 14496-10 table 7-1.
const (
	nalSlice = 1
	nalIDR   = 5
	nalSPS   = 7
	nalPPS   = 8
	nalAUD   = 9
	nalFUA   = 28 // RFC 6184 section 5.8
)

// Clip is played in a loop. Its bytes are never changed: clients share them.
type Clip struct {
	SPS, PPS []byte

	pictures []picture
	packets  int // of one loop
}

// picture is one access unit as it goes out, but for what differs from client to
// client and from loop to loop.
type picture struct {
	wire   []byte // interleaved packets (RFC 2326 section 10.12)
	at     []int  // where each packet starts in wire
	before int    // packets of the loop that come before
	mark   int    // where the mark starts in wire
	slices uint32 // bytes
	key    bool
}

// Load reads an Annex B file whose pictures are one slice or more behind an
// optional access unit delimiter; the first one must be a key picture.
func Load(path string) (*Clip, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read clip: %w", err)
	}
	if info.Size() > clipMost {
		return nil, fmt.Errorf("read clip: %d bytes, at most %d", info.Size(), clipMost)
	}
	text, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return nil, fmt.Errorf("read clip: %w", err)
	}
	return Make(text)
}

// Make packs an Annex B stream.
func Make(text []byte) (*Clip, error) {
	c := &Clip{}
	var unit [][]byte
	var last byte
	for _, nal := range split(text) {
		kind := nal[0] & 31
		// What is not a slice comes before its picture; a slice that begins at
		// macroblock 0 (first_mb_in_slice, one bit "1") begins a picture.
		first := (kind == nalSlice || kind == nalIDR) && len(nal) > 1 && nal[1]&0x80 != 0
		if (first || kind > nalIDR) && (last == nalSlice || last == nalIDR) {
			c.add(unit)
			unit = nil
		}
		last = kind
		switch kind {
		case nalAUD:
			continue // packets tell where a picture ends
		case nalSPS:
			c.SPS = nal
		case nalPPS:
			c.PPS = nal
		}
		unit = append(unit, nal)
	}
	if last == nalSlice || last == nalIDR {
		c.add(unit)
	}
	switch {
	case c.SPS == nil || c.PPS == nil:
		return nil, fmt.Errorf("read clip: no parameter sets")
	case len(c.pictures) == 0 || !c.pictures[0].key:
		return nil, fmt.Errorf("read clip: it does not start with a key picture")
	}
	return c, nil
}

// split cuts an Annex B stream into its NAL units (ISO/IEC 14496-10 annex B).
func split(b []byte) [][]byte {
	var out [][]byte
	for {
		i := bytes.Index(b, []byte{0, 0, 1})
		if i < 0 {
			i = len(b)
		}
		if nal := bytes.TrimRight(b[:i], "\x00"); len(nal) > 0 {
			out = append(out, nal)
		}
		if i == len(b) {
			return out
		}
		b = b[i+3:]
	}
}

// add packs one access unit, with room for its mark before the slices.
func (c *Clip) add(unit [][]byte) {
	p := picture{before: c.packets}
	for _, nal := range unit {
		if kind := nal[0] & 31; kind == nalSlice || kind == nalIDR {
			p.slices += uint32(len(nal))
			p.key = p.key || kind == nalIDR
		}
	}
	marked := false
	for _, nal := range unit {
		if kind := nal[0] & 31; !marked && (kind == nalSlice || kind == nalIDR) {
			p.mark = len(p.wire) + 16
			p.pack(mark.Mark{Picture: p.slices}.Append(nil))
			marked = true
		}
		p.pack(nal)
	}
	p.wire[p.at[len(p.at)-1]+5] |= 0x80 // the marker bit: the picture ends
	c.packets += len(p.at)
	c.pictures = append(c.pictures, p)
}

// pack puts one NAL unit into one packet, or in fragments into several.
func (p *picture) pack(nal []byte) {
	if len(nal) <= payloadMost {
		p.packet(nil, nal)
		return
	}
	head, rest, start := nal[0], nal[1:], byte(0x80)
	for len(rest) > 0 {
		n := min(len(rest), payloadMost-2)
		end := byte(0)
		if n == len(rest) {
			end = 0x40
		}
		p.packet([]byte{head&0xe0 | nalFUA, start | end | head&31}, rest[:n])
		rest, start = rest[n:], 0
	}
}

// packet appends "$", channel, length and an RTP header whose sequence number,
// time stamp and source are filled in when it is sent.
func (p *picture) packet(head, body []byte) {
	p.at = append(p.at, len(p.wire))
	p.wire = append(p.wire, '$', 0)
	p.wire = binary.BigEndian.AppendUint16(p.wire, uint16(12+len(head)+len(body)))
	p.wire = append(p.wire, 0x80, payloadType, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	p.wire = append(append(p.wire, head...), body...)
}

// Stream tells a client's copies of the pictures apart from others'.
type Stream struct {
	Index   uint16
	Channel byte // that the client chose for RTP
}

func (s Stream) source() uint32 { return 0x58_4c_00_00 | uint32(s.Index) }

// clock is the RTP time of a picture. It runs through the loops.
func (s Stream) clock(number uint32) uint32 { return s.source()*2654435761 + number*ticks }

// Append writes a picture's packets. Sequence number and time stamp follow from
// the picture's number alone, so they are the same for every client, and loops do
// not show in them.
func (c *Clip) Append(b []byte, s Stream, number uint32) []byte {
	loop, index := uint64(number)/uint64(len(c.pictures)), int(number)%len(c.pictures)
	p := &c.pictures[index]
	start := len(b)
	b = append(b, p.wire...)
	wire := b[start:]
	seq := loop*uint64(c.packets) + uint64(p.before)
	for i, at := range p.at {
		h := wire[at:]
		h[1] = s.Channel
		binary.BigEndian.PutUint16(h[6:], uint16(seq+uint64(i)))
		binary.BigEndian.PutUint32(h[8:], s.clock(number))
		binary.BigEndian.PutUint32(h[12:], s.source())
	}
	mark.Mark{Stream: s.Index, Number: number, Picture: p.slices}.Append(wire[p.mark:p.mark])
	return b
}

// Sizes are the bytes that each picture of the loop takes on the wire.
func (c *Clip) Sizes() []int {
	out := make([]int, len(c.pictures))
	for i, p := range c.pictures {
		out[i] = len(p.wire)
	}
	return out
}

// Rate is the mean of the clip's video, in bits per second.
func (c *Clip) Rate() int {
	bytes := 0
	for _, p := range c.pictures {
		bytes += int(p.slices)
	}
	return bytes * 8 * FPS / len(c.pictures)
}

// KeyEvery is the distance of the key pictures; 0: they are not evenly spaced.
func (c *Clip) KeyEvery() int {
	every, last := 0, 0
	for i, p := range c.pictures {
		if !p.key || i == 0 {
			continue
		}
		if every != 0 && i-last != every {
			return 0
		}
		every, last = i-last, i
	}
	if every != 0 && len(c.pictures)-last != every {
		return 0
	}
	return every
}
