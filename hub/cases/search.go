package cases

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	camera "xulang.vn/camera"
)

// Question asks a place and a window of time. One of the places is given.
type Question struct {
	Stretch  camera.Stretch
	Points   *[2]camera.Position // two clicks on one road
	Near     *Near
	Route    []camera.Stretch // in the order of travel
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

// Search answers a question within a case. The line in the audit names place
// and window, and is written before the answer is put together.
func (c *Cases) Search(ctx context.Context, who Officer, caseID string, q Question) (Answer, error) {
	one, where, outcome := c.decideSearch(ctx, who, caseID, q)
	err := c.settle(ctx, Record{Actor: who, Action: actSearch, Case: caseID, Detail: where.String() + ", " + windowText(q.From, q.To)}, outcome)
	if err != nil {
		return Answer{}, err
	}
	found, err := c.along(ctx, one, where, q)
	if err != nil {
		return Answer{}, err
	}
	if err := c.fill(ctx, one, found, q); err != nil {
		return Answer{}, err
	}
	return Answer{Purpose: one.Purpose(), Stretch: where.Stretch, From: q.From, To: q.To, Cameras: found}, nil
}

// decideSearch gives the place that is meant; of a question that is refused the place as
// it was named, whoever asked: the audit has to tell what somebody was after.
func (c *Cases) decideSearch(ctx context.Context, who Officer, caseID string, q Question) (Case, Where, error) {
	one, err := c.mayLook(ctx, who, caseID)
	if err == nil {
		err = checkWindow(q.From, q.To)
	}
	var where Where
	if err == nil {
		where, err = c.where(q)
	}
	if err != nil {
		where = q.named()
	}
	return one, where, err
}

func stretchText(s camera.Stretch) string {
	return fmt.Sprintf("%.80s %.0f–%.0f m", s.Road, s.From, s.To) // a name that no road has may be long
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
	all, err := c.Cameras.Shared(ctx)
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
