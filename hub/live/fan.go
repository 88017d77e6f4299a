package live

import (
	"sync"

	"github.com/pion/rtp"
)

// queueMost is the length of a viewer's queue in packets: more than two seconds
// of 4 Mbit/s.
const queueMost = 1024

// item is a queued packet; cut marks the first one after something was left out.
type item struct {
	p   *rtp.Packet
	cut bool
}

// fan hands one publisher's packets to its viewers. Packets are shared and never
// changed after push.
type fan struct {
	mu   sync.Mutex
	gop  gop
	outs map[*viewer]struct{}
}

func newFan() *fan { return &fan{outs: map[*viewer]struct{}{}} }

// push never waits for a viewer. A full queue loses everything until the next
// key frame: half a picture is worth nothing, and the rest of its group neither.
func (f *fan) push(p *rtp.Packet) {
	f.mu.Lock()
	defer f.mu.Unlock()
	began := f.gop.add(p)
	for v := range f.outs {
		switch {
		case v.lost && began:
			v.lost = !v.offer(f.gop.packets, true)
		case !v.lost:
			v.lost = !v.offer([]*rtp.Packet{p}, false)
		}
	}
}

// offer queues all of the packets or none. Only the fan adds to the queue, so
// room that is seen stays.
func (v *viewer) offer(packets []*rtp.Packet, cut bool) bool {
	if cap(v.out)-len(v.out) < len(packets) {
		return false
	}
	for i, p := range packets {
		v.out <- item{p: p, cut: cut && i == 0}
	}
	return true
}

// attach adds a viewer and gives what it has to be sent first.
func (f *fan) attach(v *viewer) []*rtp.Packet {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.outs[v] = struct{}{}
	v.lost = len(f.gop.packets) == 0
	return append([]*rtp.Packet(nil), f.gop.packets...)
}

func (f *fan) detach(v *viewer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.outs, v)
}
