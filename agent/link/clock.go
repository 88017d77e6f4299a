package link

import (
	"sync"
	"time"

	camera "xulang.vn/camera"
)

const (
	clockKept  = 10          // measurements
	clockEvery = time.Minute // while connected
	clockGood  = time.Second // a segment's times are right within this, or it is unsynchronised

	// A quartz clock is off by at most this between two measurements (design:
	// wall and media time may differ by 500 ppm).
	driftPPM = 500
)

// sample is one measurement of the agent's clock against the hub's.
type sample struct {
	at     time.Time     // agent's clock, with its monotonic reading
	offset time.Duration // agent − hub
	bound  time.Duration // half of the round trip: the probe was read somewhere within it
}

// measured makes a sample from the agent's clock before and after the exchange
// and the hub's clock in between.
func measured(sent, received, hub time.Time) (sample, bool) {
	trip := received.Sub(sent)
	if trip < 0 || hub.IsZero() {
		return sample{}, false // the clock was moved meanwhile
	}
	return sample{at: received, offset: sent.Add(trip / 2).Sub(hub), bound: (trip + 1) / 2}, true
}

func drift(d time.Duration) time.Duration { return d.Abs() / 1_000_000 * driftPPM }

// offsets keeps the last measurements. It is safe for concurrent use.
type offsets struct {
	mu      sync.Mutex
	samples []sample // oldest first
}

// add takes a measurement. Older ones that cannot be true together with it were
// made before one of the clocks was moved; they are forgotten.
func (o *offsets) add(s sample) {
	o.mu.Lock()
	defer o.mu.Unlock()
	kept := o.samples[:0]
	for _, old := range o.samples {
		if (old.offset - s.offset).Abs() <= old.bound+s.bound+drift(s.at.Sub(old.at)) {
			kept = append(kept, old)
		}
	}
	kept = append(kept, s)
	o.samples = kept[max(0, len(kept)-clockKept):]
}

// at is what is known now: the measurement with the smallest bound, which grows
// with its age. The clock counts as synchronised when the agent's own times are
// right within clockGood. A wall clock that was moved against the monotonic one
// since the measurement is not, until it has been measured again.
func (o *offsets) at(now time.Time) camera.Clock {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.samples) == 0 {
		return camera.Clock{}
	}
	best, bound := sample{}, time.Duration(-1)
	for _, s := range o.samples {
		if b := s.bound + drift(now.Sub(s.at)); bound < 0 || b <= bound {
			best, bound = s, b
		}
	}
	step := now.Round(0).Sub(best.at.Round(0)) - now.Sub(best.at) // wall − monotonic
	offset := best.offset + step
	return camera.Clock{
		Synchronised: step.Abs() <= clockGood && offset.Abs()+bound <= clockGood,
		Offset:       camera.Millis(offset),
		Bound:        camera.Millis(bound),
	}
}
