package hub

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/cases"
	"xulang.vn/camera/hub/road"
)

// watchAll reads every view that a camera ever had into memory, where stretches and
// directions are worked out once.
func (h *hub) watchAll(ctx context.Context) error {
	views, err := h.registry.Views(ctx)
	if err != nil {
		return err
	}
	for id, of := range views {
		h.watch.Set(id, of)
	}
	return nil
}

// again are cameras whose views are not known to be those in memory.
type again struct {
	mu  sync.Mutex // held from the reading to the putting in: no older views come after newer ones
	due map[camera.CameraID]bool
}

// lookAgain reads the views of cameras that may have been turned. Those that cannot be
// read now are read before the next question.
func (h *hub) lookAgain(ctx context.Context, notes []camera.CameraNote) {
	if len(notes) > helloMost {
		return // the registry refuses so many
	}
	h.again.mu.Lock()
	defer h.again.mu.Unlock()
	for _, n := range notes {
		if n.Camera.Valid() {
			h.again.due[n.Camera] = true
		}
	}
	if err := h.lookDue(ctx); err != nil {
		h.log.Error("read views", "err", err)
	}
}

// lookDue reads what is due; again is locked.
func (h *hub) lookDue(ctx context.Context) error {
	for len(h.again.due) > 0 {
		ids := make([]camera.CameraID, 0, helloMost)
		for id := range h.again.due {
			if ids = append(ids, id); len(ids) == helloMost {
				break
			}
		}
		views, err := h.registry.Views(ctx, ids...)
		if err != nil {
			return fmt.Errorf("read views: %w", err)
		}
		for id, of := range views {
			h.watch.Set(id, of)
		}
		for _, id := range ids {
			delete(h.again.due, id)
		}
	}
	return nil
}

// settled reads the views that could not be read before.
func (h *hub) settled(ctx context.Context) error {
	h.again.mu.Lock()
	defer h.again.mu.Unlock()
	return h.lookDue(ctx)
}

// helloMost is more cameras than any hello may name.
const helloMost = 1000

// Seeing asks the views in memory, and the registry about those cameras alone.
func (c cameras) Seeing(ctx context.Context, w cases.Where, from, to time.Time) ([]cases.Sighted, error) {
	if err := c.settled(ctx); err != nil {
		return nil, err
	}
	var seen []road.Watched
	switch {
	case w.Near != nil:
		seen = c.watch.Near(w.Near.Position, w.Near.Metres, from, to)
	case len(w.Route) > 0:
		seen = c.watch.Route(w.Route, from, to)
	default:
		seen = c.watch.Along(w.Stretch, from, to)
	}
	ids := make([]camera.CameraID, 0, len(seen))
	for _, s := range seen {
		ids = append(ids, s.Camera)
	}
	known, err := c.registry.CamerasOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]cases.Sighted, 0, len(seen))
	for _, s := range seen {
		if cam, ok := known[s.Camera]; ok && cam.Shared {
			out = append(out, cases.Sighted{Camera: c.known(cam, s.View), Seen: s.Seen, At: s.At})
		}
	}
	return out, nil
}

// roads hands the graph to the cases.
type roads struct{ *road.Graph }

// Nearest is the piece of the nearest road that lies within the metres of a point.
func (r roads) Nearest(p camera.Position, metres float64) (camera.Stretch, error) {
	at, err := r.Snap(p, metres)
	if err != nil {
		return camera.Stretch{}, fmt.Errorf("find the nearest road: %w", err)
	}
	half := math.Max(1, math.Sqrt(math.Max(0, metres*metres-at.Distance*at.Distance)))
	return r.Check(camera.Stretch{Road: at.Road, From: at.At - half, To: at.At + half})
}
