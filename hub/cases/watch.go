package cases

import (
	"context"
	"maps"
	"sync"
	"time"

	camera "xulang.vn/camera"
)

const (
	// LiveLongest ends a live view; who needs more asks again, and is written down again.
	LiveLongest = 30 * time.Minute
	// reviewEach keeps the promise that a withdrawal cuts a live view within 2 s.
	reviewEach = time.Second
	// reviewAsksEach is how late a hold may end whose household did not answer in time,
	// or shares no more: nothing leaves meanwhile.
	reviewAsksEach = 10 * time.Second
)

// watch is a live view that is under way.
type watch struct {
	who    Officer
	caseID string
	camera camera.CameraID
	until  time.Time
}

func (c *Cases) keep(viewer string, w watch) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.watches[viewer] = w
}

// Gone forgets a live view that has ended. One that ended before it was kept is
// forgotten when its time is over.
func (c *Cases) Gone(viewer string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.watches, viewer)
}

// Run decides anew about every live view, each second, until ctx ends: a live
// view is one answer that goes on, and what it was decided on may change. Beside it,
// because boxes at home may take their time, it ends what households were asked for in
// vain.
func (c *Cases) Run(ctx context.Context) error {
	var both sync.WaitGroup
	both.Go(func() { each(ctx, reviewEach, nil, c.Review) })
	both.Go(func() { each(ctx, reviewAsksEach, c.wake, c.ReviewAsks) })
	both.Wait()
	return nil
}

// each does something at every tick, and when it is woken, until ctx ends.
func each(ctx context.Context, interval time.Duration, wake <-chan struct{}, do func(context.Context)) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-wake:
		case <-ctx.Done():
			return
		}
		do(ctx)
	}
}

// Review ends the live views that may not go on: the case was closed, the
// household withdrew, paused or let its consent end, the device was revoked, or
// the time is over. What cannot be decided ends too.
func (c *Cases) Review(ctx context.Context) {
	c.mu.Lock()
	all := maps.Clone(c.watches)
	c.mu.Unlock()
	for viewer, w := range all {
		_, _, err := c.gate(ctx, w.who, camera.ActionLive, w.caseID, w.camera)
		if ctx.Err() != nil {
			return // the hub ends, and every view with it
		}
		over := !c.Now().Before(w.until)
		if err == nil && !over {
			continue
		}
		c.end(ctx, viewer, w, err)
	}
}

// end cuts first and writes then: a log that hangs must not keep a view open.
func (c *Cases) end(ctx context.Context, viewer string, w watch, why error) {
	c.Gone(viewer)
	if err := c.Live.Leave(viewer); err != nil {
		return // it had ended by itself
	}
	detail := "ended by the hub"
	if why == nil {
		detail = "ended by the hub after " + LiveLongest.String()
	}
	r := Record{Actor: w.who, Action: actLeave, Case: w.caseID, Camera: w.camera, Detail: detail, Refused: camera.CodeOf(why)}
	if err := c.log(ctx, r); err != nil {
		c.Logger.Error("write end of live view", "camera", w.camera, "err", err)
	}
}
