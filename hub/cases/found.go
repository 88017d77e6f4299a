package cases

import (
	"context"
	"fmt"
	"slices"

	camera "xulang.vn/camera"
)

// fill tells what a camera has in the window, and what of it is for this case.
func (c *Cases) fill(ctx context.Context, one Case, f *Found, q Question) error {
	spans, footage, err := c.Past.Window(ctx, f.Camera, q.From, q.To)
	if err != nil {
		return fmt.Errorf("read footage of %s: %w", f.Camera.ID, err)
	}
	f.Spans = spans
	if err := c.readClocks(ctx, f, footage, q); err != nil {
		return fmt.Errorf("read clock of %s: %w", f.Camera.ID, err)
	}
	p, err := c.permit(ctx, one, f.Camera)
	if err != nil {
		return err
	}
	f.Consent, f.Asks = p.level(q.From, q.To), p.asksIn(q.From, q.To)
	// What may not even be asked for does not show beyond its spans; when something
	// moved is seen from footage, too.
	if err := p.window(q.From, q.To); err != nil && camera.CodeOf(err) != camera.CodeAskOwner {
		return nil
	}
	f.Home = slices.ContainsFunc(spans, inRecorder) ||
		slices.ContainsFunc(footage, func(s Footage) bool { return s.Stream == camera.StreamMain && atHome(s.State) })
	shown := p.shown(footage)
	f.Activity.Step, f.Activity.Values = c.Past.Activity(shown, q.From, q.To, activityMost)
	f.Playable = slices.ContainsFunc(shown, func(s Footage) bool { return s.State.Playable() })
	return nil
}

func (c *Cases) readClocks(ctx context.Context, f *Found, footage []Footage, q Question) error {
	clock, ok, err := c.Cameras.ClockAt(ctx, f.Camera.ID, q.To)
	switch n := len(footage); {
	case err != nil:
		return err
	case ok:
		f.Clock = &clock
	case n > 0:
		f.Clock = &footage[n-1].Clock
	}
	for _, s := range footage {
		if s.Origin == camera.OriginRecorder {
			f.Recorder = &RecorderClock{Offset: s.RecorderOffset, Bound: s.RecorderBound}
		}
	}
	if !slices.ContainsFunc(f.Spans, inRecorder) {
		return nil
	}
	own, ok, err := c.Past.Recorder(ctx, f.Camera.ID)
	if ok && err == nil {
		f.Recorder = &own
	}
	return err
}

func inRecorder(s Span) bool { return s.State == camera.StateRecorder }

// atHome tells whether bytes are at home, and no more than promised: what is asked
// for or on its way can be looked at there, and be asked for again.
func atHome(s camera.ByteState) bool {
	return s == camera.StateHome || s == camera.StateRequested || s == camera.StateUploading
}
