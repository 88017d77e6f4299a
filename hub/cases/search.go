package cases

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	camera "xulang.vn/camera"
)

// Question asks a stretch of road and a window of time. Points are used when the
// stretch names no road.
type Question struct {
	Stretch  camera.Stretch
	Points   *[2]camera.Position
	From, To time.Time
}

// Answer is what the cameras along the stretch have, in road order.
type Answer struct {
	Purpose  camera.Purpose // of the case
	Stretch  camera.Stretch
	From, To time.Time
	Cameras  []Found
}

// Found is one camera's part of the answer.
type Found struct {
	Camera   Camera // with the view that was true in the window
	Seen     camera.Seen
	At       float64 // metres on the road: the middle of what it sees
	Spans    []Span
	Playable bool           // some of it may be shown, and can be
	Home     bool           // some of it is at home or in the recorder still, asked for or not, and may be asked for
	Clock    *camera.Clock  // from the ledger, else of the newest footage in the window; nil: not known
	Recorder *RecorderClock // where some of it is the recorder's; nil: none is
	Activity Activity
	Consent  camera.ConsentLevel // what the household shares of the window for cases of this kind
	Asks     []OwnerAsk          // what it was asked for within the window, for this case, in that order
}

// Activity is how much moved in a window, where footage may be shown.
type Activity struct {
	Step   time.Duration // of one value; the first begins at the window's start
	Values []byte        // 0 still … 255; nil: nothing is known
}

// activityMost is the largest number of values: a timeline has no more room.
const activityMost = 720

// Search answers a question within a case. The line in the audit names stretch
// and window, and is written before the answer is put together.
func (c *Cases) Search(ctx context.Context, who Officer, caseID string, q Question) (Answer, error) {
	one, stretch, outcome := c.decideSearch(ctx, who, caseID, q)
	err := c.settle(ctx, Record{Actor: who, Action: actSearch, Case: caseID, Detail: searchDetail(stretch, q)}, outcome)
	if err != nil {
		return Answer{}, err
	}
	found, err := c.along(ctx, one, stretch, q)
	if err != nil {
		return Answer{}, err
	}
	for i := range found {
		if err := c.fill(ctx, one, &found[i], q); err != nil {
			return Answer{}, err
		}
	}
	return Answer{Purpose: one.Purpose(), Stretch: stretch, From: q.From, To: q.To, Cameras: found}, nil
}

func (c *Cases) decideSearch(ctx context.Context, who Officer, caseID string, q Question) (Case, camera.Stretch, error) {
	one, err := c.mayLook(ctx, who, caseID)
	if err == nil {
		err = checkWindow(q.From, q.To)
	}
	if err != nil {
		return one, q.Stretch, err
	}
	stretch, err := c.stretch(q)
	if err == nil && stretch.To-stretch.From > StretchLongest {
		err = camera.Errorf(camera.CodeTooLarge, "stretch of %.0f m, at most %.0f m", stretch.To-stretch.From, StretchLongest)
	}
	return one, stretch, err
}

func (c *Cases) stretch(q Question) (camera.Stretch, error) {
	if q.Stretch.Road == "" && q.Points != nil {
		return c.Roads.Stretch(q.Points[0], q.Points[1], ClickWithin)
	}
	return c.Roads.Check(q.Stretch)
}

// along finds the cameras that saw a part of the stretch, in road order, each
// once: a camera that was turned within the window stands with its latest view.
func (c *Cases) along(ctx context.Context, one Case, s camera.Stretch, q Question) ([]Found, error) {
	all, err := c.Cameras.InView(ctx, q.From, q.To)
	if err != nil {
		return nil, fmt.Errorf("find cameras: %w", err)
	}
	latest := map[camera.CameraID]Found{}
	for _, cam := range all {
		if c.consents(cam, camera.ActionSearch, one.Purpose()) != nil {
			continue
		}
		for _, seen := range c.Roads.Seen(cam.View) {
			if seen.Road != s.Road || seen.To < s.From || seen.From > s.To {
				continue
			}
			if old, ok := latest[cam.ID]; ok && !cam.View.From.After(old.Camera.View.From) && seen.To-seen.From <= old.Seen.To-old.Seen.From {
				continue
			}
			latest[cam.ID] = Found{Camera: cam, Seen: seen, At: (seen.From + seen.To) / 2}
		}
	}
	found := make([]Found, 0, len(latest))
	for _, f := range latest {
		found = append(found, f)
	}
	slices.SortFunc(found, func(a, b Found) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Camera.ID, b.Camera.ID))
	})
	if len(found) > CamerasMost {
		return nil, camera.Errorf(camera.CodeTooLarge, "%d cameras, at most %d in one question", len(found), CamerasMost)
	}
	return found, nil
}

func searchDetail(s camera.Stretch, q Question) string {
	return fmt.Sprintf("%s %.0f–%.0f m, %s", s.Road, s.From, s.To, windowText(q.From, q.To))
}

func windowText(from, to time.Time) string {
	return from.UTC().Format(time.RFC3339) + "/" + to.UTC().Format(time.RFC3339)
}

// Mapped is a camera on the map with what it sees of the roads.
type Mapped struct {
	Camera Camera
	Seen   []camera.Seen
}

// Map gives the cameras that their households show on the map, by label. It is
// no look at anybody's footage and needs no case.
func (c *Cases) Map(ctx context.Context, who Officer) ([]Mapped, error) {
	if !who.Watches {
		return nil, camera.Errorf(camera.CodeForbidden, "map: not an officer")
	}
	now := c.Now()
	all, err := c.Cameras.InView(ctx, now, now)
	if err != nil {
		return nil, fmt.Errorf("find cameras: %w", err)
	}
	var shown []Mapped
	for _, cam := range all {
		if c.consents(cam, camera.ActionMap, "") == nil {
			shown = append(shown, Mapped{Camera: cam, Seen: c.Roads.Seen(cam.View)})
		}
	}
	slices.SortFunc(shown, func(a, b Mapped) int {
		return cmp.Or(cmp.Compare(a.Camera.Label, b.Camera.Label), cmp.Compare(a.Camera.ID, b.Camera.ID))
	})
	return shown, nil
}
