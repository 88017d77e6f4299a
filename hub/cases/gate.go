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
	actAsk      = "ask"    // the household is asked first
	actAnswer   = "answer" // what came of that
	actLive     = "live"
	actLeave    = "live-end"

	actStart     = "trace-start"
	actTrace     = "trace"
	actMark      = "mark"
	actUnmark    = "unmark"
	actProposals = "proposals"
	actBelief    = "belief"
	actBranches  = "branches"
	actRoute     = "route"
	actExport    = "route-" // and the format: a file that leaves the hub
	actFollow    = "follow"
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

// gate decides a look at one camera: case, then camera, then what its household
// shares for cases of this kind now. Looks at footage have more to decide: see permit.
func (c *Cases) gate(ctx context.Context, who Officer, action camera.Action, caseID string, id camera.CameraID) (Case, Camera, error) {
	one, cam, err := c.enter(ctx, who, caseID, id)
	if err == nil {
		err = c.consents(cam, action, one.Purpose())
	}
	return one, cam, err
}

// enter finds the case and the camera of a look.
func (c *Cases) enter(ctx context.Context, who Officer, caseID string, id camera.CameraID) (Case, Camera, error) {
	one, err := c.mayLook(ctx, who, caseID)
	if err != nil {
		return Case{}, Camera{}, err
	}
	cam, err := c.Cameras.Camera(ctx, id)
	return one, cam, err
}

// consents decides what is not of a window of footage.
func (c *Cases) consents(cam Camera, action camera.Action, purpose camera.Purpose) error {
	return decide(cam, action, camera.Asker{Officer: true, CaseOpen: true, Purpose: purpose}, c.Now())
}

// decide asks the one table of consent.
func decide(cam Camera, action camera.Action, who camera.Asker, now time.Time) error {
	if !cam.Shared {
		return camera.Errorf(camera.CodeNoConsent, "camera %s: not shared any more", cam.ID)
	}
	return camera.Decide(cam.Consent, action, who, now)
}

// mayLook tells whether this person may look at anything for this case now.
func (c *Cases) mayLook(ctx context.Context, who Officer, caseID string) (Case, error) {
	if caseID == "" {
		return Case{}, camera.Errorf(camera.CodeNoCase, "look: no case given")
	}
	one, err := c.Get(ctx, who, caseID)
	if err != nil {
		return Case{}, err
	}
	if !one.Open() {
		return Case{}, camera.Errorf(camera.CodeCaseClosed, "look: case %s is closed", one.Number)
	}
	return one, nil
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
