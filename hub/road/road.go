package road

import (
	"math"
	"sort"
	"sync"

	camera "xulang.vn/camera"
)

// Road is a named line with a metre measure.
type Road struct {
	ID     camera.RoadID
	Name   string // as drawn on the map; the ref where there is no name, "" for unnamed ways
	Ref    string
	Class  string  // OSM highway value of most of its length
	Length float64 // metres
	// Line runs from metre 0 to Length. It belongs to the graph: do not change it.
	Line []camera.Position
}

// Graph holds the roads of one extract. It never changes after Load, so any number of
// callers may use it at once, by its pointer. The zero Graph has no roads and is ready for use.
type Graph struct {
	roads    []Road
	measures [][]float64 // metres at each point of roads[i].Line
	byID     map[camera.RoadID]int
	index    tree
	vertices []vertex
	edges    []edge
	junction []Junction
	min, max camera.Position

	armsAt, arms   []int32 // arms[armsAt[v]:armsAt[v+1]] leave vertex v: edge<<1, with 1 against its order
	alongAt, along []int32 // along[alongAt[r]:alongAt[r+1]] are the edges of road r by its metres

	places []place          // from south to north
	passes map[int32][]pass // by road
	signs  map[int32][]sign // by road
	met    [][2]int32       // by road: the road that it meets at metre 0 and at its end, -1 for none

	once  sync.Once
	drawn []camera.RoadLine // Overview's, once
}

// Junction is a place where at least three pieces of road meet.
type Junction struct {
	Position camera.Position
	Roads    []camera.RoadID // sorted, each once
	Vertex   int32           // its arms are the Graph's Out
}

// Roads returns all roads, sorted by ID. The slice is the caller's.
func (g *Graph) Roads() []Road { return append([]Road(nil), g.roads...) }

// Road finds a road by its ID.
func (g *Graph) Road(id camera.RoadID) (Road, bool) {
	i, ok := g.byID[id]
	if !ok {
		return Road{}, false
	}
	return g.roads[i], true
}

// Junctions returns the places where roads meet, from west to east. The slice is the caller's.
func (g *Graph) Junctions() []Junction { return append([]Junction(nil), g.junction...) }

// Bounds returns the south-western and the north-eastern corner of all roads.
// Both are zero when there is no road.
func (g *Graph) Bounds() (southWest, northEast camera.Position) { return g.min, g.max }

// At returns the place at a metre of a road and the heading of rising metres there.
// Errors: CodeUnknownRoad, CodeBadStretch outside of the road.
func (g *Graph) At(id camera.RoadID, metres float64) (camera.Position, float64, error) {
	i, ok := g.byID[id]
	if !ok {
		return camera.Position{}, 0, unknownRoad(id)
	}
	if !(metres >= 0 && metres <= g.roads[i].Length) {
		return camera.Position{}, 0, camera.Errorf(camera.CodeBadStretch,
			"road %s: metre %.1f, want 0 to %.1f", id, metres, g.roads[i].Length)
	}
	p, heading := g.at(i, metres)
	return p, heading, nil
}

// at is At for a road and a metre that are known to be right.
func (g *Graph) at(road int, metres float64) (camera.Position, float64) {
	line, m := g.roads[road].Line, g.measures[road]
	// The first point at or beyond the metre ends the piece that holds it.
	end := min(max(sort.SearchFloat64s(m, metres), 1), len(line)-1)
	a, b := line[end-1], line[end]
	t := (metres - m[end-1]) / (m[end] - m[end-1]) // Load leaves no piece without length
	return between(a, b, t), camera.Bearing(a, b)
}

// Check clips a stretch to its road. Errors: CodeUnknownRoad; CodeBadStretch when it is
// inverted, empty, not a number or lies outside of the road.
func (g *Graph) Check(s camera.Stretch) (camera.Stretch, error) {
	r, ok := g.Road(s.Road)
	switch {
	case !ok:
		return camera.Stretch{}, unknownRoad(s.Road)
	case !(s.From < s.To):
		return camera.Stretch{}, camera.Errorf(camera.CodeBadStretch,
			"road %s: stretch from %.1f to %.1f m, want from below to", s.Road, s.From, s.To)
	case s.To <= 0 || s.From >= r.Length:
		return camera.Stretch{}, camera.Errorf(camera.CodeBadStretch,
			"road %s: stretch from %.1f to %.1f m lies outside of 0 to %.1f", s.Road, s.From, s.To, r.Length)
	}
	s.From, s.To = math.Max(s.From, 0), math.Min(s.To, r.Length)
	return s, nil
}

func unknownRoad(id camera.RoadID) error {
	if len(id) > 80 {
		id = id[:80]
	}
	return camera.Errorf(camera.CodeUnknownRoad, "road %q is not in the graph", string(id))
}

// between is the place at share t of the straight piece from a to b.
func between(a, b camera.Position, t float64) camera.Position {
	return camera.Position{Lon: a.Lon + t*(b.Lon-a.Lon), Lat: a.Lat + t*(b.Lat-a.Lat)}
}
