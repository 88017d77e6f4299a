package cases

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	camera "xulang.vn/camera"
)

// coverEach is how many cameras are asked for their footage at a time.
const coverEach = 64

// unknownClock is taken for the bound of a clock of which nobody has measured anything.
const unknownClock = 30 * time.Second

// reach is what a trace stands on.
type reach struct {
	question camera.TraceQuestion
	left     []LeftOut
	hidden   int
	cameras  int                        // that have footage to look at
	standing map[camera.CameraID]shared // of every camera within reach
}

// shared is what a household lets this case do with a camera.
type shared struct {
	code  camera.Code // why it may not be watched; "": it may
	named bool        // it stands on every officer's map
}

// refused tells whether a camera may not be watched.
func (r reach) refused(id camera.CameraID) bool { return r.standing[id].code != "" }

// watchable tells whether a household lets its footage be watched for cases of a purpose
// at all, be it that it wants to be asked. Whoever pauses wants to be left alone
// meanwhile: nobody is sent there.
func (c *Cases) watchable(cam Camera, purpose camera.Purpose) error {
	err := c.consents(cam, camera.ActionPlayback, purpose)
	switch {
	case err != nil && camera.CodeOf(err) != camera.CodeAskOwner:
		return err
	case cam.Consent.Paused:
		return camera.Errorf(camera.CodePaused, "camera %s is paused", cam.ID)
	}
	return nil
}

func (c *Cases) shares(cam Camera, purpose camera.Purpose) shared {
	return shared{camera.CodeOf(c.watchable(cam, purpose)), c.consents(cam, camera.ActionMap, "") == nil}
}

// gather reads what a trace stands on. Cameras that cannot be proposed are in the
// question all the same when they may be named, with no footage: what officers say of
// them makes sense. Of the others only those that were marked are.
func (c *Cases) gather(ctx context.Context, one Case, row traced, marked map[camera.CameraID]bool) (reach, error) {
	all, err := c.Reach.Around(ctx, row.Incident.Position, ReachMost, row.From, row.To, ReachedMost)
	if err != nil {
		return reach{}, fmt.Errorf("find cameras: %w", err)
	}
	all = all[:min(len(all), ReachedMost)]
	r := reach{standing: make(map[camera.CameraID]shared, len(all)), question: camera.TraceQuestion{
		Incident: row.Incident, Mode: row.Mode, From: row.From, To: row.To, Seed: uint64(row.seed),
	}}
	codes := make([]camera.Code, len(all)) // why each is left out
	var seeing []int
	for i, a := range all {
		s := c.shares(a.Camera, one.Purpose())
		r.standing[a.Camera.ID], codes[i] = s, s.code
		if codes[i] == "" && !slices.ContainsFunc(a.Views, func(v camera.View) bool { return len(c.Roads.Seen(v)) > 0 }) {
			codes[i] = camera.CodeOffRoad
		}
		if codes[i] == "" {
			seeing = append(seeing, i)
		} else if !r.refused(a.Camera.ID) || marked[a.Camera.ID] {
			r.question.Cameras = append(r.question.Cameras, camera.TraceCamera{ID: a.Camera.ID, Views: a.Views})
		}
	}
	if err := c.gatherFootage(ctx, one, all, seeing, codes, &r); err != nil {
		return reach{}, err
	}
	r.leaveOut(all, codes)
	slices.SortFunc(r.question.Cameras, func(a, b camera.TraceCamera) int { return cmp.Compare(a.ID, b.ID) })
	return r, nil
}

// gatherFootage reads the footage of those that see a road.
func (c *Cases) gatherFootage(ctx context.Context, one Case, all []Reached, seeing []int, codes []camera.Code, r *reach) error {
	asks, err := asksOfCase(ctx, c.DB.Read(), one.ID)
	if err != nil {
		return err
	}
	q := &r.question
	done := 0
	for part := range slices.Chunk(seeing, coverEach) {
		cams := make([]Camera, 0, len(part))
		for _, i := range part {
			cams = append(cams, all[i].Camera)
		}
		covers, err := c.Reach.Cover(ctx, cams, q.From, q.To)
		if err != nil {
			return fmt.Errorf("read footage: %w", err)
		}
		for n, i := range part {
			id := cams[n].ID
			p := permit{cam: cams[n], purpose: one.Purpose(), now: c.Now(), asks: asks[id]}
			t := camera.TraceCamera{ID: id, Views: all[i].Views, Footage: footageIn(covers[n].Spans)}
			if len(t.Footage) == 0 {
				codes[i] = camera.CodeNoFootage
			} else if t.Footage = within(t.Footage, p.openIn(q.From, q.To)); len(t.Footage) == 0 {
				codes[i] = camera.CodeAskOwner
			}
			if t.Clock, err = c.clockBound(ctx, id, covers[n], *q); err != nil {
				return fmt.Errorf("read clock of %s: %w", id, err)
			}
			q.Cameras = append(q.Cameras, t)
		}
		done += len(part)
		c.publish(one.ID, TraceEvent{Kind: EventProgress, Done: done, Of: 2 * len(seeing)})
	}
	return nil
}

// leaveOut tells which cameras are left out, and names those that everybody sees on the
// map.
func (r *reach) leaveOut(all []Reached, codes []camera.Code) {
	for i, a := range all {
		switch {
		case codes[i] == "":
			r.cameras++
		case !r.standing[a.Camera.ID].named:
			r.hidden++
		case len(r.left) < leftMost:
			r.left = append(r.left, LeftOut{Camera: a.Camera.ID, Label: a.Camera.Label, Code: codes[i]})
		}
	}
}

// asksOfCase gives what a case ever asked households for.
func asksOfCase(ctx context.Context, q querier, caseID string) (map[camera.CameraID][]wanted, error) {
	all, err := wantsWhere(ctx, q, `w.case_id = $1 AND w.asked_ms IS NOT NULL`, caseID)
	if err != nil {
		return nil, fmt.Errorf("read what was asked: %w", err)
	}
	of := map[camera.CameraID][]wanted{}
	for _, w := range all {
		of[w.Camera] = append(of[w.Camera], w)
	}
	return of, nil
}

// clockBound is how far the times of a camera's footage may be from the truth: the
// agent's clock at its worst in the window, as far as the ledger and the footage tell,
// its offset included, for the times of footage are the agent's own. The recorder's
// comes on top where some of it is the recorder's.
func (c *Cases) clockBound(ctx context.Context, id camera.CameraID, of Cover, q camera.TraceQuestion) (camera.Millis, error) {
	var worst camera.Millis
	known := false
	note := func(clock camera.Clock) {
		if clock == (camera.Clock{}) {
			return // nobody has measured it
		}
		known = true
		worst = max(worst, camera.Millis(time.Duration(clock.Offset).Abs())+clock.Bound)
	}
	for _, at := range []time.Time{q.From, earlier(q.To, c.Now())} {
		clock, ok, err := c.Cameras.ClockAt(ctx, id, at)
		if err != nil {
			return 0, err
		}
		if ok {
			note(clock)
		}
	}
	if of.Clock != nil {
		note(*of.Clock)
	}
	if !known {
		worst = camera.Millis(unknownClock)
	}
	recorder := of.Recorder
	if slices.ContainsFunc(of.Spans, inRecorder) {
		own, ok, err := c.Past.Recorder(ctx, id)
		if err != nil {
			return 0, err
		}
		if ok {
			recorder = max(recorder, own.Bound)
		}
	}
	return min(worst, camera.Millis(WindowLongest)) + min(recorder, camera.Millis(WindowLongest)), nil
}
