package cases

import (
	"context"
	"fmt"

	camera "xulang.vn/camera"
)

// Kinds of events.
const (
	EventProgress = "progress" // the engine is being built; with Of 0: that was given up
	EventChanged  = "changed"  // it may answer otherwise now; also when it was built
)

// followersMost is how many may follow one case at a time.
const followersMost = 100

// TraceEvent tells those who follow a case's trace.
type TraceEvent struct {
	Kind     string
	Done, Of int    // EventProgress
	Version  int64  // EventChanged: at least this; the same as before when nothing but cameras or footage changed
	By       string // EventChanged: the officer's name; "" when nobody did it
}

// follower is somebody who listens. Only publish puts something into the channel, which
// holds one event, so that after taking one out there is room.
type follower struct {
	events chan TraceEvent
	stop   func() bool
}

// FollowTrace tells of a case's trace until ctx ends or the case is closed; then the
// channel is closed. The case need not have a trace yet. First of all comes the version
// that it has, if it has one. Who reads slowly misses progress and older changes, never
// the newest change.
func (c *Cases) FollowTrace(ctx context.Context, who Officer, caseID string) (<-chan TraceEvent, error) {
	_, outcome := c.mayTrace(ctx, who, caseID)
	if err := c.settle(ctx, Record{Actor: who, Action: actFollow, Case: caseID}, outcome); err != nil {
		return nil, err
	}
	f, err := c.engines.follow(ctx, caseID)
	if err != nil {
		return nil, err
	}
	// What changes from here on is told, so what is read now is not too old.
	row, err := traceRow(ctx, c.DB.Read(), caseID)
	switch camera.CodeOf(err) {
	case "":
		c.engines.tell(caseID, f, TraceEvent{Kind: EventChanged, Version: row.version})
	case camera.CodeNotFound:
	default:
		c.engines.unfollow(caseID, f)
		return nil, err
	}
	return f.events, nil
}

func (x *engines) follow(ctx context.Context, caseID string) (*follower, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("follow trace: %w", err)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if n := len(x.followers[caseID]); n >= followersMost {
		return nil, camera.Errorf(camera.CodeTooMany, "%d follow the case, at most %d", n, followersMost)
	}
	f := &follower{events: make(chan TraceEvent, 1)}
	if x.followers[caseID] == nil {
		x.followers[caseID] = map[*follower]bool{}
	}
	x.followers[caseID][f] = true
	f.stop = context.AfterFunc(ctx, func() { x.unfollow(caseID, f) })
	return f, nil
}

func (x *engines) unfollow(caseID string, f *follower) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.end(caseID, f)
}

// end is called with the lock.
func (x *engines) end(caseID string, f *follower) {
	if !x.followers[caseID][f] {
		return
	}
	f.stop()
	close(f.events)
	delete(x.followers[caseID], f)
	if len(x.followers[caseID]) == 0 {
		delete(x.followers, caseID)
	}
}

// publish tells all who follow a case.
func (c *Cases) publish(caseID string, e TraceEvent) {
	x := c.engines
	x.mu.Lock()
	defer x.mu.Unlock()
	for f := range x.followers[caseID] {
		f.put(e)
	}
}

// tell is for one of them.
func (x *engines) tell(caseID string, f *follower, e TraceEvent) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.followers[caseID][f] {
		f.put(e)
	}
}

// put is called with the lock. What was not read yet gives way, but a change to one that
// tells more.
func (f *follower) put(e TraceEvent) {
	select {
	case had := <-f.events:
		if had.Kind == EventChanged && (e.Kind == EventProgress || e.Version <= had.Version) {
			e = had
		}
	default:
	}
	f.events <- e
}
