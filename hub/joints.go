package hub

import (
	"context"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/audit"
	"xulang.vn/camera/hub/cases"
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

func (c cameras) Shared(ctx context.Context) ([]cases.Camera, error) {
	all, err := c.registry.Cameras(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]cases.Camera, 0, len(all))
	for _, cam := range all {
		if cam.Shared {
			out = append(out, c.known(cam, cam.View))
		}
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
