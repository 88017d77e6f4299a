package trace

import (
	"fmt"
	"hash/fnv"
	"math"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/road"
)

// Network is the road graph as the engine walks it: arcs in flat arrays. Arc a is edge
// a>>1 in one way of travel, a^1 the same in the other. It never changes, so any number
// of traces share it.
type Network struct {
	graph    *road.Graph
	from, to []int32
	length   []float32 // metres
	class    []uint8   // index into classes
	speed    []float32 // km/h of the map; 0 not told
	open     []bool
	mood     []uint32  // arcs that are liked or disliked together
	sets     []float32 // degrees from true north: the heading in which an arc sets out
	ends     []float32 // and in which it ends
	out, in  lists     // arcs by vertex
	busy     []bool    // by vertex: at least three arms
}

// lists are lists of arcs by vertex, end to end.
type lists struct {
	at   []int32
	arcs []int32
}

func (l *lists) of(v int32) []int32 { return l.arcs[l.at[v]:l.at[v+1]] }

// classes are the highway values that OpenStreetMap knows for vehicles; what is not
// among them is taken for the last.
var classes = [...]string{
	"motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link", "secondary", "secondary_link",
	"tertiary", "tertiary_link", "residential", "living_street", "service", "track", "unclassified",
}

func classOf(name string) uint8 {
	for i, c := range classes {
		if c == name {
			return uint8(i)
		}
	}
	return uint8(len(classes) - 1)
}

// NewNetwork reads a graph. It takes some 60 bytes for an edge.
func NewNetwork(g *road.Graph) *Network {
	arcs := 2 * g.Edges()
	n := &Network{
		graph: g, from: make([]int32, arcs), to: make([]int32, arcs), length: make([]float32, arcs),
		class: make([]uint8, arcs), speed: make([]float32, arcs), open: make([]bool, arcs), mood: make([]uint32, arcs),
		sets: make([]float32, arcs), ends: make([]float32, arcs),
	}
	for e := range g.Edges() {
		for side := range 2 {
			a := g.Arc(int32(e), side == 0)
			i := arcOf(int32(e), side == 0)
			n.from[i], n.to[i], n.length[i] = a.From, a.To, float32(a.Length)
			n.mood[i] = moodOf(a)
			n.sets[i], n.ends[i] = headings(g, a)
			n.class[i], n.speed[i], n.open[i] = classOf(a.Class), float32(a.Speed), a.Open
		}
	}
	n.out, n.in = listed(g.Vertices(), n.from), listed(g.Vertices(), n.to)
	n.busy = make([]bool, g.Vertices())
	for v := range n.busy {
		n.busy[v] = len(n.out.of(int32(v))) > 2
	}
	return n
}

// headings are those in which an arc sets out and ends, of its first and last metres.
func headings(g *road.Graph, a road.Arc) (sets, ends float32) {
	inward := math.Copysign(min(5, math.Abs(a.End-a.Start)/3), a.End-a.Start)
	turned := 0.0
	if a.End < a.Start {
		turned = 180
	}
	_, first, err := g.At(a.Road, a.Start+inward)
	if err != nil {
		return 0, 0 // two nodes in one place
	}
	_, last, _ := g.At(a.Road, a.End-inward)
	return float32(math.Mod(first+turned, 360)), float32(math.Mod(last+turned, 360))
}

// bend is by how many degrees one turns from an arc into another, 0 to 180; 0 where
// roads do not meet.
func (n *Network) bend(from, into int32) float32 {
	if !n.busy[n.to[from]] || n.length[from] == 0 || n.length[into] == 0 {
		return 0
	}
	d := math.Abs(float64(n.sets[into] - n.ends[from]))
	return float32(min(d, 360-d))
}

// moodOf is the same for arcs of a few hundred metres of road in one way of travel:
// people who dislike a street dislike it on both sides of a yard's entry.
func moodOf(a road.Arc) uint32 {
	h := fnv.New32a()
	fmt.Fprintf(h, "%s %d %s", a.Road, int(a.Start+a.End)/(2*moodLong), a.Way())
	return h.Sum32()
}

const moodLong = 300 // metres

func arcOf(edge int32, along bool) int32 {
	if along {
		return edge << 1
	}
	return edge<<1 | 1
}

// arc is what the road graph calls it.
func (n *Network) arc(a int32) road.Arc { return n.graph.Arc(a>>1, a&1 == 0) }

// listed sorts arcs by one of their ends (counting sort).
func listed(vertices int, end []int32) lists {
	l := lists{at: make([]int32, vertices+1), arcs: make([]int32, len(end))}
	for _, v := range end {
		l.at[v+1]++
	}
	for v := range vertices {
		l.at[v+1] += l.at[v]
	}
	next := append([]int32(nil), l.at...)
	for a, v := range end {
		l.arcs[next[v]] = int32(a)
		next[v]++
	}
	return l
}

// travel is a network for one mode.
type travel struct {
	*Network
	seconds []float32 // to drive an arc at the mode's usual pace; +Inf where it cannot go
	choice  []float32 // what the way costs when people choose it: seconds and what they dislike
	pull    []float32 // how likely a trip ends on the arc, any scale
	bend90  float32   // seconds that a right angle at a junction takes
}

var never = float32(math.Inf(1))

// travel computes times and choices for a mode.
func (n *Network) travel(mode camera.Mode, p Params) *travel {
	t := &travel{
		Network: n, seconds: make([]float32, len(n.from)),
		choice: make([]float32, len(n.from)), pull: make([]float32, len(n.from)), bend90: float32(p.mode(mode).Bend),
	}
	m := p.mode(mode)
	for a := range n.from {
		kmh := p.speed(m, n.class[a], float64(n.speed[a]))
		wrong := !n.open[a]
		if kmh <= 0 || wrong && m.WrongWay <= 0 {
			t.seconds[a], t.choice[a] = never, never
			continue
		}
		s := float32(float64(n.length[a]) / kmh * 3.6)
		if n.busy[n.to[a]] {
			s += float32(p.Junction)
		}
		t.seconds[a], t.choice[a] = s, s
		if wrong {
			t.choice[a] = s * float32(m.WrongWay)
			continue
		}
		t.pull[a] = n.length[a] * float32(p.Homes[n.class[a]])
	}
	return t
}

// slows is how many seconds it takes to turn from an arc into the next.
func (t *travel) slows(from, into int32) float32 {
	if from^1 == into {
		return 0 // Turn and TurnHere
	}
	return t.bend90 * min(t.bend(from, into), 110) / 90
}
