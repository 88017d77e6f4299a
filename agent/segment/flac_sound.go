package segment

import (
	"encoding/binary"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/g711"
	"xulang.vn/camera/agent/media"
)

const (
	g711Second = 5  // blocks in a second: cameras send 20 to 100 ms at a time
	g711Longer = 2  // seconds that a camera's frame may have; a longer one is not sound
	g711Jitter = 20 // ms that a frame may be off its place and still follow the one before
)

// g711Block is the usual length of a block in samples.
func g711Block(rate int) int { return min(rate/g711Second, flacMost) }

// The expansion of each byte to 16 bits (ITU-T G.711, tables 1 and 2).
var aLaw, muLaw = func() (a, mu [256]int16) {
	var every [256]byte
	for i := range every {
		every[i] = byte(i)
	}
	var fromA g711.Alaw
	var fromMu g711.Mulaw
	fromA.Unmarshal(every[:])
	fromMu.Unmarshal(every[:])
	for i := range every {
		a[i] = int16(binary.BigEndian.Uint16(fromA[2*i:]))
		mu[i] = int16(binary.BigEndian.Uint16(fromMu[2*i:]))
	}
	return a, mu
}()

// g711Sound gathers a camera's frames of G.711 into blocks and codes these. It
// belongs to a file: each file's samples are counted from 0.
type g711Sound struct {
	encoder flacEncoder
	law     *[256]int16
	waiting []int16 // interleaved
	at      int64   // ticks of the first waiting sample, or of the next one
	number  uint64  // samples of a channel before it
}

// newG711Sound uses the memory of an old one, which may be nil; nil when the track
// is not G.711.
func newG711Sound(t media.Track, old *g711Sound) *g711Sound {
	if t.Codec != media.G711A && t.Codec != media.G711U {
		return nil
	}
	g := old
	if g == nil {
		g = &g711Sound{}
	}
	g.encoder.rate, g.encoder.channels = t.ClockRate, max(1, t.Channels)
	g.law = &aLaw
	if t.Codec == media.G711U {
		g.law = &muLaw
	}
	g.waiting, g.number = g.waiting[:0], 0
	return g
}

// add takes a frame whose first sample is at a time, and hands the blocks that
// became full to put. Frames that make no sense are dropped.
func (g *g711Sound) add(at int64, frame []byte, put func(at int64, b []byte)) {
	n := len(frame) / g.encoder.channels
	if n == 0 || n > g711Longer*g.encoder.rate {
		return
	}
	frame = frame[:n*g.encoder.channels]
	off := at - g.end()
	switch {
	case g.number == 0 && len(g.waiting) == 0:
		g.at = at
	case max(off, -off) > int64(g.encoder.rate)*g711Jitter/1000:
		g.pause(put)
		g.at = at
	}
	full := g711Block(g.encoder.rate) * g.encoder.channels
	for len(frame) > 0 {
		n := min(full-len(g.waiting), len(frame))
		for _, b := range frame[:n] {
			g.waiting = append(g.waiting, g.law[b])
		}
		frame = frame[n:]
		if len(g.waiting) == full {
			g.block(put)
		}
	}
}

// end is the time after the newest sample.
func (g *g711Sound) end() int64 { return g.at + int64(len(g.waiting)/g.encoder.channels) }

// pause codes what is waiting before a break in the sound. A block must not be
// shorter than flacLeast, so the last sample may have to stay for 2 ms.
func (g *g711Sound) pause(put func(at int64, b []byte)) {
	n := g.encoder.channels
	for len(g.waiting) > 0 && len(g.waiting) < flacLeast*n {
		g.waiting = append(g.waiting, g.waiting[len(g.waiting)-n])
	}
	g.block(put)
}

// finish codes the last block, of any length, and tells where the sound ends; -1
// when there was none.
func (g *g711Sound) finish(put func(at int64, b []byte)) (end int64) {
	g.block(put)
	if g.number == 0 {
		return -1
	}
	return g.at
}

func (g *g711Sound) block(put func(at int64, b []byte)) {
	if len(g.waiting) == 0 {
		return
	}
	put(g.at, g.encoder.frame(g.waiting, g.number))
	g.at = g.end()
	g.number += uint64(len(g.waiting) / g.encoder.channels)
	g.waiting = g.waiting[:0]
}
