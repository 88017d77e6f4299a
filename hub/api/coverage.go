package api

import (
	"context"
	"fmt"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/api/gen"
	"xulang.vn/camera/hub/road"
	"xulang.vn/camera/hub/road/sign"
)

// Signs keeps what the kilometre signs of roads say.
type Signs interface {
	List(context.Context) ([]sign.Sign, error)
	Set(context.Context, sign.Sign) error
}

// Coverage is what is watched, and since when recording was looked at for it.
type Coverage struct {
	From, To time.Time
	road.Coverage
}

func (s *server) GetCoverage(ctx context.Context, _ gen.GetCoverageRequestObject) (gen.GetCoverageResponseObject, error) {
	c, err := s.Coverage(ctx)
	if err != nil {
		return nil, err
	}
	return gen.GetCoverage200JSONResponse{
		From: c.From, To: c.To, Cameras: c.Cameras, Watched: directionsJSON(c.Watched), Hours: each(c.Hours[:], directionsJSON),
		Roads: each(c.Roads, roadCoverageJSON), Gaps: each(c.Gaps, s.gapJSON), GapCount: c.GapCount,
		Exits: each(c.Exits, exitJSON), ExitCount: c.ExitCount, Next: each(c.Next, offerJSON),
	}, nil
}

func directionsJSON(d road.Directions) gen.Directions {
	return gen.Directions{Up: d.Up, Down: d.Down, BehindUp: d.BehindUp, BehindDown: d.BehindDown}
}

func roadCoverageJSON(r road.RoadCoverage) gen.RoadCoverage {
	return gen.RoadCoverage{
		Road: string(r.Road), Name: r.Name, Length: r.Length, OpenUp: r.Open.Up, OpenDown: r.Open.Down,
		Watched: directionsJSON(r.Watched), Hours: each(r.Hours[:], directionsJSON), Best: r.Best, Worst: r.Worst,
	}
}

func (s *server) gapJSON(g road.Gap) gen.CoverageGap {
	return gen.CoverageGap{Stretch: stretchJSON(g.Stretch), Name: g.Name, Up: g.Up, Down: g.Down, Line: s.line(g.Stretch)}
}

func exitJSON(x road.Exit) gen.Exit {
	return gen.Exit{
		Position: positionJSON(x.Position), Road: string(x.Road), Name: x.Name, Class: x.Class, Heading: x.Heading,
		Toward: optional(x.Toward), Gap: stretchJSON(x.Gap), Ends: x.Ends,
	}
}

func offerJSON(o road.Offer) gen.NextHome {
	return gen.NextHome{Household: o.ID, Label: o.Label, Position: positionJSON(o.Position), Heading: o.Heading, Adds: o.Adds, Closes: o.Closes}
}

func positionJSON(p camera.Position) gen.Position { return gen.Position{Lon: p.Lon, Lat: p.Lat} }

func (s *server) SetMeasure(ctx context.Context, r gen.SetMeasureRequestObject) (gen.SetMeasureResponseObject, error) {
	one := sign.Sign{
		Road: camera.RoadID(r.Road), Zero: road.Zero{Metre: r.Body.Metre, Kilometre: r.Body.Kilometre, Falling: r.Body.Falling},
		By: userOf(ctx).ID, At: s.Now(),
	}
	if err := s.Signs.Set(ctx, one); err != nil {
		return nil, err
	}
	known, _ := s.Roads.Road(one.Road)
	return gen.SetMeasure200JSONResponse(roadJSON(known, one.Zero)), nil
}

// measures are what signs say, of the roads that have one.
func (s *server) measures(ctx context.Context) (map[camera.RoadID]road.Zero, error) {
	signs, err := s.Signs.List(ctx)
	if err != nil {
		return nil, fmt.Errorf("read kilometre signs: %w", err)
	}
	zeros := make(map[camera.RoadID]road.Zero, len(signs))
	for _, one := range signs {
		zeros[one.Road] = one.Zero
	}
	return zeros, nil
}

func roadJSON(r road.Road, z road.Zero) gen.Road {
	return gen.Road{
		Id: string(r.ID), Name: r.Name, Ref: optional(r.Ref), Class: r.Class, Length: r.Length, Line: lineJSON(r.Line),
		Measure: gen.Measure{Metre: z.Metre, Kilometre: z.Kilometre, Falling: z.Falling},
	}
}
