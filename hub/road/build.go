package road

import (
	"cmp"
	"context"
	"math"
	"slices"

	camera "xulang.vn/camera"
)

// vertex is a node where ways end or meet.
type vertex struct {
	node     int64 // OSM id
	position camera.Position
}

// edge is a piece of way between two vertices. Its shape is its road's line from metre
// start to metre end; start is the greater one where the way runs against the measure.
type edge struct {
	from, to       int32 // vertices, in the way's order of nodes
	road           int32 // -1 for a piece without length
	start, end     float64
	length         float64
	class          string
	maxSpeed       float64 // km/h, 0 unknown
	along, against bool    // may be driven from → to, to → from
}

// part is an edge before its road is known.
type part struct {
	way      int32   // index into extract.ways
	from, to int32   // vertices
	at       []int32 // nodes from → to
	length   float64
}

func build(ctx context.Context, x *extract) (*Graph, Report, error) {
	report := Report{Nodes: len(x.nodes), Ways: x.allWays, Skipped: x.skipped}
	report.MissingNodes = x.resolve()
	if len(x.ways) == 0 {
		return nil, Report{}, camera.Errorf(camera.CodeBadRequest, "no road for vehicles in the file")
	}
	var g Graph
	parts := g.split(x)
	if err := ctx.Err(); err != nil {
		return nil, Report{}, err
	}
	g.name(x, parts)
	if err := ctx.Err(); err != nil {
		return nil, Report{}, err
	}
	g.index = newTree(g.roads)
	g.list()
	g.findJunctions()
	g.bound()
	g.meet()
	if err := g.settle(ctx, x); err != nil {
		return nil, Report{}, err
	}

	report.Roads, report.Junctions, report.Edges = len(g.roads), len(g.junction), len(g.edges)
	report.Places = len(g.places)
	for _, r := range g.roads {
		report.Metres += r.Length
		if r.Name == "" {
			report.Unnamed++
		}
	}
	for _, w := range x.ways {
		if w.tags.maxSpeed == 0 {
			report.MissingSpeed++
		}
	}
	g.connection(&report)
	return &g, report, ctx.Err()
}

// split cuts the ways at every node that they share or end at.
func (g *Graph) split(x *extract) []part {
	uses := make([]uint8, len(x.nodes))
	use := func(n int32) { uses[n] = min(uses[n]+1, 2) }
	for _, w := range x.ways {
		for _, n := range w.at {
			use(n)
		}
		use(w.at[0])
		use(w.at[len(w.at)-1])
	}
	known := map[int32]int32{}
	at := func(n int32) int32 {
		v, ok := known[n]
		if !ok {
			v = int32(len(g.vertices))
			known[n] = v
			g.vertices = append(g.vertices, vertex{node: x.nodes[n].id, position: x.nodes[n].position()})
		}
		return v
	}
	var parts []part
	for i, w := range x.ways {
		first := 0
		for last := 1; last < len(w.at); last++ {
			if uses[w.at[last]] < 2 {
				continue
			}
			p := part{way: int32(i), from: at(w.at[first]), to: at(w.at[last]), at: w.at[first : last+1]}
			for j := first; j < last; j++ {
				p.length += camera.Distance(x.nodes[w.at[j]].position(), x.nodes[w.at[j+1]].position())
			}
			parts = append(parts, p)
			first = last
		}
	}
	return parts
}

// findJunctions fills the list of places where at least three edges meet.
func (g *Graph) findJunctions() {
	degree := make([]int, len(g.vertices))
	roads := map[int32][]camera.RoadID{}
	for _, e := range g.edges {
		for _, v := range []int32{e.from, e.to} {
			degree[v]++
			if e.road >= 0 {
				roads[v] = append(roads[v], g.roads[e.road].ID)
			}
		}
	}
	for v, n := range degree {
		if n < 3 {
			continue
		}
		ids := roads[int32(v)]
		slices.Sort(ids)
		g.junction = append(g.junction, Junction{Position: g.vertices[v].position, Roads: slices.Compact(ids), Vertex: int32(v)})
	}
	slices.SortStableFunc(g.junction, func(a, b Junction) int {
		return cmp.Or(cmp.Compare(a.Position.Lon, b.Position.Lon), cmp.Compare(a.Position.Lat, b.Position.Lat))
	})
}

func (g *Graph) bound() {
	if len(g.roads) == 0 {
		return
	}
	g.min = camera.Position{Lon: math.Inf(1), Lat: math.Inf(1)}
	g.max = camera.Position{Lon: math.Inf(-1), Lat: math.Inf(-1)}
	for _, r := range g.roads {
		for _, p := range r.Line {
			g.min = camera.Position{Lon: math.Min(g.min.Lon, p.Lon), Lat: math.Min(g.min.Lat, p.Lat)}
			g.max = camera.Position{Lon: math.Max(g.max.Lon, p.Lon), Lat: math.Max(g.max.Lat, p.Lat)}
		}
	}
}
