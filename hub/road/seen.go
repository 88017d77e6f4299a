package road

import (
	"cmp"
	"math"
	"slices"

	camera "xulang.vn/camera"
)

const (
	joint    = 0.01 // metres between two seen pieces that are still one: rounding at the points of a line
	shortest = 1.0  // metres; less road than that shows no vehicle
	facing   = 60.0 // degrees between view and road up to which a camera looks along the road
)

// Seen returns the stretches of road that lie in the view's cone: within its range, and
// within half its field of view to either side of its heading. Pieces of one road that
// touch are one stretch; a road that leaves the cone and comes back is seen twice.
// The longest comes first. A view that fails its Check sees nothing.
func (g *Graph) Seen(v camera.View) []camera.Seen {
	if v.Check() != nil {
		return nil
	}
	here, cone := planeAt(v.Position), newSector(v)
	pieces := map[int32][]span{}
	g.index.each(around(v.Position, v.Range), func(s segment) {
		line, m := g.roads[s.road].Line, g.measures[s.road]
		from, to, ok := cone.clip(here.at(line[s.at]), here.at(line[s.at+1]))
		if !ok {
			return
		}
		start, length := m[s.at], m[s.at+1]-m[s.at]
		pieces[s.road] = append(pieces[s.road], span{start + from*length, start + to*length})
	})
	var seen []camera.Seen
	for road, spans := range pieces {
		for _, s := range merge(spans) {
			if s.to-s.from < shortest {
				continue
			}
			_, heading := g.at(int(road), (s.from+s.to)/2)
			seen = append(seen, camera.Seen{
				Stretch: camera.Stretch{Road: g.roads[road].ID, From: s.from, To: s.to},
				Facing:  direction(v.Heading, heading),
			})
		}
	}
	slices.SortFunc(seen, func(a, b camera.Seen) int {
		return cmp.Or(cmp.Compare(b.To-b.From, a.To-a.From), cmp.Compare(a.Road, b.Road), cmp.Compare(a.From, b.From))
	})
	return seen
}

// direction tells which way along the road a view looks.
func direction(view, road float64) camera.Direction {
	switch turn := camera.Turn(view, road); {
	case turn <= facing:
		return camera.DirUp
	case turn >= 180-facing:
		return camera.DirDown
	}
	return camera.DirAcross
}

// span is from–to metres of one road.
type span struct{ from, to float64 }

// merge joins the spans that touch. It sorts its argument.
func merge(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
	})
	var out []span
	for _, s := range spans {
		if last := len(out) - 1; last >= 0 && s.from <= out[last].to+joint {
			out[last].to = math.Max(out[last].to, s.to)
			continue
		}
		out = append(out, s)
	}
	return out
}

// sector is a part of a disc around the plane's origin, at most half of it: the points p
// with |p| ≤ radius, p·right ≤ 0 and p·left ≤ 0, where right and left point away from
// the sector, square to its edges.
type sector struct {
	radius      float64
	right, left spot
}

func newSector(v camera.View) sector {
	// A heading of h points to (sin h, cos h). Square to the edge at h + fov/2, away from
	// the middle, is 90° more; at h - fov/2 it is 90° less.
	out := func(degrees float64) spot {
		s, c := math.Sincos(degrees * math.Pi / 180)
		return spot{s, c}
	}
	return sector{v.Range, out(v.Heading + v.FOV/2 + 90), out(v.Heading - v.FOV/2 - 90)}
}

// inDisc returns the shares of the way from a to b between which it lies in the disc
// around the plane's origin.
func inDisc(a, b spot, radius float64) (from, to float64, ok bool) {
	d := spot{b.x - a.x, b.y - a.y}
	// |a + t·d|² = r²: t = (-half ± root) / square
	square, half := d.x*d.x+d.y*d.y, a.x*d.x+a.y*d.y
	root := half*half - square*(a.x*a.x+a.y*a.y-radius*radius)
	if square == 0 || root <= 0 {
		return 0, 0, false
	}
	root = math.Sqrt(root)
	return math.Max(0, (-half-root)/square), math.Min(1, (-half+root)/square), true
}

// clip returns the shares of the way from a to b between which it lies in the sector.
func (s sector) clip(a, b spot) (from, to float64, ok bool) {
	from, to, ok = inDisc(a, b, s.radius)
	if !ok {
		return 0, 0, false
	}
	for _, n := range []spot{s.right, s.left} {
		// n·(a + t·(b-a)) ≤ 0
		at, slope := n.x*a.x+n.y*a.y, n.x*(b.x-a.x)+n.y*(b.y-a.y)
		switch {
		case slope > 0:
			to = math.Min(to, -at/slope)
		case slope < 0:
			from = math.Max(from, -at/slope)
		case at > 0:
			return 0, 0, false
		}
	}
	return from, to, from < to
}
