package live

import (
	"slices"

	"github.com/pion/rtp"
)

// gopMost bounds the packets that are kept since the last key frame: about 5 MB.
// When a group of pictures is longer, nothing is kept and a new viewer waits.
const gopMost = 4096

// gop keeps the packets since the start of the last key frame that a decoder can
// start with: an IDR picture with its sequence parameter set in the same access
// unit (all packets of one access unit share a time stamp, RFC 6184 §5.1).
type gop struct {
	packets []*rtp.Packet // from the key frame on; empty when there is none

	unit     []*rtp.Packet // the newest access unit, until it is known as a key frame
	unitTime uint32
	sps, idr bool // what unit held so far
	keyed    bool // unit has begun packets
}

// add keeps a packet and tells whether it completed the start of a key frame:
// packets then holds that frame so far.
func (g *gop) add(p *rtp.Packet) bool {
	age := int32(p.Timestamp - g.unitTime)
	if g.unit == nil && !g.keyed || age > 0 {
		g.unit, g.unitTime, g.sps, g.idr, g.keyed = nil, p.Timestamp, false, false, false
		age = 0
	}
	if age < 0 || g.keyed { // sent again for an older picture, or more of the key frame
		g.keep(p)
		return false
	}
	sps, idr := inspect(p.Payload)
	g.sps, g.idr = g.sps || sps, g.idr || idr
	if len(g.unit) < gopMost { // a publisher that never moves its time stamp
		g.unit = append(g.unit, p)
	}
	if g.sps && g.idr {
		g.packets = slices.Clone(g.unit)
		slices.SortStableFunc(g.packets, func(a, b *rtp.Packet) int {
			return int(int16(a.SequenceNumber - b.SequenceNumber))
		})
		g.unit, g.keyed = nil, true
		return true
	}
	g.keep(p)
	return false
}

func (g *gop) keep(p *rtp.Packet) {
	switch {
	case len(g.packets) == 0:
	case len(g.packets) >= gopMost:
		g.packets = nil
	default:
		g.packets = append(g.packets, p)
	}
}

// NAL unit types of ISO/IEC 14496-10 table 7-1 and packet types of RFC 6184 table 1.
const (
	nalIDR   = 5
	nalSPS   = 7
	nalSTAPA = 24
	nalFUA   = 28
)

// inspect tells what an H.264 payload begins or holds: a sequence parameter set,
// a slice of an IDR picture. Any bytes may come.
func inspect(payload []byte) (sps, idr bool) {
	if len(payload) == 0 {
		return false, false
	}
	switch kind := payload[0] & 0x1f; kind {
	case nalSTAPA: // RFC 6184 §5.7.1
		for rest := payload[1:]; len(rest) > 2; {
			size := int(rest[0])<<8 | int(rest[1])
			sps = sps || rest[2]&0x1f == nalSPS
			idr = idr || rest[2]&0x1f == nalIDR
			if size == 0 || size > len(rest)-2 {
				break
			}
			rest = rest[2+size:]
		}
		return sps, idr
	case nalFUA: // RFC 6184 §5.8; the start bit does not matter here
		if len(payload) > 1 {
			kind = payload[1] & 0x1f
		}
		return kind == nalSPS, kind == nalIDR
	default:
		return kind == nalSPS, kind == nalIDR
	}
}
