package road

import (
	"cmp"
	"iter"
	"slices"
)

// trapsMost is how many traps a report names.
const trapsMost = 5

// connection reports the parts of the network that have no connection, and what lies
// outside of each part's greatest circle: one-way streets let a vehicle in and never
// back, or out and never in.
func (g *Graph) connection(report *Report) {
	piece := g.pieces()
	circle := g.circles()
	inCircle, largest := map[int32]int{}, map[int32]int32{}
	for v := range g.vertices {
		inCircle[circle[v]]++
	}
	for v := range g.vertices {
		if c, ok := largest[piece[v]]; !ok || inCircle[circle[v]] > inCircle[c] {
			largest[piece[v]] = circle[v]
		}
	}
	report.Pieces, report.Traps = len(largest), len(g.vertices)
	for _, c := range largest {
		report.Traps -= inCircle[c]
	}
	whole, longest, metres := 0.0, 0.0, map[int32]float64{}
	for _, e := range g.edges {
		whole += e.length
		metres[piece[e.from]] += e.length
		longest = max(longest, metres[piece[e.from]])
		if e.maxSpeed == 0 {
			report.Speedless += e.length
		}
	}
	report.Apart = whole - longest
	main := func(v int32) bool { return circle[v] == largest[piece[v]] }
	g.traps(report, circle, main)
}

// traps measures what lies outside of main, where most of a network is.
func (g *Graph) traps(report *Report, circle []int32, main func(int32) bool) {
	if report.Traps == 0 {
		return
	}
	metres, first := map[int32]float64{}, map[int32]int32{} // by circle
	for _, e := range g.edges {
		if main(e.from) && main(e.to) {
			continue
		}
		report.TrapMetres += e.length
		for i, v := range [2]int32{e.from, e.to} {
			if !main(v) && (i == 0 || circle[v] != circle[e.from]) {
				metres[circle[v]] += e.length
			}
		}
	}
	var order []int32
	for v := range int32(len(g.vertices)) {
		if _, ok := first[circle[v]]; !ok && !main(v) {
			first[circle[v]] = v
			order = append(order, circle[v])
		}
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(metres[b], metres[a]) })
	entered, left := g.driven(main, g.Out), g.driven(main, g.In)
	for _, c := range order[:min(len(order), trapsMost)] {
		v := first[c]
		report.TrapsAt = append(report.TrapsAt, Trap{g.vertices[v].position, metres[c], entered[v], left[v]})
	}
}

// driven tells by vertex what open arcs lead to from the ones where the search starts;
// with In instead of Out, what they lead from.
func (g *Graph) driven(start func(int32) bool, arcs func(int32) iter.Seq[Arc]) []bool {
	reached := make([]bool, len(g.vertices))
	var open []int32
	for v := range int32(len(g.vertices)) {
		if start(v) {
			reached[v], open = true, append(open, v)
		}
	}
	for len(open) > 0 {
		v := open[len(open)-1]
		open = open[:len(open)-1]
		for a := range arcs(v) {
			next := a.From ^ a.To ^ v // its other end
			if a.Open && !reached[next] {
				reached[next], open = true, append(open, next)
			}
		}
	}
	return reached
}

// pieces gives each vertex a representative of its part of the network.
func (g *Graph) pieces() []int32 {
	parent := make([]int32, len(g.vertices))
	for v := range parent {
		parent[v] = int32(v)
	}
	root := func(v int32) int32 {
		for parent[v] != v {
			parent[v] = parent[parent[v]]
			v = parent[v]
		}
		return v
	}
	for _, e := range g.edges {
		parent[root(e.from)] = root(e.to)
	}
	for v := range parent {
		parent[v] = root(int32(v))
	}
	return parent
}

// circles numbers the strongly connected components (R. Tarjan, 1972), without
// recursion: a road network is deeper than a stack should be.
func (g *Graph) circles() []int32 {
	out := make([][]int32, len(g.vertices))
	for _, e := range g.edges {
		if e.along {
			out[e.from] = append(out[e.from], e.to)
		}
		if e.against {
			out[e.to] = append(out[e.to], e.from)
		}
	}
	n := len(g.vertices)
	seen, low, circle := make([]int32, n), make([]int32, n), make([]int32, n) // seen: 0 not yet
	tried := make([]int, n)
	var order, path, open []int32
	clock := int32(0)
	enter := func(v int32) {
		clock++
		seen[v], low[v], circle[v] = clock, clock, -1
		path, open = append(path, v), append(open, v)
	}
	for start := range g.vertices {
		if seen[start] == 0 {
			enter(int32(start))
		}
		for len(path) > 0 {
			v := path[len(path)-1]
			if tried[v] < len(out[v]) {
				w := out[v][tried[v]]
				tried[v]++
				if seen[w] == 0 {
					enter(w)
				} else if circle[w] < 0 {
					low[v] = min(low[v], seen[w])
				}
				continue
			}
			path = path[:len(path)-1]
			if len(path) > 0 {
				u := path[len(path)-1]
				low[u] = min(low[u], low[v])
			}
			if low[v] == seen[v] {
				for w := int32(-1); w != v; {
					w = open[len(open)-1]
					open = open[:len(open)-1]
					circle[w] = int32(len(order))
				}
				order = append(order, v)
			}
		}
	}
	return circle
}
