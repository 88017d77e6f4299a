package path

import (
	"cmp"
	"math"
	"slices"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/road"
)

const (
	stateStep  = 8.0 // metres between the places on an edge that are tried
	statesMost = 64  // for one sighting
	edgesMost  = 8   // of them: each costs two searches
	snapWithin = 500 // metres from an incident to a road
	whole      = 200 // metres: the greatest range of a view
)

// state is a place on an arc where a suspect may have been seen.
type state struct {
	arc      road.Arc
	at       float64 // metres from the arc's beginning
	position camera.Position
	fit      float64 // log of the emission
	off      bool    // there is no road: the arc means nothing
}

// piece is a part of an arc that a view sees, from–to metres from its beginning.
type piece struct {
	arc      road.Arc
	from, to float64
}

// places finds where on the graph people may have been.
type places struct {
	graph  *road.Graph
	manner manner
	watch  *road.Watch // for one view after the other
}

// pieces are the parts of arcs in a view that the mode may take, also those against
// one-way streets.
func (p places) pieces(v camera.View) []piece {
	v.From, v.To = time.Time{}, time.Time{}
	p.watch.Set("", []camera.View{v})
	var out []piece
	for _, d := range p.watch.Edges("", time.Time{}) {
		a := p.graph.Arc(d.Edge, d.Along)
		// Directed has metres of the road in the order of travel, as the arc has.
		s := piece{a, math.Abs(d.From - a.Start), math.Abs(d.To - a.Start)}
		if p.manner.may(a) {
			out = append(out, s)
		}
		if back := p.graph.Arc(d.Edge, !d.Along); !back.Open && p.manner.may(back) {
			out = append(out, piece{back, a.Length - s.to, a.Length - s.from})
		}
	}
	return out
}

// around are the pieces within so many metres of a place.
func (p places) around(at camera.Position, metres float64) []piece {
	half := camera.View{Position: at, FOV: 180, Range: math.Min(metres, whole)}
	out := p.pieces(half)
	half.Heading = 180
	return append(out, p.pieces(half)...)
}

// seen are the states of a sighting.
func (p places) seen(s Sighting) []state {
	pieces, v := p.pieces(s.View), s.View
	aim := camera.Ahead(v.Position, v.Heading, v.Range/2)
	var out []state
	if len(pieces) == 0 {
		// The map lacks the road, or has it a little beside the picture.
		for _, c := range p.around(aim, v.Range/2+offView) {
			out = p.spread(out, c, func(_ float64, at camera.Position, heading float64) float64 {
				return gauss(camera.Distance(at, aim), offView) + told(s.Heading, heading)
			})
		}
	}
	for _, c := range pieces {
		length := c.to - c.from
		out = p.spread(out, c, func(metre float64, at camera.Position, heading float64) float64 {
			fit := gauss((metre-(c.from+c.to)/2)/(length/2+1), middle) + math.Log(length/(length+brief))
			away := camera.Distance(v.Position, at) / v.Range
			aside := camera.Turn(camera.Bearing(v.Position, at), v.Heading) / (v.FOV / 2)
			return fit + gauss(away, 1) + gauss(aside, 1) + told(s.Heading, heading)
		})
	}
	if len(out) == 0 {
		return []state{{position: aim, off: true}}
	}
	return best(out)
}

// told is the emission of a heading, which need not be told.
func told(heading *float64, road float64) float64 {
	if heading == nil {
		return 0
	}
	return headingFit(camera.Turn(*heading, road))
}

// left are the states of an incident. CodeOffRoad when no road is near.
func (p places) left(in camera.Incident) ([]state, error) {
	near, err := p.graph.Snap(in.Position, snapWithin)
	if err != nil {
		return nil, err
	}
	centre := in.Position
	if near.Distance > whole-2*nearSpread {
		centre = near.Position
	}
	var out []state
	for _, c := range p.around(centre, camera.Distance(centre, near.Position)+2*nearSpread) {
		out = p.spread(out, c, func(_ float64, at camera.Position, _ float64) float64 {
			return gauss(camera.Distance(at, in.Position)-near.Distance, nearSpread)
		})
	}
	if len(out) == 0 {
		return []state{{position: near.Position, off: true}}, nil
	}
	return best(out), nil
}

// spread adds states every few metres of a piece, one in its middle.
func (p places) spread(out []state, c piece, fit func(metre float64, at camera.Position, heading float64) float64) []state {
	n := 2*min(int((c.to-c.from)/(2*stateStep)), statesMost/4) + 1
	for i := range n {
		metre := c.from + (float64(i)+0.5)*(c.to-c.from)/float64(n)
		at, heading, ok := p.at(c.arc, metre)
		if !ok {
			return out
		}
		out = append(out, state{arc: c.arc, at: metre, position: at, fit: fit(metre, at, heading)})
	}
	return out
}

// at is a place on an arc and the way of travel there.
func (p places) at(a road.Arc, metre float64) (camera.Position, float64, bool) {
	up := a.Start <= a.End
	m := a.Start + metre
	if !up {
		m = a.Start - metre
	}
	m = math.Min(math.Max(m, math.Min(a.Start, a.End)), math.Max(a.Start, a.End))
	at, heading, err := p.graph.At(a.Road, m)
	if !up {
		heading = camera.NormalHeading(heading + 180)
	}
	return at, heading, err == nil
}

// best keeps the likeliest states, of few edges, the likeliest first.
func best(all []state) []state {
	slices.SortStableFunc(all, func(a, b state) int {
		return cmp.Or(cmp.Compare(b.fit, a.fit), cmp.Compare(labelOf(a.arc), labelOf(b.arc)), cmp.Compare(a.at, b.at))
	})
	edges := map[int32]bool{}
	out := all[:0]
	for _, s := range all {
		if !edges[s.arc.Edge] && len(edges) == edgesMost || s.fit < all[0].fit-keepWithin || len(out) == statesMost {
			continue
		}
		edges[s.arc.Edge] = true
		out = append(out, s)
	}
	return out
}
