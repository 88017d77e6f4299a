package ingest

import (
	"math/rand/v2"
	"sync"
	"time"
)

// Pauses between sessions double from shortest to longest, with up to a quarter
// taken off so that the cameras of a home do not come back in step.
const (
	shortest = time.Second
	longest  = 30 * time.Second
	settled  = 10 * time.Second // a session of this length was a good one
)

// pause gives the time to wait before the next session.
type pause struct {
	last time.Duration
	free bool // the try at once has been used up
}

// next is asked after a session: at once after one that worked, though not twice
// in a row when it broke soon, so that a camera that fails quickly is not hammered.
func (p *pause) next(worked bool, lasted time.Duration) time.Duration {
	if worked && lasted >= settled {
		*p = pause{}
	}
	if worked && !p.free {
		*p = pause{free: true}
		return 0
	}
	p.last = min(max(2*p.last, shortest), longest)
	return max(jitter(p.last), shortest)
}

func jitter(d time.Duration) time.Duration {
	return d - time.Duration(rand.Int64N(int64(d)/4+1))
}

// folded lets one line through in a while and counts the rest.
type folded struct {
	now   func() time.Time
	every time.Duration

	mu     sync.Mutex // the readers of two sessions may overlap for a moment
	last   time.Time
	hidden int
}

// allow tells whether to write a line now, and how many were held back before it.
func (f *folded) allow() (hidden int, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := f.now(); f.last.IsZero() || now.Sub(f.last) >= f.every {
		hidden, f.hidden, f.last = f.hidden, 0, now
		return hidden, true
	}
	f.hidden++
	return 0, false
}
