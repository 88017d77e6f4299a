package road

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"

	camera "xulang.vn/camera"
)

// Limits of a map that is sent to a household. Its answer has to fit into a message.
const (
	linesMost    = 400
	pointsMost   = 20_000
	overviewMost = 500 << 10 // bytes as JSON
)

// Around is wide by itself, and draws everything that lies so near, whatever it is
// beside a greater road farther away; metres.
const (
	aroundUsual = 1500.0
	aroundFirst = 400.0
)

// Around draws the roads within the metres of a place, 0 for 1,500, at most
// camera.RoadsRadius. Roads are cut at the circle, so that one may come in several
// lines; where there are too many, the least and farthest are left out.
func (g *Graph) Around(center camera.Position, radius float64) []camera.RoadLine {
	if radius == 0 {
		radius = aroundUsual
	}
	if radius = math.Min(radius, camera.RoadsRadius); !center.Valid() || !(radius > 0) {
		return nil
	}
	type piece struct {
		road  int32
		span  span
		rank  int // class, -1 for what is near
		class int
	}
	var pieces []piece
	for road, spans := range g.within(center, radius) {
		nearest := math.Inf(1)
		for _, s := range spans {
			nearest = math.Min(nearest, s.away)
		}
		rank := classes[g.roads[road].Class]
		p := piece{road: road, rank: rank, class: rank}
		if nearest <= aroundFirst {
			p.rank = -1
		}
		for _, s := range merge(plain(spans)) {
			p.span = s
			pieces = append(pieces, p)
		}
	}
	slices.SortFunc(pieces, func(a, b piece) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.class, b.class),
			cmp.Compare(a.road, b.road), cmp.Compare(a.span.from, b.span.from))
	})
	var lines []camera.RoadLine
	left := pointsMost
	for _, p := range pieces {
		line := g.draw(p.road, g.piece(int(p.road), p.span.from, p.span.to), 0.5)
		if len(line.Line) < 2 || len(line.Line) > left || len(lines) >= linesMost {
			continue
		}
		left -= len(line.Line)
		lines = append(lines, line)
	}
	return lines
}

// reach is a span with its distance from the place that is asked about.
type reach struct {
	span
	away float64
}

// within are the spans of each road that lie in the circle.
func (g *Graph) within(center camera.Position, radius float64) map[int32][]reach {
	here := planeAt(center)
	pieces := map[int32][]reach{}
	g.index.each(around(center, radius), func(s segment) {
		line, m := g.roads[s.road].Line, g.measures[s.road]
		a, b := here.at(line[s.at]), here.at(line[s.at+1])
		from, to, ok := inDisc(a, b, radius)
		if !ok || from >= to {
			return
		}
		t := nearest(a, b)
		start, length := m[s.at], m[s.at+1]-m[s.at]
		pieces[s.road] = append(pieces[s.road], reach{
			span{start + from*length, start + to*length}, math.Hypot(a.x+t*(b.x-a.x), a.y+t*(b.y-a.y)),
		})
	})
	return pieces
}

func plain(all []reach) []span {
	spans := make([]span, 0, len(all))
	for _, r := range all {
		spans = append(spans, r.span)
	}
	return spans
}

// Overview draws the greater roads of the whole map, as simple as it must be to stay
// under 500 KiB as JSON; a small map is drawn with all its roads. It is made once and
// belongs to the graph: do not change it.
func (g *Graph) Overview() []camera.RoadLine {
	g.once.Do(func() {
		for _, try := range []struct {
			class     int
			tolerance float64 // metres
		}{{classes["track"], 2}, {classes["tertiary"], 10}, {classes["tertiary"], 30}, {classes["secondary"], 30}, {classes["primary"], 50}, {classes["primary"], 200}} {
			lines, all := g.overview(try.class, try.tolerance)
			g.drawn = lines
			if all && len(lines) > 0 {
				return
			}
		}
	})
	return g.drawn
}

// overview draws the roads up to a class, the greatest and longest first, as far as
// they fit; all is false when some did not.
func (g *Graph) overview(class int, tolerance float64) (lines []camera.RoadLine, all bool) {
	var roads []int32
	points := 0
	for i, r := range g.roads {
		if classes[r.Class] <= class {
			roads = append(roads, int32(i))
			points += len(r.Line)
		}
	}
	if points > 100*pointsMost || class > classes["tertiary"] && points > pointsMost {
		return nil, false // simplified it would not fit either; spare the work
	}
	slices.SortFunc(roads, func(a, b int32) int { return g.closer(hit{road: a}, hit{road: b}) })
	left := overviewMost
	for _, road := range roads {
		line := g.draw(road, g.roads[road].Line, tolerance)
		text, err := json.Marshal(line)
		if err != nil || len(line.Line) < 2 {
			continue // shorter than the tolerance; strings and finite numbers always marshal
		}
		if left -= len(text) + 1; left < 0 {
			return lines, false
		}
		lines = append(lines, line)
	}
	return lines, true
}

// draw simplifies a line and rounds it to 1e-6 degrees, some 10 cm.
func (g *Graph) draw(road int32, line []camera.Position, tolerance float64) camera.RoadLine {
	r := g.roads[road]
	out := camera.RoadLine{ID: r.ID, Name: r.Name, Class: r.Class}
	round := func(degrees float64) float64 { return math.Round(degrees*1e6) / 1e6 }
	for _, p := range simplify(line, tolerance) {
		at := [2]float64{round(p.Lon), round(p.Lat)}
		if n := len(out.Line); n == 0 || out.Line[n-1] != at {
			out.Line = append(out.Line, at)
		}
	}
	return out
}

// simplify leaves out points from which the line then strays by no more than the
// metres (D. Douglas, T. Peucker, 1973), without recursion. Both ends stay.
func simplify(line []camera.Position, tolerance float64) []camera.Position {
	if len(line) < 3 {
		return line
	}
	keep := make([]bool, len(line))
	keep[0], keep[len(line)-1] = true, true
	type part struct{ from, to int }
	for open := []part{{0, len(line) - 1}}; len(open) > 0; {
		p := open[len(open)-1]
		open = open[:len(open)-1]
		farthest, at := tolerance, -1
		for i := p.from + 1; i < p.to; i++ {
			here := planeAt(line[i])
			a, b := here.at(line[p.from]), here.at(line[p.to])
			t := 0.0
			if a != b { // a ring, at first
				t = nearest(a, b)
			}
			if d := math.Hypot(a.x+t*(b.x-a.x), a.y+t*(b.y-a.y)); d > farthest {
				farthest, at = d, i
			}
		}
		if at >= 0 {
			keep[at] = true
			open = append(open, part{p.from, at}, part{at, p.to})
		}
	}
	var out []camera.Position
	for i, p := range line {
		if keep[i] {
			out = append(out, p)
		}
	}
	return out
}
