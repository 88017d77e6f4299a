package cases

import (
	"context"
	"fmt"
	"slices"
	"time"

	camera "xulang.vn/camera"
)

// Limits of a trace, beside WindowLongest.
const (
	IncidentLongest = 6 * time.Hour // between the first and the last moment at which a suspect may have left
	ReachMost       = 60_000.0      // metres around the incident
	ReachedMost     = 10_000        // cameras
	leftMost        = 1000          // cameras that are left out and named, the nearest
)

// TraceOrder is what an officer asks to be traced: who left there, at some moment of the
// interval, and travelled so. Nothing outside of [From, To) is looked for.
type TraceOrder struct {
	Incident camera.Incident
	Mode     camera.Mode
	From, To time.Time
}

// LeftOut is a camera within reach that is never proposed, and why: CodeNoConsent for
// cases of this kind, CodePaused, CodeAskOwner (its household was asked and did not say
// yes), CodeOffRoad (it sees no road), CodeNoFootage (none in the window).
type LeftOut struct {
	Camera camera.CameraID
	Label  string
	Code   camera.Code
}

// Trace is a case's search for a route.
type Trace struct {
	TraceOrder
	Place  camera.Position // on a road, for the incident's
	Metres float64         // from one to the other
	Marks  []MadeMark      // oldest first, withdrawn ones and those of the case's earlier traces too
	Left   []LeftOut       // nearest first
	// Hidden is how many cameras within reach are shown to nobody by their households,
	// as Search and Map do not show them: these have no name here.
	Hidden  int
	Cameras int   // that may be proposed
	Version int64 // grows by one with each start, mark and withdrawal of the case
	Made    time.Time
	Officer string // who started it
}

// StartTrace begins a case's trace. It replaces the one before, whose marks are
// withdrawn. CodeOffRoad when no road for that mode is near.
//
// A trace holds no footage at home: an officer does that with Request.
func (c *Cases) StartTrace(ctx context.Context, who Officer, caseID string, o TraceOrder) (Trace, error) {
	o = o.cut()
	one, outcome := c.mayTrace(ctx, who, caseID)
	if outcome == nil {
		outcome = o.check(c.Now())
	}
	line := Record{Actor: who, Action: actStart, Case: caseID, Detail: o.String()}
	if err := c.settle(ctx, line, outcome); err != nil {
		return Trace{}, err
	}
	row, e, err := c.start(ctx, who, one, o)
	switch camera.CodeOf(err) {
	case "":
	case camera.CodeOffRoad, camera.CodeBadWindow, camera.CodeBadRequest, camera.CodeCaseClosed: // it was not started after all
		return Trace{}, c.settle(ctx, line, err)
	default:
		return Trace{}, err
	}
	return c.told(ctx, row, e)
}

// TraceOf gives a case's trace; CodeNotFound when it has none.
func (c *Cases) TraceOf(ctx context.Context, who Officer, caseID string) (Trace, error) {
	one, err := c.traceLook(ctx, who, caseID, actTrace, nil)
	if err != nil {
		return Trace{}, err
	}
	for {
		e, err := c.current(ctx, one)
		if err != nil {
			return Trace{}, err
		}
		row, err := traceRow(ctx, c.DB.Read(), one.ID)
		if err != nil {
			return Trace{}, err
		}
		if row.started == e.started { // else it was started anew in between
			return c.told(ctx, row, e)
		}
	}
}

// told puts a trace together.
func (c *Cases) told(ctx context.Context, row traced, e *engine) (Trace, error) {
	marks, err := marksOf(ctx, c.DB.Read(), row.caseID)
	if err != nil {
		return Trace{}, err
	}
	t := Trace{
		TraceOrder: row.TraceOrder, Marks: []MadeMark{}, Left: e.reach.left, Hidden: e.reach.hidden, Cameras: e.reach.cameras,
		Version: row.version, Made: row.made, Officer: row.officer, Place: e.place, Metres: e.metres,
	}
	err = e.use(ctx, func() error {
		for _, m := range marks {
			if !m.told { // it is being written
				m.Warnings = e.warnings[m.ID]
			}
			t.Marks = append(t.Marks, m.MadeMark)
		}
		return nil
	})
	return t, err
}

// mayTrace tells whether this person may trace for this case now.
func (c *Cases) mayTrace(ctx context.Context, who Officer, caseID string) (Case, error) {
	one, err := c.mayLook(ctx, who, caseID)
	if err == nil && (c.Tracer == nil || c.Reach == nil || c.Paths == nil) {
		err = camera.Errorf(camera.CodeUnavailable, "trace: this hub has no engine")
	}
	return one, err
}

// traceLook decides a look at a case's trace and writes its line; refusal is what is
// wrong about the question. Like every look it needs the case to be open.
func (c *Cases) traceLook(ctx context.Context, who Officer, caseID, action string, refusal error) (Case, error) {
	one, outcome := c.mayTrace(ctx, who, caseID)
	if outcome == nil {
		_, outcome = traceRow(ctx, c.DB.Read(), caseID)
	}
	if outcome == nil {
		outcome = refusal
	}
	return one, c.settle(ctx, Record{Actor: who, Action: action, Case: caseID}, outcome)
}

// cut leaves what the table holds.
func (o TraceOrder) cut() TraceOrder {
	for _, t := range []*time.Time{&o.From, &o.To, &o.Incident.From, &o.Incident.To} {
		if !t.IsZero() {
			*t = t.UTC().Truncate(time.Millisecond)
		}
	}
	return o
}

func (o TraceOrder) check(now time.Time) error {
	if err := checkWindow(o.From, o.To); err != nil {
		return err
	}
	in := o.Incident
	switch {
	case !slices.Contains(camera.Modes(), o.Mode):
		return camera.Errorf(camera.CodeBadRequest, "start trace: unknown mode %.40q", o.Mode)
	case !in.Position.Valid():
		return camera.Errorf(camera.CodeBadRequest, "start trace: position %v,%v", in.Position.Lon, in.Position.Lat)
	case in.From.IsZero() || in.To.Before(in.From):
		return camera.Errorf(camera.CodeBadWindow, "start trace: the incident ends before it starts")
	case in.To.Sub(in.From) > IncidentLongest:
		return camera.Errorf(camera.CodeBadWindow, "start trace: an incident of %s, at most %s", in.To.Sub(in.From), IncidentLongest)
	case in.To.After(now):
		return camera.Errorf(camera.CodeBadWindow, "start trace: the incident is in the future")
	case !in.From.Before(o.To) || in.To.Before(o.From):
		return camera.Errorf(camera.CodeBadWindow, "start trace: the incident is outside of the window")
	}
	return nil
}

// String is how the audit names it.
func (o TraceOrder) String() string {
	p := o.Incident.Position
	return fmt.Sprintf("%.40s from %.6f,%.6f, left %s, %s", o.Mode, p.Lon, p.Lat, windowText(o.Incident.From, o.Incident.To), windowText(o.From, o.To))
}
