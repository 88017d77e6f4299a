package api_test

import (
	"context"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/audit"
	"xulang.vn/camera/hub/cases"
	"xulang.vn/camera/hub/index"
	"xulang.vn/camera/hub/registry"
	"xulang.vn/camera/hub/road"
	"xulang.vn/camera/hub/store"
	"xulang.vn/camera/hub/trace"
	"xulang.vn/camera/hub/trace/path"
)

// The rooms are handed to each other as joints.go of the hub does.

type cameras struct {
	*registry.Registry
	graph *road.Graph
}

type roads struct{ *road.Graph }

func (r roads) Nearest(p camera.Position, metres float64) (camera.Stretch, error) {
	at, err := r.Snap(p, metres)
	if err != nil {
		return camera.Stretch{}, err
	}
	return r.Check(camera.Stretch{Road: at.Road, From: at.At - metres, To: at.At + metres})
}

func (c cameras) Camera(ctx context.Context, id camera.CameraID) (cases.Camera, error) {
	got, err := c.Registry.Camera(ctx, id)
	return known(got, got.View), err
}

func (c cameras) Shared(ctx context.Context) ([]cases.Camera, error) {
	all, err := c.Cameras(ctx)
	var out []cases.Camera
	for _, cam := range all {
		out = append(out, known(cam, cam.View))
	}
	return out, err
}

// Seeing looks at all of them.
func (c cameras) Seeing(ctx context.Context, w cases.Where, _, _ time.Time) ([]cases.Sighted, error) {
	all, err := c.Shared(ctx)
	var out []cases.Sighted
	for _, cam := range all {
		for _, seen := range c.graph.Seen(cam.View) {
			if seen.Road == w.Stretch.Road && seen.To >= w.Stretch.From && seen.From <= w.Stretch.To {
				out = append(out, cases.Sighted{Camera: cam, Seen: seen, At: (seen.From + seen.To) / 2})
			}
		}
	}
	return out, err
}

func (c cameras) ClockAt(ctx context.Context, id camera.CameraID, at time.Time) (camera.Clock, bool, error) {
	record, ok, err := c.Registry.ClockAt(ctx, id, registry.SourceAgent, at)
	return record.Clock, ok, err
}

func known(r registry.Camera, v camera.View) cases.Camera {
	return cases.Camera{
		ID: r.ID, Label: r.Label, Consent: r.Consent, Shared: r.Shared, View: v, State: r.State, Since: r.Since,
		Codec: "h264", Linked: true, Registered: r.Registered,
	}
}

type past struct{ *index.Index }

func (p past) Windows(ctx context.Context, cams []cases.Camera, from, to time.Time, moved bool) ([]cases.Window, error) {
	var windows []cases.Window
	for _, c := range cams {
		strips, err := p.Strips(ctx, []camera.CameraID{c.ID}, from, to, index.WithActivity)
		if err != nil {
			return nil, err
		}
		var w cases.Window
		for _, s := range index.Fill(strips[0], index.Known{Registered: c.Registered, LinkedNow: true}, from, to, time.Now()) {
			w.Spans = append(w.Spans, cases.Span{From: s.From, To: s.To, State: s.State, Cause: s.Cause})
		}
		for _, e := range strips[0].Entries() {
			w.Footage = append(w.Footage, cases.Footage{Segment: e.Segment, State: e.State})
		}
		if strips[0].ClockKnown {
			w.Clock = &strips[0].Clock
		}
		if moved {
			w.Moved = func(_ []cases.Footage, most int) (time.Duration, []byte) { return strips[0].Activity(from, to, most) }
		}
		windows = append(windows, w)
	}
	return windows, nil
}

func (p past) Segment(ctx context.Context, id camera.SegmentID) (cases.Footage, error) {
	e, err := p.Index.Segment(ctx, id)
	return cases.Footage{Segment: e.Segment, State: e.State}, err
}

func (p past) At(ctx context.Context, id camera.CameraID, at time.Time, within time.Duration, here bool) (cases.Footage, error) {
	e, err := p.Index.At(ctx, id, at, within, here)
	return cases.Footage{Segment: e.Segment, State: e.State}, err
}

func (p past) Recorder(ctx context.Context, id camera.CameraID) (cases.RecorderClock, bool, error) {
	told, ok, err := p.Past(ctx, id)
	return cases.RecorderClock{Offset: told.Offset, Bound: told.Bound}, ok, err
}

