package cases

import (
	"context"
	"fmt"
	"slices"

	camera "xulang.vn/camera"
)

// fill tells what the cameras have in the window, and what of it is for this case.
func (c *Cases) fill(ctx context.Context, one Case, found []Found, q Question) error {
	cams := make([]Camera, 0, len(found))
	for _, f := range found {
		cams = append(cams, f.Camera)
	}
	windows, err := c.Past.Windows(ctx, cams, q.From, q.To, true)
	if err != nil {
		return fmt.Errorf("read footage: %w", err)
	}
	for i := range found {
		if err := c.fillOne(ctx, one, &found[i], windows[i], q); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cases) fillOne(ctx context.Context, one Case, f *Found, w Window, q Question) error {
	f.Spans = w.Spans
	if err := c.readClocks(ctx, f, w, q); err != nil {
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
	f.Home = w.home()
	shown := p.shown(w.Footage)
	f.Activity.Step, f.Activity.Values = w.Moved(shown, activityMost)
	f.Playable = playable(shown)
	return nil
}

func (c *Cases) readClocks(ctx context.Context, f *Found, w Window, q Question) error {
	clock, ok, err := c.Cameras.ClockAt(ctx, f.Camera.ID, q.To)
	if err != nil {
		return err
	}
	if f.Clock = w.Clock; ok {
		f.Clock = &clock
	}
	fetched := func(s Footage) bool { return s.Origin == camera.OriginRecorder }
	if !slices.ContainsFunc(w.Spans, inRecorder) && !slices.ContainsFunc(w.Footage, fetched) {
		return nil
	}
	own, ok, err := c.Past.Recorder(ctx, f.Camera.ID)
	if ok && err == nil {
		f.Recorder = &own
	}
	return err
}

// home tells whether some of the window is at home or in the recorder still.
func (w Window) home() bool {
	return slices.ContainsFunc(w.Spans, inRecorder) ||
		slices.ContainsFunc(w.Footage, func(s Footage) bool { return s.Stream == camera.StreamMain && atHome(s.State) })
}

func playable(shown []Footage) bool {
	return slices.ContainsFunc(shown, func(s Footage) bool { return s.State.Playable() })
}

func inRecorder(s Span) bool { return s.State == camera.StateRecorder }

// atHome tells whether bytes are at home, and no more than promised: what is asked
// for or on its way can be looked at there, and be asked for again.
func atHome(s camera.ByteState) bool {
	return s == camera.StateHome || s == camera.StateRequested || s == camera.StateUploading
}
