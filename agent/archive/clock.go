package archive

import (
	"context"
	"fmt"
	"time"

	camera "xulang.vn/camera"
)

const (
	askTimeout  = 20 * time.Second // of one question to the recorder
	listTimeout = 5 * time.Minute  // of all that it has of a channel: many questions
)

// reading is the recorder's clock as it was measured.
type reading struct {
	at           time.Time // zero: it was not
	ahead, bound time.Duration
}

func (a *Archive) reading() reading {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.clock
}

const (
	goodBound    = 150 * time.Millisecond // a clock known so well is not asked again at once
	mostReadings = 6
	readingsWait = 170 * time.Millisecond // so that they are spread over a second
)

// measure asks the recorder for its clock, a few times: most tell whole seconds. A
// clock that was never set is not worked with: nobody knows what its times mean.
func (a *Archive) measure(ctx context.Context) error {
	for n := range mostReadings {
		if n > 0 && !sleep(ctx, readingsWait) {
			return context.Cause(ctx)
		}
		bound, err := a.read(ctx)
		if err != nil {
			return fmt.Errorf("measure recorder's clock: %w", err)
		}
		if bound <= goodBound {
			break
		}
	}
	return nil
}

func (a *Archive) read(ctx context.Context) (bound time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	ahead, bound, err := a.cfg.Source.Clock(ctx)
	if err != nil {
		return 0, err
	}
	if ahead.Abs() > camera.RecorderAway || bound < 0 {
		return 0, camera.Errorf(camera.CodeClockSkew, "it is %s ahead", ahead)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if moved := (ahead - a.clock.ahead).Abs(); !a.clock.at.IsZero() && moved > time.Second+bound+a.clock.bound {
		a.log.Warn("recorder's clock was set", "ahead", ahead, "before", a.clock.ahead)
	}
	a.clock = a.clock.with(reading{at: a.now(), ahead: ahead, bound: bound})
	return a.clock.bound, nil
}

// sleep tells whether the time passed before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// mostDrift is how far a recorder's clock may run away from ours: 1/10000.
const mostDrift = 10_000

// with puts two measurements together: a clock that tells whole seconds is somewhere
// else in its second each time it is asked, so that what both allow is less than a
// second. When they contradict each other the clock was set, and the new one counts.
func (r reading) with(n reading) reading {
	age := n.at.Sub(r.at)
	if r.at.IsZero() || age < 0 || age > time.Hour {
		return n
	}
	wide := r.bound + age/mostDrift
	from, to := max(r.ahead-wide, n.ahead-n.bound), min(r.ahead+wide, n.ahead+n.bound)
	if from > to {
		return n
	}
	return reading{at: n.at, ahead: (from + (to-from)/2).Round(time.Millisecond), bound: (to-from)/2 + time.Millisecond}
}

// halfway makes a measurement of an answer: shown is the recorder's clock, of which
// the answer leaves out up to resolution.
func halfway(sent, received, shown time.Time, resolution time.Duration) (ahead, bound time.Duration) {
	trip := max(received.Sub(sent), 0)
	middle := sent.Add(trip / 2)
	return shown.Add(resolution / 2).Sub(middle).Round(time.Millisecond), (trip + resolution) / 2
}