// reach has all cameras within reach.
type reach struct {
	*registry.Registry
	index *index.Index
}

func (r reach) Around(ctx context.Context, _ camera.Position, _ float64, _, _ time.Time, _ int) ([]cases.Reached, error) {
	views, err := r.Views(ctx)
	if err != nil {
		return nil, err
	}
	all, err := r.Cameras(ctx)
	var out []cases.Reached
	for _, c := range all {
		out = append(out, cases.Reached{Camera: known(c, c.View), Views: views[c.ID]})
	}
	return out, err
}

func (r reach) Cover(ctx context.Context, cams []cases.Camera, from, to time.Time) ([]cases.Cover, error) {
	windows, err := past{r.index}.Windows(ctx, cams, from, to, false)
	var out []cases.Cover
	for _, w := range windows {
		out = append(out, cases.Cover{Spans: w.Spans, Clock: w.Clock})
	}
	return out, err
}

type tracer struct{ net *trace.Network }

func (t tracer) Begin(ctx context.Context, q camera.TraceQuestion, progress func(done, of int)) (cases.Tracing, error) {
	begun, err := trace.New(ctx, t.net, q, trace.DefaultParams(), progress)
	if err != nil {
		return nil, err
	}
	return begun, nil
}

type paths struct{ graph *road.Graph }

func (p paths) Recover(ctx context.Context, from camera.Incident, mode camera.Mode, through []cases.Passage) (camera.Route, error) {
	q := path.Question{Incident: from, Mode: mode}
	for _, one := range through {
		q.Sightings = append(q.Sightings, path.Sighting(one))
	}
	return path.Recover(ctx, p.graph, q)
}

// links stands for the bytes in the store.
type links struct{ *store.Store }

func (links) ReadKey(context.Context, camera.Key, int64) ([]byte, error) { return []byte(picture), nil }

// box stands for the box at home.
type box struct{ *house }

func (b box) Look(context.Context, camera.CameraID) error {
	b.looked++
	return b.refusal()
}

func (b box) Still(context.Context, camera.SegmentID, camera.Purpose) ([]byte, error) {
	return []byte(picture), b.refusal()
}

func (b box) refusal() error {
	if b.away {
		return camera.Errorf(camera.CodeUnreachable, "the agent has no link now")
	}
	return nil
}

type auditor struct{ log *audit.Log }

func (a auditor) Append(ctx context.Context, r cases.Record) error {
	_, err := a.log.Append(ctx, audit.Record{
		At: r.At, Actor: r.Actor.ID, ActorName: r.Actor.Name, Role: r.Actor.Role, Action: r.Action, Case: r.Case,
		Camera: r.Camera, Detail: r.Detail, Refused: r.Refused,
	})
	return err
}

func (a auditor) ForCase(ctx context.Context, caseID string, most int) ([]cases.Record, error) {
	got, err := a.log.ForCase(ctx, caseID, most)
	var out []cases.Record
	for _, r := range got {
		out = append(out, cases.Record{ID: r.ID, At: r.At, Actor: cases.Officer{ID: r.Actor, Name: r.ActorName}, Action: r.Action, Camera: r.Camera, Refused: r.Refused})
	}
	return out, err
}

// media stands for the link and the live room.
type media struct{ *house }

func (m media) View(context.Context, camera.CameraID, string, camera.Purpose) (string, string, error) {
	if m.panicked {
		panic("secret of the live room at 10.1.2.3")
	}
	return "viewer", "v=0 answer", nil
}

func (m media) Leave(viewer string) error {
	if viewer != "viewer" {
		return camera.Errorf(camera.CodeNotFound, "no such viewer")
	}
	return nil
}

func (m media) Publish(_ context.Context, _ camera.CameraID, token, _ string) (string, string, error) {
	if token != "right" {
		return "", "", camera.Errorf(camera.CodeForbidden, "token is unknown")
	}
	return "session", "v=0 answer", nil
}

func (m media) Unpublish(_ camera.CameraID, session string) error {
	if session != "session" {
		return camera.Errorf(camera.CodeNotFound, "no such session")
	}
	return nil
}

func (m media) Linked(camera.DeviceID) bool { return true }
func (m media) Drop(camera.DeviceID)        {}
