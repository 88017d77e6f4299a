package cases

import (
	"context"
	"fmt"
	"slices"
	"time"

	camera "xulang.vn/camera"
)

// Limits of what is asked of a trace.
const (
	ProposalsMost = 50
	StepLeast     = 10 * time.Second
	StepMost      = time.Hour
)

// Proposals are the clips to look at next, best first.
type Proposals struct {
	Version int64 // of the trace
	List    []Proposed
}

// Proposed is a clip to look at next, with what is to be known before it is played.
type Proposed struct {
	camera.Proposal
	Label    string
	Consent  camera.ConsentLevel // what the household shares of the clip: ConsentAsk where it wants to be asked first
	Asks     []OwnerAsk          // what it was asked for within the clip, for this case
	Playable bool                // some of it may be shown, and can be
	Home     bool                // some of it is at home or in the recorder still
}

// Proposals gives at most so many clips, of 1 to ProposalsMost. It never names a camera
// whose household refuses at that moment.
func (c *Cases) Proposals(ctx context.Context, who Officer, caseID string, most int) (Proposals, error) {
	one, err := c.traceLook(ctx, who, caseID, actProposals, nil)
	if err != nil {
		return Proposals{}, err
	}
	most = min(max(most, 1), ProposalsMost)
	for range currentTries {
		e, err := c.current(ctx, one)
		if err != nil {
			return Proposals{}, err
		}
		var p Proposals
		var list []camera.Proposal
		err = e.use(ctx, func() error {
			p.Version, list = e.version, e.tracing.Proposals(most)
			return nil
		})
		if err != nil {
			return Proposals{}, err
		}
		var refused bool
		if p.List, refused, err = c.propose(ctx, one, list); err != nil || !refused {
			return p, err
		}
		c.engines.spoil(e)
	}
	return Proposals{}, camera.Errorf(camera.CodeUnavailable, "trace: households change their minds while it is built")
}

// propose decides anew about each clip; refused tells that one of them may not be watched
// any more, and that the engine does not know.
func (c *Cases) propose(ctx context.Context, one Case, list []camera.Proposal) (all []Proposed, refused bool, err error) {
	all = make([]Proposed, 0, len(list))
	for _, clip := range list {
		cam, err := c.Cameras.Camera(ctx, clip.Camera)
		if err != nil {
			return nil, false, fmt.Errorf("find camera: %w", err)
		}
		p, err := c.permit(ctx, one, cam)
		if err != nil {
			return nil, false, err
		}
		watchable := c.watchable(cam, one.Purpose()) == nil
		if !watchable || len(within([]camera.Interval{{From: clip.From, To: clip.To}}, p.openIn(clip.From, clip.To))) == 0 {
			return nil, true, nil
		}
		w, err := c.window(ctx, cam, clip.From, clip.To)
		if err != nil {
			return nil, false, err
		}
		all = append(all, Proposed{
			Proposal: clip, Label: cam.Label, Consent: p.level(clip.From, clip.To), Asks: p.asksIn(clip.From, clip.To),
			Playable: playable(p.shown(w.Footage)), Home: w.home(),
		})
	}
	return all, false, nil
}

// TraceBelief gives when a suspect may have passed each camera, in steps from StepLeast
// to StepMost.
func (c *Cases) TraceBelief(ctx context.Context, who Officer, caseID string, step time.Duration) (version int64, of []camera.CameraBelief, err error) {
	var refusal error
	if step < StepLeast || step > StepMost {
		refusal = camera.Errorf(camera.CodeBadRequest, "belief in steps of %s, want %s to %s", step, StepLeast, StepMost)
	}
	one, err := c.traceLook(ctx, who, caseID, actBelief, refusal)
	if err != nil {
		return 0, nil, err
	}
	e, err := c.current(ctx, one)
	if err != nil {
		return 0, nil, err
	}
	err = e.use(ctx, func() error {
		version, of = e.version, e.tracing.Belief(step)
		return nil
	})
	return version, slices.DeleteFunc(of, func(b camera.CameraBelief) bool { return e.reach.refused(b.Camera) }), err
}

// Branches gives the ways that the suspect may have taken and that are still open.
func (c *Cases) Branches(ctx context.Context, who Officer, caseID string) (version int64, of []camera.Branch, err error) {
	one, err := c.traceLook(ctx, who, caseID, actBranches, nil)
	if err != nil {
		return 0, nil, err
	}
	e, err := c.current(ctx, one)
	if err != nil {
		return 0, nil, err
	}
	err = e.use(ctx, func() error {
		version, of = e.version, slices.Clone(e.tracing.Branches())
		return nil
	})
	for i := range of {
		of[i].Cameras = slices.DeleteFunc(slices.Clone(of[i].Cameras), e.reach.refused)
	}
	return version, of, err
}

// TraceRoute gives the most likely way through all sightings that count, without legs as
// long as there is none. A sighting at a time at which its camera looked nowhere has no
// place on it.
func (c *Cases) TraceRoute(ctx context.Context, who Officer, caseID string) (camera.Route, error) {
	return c.recovered(ctx, who, caseID, actRoute)
}

// RouteFormat is what a route is exported as.
type RouteFormat string

const (
	FormatGeoJSON RouteFormat = "geojson"
	FormatGPX     RouteFormat = "gpx"
)

// ExportRoute is TraceRoute for a file that is taken away: the audit tells it from a look.
func (c *Cases) ExportRoute(ctx context.Context, who Officer, caseID string, as RouteFormat) (camera.Route, error) {
	return c.recovered(ctx, who, caseID, actExport+string(as))
}

func (c *Cases) recovered(ctx context.Context, who Officer, caseID, action string) (camera.Route, error) {
	one, err := c.traceLook(ctx, who, caseID, action, nil)
	if err != nil {
		return camera.Route{}, err
	}
	e, err := c.current(ctx, one)
	if err != nil {
		return camera.Route{}, err
	}
	marks, err := marksOf(ctx, c.DB.Read(), one.ID)
	if err != nil {
		return camera.Route{}, err
	}
	q := e.reach.question
	through := passages(q, marks)
	if len(through) == 0 {
		return camera.Route{Mode: q.Mode}, nil
	}
	route, err := c.Paths.Recover(ctx, q.Incident, q.Mode, through)
	if err != nil {
		return camera.Route{}, fmt.Errorf("recover route: %w", err)
	}
	return route, nil
}

func passages(q camera.TraceQuestion, marks []madeMark) []Passage {
	cams := make(map[camera.CameraID]camera.TraceCamera, len(q.Cameras))
	for _, t := range q.Cameras {
		cams[t.ID] = t
	}
	var through []Passage
	for _, m := range marks {
		if m.Kind != camera.MarkSeen || !m.Withdrawn.IsZero() {
			continue
		}
		t := cams[m.Camera]
		at := slices.IndexFunc(t.Views, func(v camera.View) bool { return !v.From.After(m.At) && (v.To.IsZero() || v.To.After(m.At)) })
		if at >= 0 {
			through = append(through, Passage{Mark: m.ID, Camera: m.Camera, At: m.At, Bound: time.Duration(t.Clock), Heading: m.Heading, View: t.Views[at]})
		}
	}
	slices.SortStableFunc(through, func(a, b Passage) int { return a.At.Compare(b.At) })
	return through
}
