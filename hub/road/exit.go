package road

import (
	"cmp"
	"slices"

	camera "xulang.vn/camera"
)

// pocketMost is how many vertices a search behind an exit looks at before it believes
// that one gets away there.
const pocketMost = 64

// Exit is a place where one leaves the watched roads unseen: in a gap a way goes off
// that no camera sees before its next junction, and that is no gap of its own, between
// watched places of another road. Exits from which the map shows a way on come first,
// then the greater road, the longer gap.
type Exit struct {
	Position camera.Position
	Road     camera.RoadID // that goes off
	Name     string
	Class    string
	At       float64          // metre on it
	Way      camera.Direction // in which one leaves by it
	Heading  float64
	Toward   string         // what it leads to, as Describe names it; "" not known
	Gap      camera.Stretch // in which it goes off
	GapAt    float64        // metre on the gap's road
	// Ends: the map shows no way on that does not come back to a watched road: a yard, a
	// dead end, or a road that the file's border cuts.
	Ends bool
}

// exit is an Exit before it has names.
type exit struct {
	arc  Arc
	road int32 // of the arc
	gap  gap
	at   float64 // metre on the gap's road
	ends bool
}

// exits are those of all gaps, each way off once.
func (at *watching) exits(gaps []gap) []exit {
	known := map[int32]bool{} // arcs: the edge twice, and one more against its order
	inGap := map[int32]bool{} // vertices
	var all []exit
	for _, g := range gaps {
		at.inside(g, func(v int32, metre float64) {
			inGap[v] = true
			for a := range at.graph.Out(v) {
				arc := a.Edge << 1
				if !a.Along {
					arc++
				}
				if a.Open && !known[arc] && at.loose(a.Edge) {
					known[arc] = true
					all = append(all, exit{arc: a, road: at.graph.edges[a.Edge].road, gap: g, at: metre})
				}
			}
		})
	}
	for i := range all {
		all[i].ends = at.pocket(all[i].arc, inGap)
	}
	slices.SortStableFunc(all, func(a, b exit) int {
		return cmp.Or(
			cmp.Compare(a.rank(), b.rank()),
			cmp.Compare(b.gap.to-b.gap.from, a.gap.to-a.gap.from),
			cmp.Compare(a.at, b.at), cmp.Compare(a.arc.Edge, b.arc.Edge),
		)
	})
	return all
}

// rank is the class of the way off, below all classes where it ends.
func (x exit) rank() int {
	if x.ends {
		return len(classes) + classes[x.arc.Class]
	}
	return classes[x.arc.Class]
}

// inside calls f for each vertex in a gap, but not at its ends, which are watched.
func (at *watching) inside(g gap, f func(v int32, metre float64)) {
	at.graph.edgesOn(g.road, g.span, func(_ int32, e *edge, _ span) {
		v, metre := e.to, e.high()
		if e.start > e.end {
			v = e.from
		}
		if metre > g.from && metre < g.to {
			f(v, metre)
		}
	})
}

// loose tells whether an edge is outside of what is watched: no camera sees any of it,
// and it does not lie between watched places of its road. An edge without length is none.
func (at *watching) loose(i int32) bool {
	e := &at.graph.edges[i]
	if e.road < 0 {
		return false
	}
	watched := at.watched[e.road]
	if len(watched) == 0 {
		return true
	}
	between := e.low() >= watched[0].to && e.high() <= watched[len(watched)-1].from
	return !between && !at.sees(e.road, span{e.low(), e.high()})
}

// pocket tells whether all ways on from an arc that nobody watches end, or come back to
// a gap.
func (at *watching) pocket(a Arc, inGap map[int32]bool) bool {
	known := map[int32]bool{a.From: true, a.To: true}
	for open := []int32{a.To}; len(open) > 0; {
		v := open[len(open)-1]
		open = open[:len(open)-1]
		if inGap[v] || at.seesVertex(v) {
			continue
		}
		for next := range at.graph.Out(v) {
			if !next.Open || known[next.To] || next.Road != "" && !at.loose(next.Edge) {
				continue
			}
			if known[next.To] = true; len(known) > pocketMost {
				return false
			}
			open = append(open, next.To)
		}
	}
	return true
}

// seesVertex tells whether a camera sees the place where ways meet.
func (at *watching) seesVertex(v int32) bool {
	for a := range at.graph.Out(v) {
		if a.Road != "" && at.sees(at.graph.edges[a.Edge].road, span{a.Start - joint, a.Start + joint}) {
			return true
		}
	}
	return false
}

func (at *watching) describeExits(exits []exit) []Exit {
	g := at.graph
	var out []Exit
	for _, x := range exits[:min(len(exits), exitsMost)] {
		r := g.roads[x.road]
		up := x.arc.Start <= x.arc.End
		low, high := min(x.arc.Start, x.arc.End), max(x.arc.Start, x.arc.End)
		names := g.toward(x.road, camera.Stretch{Road: r.ID, From: low, To: high}, up)
		// A little way along, so that a bend at the junction itself does not tell.
		ahead, _ := g.at(int(x.road), x.arc.Start+max(min(x.arc.End-x.arc.Start, 10), -10))
		position := g.vertices[x.arc.From].position
		out = append(out, Exit{
			Position: position, Road: r.ID, Name: r.Name, Class: x.arc.Class, At: x.arc.Start, Way: x.arc.Way(),
			Heading: camera.Bearing(position, ahead), Toward: first(names, ""), Ends: x.ends, GapAt: x.at,
			Gap: camera.Stretch{Road: g.roads[x.gap.road].ID, From: x.gap.from, To: x.gap.to},
		})
	}
	return out
}
