package setup

import (
	"context"
	"strings"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/home"
	"xulang.vn/camera/agent/setup/gen"
)

// pastMost is how long ago a view may begin; the hub refuses more than
// camera.PastLongest, and hears of it later than now.
const pastMost = camera.PastLongest - time.Hour

func (s *server) Aim(ctx context.Context, r gen.AimRequestObject) (gen.AimResponseObject, error) {
	a, err := s.aiming(*r.Body)
	if err != nil {
		return nil, err
	}
	id := camera.CameraID(r.Camera)
	b := s.Store.Book()
	c := b.Camera(id)
	if c == nil {
		return nil, camera.Errorf(camera.CodeNotFound, "no such camera")
	}
	same := c.View != nil && looksThere(*c.View, a.view)
	// The picture first: a crash between leaves a picture that the household has
	// accepted beside the view before, never a view without its picture. Without a new
	// one the old one goes with its view.
	if a.reference != nil || !same {
		if err := s.Store.SetReference(id, a.reference); err != nil {
			return nil, err
		}
	}
	now := s.moment()
	if err := s.Store.Update(func(b *home.Book) error {
		c := b.Camera(id)
		if c == nil {
			return camera.Errorf(camera.CodeNotFound, "no such camera")
		}
		a.view.From = s.since(*c, a.before, same, now)
		c.View, c.Label, c.Outline, c.Aimed = &a.view, a.label, a.outline, now
		if !same {
			c.Sights, c.Sighted = nil, false
		}
		if !same || a.reference != nil {
			c.Aim = home.Aim{}
		}
		return nil
	}); err != nil {
		return nil, err
	}
	if err := s.Agent.Apply(ctx); err != nil {
		return nil, err
	}
	b = s.Store.Book()
	if c := b.Camera(id); c != nil && !c.Sighted {
		asking, cancel := context.WithTimeout(ctx, receiptWithin)
		defer cancel()
		s.askSights(asking, *c)
	}
	return gen.Aim200JSONResponse{StateJSONResponse: s.state()}, nil
}

// aiming is a request that was found to make sense.
type aiming struct {
	view      camera.View
	label     string
	outline   []home.Point
	reference []byte // a JPEG; nil: none came
	before    bool
}

func (s *server) aiming(r gen.Aiming) (aiming, error) {
	a := aiming{view: viewOf(r.View), label: strings.TrimSpace(r.Label), before: value(r.Before)}
	if err := a.view.Check(); err != nil {
		return a, err
	}
	for _, p := range value(r.Outline) {
		if !(p.X >= 0 && p.X <= 1 && p.Y >= 0 && p.Y <= 1) {
			return a, camera.Errorf(camera.CodeBadRequest, "outline leaves the picture")
		}
		a.outline = append(a.outline, home.Point{X: p.X, Y: p.Y})
	}
	if a.label == "" || len(a.label) > 200 || len(a.outline) > 40 {
		return a, camera.Errorf(camera.CodeBadRequest, "a name is needed, and at most 40 points")
	}
	if reference := value(r.Reference); len(reference) > 0 {
		if _, err := s.decodeAlone(reference); err != nil {
			return a, err
		}
		a.reference = reference
	}
	return a, nil
}

// looksThere: two views without the time from which they are true.
func looksThere(a, b camera.View) bool {
	a.From, a.To, b.From, b.To = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	return a == b
}

// since is from when a view is the household's word. "Before" reaches as far back as
// the recorder's past, and where that is not known as far as any may.
func (s *server) since(c home.Camera, before, same bool, now time.Time) time.Time {
	longest := now.Add(-pastMost)
	from := now
	if same {
		from = c.View.From
	}
	if !before {
		return from
	}
	past := longest
	for _, r := range s.Agent.Recorders() {
		if r.ID == c.Recorder && !r.PastFrom.IsZero() {
			past = r.PastFrom.UTC().Truncate(time.Millisecond)
		}
	}
	if past.Before(longest) {
		past = longest
	}
	if past.After(from) { // nothing is there from before
		past = from
	}
	return past
}

// askSights asks the hub what a camera sees, and keeps the answer while the view is
// still that one.
func (s *server) askSights(ctx context.Context, c home.Camera) {
	sights, err := s.Agent.Seen(ctx, *c.View)
	if err != nil {
		s.Log.Debug("ask the hub what is seen", "camera", string(c.ID), "code", string(camera.CodeOf(err)))
		return
	}
	s.note(func(b *home.Book) {
		if mine := b.Camera(c.ID); mine != nil && mine.View != nil && looksThere(*mine.View, *c.View) {
			mine.Sights, mine.Sighted = sights[:min(len(sights), 100)], true
		}
	})
}

func (s *server) Seen(ctx context.Context, r gen.SeenRequestObject) (gen.SeenResponseObject, error) {
	view := viewOf(*r.Body)
	if err := view.Check(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, hubWithin)
	defer cancel()
	sights, err := s.Agent.Seen(ctx, view)
	if err != nil {
		return nil, s.hush(err, "ask the hub what is seen")
	}
	return gen.Seen200JSONResponse(each(sights, sightJSON)), nil
}

func (s *server) GetMap(ctx context.Context, r gen.GetMapRequestObject) (gen.GetMapResponseObject, error) {
	ask := camera.RoadsRequest{V: camera.LinkVersion, Radius: value(r.Params.Radius)}
	if !(ask.Radius >= 0 && ask.Radius <= camera.RoadsRadius) || (r.Params.Lon == nil) != (r.Params.Lat == nil) {
		return nil, camera.Errorf(camera.CodeBadRequest, "a place and at most %.0f m", camera.RoadsRadius)
	}
	if r.Params.Lon != nil {
		near := camera.Position{Lon: *r.Params.Lon, Lat: *r.Params.Lat}
		if !near.Valid() {
			return nil, camera.Errorf(camera.CodeBadRequest, "place %v", near)
		}
		ask.Near = &near
	}
	ctx, cancel := context.WithTimeout(ctx, hubWithin)
	defer cancel()
	roads, err := s.Agent.Roads(ctx, ask)
	if err == nil {
		err = roads.Err()
	}
	if err != nil {
		return nil, s.hush(err, "ask the hub for its roads")
	}
	out := gen.GetMap200JSONResponse{Sketch: optional(roads.Sketch)}
	if p := roads.Place; p != nil {
		out.Place = &gen.Position{Lon: p.Lon, Lat: p.Lat}
	} else if m, ok := s.Agent.Member(); ok && m.Place != nil {
		out.Place = &gen.Position{Lon: m.Place.Lon, Lat: m.Place.Lat}
	}
	out.Roads = sized(out.Roads, len(roads.Roads))
	for i, road := range roads.Roads {
		o := &out.Roads[i]
		o.Id, o.Name, o.Class = string(road.ID), road.Name, road.Class
		o.Line = each(road.Line, func(p [2]float64) []float64 { return []float64{p[0], p[1]} })
	}
	return out, nil
}
