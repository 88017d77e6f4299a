package cases

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"

	camera "xulang.vn/camera"
)

// enginesMost is how many cases have their trace in memory; that of the case which was
// asked about least lately goes.
const enginesMost = 32

// buildsMost is how many of all cases are built at a time: a build takes a core.
const buildsMost = 4

// currentTries is how often a trace is built for one question, when what households
// share changes meanwhile.
const currentTries = 3

// engines are the traces in memory, and those that are being built: one at a time for a
// case. The goroutine of a build lives only as long as somebody waits for it: whoever
// goes last ends it, and sees it end.
type engines struct {
	mu        sync.Mutex
	ready     map[string]*engine // by case, like all of these
	building  map[string]*build
	followers map[string]map[*follower]bool
	clock     int64         // counts uses
	slots     chan struct{} // one in it for each build under way
}

// build is an engine that is being built.
type build struct {
	done    chan struct{} // closed when what follows is there
	engine  *engine
	err     error
	cancel  context.CancelFunc
	waiting int  // guarded by engines.mu
	closed  bool // nobody joins any more, as it is given up or a new trace; guarded by engines.mu
}

func newEngines() *engines {
	return &engines{
		ready: map[string]*engine{}, building: map[string]*build{}, followers: map[string]map[*follower]bool{}, slots: make(chan struct{}, buildsMost),
	}
}

// engine gives a case's engine, that knows all marks of the table.
func (c *Cases) engine(ctx context.Context, one Case) (*engine, error) {
	for {
		e, err := c.ready(ctx, one)
		if err == nil {
			err = c.catchUp(ctx, one, e)
		}
		if errors.Is(err, errReplaced) {
			c.engines.spoil(e)
			continue
		}
		return e, err
	}
}

// current is the engine of which it was also seen that no household has changed its mind.
func (c *Cases) current(ctx context.Context, one Case) (*engine, error) {
	for range currentTries {
		e, err := c.engine(ctx, one)
		if err != nil {
			return nil, err
		}
		same, err := c.sameConsents(ctx, one, e)
		if err != nil || same {
			return e, err
		}
		c.engines.spoil(e)
	}
	return nil, camera.Errorf(camera.CodeUnavailable, "trace: households change their minds while it is built")
}

// ready gives a fresh engine, waiting for the build that is under way, or for a new one.
func (c *Cases) ready(ctx context.Context, one Case) (*engine, error) {
	for {
		e, b, joined := c.join(ctx, one)
		if e != nil {
			return e, nil
		}
		select {
		case <-b.done:
		case <-ctx.Done():
			if joined {
				c.engines.leave(b)
			}
			return nil, fmt.Errorf("wait for the trace: %w", ctx.Err())
		}
		if joined {
			return b.engine, b.err
		}
	}
}

// join finds the engine, or the build to wait for; joined tells that its outcome is the
// asker's, too.
func (c *Cases) join(ctx context.Context, one Case) (e *engine, b *build, joined bool) {
	x := c.engines
	x.mu.Lock()
	defer x.mu.Unlock()
	if b := x.building[one.ID]; b != nil {
		if !b.closed {
			b.waiting++
		}
		return nil, b, !b.closed
	}
	before := x.ready[one.ID]
	if before != nil && before.fresh(c.Now()) {
		x.use(before)
		return before, nil, false
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	b = &build{done: make(chan struct{}), cancel: cancel, waiting: 1}
	x.building[one.ID] = b
	go func() {
		defer cancel()
		defer c.finish(one.ID, b)
		defer func() {
			// Outside of a request a panic would end the hub, and with it what it records.
			if p := recover(); p != nil {
				b.err = fmt.Errorf("build trace: panic: %v\n%s", p, debug.Stack())
			}
		}()
		b.engine, b.err = c.rebuild(ctx, one, before)
	}()
	return nil, b, true
}

// leave gives up waiting. The last one ends the build.
func (x *engines) leave(b *build) {
	x.mu.Lock()
	b.waiting--
	last := b.waiting == 0
	b.closed = b.closed || last
	x.mu.Unlock()
	if last {
		b.cancel()
		<-b.done
	}
}

// reserve waits for its turn to build, so that others wait for what it builds.
func (x *engines) reserve(ctx context.Context, caseID string) (*build, error) {
	for {
		x.mu.Lock()
		b := x.building[caseID]
		if b == nil {
			b = &build{done: make(chan struct{}), closed: true}
			x.building[caseID] = b
			x.mu.Unlock()
			return b, nil
		}
		x.mu.Unlock()
		select {
		case <-b.done:
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for the trace: %w", ctx.Err())
		}
	}
}

// finish puts the engine of a build into its place, and lets go of the one that was used
// least lately.
func (c *Cases) finish(caseID string, b *build) {
	if b.err != nil {
		c.publish(caseID, TraceEvent{Kind: EventProgress})
	}
	x := c.engines
	x.mu.Lock()
	defer x.mu.Unlock()
	defer close(b.done)
	delete(x.building, caseID)
	if b.err != nil {
		return
	}
	x.ready[caseID] = b.engine
	x.use(b.engine)
	if len(x.ready) <= enginesMost {
		return
	}
	oldest, at := "", x.clock
	for id, e := range x.ready {
		if e.used <= at {
			oldest, at = id, e.used
		}
	}
	delete(x.ready, oldest)
}

// use is called with the lock.
func (x *engines) use(e *engine) {
	x.clock++
	e.used = x.clock
}

// spoil has the engine built anew for the next who asks.
func (x *engines) spoil(e *engine) {
	x.mu.Lock()
	defer x.mu.Unlock()
	e.over = true
}

// forget lets go of a case that is closed, and of those who follow it.
func (x *engines) forget(caseID string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.ready, caseID)
	for f := range x.followers[caseID] {
		x.end(caseID, f)
	}
}

// sameConsents tells whether every household within reach shares what it shared when the
// reach was read.
func (c *Cases) sameConsents(ctx context.Context, one Case, e *engine) (bool, error) {
	all, err := c.Cameras.Shared(ctx)
	if err != nil {
		return false, fmt.Errorf("find cameras: %w", err)
	}
	now := make(map[camera.CameraID]shared, len(all))
	for _, cam := range all {
		now[cam.ID] = c.shares(cam, one.Purpose())
	}
	for id, was := range e.reach.standing {
		if is, ok := now[id]; !ok || is != was {
			return false, nil
		}
	}
	return true, nil
}
