package road_test

import (
	"math"
	"slices"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/road"
)

// checkCoverage tests what every coverage must keep, and sums it up again from the
// directed edges of each camera.
func checkCoverage(t interface {
	Helper()
	Fatalf(string, ...any)
}, g *road.Graph, w *road.Watch, c road.Coverage, when time.Time) {
	t.Helper()
	const slack = 0.05
	within := func(a, b float64) bool { return a <= b+slack }
	gaps, sum := map[camera.RoadID][2]float64{}, road.Directions{}
	for _, x := range c.Gaps {
		gaps[x.Road] = [2]float64{gaps[x.Road][0] + x.Up, gaps[x.Road][1] + x.Down}
		if !(x.From < x.To) {
			t.Fatalf("gap %+v", x)
		}
	}
	watched := byEdges(g, w, when)
	for _, r := range c.Roads {
		if !within(r.Open.Up, r.Length) || !within(r.Open.Down, r.Length) || !within(r.Watched.Up, r.Open.Up) || !within(r.Watched.Down, r.Open.Down) {
			t.Fatalf("more than there is: %+v", r)
		}
		for h, x := range append(r.Hours[:], r.Watched) {
			if !within(x.BehindUp, x.Up) || !within(x.BehindDown, x.Down) || !within(x.Up, r.Watched.Up) || !within(x.Down, r.Watched.Down) ||
				h < 24 && (x.Sum() > r.Hours[r.Best].Sum() || x.Sum() < r.Hours[r.Worst].Sum()) {
				t.Fatalf("%s: hour %d %+v of %+v, best %d, worst %d", r.Road, h, x, r.Watched, r.Best, r.Worst)
			}
		}
		e := watched[r.Road]
		if math.Abs(e.sum.Up-r.Watched.Up) > slack || math.Abs(e.sum.Down-r.Watched.Down) > slack ||
			math.Abs(e.sum.BehindUp-r.Watched.BehindUp) > slack || math.Abs(e.sum.BehindDown-r.Watched.BehindDown) > slack {
			t.Fatalf("%s: %+v, by its edges %+v", r.Road, r.Watched, e.sum)
		}
		// What is watched and the gaps are what may be driven between the first and the
		// last watched place.
		up, down := openBetween(g, r.Road, e.first, e.last)
		if len(c.Gaps) == c.GapCount && (math.Abs(r.Watched.Up+gaps[r.Road][0]-up) > slack || math.Abs(r.Watched.Down+gaps[r.Road][1]-down) > slack) {
			t.Fatalf("%s: watched %+v + gaps %v, between %.1f and %.1f are %.2f up, %.2f down", r.Road, r.Watched, gaps[r.Road], e.first, e.last, up, down)
		}
		sum.Up, sum.Down = sum.Up+r.Watched.Up, sum.Down+r.Watched.Down
	}
	if listed := len(c.Roads) == c.RoadCount; listed && math.Abs(sum.Sum()-c.Watched.Sum()) > slack || len(watched) != c.RoadCount || !listed && len(c.Roads) != 500 {
		t.Fatalf("%d roads of %+v, together %+v", len(c.Roads), sum, c.Watched)
	}
	for _, x := range c.Exits {
		if x.GapAt <= x.Gap.From || x.GapAt >= x.Gap.To {
			t.Fatalf("exit outside of its gap: %+v", x)
		}
		if p, _, err := g.At(x.Road, x.At); err != nil || camera.Distance(p, x.Position) > slack {
			t.Fatalf("exit %+v: %v", x, err)
		}
	}
}

// edgeSum is what the directed edges of all cameras on a road come to.
type edgeSum struct {
	first, last float64
	sum         road.Directions
}

func byEdges(g *road.Graph, w *road.Watch, when time.Time) map[camera.RoadID]edgeSum {
	type key struct {
		road       camera.RoadID
		up, behind bool
	}
	parts := map[key][][2]float64{}
	for _, id := range w.Cameras() {
		for _, e := range w.Edges(id, when) {
			k := key{g.Arc(e.Edge, e.Along).Road, e.From <= e.To, false}
			part := [2]float64{min(e.From, e.To), max(e.From, e.To)}
			parts[k] = append(parts[k], part)
			if e.Behind() {
				k.behind = true
				parts[k] = append(parts[k], part)
			}
		}
	}
	out := map[camera.RoadID]edgeSum{}
	for k, list := range parts {
		slices.SortFunc(list, func(a, b [2]float64) int { return slices.Compare(a[:], b[:]) })
		metres, at := 0.0, math.Inf(-1)
		for _, p := range list {
			metres += max(0, p[1]-max(at, p[0]))
			at = max(at, p[1])
		}
		e, ok := out[k.road]
		if !ok {
			e.first, e.last = math.Inf(1), math.Inf(-1)
		}
		e.first, e.last = min(e.first, list[0][0]), max(e.last, at)
		switch {
		case k.up && k.behind:
			e.sum.BehindUp = metres
		case k.up:
			e.sum.Up = metres
		case k.behind:
			e.sum.BehindDown = metres
		default:
			e.sum.Down = metres
		}
		out[k.road] = e
	}
	return out
}

// openBetween counts the metres of a road that may be driven, from its arcs.
func openBetween(g *road.Graph, id camera.RoadID, from, to float64) (up, down float64) {
	for _, a := range arcsOf(g, id) {
		metres := max(0, min(max(a.Start, a.End), to)-max(min(a.Start, a.End), from))
		switch {
		case !a.Open:
		case a.Way() == camera.DirUp:
			up += metres
		default:
			down += metres
		}
	}
	return up, down
}

var arcs = map[*road.Graph]map[camera.RoadID][]road.Arc{}

func arcsOf(g *road.Graph, id camera.RoadID) []road.Arc {
	if arcs[g] == nil {
		arcs[g] = map[camera.RoadID][]road.Arc{}
		for e := range int32(g.Edges()) {
			for _, along := range []bool{true, false} {
				a := g.Arc(e, along)
				if a.Length > 0 {
					arcs[g][a.Road] = append(arcs[g][a.Road], a)
				}
			}
		}
	}
	return arcs[g][id]
}
