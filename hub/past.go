package hub

import (
	"context"
	"fmt"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/cases"
	"xulang.vn/camera/hub/index"
)

// past hands the index to the cases, with what the registry knows of the links.
type past struct{ *hub }

func (p past) Windows(ctx context.Context, cams []cases.Camera, from, to time.Time, moved bool) ([]cases.Window, error) {
	ids := make([]camera.CameraID, 0, len(cams))
	for _, c := range cams {
		ids = append(ids, c.ID)
	}
	var with []index.Option
	if moved {
		with = append(with, index.WithActivity)
	}
	// Whether a hole at the window's edge is one, what lies beyond it tells.
	strips, err := p.index.Strips(ctx, ids, from.Add(-index.Edge), to.Add(index.Edge), with...)
	if err != nil {
		return nil, err
	}
	devices, err := p.registry.CamerasOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	windows := make([]cases.Window, len(cams))
	for i, c := range cams {
		known, err := p.known(ctx, c, devices[c.ID].Device, from, to)
		if err != nil {
			return nil, err
		}
		windows[i] = p.window(strips[i], known, from, to)
		if moved {
			windows[i].Moved = mover(strips[i], from, to)
		}
	}
	return windows, nil
}

// known is what is known of a camera besides its footage.
func (p past) known(ctx context.Context, c cases.Camera, d camera.DeviceID, from, to time.Time) (index.Known, error) {
	k := index.Known{Registered: c.Registered, LinkedNow: c.Linked, State: c.State, Since: c.Since}
	until := to // a link that ended later tells that the one of before was not the last
	if now := p.now(); now.After(until) {
		until = now
	}
	linked, err := p.registry.Presence(ctx, d, from, until)
	if err != nil {
		return k, fmt.Errorf("read presence: %w", err)
	}
	for _, l := range linked {
		k.Linked = append(k.Linked, index.Interval{From: l.From, To: l.To})
	}
	recorder, _, err := p.index.Past(ctx, c.ID)
	if err != nil {
		return k, fmt.Errorf("read the recorder's past: %w", err)
	}
	k.Past = recorder.Spans
	if k.Overwritten, err = p.index.Overwritten(ctx, c.ID); err != nil {
		return k, fmt.Errorf("read what the recorder has overwritten: %w", err)
	}
	return k, nil
}

func (p past) window(s index.Strip, k index.Known, from, to time.Time) cases.Window {
	w := cases.Window{Spans: spansOf(index.Fill(s, k, from, to, p.now()))}
	s = s.Within(from, to)
	for _, e := range s.Entries() {
		w.Footage = append(w.Footage, cases.Footage{Segment: e.Segment, State: e.State})
	}
	if s.ClockKnown {
		w.Clock = &s.Clock
	}
	return w
}

func spansOf(filled []index.Span) []cases.Span {
	spans := make([]cases.Span, 0, len(filled))
	for _, s := range filled {
		spans = append(spans, cases.Span{From: s.From, To: s.To, State: s.State, Cause: s.Cause})
	}
	return spans
}

// mover tells how much moved in the footage that may be shown.
func mover(s index.Strip, from, to time.Time) func([]cases.Footage, int) (time.Duration, []byte) {
	return func(shown []cases.Footage, most int) (time.Duration, []byte) {
		may := make(map[camera.SegmentID]bool, len(shown))
		for _, f := range shown {
			may[f.SegmentID] = true
		}
		only := s.Only(func(id camera.SegmentID) bool { return may[id] })
		return only.Activity(from, to, most)
	}
}

func (p past) Segment(ctx context.Context, id camera.SegmentID) (cases.Footage, error) {
	e, err := p.index.Find(ctx, id)
	return cases.Footage{Segment: e.Segment, State: e.State}, err
}

func (p past) At(ctx context.Context, id camera.CameraID, at time.Time, within time.Duration, here bool) (cases.Footage, error) {
	e, err := p.index.At(ctx, id, at, within, here)
	return cases.Footage{Segment: e.Segment, State: e.State}, err
}

func (p past) Request(ctx context.Context, id camera.CameraID, from, to time.Time) (int, error) {
	return p.index.Request(ctx, id, from, to)
}

func (p past) Unrequest(ctx context.Context, id camera.CameraID, from, to time.Time, keep []camera.Want) error {
	return p.index.Unrequest(ctx, id, from, to, keep)
}

func (p past) Recorder(ctx context.Context, id camera.CameraID) (cases.RecorderClock, bool, error) {
	told, ok, err := p.index.Past(ctx, id)
	return cases.RecorderClock{Offset: told.Offset, Bound: told.Bound}, ok, err
}
