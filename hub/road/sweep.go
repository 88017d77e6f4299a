package road

import (
	"cmp"
	"slices"
)

// tick is where, along a road, something begins (+1) or ends (-1) to hold.
type tick struct {
	at    float64
	what  int
	delta int32
	hours uint32
}

// What ticks tell of: the three facings of a piece that is seen, and that the road may
// be driven up or down.
const (
	openUp   = int(facesAcross) + 1
	openDown = openUp + 1
	whats    = openDown + 1
)

// road sums up one road: it walks along the metres from tick to tick, and what holds
// between two of them counts with their distance.
func (at *watching) road(road int32) RoadCoverage {
	r := at.graph.roads[road]
	c := RoadCoverage{Road: r.ID, Name: r.Name, Length: r.Length}
	var hours [anyHour + 1]Directions
	var holds [whats][anyHour + 1]int32
	last := 0.0
	for _, t := range at.ticks(road) {
		if metres := t.at - last; metres > 0 {
			up, down := holds[openUp][anyHour] > 0, holds[openDown][anyHour] > 0
			c.Open.add(travelled(metres, up, down, false, false))
			for h := range hours {
				behindUp, behindDown := holds[facesUp][h] > 0, holds[facesDown][h] > 0
				if behindUp || behindDown || holds[facesAcross][h] > 0 {
					hours[h].add(travelled(metres, up, down, behindUp, behindDown))
				}
			}
		}
		last = t.at
		for h := range hours {
			holds[t.what][h] += t.delta * int32(t.hours>>h&1)
		}
	}
	copy(c.Hours[:], hours[:anyHour])
	c.Watched = hours[anyHour]
	for h := range c.Hours {
		if c.Hours[h].Sum() > c.Hours[c.Best].Sum() {
			c.Best = h
		}
		if c.Hours[h].Sum() < c.Hours[c.Worst].Sum() {
			c.Worst = h
		}
	}
	return c
}

// travelled is metres that count for the ways that are open.
func travelled(metres float64, up, down, behindUp, behindDown bool) Directions {
	only := func(counts bool) float64 {
		if counts {
			return metres
		}
		return 0
	}
	return Directions{Up: only(up), Down: only(down), BehindUp: only(up && behindUp), BehindDown: only(down && behindDown)}
}

// ticks are those of a road's pieces and edges, in its order.
func (at *watching) ticks(road int32) []tick {
	var all []tick
	put := func(s span, what int, hours uint32) {
		all = append(all, tick{s.from, what, 1, hours}, tick{s.to, what, -1, hours})
	}
	for _, p := range at.pieces[road] {
		put(p.span, int(p.facing), p.hours)
	}
	at.graph.edgesOn(road, at.graph.whole(road), func(_ int32, e *edge, on span) {
		if e.open(true) {
			put(on, openUp, 1<<anyHour)
		}
		if e.open(false) {
			put(on, openDown, 1<<anyHour)
		}
	})
	slices.SortFunc(all, func(a, b tick) int { return cmp.Compare(a.at, b.at) })
	return all
}

func (g *Graph) whole(road int32) span { return span{0, g.roads[road].Length} }

// travel is how many metres of a span of road may be driven up, and down.
func (g *Graph) travel(road int32, s span) (up, down float64) {
	g.edgesOn(road, s, func(_ int32, e *edge, on span) {
		if e.open(true) {
			up += on.to - on.from
		}
		if e.open(false) {
			down += on.to - on.from
		}
	})
	return up, down
}
