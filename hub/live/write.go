package live

import (
	"time"

	"github.com/pion/rtp"
)

// burstPackets of a replay go out at once, then the viewer's path gets a rest of
// burstRest: about 150 Mbit/s of full packets.
const (
	burstPackets = 32
	burstRest    = 2 * time.Millisecond
)

// write sends what was cached, then what the fan queues, until the viewer is gone.
// Errors of single writes are not ends: the connection's state tells of those.
func (v *viewer) write(cached []*rtp.Packet) {
	var s stitch
	if !v.replay(cached, &s) {
		return
	}
	for {
		select {
		case it := <-v.out:
			if it.cut {
				s.cut(it.p.SequenceNumber)
			}
			if p, ok := s.next(it.p); ok {
				_ = v.track.WriteRTP(&p)
			}
		case <-v.gone:
			return
		}
	}
}

// replay sends the packets since the last key frame. Their time stamps are pressed
// into one millisecond per frame before the newest one: a player that kept their
// distances would stay as far behind as the key frame was.
func (v *viewer) replay(cached []*rtp.Packet, s *stitch) bool {
	if len(cached) == 0 {
		return true
	}
	s.cut(cached[0].SequenceNumber)
	stamps := press(cached)
	rest := time.NewTicker(burstRest)
	defer rest.Stop()
	for i, c := range cached {
		if p, ok := s.next(c); ok {
			p.Timestamp = stamps[c.Timestamp]
			_ = v.track.WriteRTP(&p)
		}
		if i%burstPackets != burstPackets-1 {
			continue
		}
		select {
		case <-rest.C:
		case <-v.gone:
			return false
		}
	}
	return true
}

// press maps the packets' time stamps, in their order, to stamps 1 ms (90 ticks of
// RFC 6184's 90 kHz) apart that end at the last one.
func press(packets []*rtp.Packet) map[uint32]uint32 {
	var order []uint32
	stamps := map[uint32]uint32{}
	for _, p := range packets {
		if _, seen := stamps[p.Timestamp]; !seen {
			stamps[p.Timestamp] = 0
			order = append(order, p.Timestamp)
		}
	}
	last := order[len(order)-1]
	for i, t := range order {
		stamps[t] = last - uint32(len(order)-1-i)*90
	}
	return stamps
}

// stitch keeps a viewer's sequence numbers without holes where the hub left
// packets out, and with the holes that the publisher's path made: those are
// filled when the publisher sends again.
type stitch struct {
	begun  bool
	base   uint16 // publisher's number of the first packet after the newest cut
	offset uint16 // added to the publisher's numbers
	newest uint16 // newest number sent
}

// cut says that the packet with this number follows right after the newest sent.
func (s *stitch) cut(seq uint16) {
	s.base = seq
	if s.begun {
		s.offset = s.newest + 1 - seq
	}
}

// next gives the packet as it goes to the viewer; false when it belongs to what
// was left out.
func (s *stitch) next(in *rtp.Packet) (rtp.Packet, bool) {
	if int16(in.SequenceNumber-s.base) < 0 {
		return rtp.Packet{}, false
	}
	p := *in
	p.SequenceNumber += s.offset
	if !s.begun || int16(p.SequenceNumber-s.newest) > 0 {
		s.newest, s.begun = p.SequenceNumber, true
	}
	return p, true
}
