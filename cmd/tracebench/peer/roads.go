package peer

import (
	"container/heap"
	"fmt"
	"math"
	"slices"
	"sync"

	camera "xulang.vn/camera"
	"xulang.vn/camera/cmd/tracebench/scenario"
	"xulang.vn/camera/hub/road"
)

// Roads knows how long it takes at least from one camera to the others: along the roads,
// with one-way streets, at the pace of paceOf. Turning round is allowed anywhere. Any
// number of prisms may share it.
type Roads struct {
	graph   *road.Graph
	cameras []scenario.Camera
	seen    [][]road.Directed // by camera

	mu     sync.Mutex
	tables map[from][]float64
}

type from struct {
	camera int
	mode   camera.Mode
}

// NewRoads prepares the cameras of a setup.
func NewRoads(g *road.Graph, cameras []scenario.Camera) *Roads {
	r := &Roads{graph: g, cameras: cameras, tables: map[from][]float64{}}
	watch := road.NewWatch(g)
	for _, c := range cameras {
		watch.Set(c.ID, []camera.View{c.View})
		r.seen = append(r.seen, watch.Edges(c.ID, scenario.At(0)))
	}
	return r
}

// fromCamera is the seconds to every camera, infinite where no road leads. The slice is
// shared: do not change it.
func (r *Roads) fromCamera(i int, mode camera.Mode) []float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := from{i, mode}
	if r.tables[key] == nil {
		r.tables[key] = r.to(r.seen[i], mode)
		r.tables[key][i] = 0
	}
	return r.tables[key]
}

// here is how far around a reported place the vehicle may have stood: the report may be
// on the wrong one of two roads.
const here = 30 // metres

// fromPlace is the seconds from a place, from any road close to it.
func (r *Roads) fromPlace(p camera.Position, mode camera.Mode) ([]float64, error) {
	at, err := r.graph.Snap(p, 500)
	if err != nil {
		return nil, fmt.Errorf("place the incident: %w", err)
	}
	// Two half discs see all roads around the place on the road.
	watch := road.NewWatch(r.graph)
	var starts []road.Directed
	for _, heading := range []float64{0, 180} {
		watch.Set("here", []camera.View{{Position: at.Position, Heading: heading, FOV: 180, Range: here}})
		starts = append(starts, watch.Edges("here", scenario.At(0))...)
	}
	return r.to(starts, mode), nil
}

// to runs Dijkstra's algorithm from parts of edges to the cameras' parts of edges.
func (r *Roads) to(starts []road.Directed, mode camera.Mode) []float64 {
	soonest := make([]float64, r.graph.Vertices())
	for v := range soonest {
		soonest[v] = math.Inf(1)
	}
	var queue reached
	reach := func(v int32, seconds float64) {
		if seconds < soonest[v] {
			soonest[v] = seconds
			heap.Push(&queue, arrival{v, seconds})
		}
	}
	for _, s := range starts {
		arc := r.graph.Arc(s.Edge, s.Along)
		reach(arc.To, math.Abs(arc.End-s.To)/paceOf(arc, mode))
	}
	for len(queue) > 0 {
		next := heap.Pop(&queue).(arrival)
		if next.seconds > soonest[next.vertex] {
			continue
		}
		for arc := range r.graph.Out(next.vertex) {
			if arc.Open {
				reach(arc.To, next.seconds+arc.Length/paceOf(arc, mode))
			}
		}
	}
	out := make([]float64, len(r.cameras))
	for i := range out {
		out[i] = r.into(r.seen[i], starts, soonest, mode)
	}
	return out
}

// into is the seconds until a camera sees something.
func (r *Roads) into(seen, starts []road.Directed, soonest []float64, mode camera.Mode) float64 {
	best := math.Inf(1)
	for _, d := range seen {
		arc := r.graph.Arc(d.Edge, d.Along)
		best = min(best, soonest[arc.From]+math.Abs(d.From-arc.Start)/paceOf(arc, mode))
		for _, s := range starts { // on the same edge, before the next vertex
			if s.Edge == d.Edge && s.Along == d.Along {
				ahead := math.Abs(d.From-arc.Start) - math.Abs(s.To-arc.Start)
				if math.Abs(d.To-arc.Start) > math.Abs(s.From-arc.Start) { // not behind it
					best = min(best, max(0, ahead)/paceOf(arc, mode))
				}
			}
		}
	}
	return best
}

// kmh is what is driven where the map says no limit: the usual limits of such roads
// (Vietnam, Circular 38/2024/TT-BGTVT: 90 outside of places, 50 in them; on minor roads
// their width sets a lower pace).
var kmh = map[string]float64{
	"motorway": 120, "motorway_link": 60, "trunk": 90, "trunk_link": 50, "primary": 80, "primary_link": 50,
	"secondary": 70, "secondary_link": 50, "tertiary": 60, "tertiary_link": 50, "unclassified": 50,
	"residential": 40, "living_street": 20, "service": 20, "track": 20, "road": 50,
}

// most is the most that a vehicle of a mode does on any road, km/h.
var most = map[camera.Mode]float64{
	camera.ModeFoot: 6, camera.ModeBicycle: 25, camera.ModeTruck: 90, camera.ModeCar: 130, camera.ModeMotorbike: 110,
}

// paceOf is the lawful pace on an arc in metres a second. The prism's bounds are
// multiples of it.
func paceOf(a road.Arc, mode camera.Mode) float64 {
	pace := a.Speed
	if pace <= 0 {
		pace = kmh[a.Class]
	}
	if pace <= 0 {
		pace = 50
	}
	return min(pace, most[mode]) / 3.6
}

type arrival struct {
	vertex  int32
	seconds float64
}

// reached is a heap, the soonest first.
type reached []arrival

func (r reached) Len() int           { return len(r) }
func (r reached) Less(i, j int) bool { return r[i].seconds < r[j].seconds }
func (r reached) Swap(i, j int)      { r[i], r[j] = r[j], r[i] }
func (r *reached) Push(x any)        { *r = append(*r, x.(arrival)) }
func (r *reached) Pop() any {
	last := (*r)[len(*r)-1]
	*r = slices.Delete(*r, len(*r)-1, len(*r))
	return last
}
