package trace

import (
	"math"

	camera "xulang.vn/camera"
)

const (
	rootsNear = 50.0  // metres around the incident within which ways begin
	rootsBlur = 12.0  // metres by which a reported place is off
	rootsMost = 500.0 // metres beyond which an incident is at no road
)

// rootsFor are the places on roads where a trip from the incident may begin: around it,
// or where nothing is there, the nearest within rootsMost. CodeOffRoad without one that
// the mode may use.
func (t *Trace) rootsFor(p camera.Position) ([]start, error) {
	if roots := t.net.around(p, rootsNear, rootsBlur); len(roots) > 0 {
		return roots, nil
	}
	if roots := t.net.farther(p, rootsMost); len(roots) > 0 {
		return roots, nil
	}
	return nil, camera.Errorf(camera.CodeOffRoad, "no road for a %s within %.0f m of the incident", t.q.Mode, rootsMost)
}

// farther finds the arcs nearest to a place that lies off all roads. It asks every edge,
// which takes a second for a country.
func (t *travel) farther(p camera.Position, within float64) []start {
	var found []start
	var off []float64
	least := within
	for a := range int32(len(t.from)) {
		if t.seconds[a] == never || !t.open[a] {
			continue
		}
		// No place of an arc is farther from its end than the arc is long.
		if camera.Distance(p, t.graph.Vertex(t.from[a]))-float64(t.length[a]) > within {
			continue
		}
		share, m := t.closest(a, p)
		if m <= within {
			found, off = append(found, start{arc: a, at: share}), append(off, m)
			least = min(least, m)
		}
	}
	// Where the place is that far off, so may be the road that was meant.
	blur := max(rootsBlur, least/4)
	for i, m := range off {
		over := m - least
		found[i].weight = math.Exp(-over * over / (2 * blur * blur))
	}
	if len(found) == 0 {
		return nil
	}
	return normal(found)
}

// closest is the share of an arc at which it is nearest to a place, to a metre or so,
// and how far that is: the best of places some metres apart, then between its neighbours.
func (t *travel) closest(a int32, p camera.Position) (share float32, metres float64) {
	arc := t.arc(a)
	off := func(f float64) float64 {
		at, _, err := t.graph.At(arc.Road, arc.Start+f*(arc.End-arc.Start))
		if err != nil {
			return math.Inf(1)
		}
		return camera.Distance(p, at)
	}
	steps := math.Ceil(max(arc.Length/10, 4))
	best, least := 0.0, math.Inf(1)
	for i := range int(steps) + 1 {
		if m := off(float64(i) / steps); m < least {
			best, least = float64(i)/steps, m
		}
	}
	for width := 1 / steps; width*arc.Length > 1; width /= 2 {
		for _, f := range []float64{max(best-width/2, 0), min(best+width/2, 1)} {
			if m := off(f); m < least {
				best, least = f, m
			}
		}
	}
	return float32(best), least
}

// Snapped is the place on a road that was taken for the incident's, and how far that is.
func (t *Trace) Snapped() (p camera.Position, metres float64) {
	if len(t.roots) == 0 {
		return t.q.Incident.Position, 0
	}
	p, _ = t.net.place(t.roots[0].arc, t.roots[0].at)
	return p, camera.Distance(p, t.q.Incident.Position)
}

// place is where a share of an arc lies, with the way of travel there.
func (t *travel) place(a int32, share float32) (p camera.Position, heading float64) {
	arc := t.arc(a)
	p, heading, err := t.graph.At(arc.Road, arc.Start+float64(share)*(arc.End-arc.Start))
	if err != nil {
		return t.graph.Vertex(arc.From), 0
	}
	if arc.End < arc.Start {
		heading = camera.NormalHeading(heading + 180)
	}
	return p, heading
}
