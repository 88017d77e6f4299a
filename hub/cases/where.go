package cases

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	camera "xulang.vn/camera"
)

// Limits of a place that is asked about, beside StretchLongest.
const (
	NearMost  = 500.0 // metres around a point
	RouteMost = 20    // stretches of one route; together they are at most StretchLongest
)

// Near is a point and the metres around it.
type Near struct {
	Position camera.Position
	Metres   float64
}

// Where is a place that is asked about: a stretch of road, what lies around a point, or
// a route. The zero of the others says which.
type Where struct {
	Stretch camera.Stretch // always set: of a route the first, near a point the piece of the nearest road
	Near    *Near
	Route   []camera.Stretch
	clicks  *[2]camera.Position // of a question that was refused before a road was found for them
}

// named is the place of a question in its own words.
func (q Question) named() Where {
	w := Where{Stretch: q.Stretch, Near: q.Near, Route: slices.Clone(q.Route[:min(len(q.Route), RouteMost)]), clicks: q.Points}
	if q.Stretch.Road != "" {
		w.Route = append(w.Route, q.Stretch)
	}
	return w
}

// Sighted is a camera that sees a part of the place, by the view that was true then.
type Sighted struct {
	Camera Camera
	Seen   camera.Seen
	At     float64 // its place in the order: metres on the road or along the route, or away from the point
}

// where finds the place that a question means.
func (c *Cases) where(q Question) (Where, error) {
	asked := 0
	for _, one := range []bool{q.Stretch.Road != "", q.Points != nil, q.Near != nil, len(q.Route) > 0} {
		if one {
			asked++
		}
	}
	if asked > 1 {
		return Where{Stretch: q.Stretch}, camera.Errorf(camera.CodeBadRequest, "a question about %d places, want one", asked)
	}
	switch {
	case q.Near != nil:
		return c.near(*q.Near)
	case len(q.Route) > 0:
		return c.route(q.Route)
	}
	var s camera.Stretch
	var err error
	if q.Points != nil {
		s, err = c.Roads.Stretch(q.Points[0], q.Points[1], ClickWithin)
	} else if s, err = c.Roads.Check(q.Stretch); err != nil {
		s = q.Stretch
	}
	if err == nil && s.To-s.From > StretchLongest {
		err = camera.Errorf(camera.CodeTooLarge, "stretch of %.0f m, at most %.0f m", s.To-s.From, StretchLongest)
	}
	return Where{Stretch: s}, err
}

func (c *Cases) near(n Near) (Where, error) {
	w := Where{Near: &n}
	if !n.Position.Valid() || !(n.Metres > 0 && n.Metres <= NearMost) {
		return w, camera.Errorf(camera.CodeTooLarge, "%.0f m around a point, at most %.0f m", n.Metres, NearMost)
	}
	var err error
	w.Stretch, err = c.Roads.Nearest(n.Position, n.Metres)
	return w, err
}

func (c *Cases) route(list []camera.Stretch) (Where, error) {
	w := Where{Stretch: list[0]}
	if len(list) > RouteMost {
		return w, camera.Errorf(camera.CodeTooLarge, "route of %d stretches, at most %d", len(list), RouteMost)
	}
	sum := 0.0
	for _, s := range list {
		s, err := c.Roads.Check(s)
		if err != nil {
			return w, err
		}
		w.Route, sum = append(w.Route, s), sum+s.To-s.From
	}
	w.Stretch = w.Route[0]
	if sum > StretchLongest {
		return w, camera.Errorf(camera.CodeTooLarge, "route of %.0f m, at most %.0f m", sum, StretchLongest)
	}
	return w, nil
}

// String is how the audit names the place; several that were named at once all stand there.
func (w Where) String() string {
	var texts []string
	if w.Near != nil {
		texts = append(texts, fmt.Sprintf("%.0f m around %.6f,%.6f", w.Near.Metres, w.Near.Position.Lon, w.Near.Position.Lat))
	}
	for _, s := range w.Route {
		texts = append(texts, stretchText(s))
	}
	if w.clicks != nil {
		a, b := w.clicks[0], w.clicks[1]
		texts = append(texts, fmt.Sprintf("from %.6f,%.6f to %.6f,%.6f", a.Lon, a.Lat, b.Lon, b.Lat))
	}
	if len(texts) == 0 {
		return stretchText(w.Stretch)
	}
	return strings.Join(texts, ", ")
}

// along finds the cameras that saw a part of the place and may be named to this case,
// each once, in their order.
func (c *Cases) along(ctx context.Context, one Case, w Where, q Question) ([]Found, error) {
	all, err := c.Cameras.Seeing(ctx, w, q.From, q.To)
	if err != nil {
		return nil, fmt.Errorf("find cameras: %w", err)
	}
	var found []Found
	for _, s := range all {
		if c.consents(s.Camera, camera.ActionSearch, one.Purpose()) == nil {
			found = append(found, Found{Camera: s.Camera, Seen: s.Seen, At: s.At})
		}
	}
	slices.SortStableFunc(found, func(a, b Found) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Camera.ID, b.Camera.ID))
	})
	if len(found) > CamerasMost {
		return nil, camera.Errorf(camera.CodeTooLarge, "%d cameras, at most %d in one question", len(found), CamerasMost)
	}
	return found, nil
}
