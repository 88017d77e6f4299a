package road

import (
	"cmp"
	"iter"
	"math"
	"slices"
	"sort"

	camera "xulang.vn/camera"
)

// Arc is an edge, the piece of way between two vertices, in one way of travel. Vertices
// and edges are numbered from 0; the same file gives the same numbers.
type Arc struct {
	Edge     int32
	Along    bool // in the order in which the way was drawn
	Open     bool // may be driven so; false against a one-way street
	From, To int32
	Length   float64 // metres
	Class    string  // OSM highway value
	Speed    float64 // km/h of its maxspeed; 0 when the map does not say
	Road     camera.RoadID
	Start    float64 // metre on the road where the arc begins and
	End      float64 // ends: below Start where it runs by falling metres. Road is "" for two nodes in one place
}

// Way is the direction of travel by the road's measure.
func (a Arc) Way() camera.Direction { return wayOf(a.Start <= a.End) }

func wayOf(up bool) camera.Direction {
	if up {
		return camera.DirUp
	}
	return camera.DirDown
}

// Vertices is how many there are: every place where ways meet or end.
func (g *Graph) Vertices() int { return len(g.vertices) }

// Vertex is the place of a vertex.
func (g *Graph) Vertex(v int32) camera.Position { return g.vertices[v].position }

// Edges is how many there are. Each is two arcs, one of which may not be open.
func (g *Graph) Edges() int { return len(g.edges) }

// Arc is an edge in one way of travel.
func (g *Graph) Arc(edge int32, along bool) Arc {
	e := &g.edges[edge]
	a := Arc{
		Edge: edge, Along: along, Open: e.along, From: e.from, To: e.to, Length: e.length,
		Class: e.class, Speed: e.maxSpeed, Start: e.start, End: e.end,
	}
	if e.road >= 0 {
		a.Road = g.roads[e.road].ID
	}
	if !along {
		a.Open, a.From, a.To, a.Start, a.End = e.against, a.To, a.From, a.End, a.Start
	}
	return a
}

// Out yields the arcs that leave a vertex, the ones that are not open too: a motorbike
// takes them at times. A ring leaves its vertex twice.
func (g *Graph) Out(v int32) iter.Seq[Arc] {
	return func(yield func(Arc) bool) {
		for _, a := range g.arms[g.armsAt[v]:g.armsAt[v+1]] {
			if !yield(g.Arc(a>>1, a&1 == 0)) {
				return
			}
		}
	}
}

// In yields the arcs that come to a vertex, as Out does.
func (g *Graph) In(v int32) iter.Seq[Arc] {
	return func(yield func(Arc) bool) {
		for _, a := range g.arms[g.armsAt[v]:g.armsAt[v+1]] {
			if !yield(g.Arc(a>>1, a&1 == 1)) {
				return
			}
		}
	}
}

// list fills the arcs by vertex and the edges by road.
func (g *Graph) list() {
	g.armsAt, g.alongAt = make([]int32, len(g.vertices)+1), make([]int32, len(g.roads)+1)
	for _, e := range g.edges {
		g.armsAt[e.from+1]++
		g.armsAt[e.to+1]++
		if e.road >= 0 {
			g.alongAt[e.road+1]++
		}
	}
	for v := range g.vertices {
		g.armsAt[v+1] += g.armsAt[v]
	}
	for r := range g.roads {
		g.alongAt[r+1] += g.alongAt[r]
	}
	g.arms, g.along = make([]int32, g.armsAt[len(g.vertices)]), make([]int32, g.alongAt[len(g.roads)])
	next, onRoad := append([]int32(nil), g.armsAt...), append([]int32(nil), g.alongAt...)
	for i, e := range g.edges {
		for side, v := range [2]int32{e.from, e.to} {
			g.arms[next[v]] = int32(i)<<1 | int32(side)
			next[v]++
		}
		if e.road >= 0 {
			g.along[onRoad[e.road]] = int32(i)
			onRoad[e.road]++
		}
	}
	g.sortAlong()
}

// sortAlong puts the edges of each road in the order of its metres, which they cover
// without a hole. Edges without length come where they lie.
func (g *Graph) sortAlong() {
	for r := range g.roads {
		slices.SortFunc(g.along[g.alongAt[r]:g.alongAt[r+1]], func(a, b int32) int {
			x, y := &g.edges[a], &g.edges[b]
			return cmp.Or(cmp.Compare(x.low(), y.low()), cmp.Compare(x.high(), y.high()), cmp.Compare(a, b))
		})
	}
}

func (e *edge) low() float64  { return math.Min(e.start, e.end) }
func (e *edge) high() float64 { return math.Max(e.start, e.end) }

// open tells whether the edge may be driven by rising, or by falling, metres of its road.
func (e *edge) open(up bool) bool {
	if up == (e.start <= e.end) {
		return e.along
	}
	return e.against
}

// edgesOn calls f for the edges of a road that lie at least in part in the span, in the
// order of its metres, with the part.
func (g *Graph) edgesOn(road int32, s span, f func(i int32, e *edge, part span)) {
	list := g.along[g.alongAt[road]:g.alongAt[road+1]]
	first := sort.Search(len(list), func(i int) bool { return g.edges[list[i]].high() > s.from })
	for _, i := range list[first:] {
		e := &g.edges[i]
		if e.low() >= s.to {
			return
		}
		if part := (span{math.Max(e.low(), s.from), math.Min(e.high(), s.to)}); part.from < part.to {
			f(i, e, part)
		}
	}
}
