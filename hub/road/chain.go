package road

import (
	"cmp"
	"slices"

	camera "xulang.vn/camera"
)

// sharpest is the most a road may turn where more than two of its parts meet, degrees.
// Where only two meet it goes on whatever the turn.
const sharpest = 100

// chain is parts joined end to end, with the metre measure along them.
type chain struct {
	id      camera.RoadID
	links   []link
	line    []camera.Position
	measure []float64
	length  float64
}

// link is a part in a chain.
type link struct {
	part     int
	reversed bool    // the chain runs against the way's order of nodes
	from, to float64 // metres at the chain's side
}

// A part has two ends: 2·i at its from vertex, 2·i+1 at its to vertex.
func otherEnd(end int) int { return end ^ 1 }

// chainsOf joins the parts of a group. Each chain begins so that its lowest part, which
// belongs to the oldest way, runs forward. A ring begins at that part.
func chainsOf(x *extract, parts []part, members []int) []chain {
	next := pairs(x, parts, members)
	used := map[int]bool{}
	var chains []chain
	for _, first := range members {
		if used[first] {
			continue
		}
		// Back from the first part to the chain's beginning, or once around.
		begin := 2 * first
		for {
			before, ok := next[begin]
			if !ok || before/2 == first {
				break
			}
			begin = otherEnd(before)
		}
		if before, ok := next[begin]; ok && before/2 == first {
			begin = 2 * first
		}
		var c chain
		for end, ok := begin, true; ok && !used[end/2]; end, ok = next[otherEnd(end)] {
			used[end/2] = true
			c.add(x, parts, end)
		}
		chains = append(chains, c)
	}
	return chains
}

// pairs tells for each end of a part which end the road goes on with.
func pairs(x *extract, parts []part, members []int) map[int]int {
	meeting := map[int32][]int{}
	for _, i := range members {
		meeting[parts[i].from] = append(meeting[parts[i].from], 2*i)
		meeting[parts[i].to] = append(meeting[parts[i].to], 2*i+1)
	}
	next := map[int]int{}
	for _, ends := range meeting {
		if len(ends) == 2 {
			next[ends[0]], next[ends[1]] = ends[1], ends[0]
			continue
		}
		type option struct {
			a, b int
			turn float64
		}
		var options []option
		for i, a := range ends {
			for _, b := range ends[i+1:] {
				turn := 180 - camera.Turn(x.leaving(parts, a), x.leaving(parts, b))
				if turn <= sharpest && a/2 != b/2 {
					options = append(options, option{a, b, turn})
				}
			}
		}
		slices.SortFunc(options, func(p, q option) int {
			return cmp.Or(cmp.Compare(p.turn, q.turn), cmp.Compare(p.a, q.a), cmp.Compare(p.b, q.b))
		})
		for _, o := range options {
			_, a := next[o.a]
			_, b := next[o.b]
			if !a && !b {
				next[o.a], next[o.b] = o.b, o.a
			}
		}
	}
	return next
}

// leaving is the heading in which a part leaves its vertex at the end.
func (x *extract) leaving(parts []part, end int) float64 {
	at := parts[end/2].at
	a, b, step := 0, len(at)-1, 1
	if end%2 == 1 {
		a, b, step = b, a, -1
	}
	start := x.nodes[at[a]].position()
	for i := a + step; i != b; i += step {
		if p := x.nodes[at[i]].position(); p != start {
			return camera.Bearing(start, p)
		}
	}
	return camera.Bearing(start, x.nodes[at[b]].position())
}

// add appends a part that is entered at the given end.
func (c *chain) add(x *extract, parts []part, end int) {
	l := link{part: end / 2, reversed: end%2 == 1, from: c.length}
	at := parts[l.part].at
	for i := range at {
		n := at[i]
		if l.reversed {
			n = at[len(at)-1-i]
		}
		p := x.nodes[n].position()
		if last := len(c.line) - 1; last >= 0 {
			if c.line[last] == p {
				continue // the joint, or two nodes in one place: no piece without length
			}
			c.length += camera.Distance(c.line[last], p)
		}
		c.line, c.measure = append(c.line, p), append(c.measure, c.length)
	}
	l.to = c.length
	c.links = append(c.links, l)
}
