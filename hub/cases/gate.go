package cases

import (
	"context"
	"time"

	camera "xulang.vn/camera"
)

// Actions as they stand in the audit, beside open-case and close-case.
const (
	actSearch   = "search"
	actPlayback = "playback"
	actSegment  = "segment"
	actStill    = "still"
	actRequest  = "request"
	actLive     = "live"
	actLeave    = "live-end"
)

// log writes a line, or says that nothing may be answered.
func (c *Cases) log(ctx context.Context, r Record) error {
	r.At = c.Now().UTC()
	if err := c.Audit.Append(ctx, r); err != nil {
		return camera.Errorf(camera.CodeUnavailable, "write audit: %w", err)
	}
	return nil
}

// settle writes the line of a look whose outcome is known, and hands the outcome
// back. A refusal is written too.
func (c *Cases) settle(ctx context.Context, r Record, outcome error) error {
	r.Refused = camera.CodeOf(outcome)
	if err := c.log(ctx, r); err != nil {
		return err
	}
	return outcome
}

// gate decides a look at one camera: case, then camera, then consent.
func (c *Cases) gate(ctx context.Context, who Officer, action camera.Action, caseID string, id camera.CameraID) (Camera, error) {
	if err := c.mayLook(ctx, who, caseID); err != nil {
		return Camera{}, err
	}
	cam, err := c.Cameras.Camera(ctx, id)
	if err != nil {
		return Camera{}, err
	}
	return cam, c.consents(cam, action)
}

func (c *Cases) consents(cam Camera, action camera.Action) error {
	if !cam.Shared {
		return camera.Errorf(camera.CodeNoConsent, "camera %s: not shared any more", cam.ID)
	}
	return camera.Decide(cam.Consent, action, camera.Asker{Officer: true, CaseOpen: true}, c.Now())
}

// mayLook tells whether this person may look at anything for this case now.
func (c *Cases) mayLook(ctx context.Context, who Officer, caseID string) error {
	if caseID == "" {
		return camera.Errorf(camera.CodeNoCase, "look: no case given")
	}
	one, err := c.Get(ctx, who, caseID)
	if err != nil {
		return err
	}
	if !one.Open() {
		return camera.Errorf(camera.CodeCaseClosed, "look: case %s is closed", one.Number)
	}
	return nil
}

// checkWindow refuses inverted, empty and over-long windows, and times that JSON
// (RFC 3339) cannot give back in UTC.
func checkWindow(from, to time.Time) error {
	switch {
	case from.IsZero() || to.IsZero() || to.UnixMilli() <= from.UnixMilli():
		return camera.Errorf(camera.CodeBadWindow, "window ends before it starts")
	case from.UTC().Year() < 1970 || to.UTC().Year() > 9999:
		return camera.Errorf(camera.CodeBadWindow, "window lies outside of the years 1970 to 9999")
	case to.Sub(from) > WindowLongest:
		return camera.Errorf(camera.CodeBadWindow, "window of %s, at most %s", to.Sub(from), WindowLongest)
	}
	return nil
}
