package road

// connection counts the parts of the network that have no connection, and the vertices
// outside of each part's greatest circle: one-way streets let a vehicle in and never
// back, or out and never in.
func (g *Graph) connection() (pieces, traps int) {
	piece := g.pieces()
	circle := g.circles()
	inCircle, largest := map[int32]int{}, map[int32]int{}
	for v := range g.vertices {
		inCircle[circle[v]]++
	}
	for v := range g.vertices {
		largest[piece[v]] = max(largest[piece[v]], inCircle[circle[v]])
	}
	traps = len(g.vertices)
	for _, n := range largest {
		traps -= n
	}
	return len(largest), traps
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
