package road

import (
	"math"
	"slices"
	"sort"

	camera "xulang.vn/camera"
)

// onRoad is how near to the middle of a road a camera stands on neither side, metres.
const onRoad = 1.0

// Describe is Seen with what people call it: where the road leads to either way, and on
// which side of it the camera stands. What is not known is left empty.
func (g *Graph) Describe(v camera.View) []camera.Sight {
	var sights []camera.Sight
	for _, seen := range g.Seen(v) {
		road := int32(g.byID[seen.Road])
		s := camera.Sight{Seen: seen, Name: g.roads[road].Name, Metres: seen.To - seen.From}
		left := g.beside(road, seen.Stretch, v.Position)
		s.Toward, s.Back = g.directions(road, seen.Stretch)
		if seen.Facing == camera.DirDown {
			s.Toward, s.Back, left = s.Back, s.Toward, -left
		}
		switch {
		case left > onRoad:
			s.Side = camera.SideLeft
		case left < -onRoad:
			s.Side = camera.SideRight
		}
		sights = append(sights, s)
	}
	return sights
}

// directions names where a road leads to by rising and by falling metres. One name for
// both says nothing: the nearer end keeps it.
func (g *Graph) directions(road int32, s camera.Stretch) (up, down string) {
	ups, downs := g.toward(road, s, true), g.toward(road, s, false)
	if s.From < g.roads[road].Length-s.To {
		down = first(downs, "")
		return first(ups, down), down
	}
	up = first(ups, "")
	return up, first(downs, up)
}

// first is the best name that is not the one that is taken.
func first(names []string, taken string) string {
	if i := slices.IndexFunc(names, func(n string) bool { return n != taken }); i >= 0 {
		return names[i]
	}
	return ""
}

// beside tells how far a place lies to the left of a road for one who goes by rising
// metres; negative is right. It is measured where the road comes nearest to the place,
// on the stretch or as far beside it as the place is away: another leg of a hairpin
// that is not seen does not count.
func (g *Graph) beside(road int32, s camera.Stretch, p camera.Position) float64 {
	_, away := g.nearestOn(road, s.From, s.To, p)
	left, _ := g.nearestOn(road, s.From-away, s.To+away, p)
	return left
}

// nearestOn finds where the metres from–to of a road come nearest to a place: how far
// it is away, and how far to the left of the road's direction there.
func (g *Graph) nearestOn(road int32, from, to float64, p camera.Position) (left, away float64) {
	here := planeAt(p)
	line, m := g.roads[road].Line, g.measures[road]
	begin := max(sort.SearchFloat64s(m, from)-1, 0)
	away = math.Inf(1)
	for i := begin; i+1 < len(line) && m[i] <= to; i++ {
		a, b := here.at(line[i]), here.at(line[i+1])
		length := m[i+1] - m[i]
		t := math.Min(math.Max(nearest(a, b), (from-m[i])/length), (to-m[i])/length)
		q := spot{a.x + t*(b.x-a.x), a.y + t*(b.y-a.y)}
		d := math.Hypot(q.x, q.y)
		if d >= away {
			continue
		}
		// At a bend the road's direction is that between the two pieces.
		way := unit(a, b)
		if t <= 0 && i > 0 {
			way = way.plus(unit(here.at(line[i-1]), a))
		} else if t >= 1 && i+2 < len(line) {
			way = way.plus(unit(b, here.at(line[i+2])))
		}
		away = d
		// The cross product of the way with what leads from the road to the place (-q).
		left = (way.y*q.x - way.x*q.y) / math.Max(math.Hypot(way.x, way.y), 1e-9)
	}
	return left, away
}

func unit(a, b spot) spot {
	d := math.Hypot(b.x-a.x, b.y-a.y)
	return spot{(b.x - a.x) / d, (b.y - a.y) / d} // Load leaves no piece without length
}

func (s spot) plus(o spot) spot { return spot{s.x + o.x, s.y + o.y} }
