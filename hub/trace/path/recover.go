package path

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/road"
)

// Recover finds the most likely way from the incident through all sightings, with times.
// There is one leg for each sighting, none without; legs where no way fits, because two
// sightings contradict each other or the map lacks a road, are Broken. The same question
// gives the same route. The graph and the question are not changed.
//
// Errors: CodeBadRequest, CodeBadWindow and CodeTooLarge for a question that nobody can
// mean, CodeOffRoad for an incident more than 500 m from any road, the context's error.
func Recover(ctx context.Context, g *road.Graph, q Question) (camera.Route, error) {
	route := camera.Route{Mode: q.Mode}
	if err := q.check(); err != nil {
		return camera.Route{}, fmt.Errorf("check question: %w", err)
	}
	if len(q.Sightings) == 0 {
		return route, ctx.Err()
	}
	q.Sightings = slices.Clone(q.Sightings)
	slices.SortStableFunc(q.Sightings, func(a, b Sighting) int { return a.At.Compare(b.At) })
	s := newSearcher(g, manners[q.Mode])
	c, err := q.chain(ctx, s)
	if err != nil {
		return camera.Route{}, fmt.Errorf("recover route: %w", err)
	}
	c.weigh()
	s.left = passMost
	picks, metre := c.likeliest(), 0.0
	at := stop{place: c[0].states[picks[0]]}
	for k, l := range c[1:] {
		to := q.Sightings[k].stop(s, l.states[picks[k+1]])
		var leg camera.RouteLeg
		if at, leg, err = q.leg(ctx, s, c, picks, k+1, at, to, metre); err != nil {
			return camera.Route{}, fmt.Errorf("recover route: %w", err)
		}
		route.Legs = append(route.Legs, leg)
		metre = leg.Points[len(leg.Points)-1].Metre
	}
	return route, nil
}

// chain links the incident and all sightings.
func (q Question) chain(ctx context.Context, s *searcher) (chain, error) {
	p := places{s.graph, s.manner, road.NewWatch(s.graph)}
	left, err := p.left(q.Incident)
	if err != nil {
		return nil, err
	}
	c, err := chain{}.link(ctx, s, left, elapsed{})
	if err != nil {
		return nil, err
	}
	for k, x := range q.Sightings {
		since := q.fromIncident()
		if k > 0 {
			since = between(q.Sightings[k-1], x)
		}
		if c, err = c.link(ctx, s, p.seen(x), since); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// fromIncident is the time from the incident to the first sighting.
func (q Question) fromIncident() elapsed {
	in, first := q.Incident, q.Sightings[0]
	return elapsed{
		least: first.At.Sub(in.To).Seconds(), most: first.At.Sub(in.From).Seconds(),
		blur: 2*sightSpread + min(first.Bound, time.Hour).Seconds(),
	}
}

// leg makes the leg of layer k, from one stop to another, and returns the latter.
func (q Question) leg(ctx context.Context, s *searcher, c chain, picks []int, k int, from, to stop, metre float64) (stop, camera.RouteLeg, error) {
	l, last := c[k], c[k-1]
	var ways []way
	if l.move[picks[k-1]][picks[k]] > broken {
		var err error
		if ways, err = s.ways(ctx, from.place, to.place, l.since, l.least); err != nil {
			return stop{}, camera.RouteLeg{}, err
		}
	}
	if k == 1 {
		expected := 0.0
		if len(ways) > 0 {
			expected = ways[0].seconds
		}
		from.at, from.spread = q.departure(expected, to)
	}
	if len(ways) == 0 {
		return to, straight(from, to, metre), nil
	}
	leg := s.leg(from, to, ways[0], metre)
	leg.Probability = ways[0].share * c.share(k, last.states[picks[k-1]], l.states[picks[k]])
	return to, leg, nil
}

// departure is when the suspect left, by the first sighting and what the way there takes:
// within the interval that was reported, never after the sighting. Its spread is that of
// the interval and of the way together, as of two measurements.
func (q Question) departure(expected float64, first stop) (time.Time, float64) {
	in := q.Incident
	at := first.at.Add(-seconds(expected))
	if at.Before(in.From) {
		at = in.From
	}
	if at.After(in.To) {
		at = in.To
	}
	if at.After(first.at) {
		at = first.at
	}
	told := math.Max(in.To.Sub(in.From).Seconds()/math.Sqrt(12), sightSpread)
	way := math.Hypot(slowSpread*expected, first.spread)
	return at, 1 / math.Sqrt(1/sq(told)+1/math.Max(sq(way), 1e-6))
}

// stop is a sighting with the place that was chosen for it. A clock's bound and a
// piece of road of which nobody knows which metre is meant are uniform: width / √12.
func (x Sighting) stop(s *searcher, place state) stop {
	spread := sightSpread
	if !place.off {
		spread = math.Hypot(spread, stateStep/s.manner.pace(place.arc))
	}
	spread = math.Hypot(spread, 2*min(x.Bound, time.Hour).Seconds()/math.Sqrt(12))
	return stop{mark: x.Mark, at: x.At, spread: spread, place: place}
}
