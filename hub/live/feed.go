package live

import (
	"context"
	"fmt"
	"time"

	camera "xulang.vn/camera"
)

// feed is what is going on with one camera. Everything in it is guarded by
// Live.mu. It is forgotten when nothing goes on any more.
type feed struct {
	cam      camera.CameraID
	attempt  *attempt             // a start under way
	pub      *publisher           // the connected publisher
	viewers  map[*viewer]struct{} // admitted ones
	waiting  int                  // Views under way
	idle     time.Time            // when the last viewer or waiting one went
	stopping chan struct{}        // closed when the StopLive under way has returned
}

func (f *feed) unwatched() bool { return len(f.viewers) == 0 && f.waiting == 0 }

// attempt is one start of a publisher, shared by all Views that wait for it.
type attempt struct {
	purpose camera.Purpose // of the View that caused it
	token   tokenHash
	cancel  context.CancelFunc
	offer   *publisher    // answered, not connected yet; guarded by Live.mu
	done    chan struct{} // closed when pub or err is set
	pub     *publisher
	err     error
}

func (a *attempt) over() bool {
	select {
	case <-a.done:
		return true
	default:
		return false
	}
}

// publisherOf gives the camera's publisher and starts one when there is none.
func (l *Live) publisherOf(ctx context.Context, f *feed, purpose camera.Purpose) (*publisher, error) {
	l.mu.Lock()
	if f.pub != nil {
		defer l.mu.Unlock()
		return f.pub, nil
	}
	if l.closed {
		defer l.mu.Unlock()
		return nil, errClosing
	}
	a := f.attempt
	if a == nil {
		a = l.beginLocked(ctx, f, purpose)
	}
	l.mu.Unlock()
	select {
	case <-a.done:
		return a.pub, a.err
	case <-ctx.Done():
		return nil, camera.Errorf(camera.CodeUnavailable, "wait for publisher: %w", context.Cause(ctx))
	}
}

// beginLocked starts an attempt. It outlives the View that caused it, because
// others may wait for it by then; Patience bounds it.
func (l *Live) beginLocked(ctx context.Context, f *feed, purpose camera.Purpose) *attempt {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.cfg.Patience)
	a := &attempt{purpose: purpose, cancel: cancel, done: make(chan struct{})}
	f.attempt = a
	token, stopping := l.grantLocked(f, a), f.stopping
	l.wg.Go(func() {
		defer cancel()
		l.start(ctx, f, a, token, stopping)
	})
	return a
}

func (l *Live) start(ctx context.Context, f *feed, a *attempt, token string, stopping <-chan struct{}) {
	// A stop that is still on its way to the agent must not overtake the start.
	if stopping != nil {
		select {
		case <-stopping:
		case <-ctx.Done():
		}
	}
	err := l.starter.StartLive(ctx, f.cam, a.purpose, l.cfg.Path(f.cam), token)
	asked := err == nil
	if asked {
		select {
		case <-a.done:
			return
		case <-ctx.Done():
			err = camera.Errorf(camera.CodeUnavailable, "start %s: no publisher within %s", f.cam, l.cfg.Patience)
		}
	} else if ctx.Err() != nil && camera.CodeOf(err) == camera.CodeInternal {
		err = camera.Errorf(camera.CodeUnavailable, "start %s: %w", f.cam, err)
	} else {
		err = fmt.Errorf("start %s: %w", f.cam, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failLocked(f, a, err) && asked {
		l.tellStopLocked(f)
	}
	l.forgetLocked(f)
}

// failLocked ends an attempt that has not ended yet.
func (l *Live) failLocked(f *feed, a *attempt, err error) bool {
	if a == nil || a.over() {
		return false
	}
	a.err = err
	l.endLocked(f, a)
	if a.offer != nil {
		a.offer.leave(err)
	}
	return true
}

func (l *Live) endLocked(f *feed, a *attempt) {
	delete(l.tokens, a.token)
	if f.attempt == a {
		f.attempt = nil
	}
	close(a.done)
	a.cancel()
}

// connected makes the publisher of an attempt the feed's one.
func (l *Live) connected(f *feed, a *attempt, pub *publisher) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if a.over() || l.closed {
		pub.leave(errLate)
		return
	}
	a.pub, f.pub = pub, pub
	l.endLocked(f, a)
	if f.unwatched() {
		f.idle = l.now()
	}
}

// dropLocked ends the feed's publisher and with it its viewers.
func (l *Live) dropLocked(f *feed, cause error, tell bool) {
	if f.pub == nil {
		return
	}
	f.pub.leave(cause)
	f.pub = nil
	if tell { // before the viewers go: a feed with a stop under way is not forgotten
		l.tellStopLocked(f)
	}
	for v := range f.viewers {
		l.removeLocked(v)
		v.leave(cause)
	}
	l.forgetLocked(f)
}

// tellStopLocked has the agent told to stop, after any stop before it.
func (l *Live) tellStopLocked(f *feed) {
	if l.closed {
		return
	}
	before, done := f.stopping, make(chan struct{})
	f.stopping = done
	l.wg.Go(func() {
		if before != nil {
			<-before
		}
		// What started this is over (a viewer, a request), the stop has to reach the agent all the same.
		ctx, cancel := context.WithTimeout(context.Background(), stopWait)
		defer cancel()
		if err := l.starter.StopLive(ctx, f.cam); err != nil {
			l.log.Info("stop live", "camera", f.cam, "err", err)
		}
		close(done)
		l.mu.Lock()
		defer l.mu.Unlock()
		if f.stopping == done {
			f.stopping = nil
		}
		l.forgetLocked(f)
	})
}

func (l *Live) forgetLocked(f *feed) {
	if f.unwatched() && f.pub == nil && f.attempt == nil && f.stopping == nil && l.feeds[f.cam] == f {
		delete(l.feeds, f.cam)
	}
}
