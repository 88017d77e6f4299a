package api

import (
	"context"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/api/gen"
	"xulang.vn/camera/hub/cases"
)

func (s *server) GetHealth(ctx context.Context, _ gen.GetHealthRequestObject) (gen.GetHealthResponseObject, error) {
	h := s.Health(ctx)
	h.Version, h.Roads = s.Version, len(s.Roads.Roads()) > 0
	if h.Database && h.Store && h.Link {
		return gen.GetHealth200JSONResponse(h), nil
	}
	return gen.GetHealth503JSONResponse(h), nil
}

func (s *server) ListRoads(ctx context.Context, _ gen.ListRoadsRequestObject) (gen.ListRoadsResponseObject, error) {
	zeros, err := s.measures(ctx)
	if err != nil {
		return nil, err
	}
	out := gen.ListRoads200JSONResponse{Sketch: s.Sketch, Roads: []gen.Road{}}
	for _, r := range s.Roads.Roads() {
		out.Roads = append(out.Roads, roadJSON(r, zeros[r.ID]))
	}
	return out, nil
}

func (s *server) FindStretch(_ context.Context, r gen.FindStretchRequestObject) (gen.FindStretchResponseObject, error) {
	stretch, err := s.Roads.Stretch(positionOf(r.Body.A), positionOf(r.Body.B), cases.ClickWithin)
	if err != nil {
		return nil, err
	}
	return gen.FindStretch200JSONResponse{Stretch: stretchJSON(stretch), Line: s.line(stretch)}, nil
}

func (s *server) ListCameras(ctx context.Context, _ gen.ListCamerasRequestObject) (gen.ListCamerasResponseObject, error) {
	all, err := s.Cases.Map(ctx, officerOf(ctx))
	if err != nil {
		return nil, err
	}
	return gen.ListCameras200JSONResponse(each(all, func(m cases.Mapped) gen.Camera { return s.cameraJSON(m.Camera, m.Seen, "") })), nil
}

// line is the stretch's way over the map.
func (s *server) line(st camera.Stretch) [][]float64 {
	line, err := s.Roads.Line(st)
	if err != nil {
		return [][]float64{}
	}
	return lineJSON(line)
}

func caseJSON(c cases.Case) gen.Case {
	return gen.Case{
		Id: c.ID, Number: c.Number, Kind: gen.CaseKind(c.Kind), LegalBasis: c.LegalBasis, Summary: c.Summary,
		Unit: c.Unit, Officer: c.Officer, Opened: c.Opened, Closed: optional(c.Closed),
	}
}

// cameraJSON shows a camera; whether it can be seen live, for cases of a purpose or,
// without one, of any kind at all.
func (s *server) cameraJSON(c cases.Camera, seen []camera.Seen, purpose camera.Purpose) gen.Camera {
	refusal := s.Cases.LiveRefusal(c, purpose)
	return gen.Camera{
		Id: string(c.ID), Label: c.Label, Seen: each(seen, seenJSON), State: string(c.State), Since: optional(c.Since),
		Linked: c.Linked, Codec: optional(c.Codec), Live: refusal == nil, LiveRefusal: optional(string(camera.CodeOf(refusal))),
		View: gen.View{
			Position: positionJSON(c.View.Position),
			Heading:  c.View.Heading, Fov: c.View.FOV, Range: c.View.Range,
		},
	}
}

func spanJSON(s cases.Span) gen.Span {
	out := gen.Span{From: s.From, To: s.To, Cause: optional(string(s.Cause))}
	if s.State != "" {
		state := gen.SpanState(s.State)
		out.State = &state
	}
	return out
}

func clockJSON(c camera.Clock) gen.Clock {
	return gen.Clock{
		Synchronised: c.Synchronised,
		OffsetMs:     time.Duration(c.Offset).Milliseconds(), BoundMs: time.Duration(c.Bound).Milliseconds(),
	}
}

func seenJSON(s camera.Seen) gen.Seen {
	return gen.Seen{Stretch: stretchJSON(s.Stretch), Facing: gen.SeenFacing(s.Facing)}
}

func stretchJSON(s camera.Stretch) gen.Stretch {
	return gen.Stretch{Road: string(s.Road), From: s.From, To: s.To}
}

func stretchOf(s gen.Stretch) camera.Stretch {
	return camera.Stretch{Road: camera.RoadID(s.Road), From: s.From, To: s.To}
}

func positionOf(p gen.Position) camera.Position { return camera.Position{Lon: p.Lon, Lat: p.Lat} }

func lineJSON(line []camera.Position) [][]float64 {
	return each(line, func(p camera.Position) []float64 { return []float64{p.Lon, p.Lat} })
}

// each converts a slice; never nil, so that JSON shows [].
func each[A, B any](all []A, f func(A) B) []B {
	out := make([]B, 0, len(all))
	for _, a := range all {
		out = append(out, f(a))
	}
	return out
}

// optional is nil for the zero value.
func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}
