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

// dialEvery is the longest from one dial to the next while a camera cannot be
// reached: with the connection and the first key frame its footage is back within
// five seconds and a group of pictures.
const dialEvery = 4 * time.Second

// Pauses for a camera that is full (453), and for one that refuses a password it
// took before. The second grow fast: should it be a new password after all, four
// tries in half an hour lock nobody out (recorders lock after five or more).
const (
	fullFirst, fullMost   = 30 * time.Second, 5 * time.Minute
	doubtFirst, doubtMost = time.Minute, 30 * time.Minute
)

// pause gives the time to wait before the next session.
type pause struct {
	last  time.Duration // after failures of no special kind
	dials time.Duration // while it cannot be reached
	full  time.Duration
	doubt time.Duration
	free  bool // the try at once has been used up
}

// next is asked after a session: at once after one that worked, though not twice
// in a row when it broke soon, so that a camera that fails quickly is not hammered.
func (p *pause) next(out outcome, lasted time.Duration) time.Duration {
	if out.started && lasted >= settled {
		*p = pause{}
	}
	if out.started && !p.free {
		*p = pause{free: true, doubt: p.doubt}
		return 0
	}
	switch out.trouble {
	case notReached:
		p.last = 0 // what comes after it is about a camera that is back
		p.dials = min(max(2*p.dials, shortest), dialEvery)
		return max(min(jitter(p.dials), dialEvery-lasted), shortest)
	case isFull:
		p.full = min(max(2*p.full, fullFirst), fullMost)
		return jitter(p.full)
	case doubted:
		p.doubt = min(max(4*p.doubt, doubtFirst), doubtMost)
		return jitter(p.doubt)
	}
	p.last, p.dials = min(max(2*p.last, shortest), longest), 0
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
