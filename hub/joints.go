package hub

import (
	"context"
	"fmt"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/audit"
	"xulang.vn/camera/hub/cases"
	"xulang.vn/camera/hub/index"
	"xulang.vn/camera/hub/registry"
)

// cameras hands the registry to the cases.
type cameras struct{ *hub }

func (c cameras) Camera(ctx context.Context, id camera.CameraID) (cases.Camera, error) {
	got, err := c.registry.Camera(ctx, id)
	if err != nil {
		return cases.Camera{}, err
	}
	return c.known(got, got.View), nil
}

func (c cameras) InView(ctx context.Context, from, to time.Time) ([]cases.Camera, error) {
	views, err := c.registry.Views(ctx, from, to)
	if err != nil {
		return nil, err
	}
	out := make([]cases.Camera, 0, len(views))
	for _, v := range views {
		out = append(out, c.known(v.Camera, v.View))
	}
	return out, nil
}

func (c cameras) known(r registry.Camera, view camera.View) cases.Camera {
	return cases.Camera{
		ID: r.ID, Label: r.Label, Consent: r.Consent, Shared: r.Shared, View: view, State: r.State, Since: r.Since,
		Codec: r.Codec, Linked: c.fleet.Linked(r.Device), Registered: r.Registered,
	}
}

// clockFresh is how long a record of the ledger speaks for a camera: a box with a
// link makes one every hour at least.
const clockFresh = 2 * time.Hour

func (c cameras) ClockAt(ctx context.Context, id camera.CameraID, at time.Time) (camera.Clock, bool, error) {
	record, ok, err := c.registry.ClockAt(ctx, id, registry.SourceAgent, at)
	return record.Clock, ok && at.Sub(record.At) < clockFresh, err
}

// past hands the index to the cases, with what the registry knows of the links.
type past struct{ *hub }

func (p past) Window(ctx context.Context, c cases.Camera, from, to time.Time) ([]cases.Span, []cases.Footage, error) {
	entries, gaps, err := p.index.Window(ctx, c.ID, from, to)
	if err != nil {
		return nil, nil, err
	}
	cam, err := p.registry.Camera(ctx, c.ID)
	if err != nil {
		return nil, nil, err
	}
	linked, err := p.registry.Presence(ctx, cam.Device, from, to)
	if err != nil {
		return nil, nil, fmt.Errorf("read presence: %w", err)
	}
	known := index.Known{Registered: c.Registered, LinkedNow: c.Linked, State: c.State, Since: c.Since}
	recorder, _, err := p.index.Past(ctx, c.ID)
	if err != nil {
		return nil, nil, fmt.Errorf("read the recorder's past: %w", err)
	}
	known.Past = recorder.Spans
	if known.Overwritten, err = p.index.Overwritten(ctx, c.ID); err != nil {
		return nil, nil, fmt.Errorf("read what the recorder has overwritten: %w", err)
	}
	for _, l := range linked {
		known.Linked = append(known.Linked, index.Interval{From: l.From, To: l.To})
	}
	filled := index.Fill(entries, gaps, known, from, to, p.now())
	spans := make([]cases.Span, 0, len(filled))
	for _, s := range filled {
		spans = append(spans, cases.Span{From: s.From, To: s.To, State: s.State, Cause: s.Cause})
	}
	footage := make([]cases.Footage, 0, len(entries))
	for _, e := range entries {
		footage = append(footage, cases.Footage{Segment: e.Segment, State: e.State})
	}
	return spans, footage, nil
}

func (p past) Segment(ctx context.Context, id camera.SegmentID) (cases.Footage, error) {
	e, err := p.index.Segment(ctx, id)
	return cases.Footage{Segment: e.Segment, State: e.State}, err
}

func (p past) At(ctx context.Context, id camera.CameraID, at time.Time, within time.Duration, here bool) (cases.Footage, error) {
	e, err := p.index.At(ctx, id, at, within, here)
	return cases.Footage{Segment: e.Segment, State: e.State}, err
}

func (p past) Activity(footage []cases.Footage, from, to time.Time, most int) (time.Duration, []byte) {
	entries := make([]index.Entry, 0, len(footage))
	for _, f := range footage {
		entries = append(entries, index.Entry{Segment: f.Segment, State: f.State})
	}
	return index.ActivityOf(entries, from, to, most)
}

func (p past) Request(ctx context.Context, id camera.CameraID, from, to time.Time) (int, error) {
	return p.index.Request(ctx, id, from, to)
}

func (p past) Recorder(ctx context.Context, id camera.CameraID) (cases.RecorderClock, bool, error) {
	told, ok, err := p.index.Past(ctx, id)
	return cases.RecorderClock{Offset: told.Offset, Bound: told.Bound}, ok, err
}

func (p past) Unrequest(ctx context.Context, id camera.CameraID, from, to time.Time, keep []camera.Want) error {
	return p.index.Unrequest(ctx, id, from, to, keep)
}

// home reaches a camera's box for the cases.
type home struct{ *hub }

func (h home) Look(ctx context.Context, id camera.CameraID) error {
	cam, err := h.registry.Camera(ctx, id)
	if err != nil {
		return err
	}
	return h.fleet.Look(ctx, cam.Device)
}

func (h home) Still(ctx context.Context, id camera.SegmentID, purpose camera.Purpose) ([]byte, error) {
	cam, err := h.registry.Camera(ctx, id.Camera)
	if err != nil {
		return nil, err
	}
	return h.fleet.Still(ctx, cam.Device, id, purpose)
}

// auditor hands the audit to the cases.
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
	if err != nil {
		return nil, err
	}
	out := make([]cases.Record, 0, len(got))
	for _, r := range got {
		out = append(out, cases.Record{
			ID: r.ID, At: r.At, Actor: cases.Officer{ID: r.Actor, Name: r.ActorName, Role: r.Role}, Action: r.Action, Case: r.Case,
			Camera: r.Camera, Detail: r.Detail, Refused: r.Refused,
		})
	}
	return out, nil
}

// starter lets the live room ask an agent to publish.
type starter struct{ *hub }

func (s starter) StartLive(ctx context.Context, cam camera.CameraID, purpose camera.Purpose, path, token string) error {
	return s.command(ctx, camera.LiveCommand{V: camera.LinkVersion, Camera: cam, Start: true, Path: path, Token: token, Purpose: purpose})
}

func (s starter) StopLive(ctx context.Context, cam camera.CameraID) error {
	return s.command(ctx, camera.LiveCommand{V: camera.LinkVersion, Camera: cam})
}

func (s starter) command(ctx context.Context, m camera.LiveCommand) error {
	known, err := s.registry.Camera(ctx, m.Camera)
	if err != nil {
		return err
	}
	return s.fleet.Live(ctx, known.Device, m)
}
