package path

import (
	"context"
	"math"

	"xulang.vn/camera/hub/road"
)

// Bounds on the work of one Recover. They hold a graph of 100,000 junctions as a whole
// in one search; only questions that no suspect poses come near to them all together.
const (
	searchMost = 500_000    // arcs that one search settles
	passMost   = 20_000_000 // arcs that all searches for the chain settle, and all for the legs
)

// label names the end of an arc: edge<<1, with 1 against its order.
type label = int32

func labelOf(a road.Arc) label {
	if a.Along {
		return a.Edge << 1
	}
	return a.Edge<<1 | 1
}

// root is where a search begins: at the end of an arc, which is reached at a cost.
type root struct {
	label         label
	cost, seconds float64
}

// searcher finds the cheapest ways from arc to arc (E. Dijkstra, 1959). Its labels are
// arcs, not vertices, so that turning and turning back have their price.
type searcher struct {
	graph  *road.Graph
	manner manner

	round   uint32   // of the search; what bears an older one counts as not reached
	reached []uint32 // by label, as are
	settled []uint32
	cost    []float64 // seconds of driving as people choose by them
	seconds []float64 // that it takes
	before  []label   // the arc before; ^i for root i
	queue   []waiting
	arms    []road.Arc
	left    int // arcs that may still be settled
}

func newSearcher(g *road.Graph, m manner) *searcher {
	n := 2 * g.Edges()
	return &searcher{
		graph: g, manner: m, left: passMost,
		reached: make([]uint32, n), settled: make([]uint32, n),
		cost: make([]float64, n), seconds: make([]float64, n), before: make([]label, n),
	}
}

// find searches from the roots until the wanted labels are settled, or nothing remains
// that is entered at a cost within the bound. Once the first is found, ways that are far
// dearer are of no interest. taken makes edges dearer.
func (s *searcher) find(ctx context.Context, roots []root, wanted []label, bound float64, taken map[int32]float64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.round++
	s.queue = s.queue[:0]
	missing := make(map[label]bool, len(wanted))
	for _, l := range wanted {
		missing[l] = true
	}
	for i, r := range roots {
		s.leave(r.label, r.cost, r.seconds, ^label(i), bound, taken)
	}
	for n := 0; len(s.queue) > 0 && n < searchMost && s.left > 0; {
		l := s.pop().label
		if s.settled[l] == s.round {
			continue
		}
		if n++; n%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		s.settled[l] = s.round
		s.left--
		if missing[l] {
			delete(missing, l)
			bound = math.Min(bound, 6*s.cost[l]+180)
			if len(missing) == 0 {
				return nil
			}
		}
		s.leave(l, s.cost[l], s.seconds[l], l, bound, taken)
	}
	return nil
}

// leave puts the arcs behind a label into the queue.
func (s *searcher) leave(l label, cost, seconds float64, before label, bound float64, taken map[int32]float64) {
	from := s.graph.Arc(l>>1, l&1 == 0)
	s.arms = s.arms[:0]
	for a := range s.graph.Out(from.To) {
		s.arms = append(s.arms, a)
	}
	for _, a := range s.arms {
		if !s.manner.may(a) {
			continue
		}
		dear, takes := s.manner.junction(from, a, len(s.arms))
		if cost+dear > bound {
			continue
		}
		to, price := labelOf(a), s.manner.price(a)*a.Length
		if more, ok := taken[a.Edge]; ok {
			price *= more
		}
		c := cost + dear + price
		if s.settled[to] == s.round || s.reached[to] == s.round && s.cost[to] <= c {
			continue
		}
		s.reached[to], s.cost[to], s.before[to] = s.round, c, before
		s.seconds[to] = seconds + takes + a.Length/s.manner.pace(a)
		s.push(waiting{c, to})
	}
}

// at is what a settled label costs and takes.
func (s *searcher) at(l label) (span, bool) {
	if s.settled[l] != s.round {
		return span{}, false
	}
	return span{s.cost[l], s.seconds[l]}, true
}

// labels are the way to a settled label, and the root that it begins from.
func (s *searcher) labels(l label) (way []label, root int) {
	for l >= 0 {
		way = append(way, l)
		l = s.before[l]
	}
	for i, j := 0, len(way)-1; i < j; i, j = i+1, j-1 {
		way[i], way[j] = way[j], way[i]
	}
	return way, int(^l)
}

// waiting is an entry of the queue, a binary heap. The label breaks ties: the same
// question gives the same answer.
type waiting struct {
	cost  float64
	label label
}

func (w waiting) before(o waiting) bool {
	return w.cost < o.cost || w.cost == o.cost && w.label < o.label
}

func (s *searcher) push(w waiting) {
	s.queue = append(s.queue, w)
	for i := len(s.queue) - 1; i > 0; {
		up := (i - 1) / 2
		if !s.queue[i].before(s.queue[up]) {
			return
		}
		s.queue[i], s.queue[up] = s.queue[up], s.queue[i]
		i = up
	}
}

func (s *searcher) pop() waiting {
	top, last := s.queue[0], len(s.queue)-1
	s.queue[0] = s.queue[last]
	s.queue = s.queue[:last]
	for i := 0; ; {
		down := 2*i + 1
		if down >= last {
			return top
		}
		if down+1 < last && s.queue[down+1].before(s.queue[down]) {
			down++
		}
		if !s.queue[down].before(s.queue[i]) {
			return top
		}
		s.queue[i], s.queue[down] = s.queue[down], s.queue[i]
		i = down
	}
}
