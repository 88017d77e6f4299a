package hub

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/cases"
	"xulang.vn/camera/hub/index"
)

// reach gives the cases what a trace starts from: the registry's cameras and the index's
// footage.
type reach struct{ *hub }

// nearby is a camera that stood within reach.
type nearby struct {
	id    camera.CameraID
	away  float64 // metres
	views []camera.View
}

func (r reach) Around(ctx context.Context, p camera.Position, metres float64, from, to time.Time, most int) ([]cases.Reached, error) {
	views, err := r.registry.Views(ctx)
	if err != nil {
		return nil, err
	}
	var near []nearby
	for id, of := range views {
		n := nearby{id: id, away: math.Inf(1)}
		for _, v := range of {
			if v.From.Before(to) && (v.To.IsZero() || v.To.After(from)) {
				n.views = append(n.views, v)
				n.away = min(n.away, camera.Distance(p, v.Position))
			}
		}
		if n.away <= metres {
			near = append(near, n)
		}
	}
	slices.SortFunc(near, func(a, b nearby) int { return cmp.Or(cmp.Compare(a.away, b.away), cmp.Compare(a.id, b.id)) })
	return r.shared(ctx, near, most)
}

// shared leaves those that are shared, at most so many.
func (r reach) shared(ctx context.Context, near []nearby, most int) ([]cases.Reached, error) {
	var out []cases.Reached
	for part := range slices.Chunk(near, max(most, 1)) {
		ids := make([]camera.CameraID, 0, len(part))
		for _, n := range part {
			ids = append(ids, n.id)
		}
		known, err := r.registry.CamerasOf(ctx, ids)
		if err != nil {
			return nil, err
		}
		for _, n := range part {
			cam, ok := known[n.id]
			if !ok || !cam.Shared {
				continue
			}
			if len(out) == most {
				return out, nil
			}
			out = append(out, cases.Reached{Camera: cameras(r).known(cam, cam.View), Views: n.views})
		}
	}
	return out, nil
}

// Cover takes for the bound of a recorder's clock the one that was last measured: what
// it was when the footage was fetched is in manifests, of which there may be thousands.
func (r reach) Cover(ctx context.Context, cams []cases.Camera, from, to time.Time) ([]cases.Cover, error) {
	ids := make([]camera.CameraID, 0, len(cams))
	for _, c := range cams {
		ids = append(ids, c.ID)
	}
	strips, err := r.index.Strips(ctx, ids, from.Add(-index.Edge), to.Add(index.Edge))
	if err != nil {
		return nil, err
	}
	devices, err := r.registry.CamerasOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	covers := make([]cases.Cover, len(cams))
	for i, c := range cams {
		known, err := past(r).known(ctx, c, devices[c.ID].Device, from, to)
		if err != nil {
			return nil, err
		}
		covers[i].Spans = spansOf(index.Fill(strips[i], known, from, to, r.now()))
		if strips[i].ClockKnown {
			covers[i].Clock = &strips[i].Clock
		}
		if !fetched(strips[i].Within(from, to)) {
			continue
		}
		told, _, err := r.index.Past(ctx, c.ID)
		if err != nil {
			return nil, fmt.Errorf("read the recorder's clock: %w", err)
		}
		covers[i].Recorder = told.Bound
	}
	return covers, nil
}

// fetched tells whether some footage came from the household's recorder.
func fetched(s index.Strip) bool {
	for _, one := range s.Segments {
		if s.Shapes[one.Shape].Origin == camera.OriginRecorder {
			return true
		}
	}
	return false
}
