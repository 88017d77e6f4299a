package archive

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	camera "xulang.vn/camera"
)

const (
	clockEvery = 10 * time.Minute // a recorder's clock is measured at least so often
	spansEvery = 5 * time.Minute  // its newest footage is asked for
	fullEvery  = time.Hour        // all of it is: what is overwritten goes from the beginning

	// Pauses after a failure double from first to last. A recorder that is full is
	// asked again and again: its owner may be looking at it.
	pauseFirst, pauseLast = 5 * time.Second, 2 * time.Minute

	mostRefusals = 2 // of a password, then a person must act (recorders lock after five or so)
)

// errYield says that a live session comes first.
var errYield = camera.Errorf(camera.CodeRecorderFull, "a live session of the recorder comes first")

// pause is the time to wait after failures.
type pause struct{ last time.Duration }

func (p *pause) next() time.Duration {
	p.last = min(max(2*p.last, pauseFirst), pauseLast)
	return p.last - time.Duration(rand.Int64N(int64(p.last)/8+1))
}

// Run does what is to be done until ctx ends, and then returns nil. A password that
// the recorder refused twice is not tried again.
func (a *Archive) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		wait, poked := a.turn(ctx)
		a.rest(ctx, wait, poked)
	}
	return nil
}

// rest waits; what is fetched for a person does not wait for it. poked lets new wants
// end it as well.
func (a *Archive) rest(ctx context.Context, wait time.Duration, poked bool) {
	if a.asking.Load() > 0 { // who asks is about to
		wait = max(wait, time.Second)
	}
	if wait <= 0 {
		return
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	poke := a.poke
	if !poked {
		poke = nil
	}
	select {
	case <-ctx.Done():
	case <-t.C:
	case <-poke:
	case f := <-a.fetches:
		seconds, err := a.fetch(ctx, f)
		f.done <- fetched{seconds, err}
	}
}

// turn does the next thing, and tells how long nothing is to be done after it.
func (a *Archive) turn(ctx context.Context) (wait time.Duration, poked bool) {
	if a.refused >= mostRefusals {
		return time.Hour, false
	}
	err := a.learn(ctx)
	done := false
	if err == nil {
		done, err = a.work(ctx)
	}
	switch {
	case ctx.Err() != nil:
		return 0, false
	case err != nil:
		return a.failed(err), false
	case done:
		a.waits, a.refused = pause{}, 0
		return 0, false
	}
	a.waits, a.refused = pause{}, 0
	return max(min(a.due.Sub(a.now()), spansEvery), time.Second), true
}

// failed counts a failure and gives the time to wait.
func (a *Archive) failed(err error) time.Duration {
	if camera.CodeOf(err) == camera.CodeWrongPassword {
		if a.refused++; a.refused >= mostRefusals {
			a.log.Warn("recorder refused the password; a person must act", "error", err)
			return time.Hour
		}
	}
	wait := a.waits.next()
	if errors.Is(err, errYield) {
		a.log.Debug("waiting for a live session", "for", wait)
		return wait
	}
	a.log.Info("recorder's past has to wait", "error", err, "code", string(camera.CodeOf(err)), "for", wait)
	return wait
}

// learn keeps clock and spans fresh.
func (a *Archive) learn(ctx context.Context) error {
	now := a.now()
	if age := now.Sub(a.reading().at); age >= clockEvery || age < 0 {
		if err := a.measure(ctx); err != nil {
			return err
		}
	}
	if left := a.due.Sub(now); left > 0 && left <= spansEvery {
		return nil
	}
	return a.list(ctx)
}
