package path

import (
	"context"
	"math"
	"slices"

	"xulang.vn/camera/hub/road"
)

const (
	waysMost = 4   // looked at between two states
	again    = 1.5 // how many times dearer an edge is that an earlier way took
)

// stage is a part of an arc that is travelled, from–to metres from its beginning.
type stage struct {
	arc      road.Arc
	from, to float64
	wait     float64 // seconds before it: the junction, or turning back
}

// way leads from one state to another.
type way struct {
	stages []stage
	span
	onward bool    // it turns further on than it must
	fit    float64 // log of how likely it is taken in that time
	share  float64 // of it among these and all that were not looked at
}

// ways finds some ways between two states and weighs them; the likeliest is the first.
// Each further search makes the edges of those that are found dearer (the penalty
// method; Y. Chen, M. Bell, K. Bogenberger, 2007). None when nothing leads there in time.
func (s *searcher) ways(ctx context.Context, a, b state, since elapsed, least float64) ([]way, error) {
	var out []way
	if w, ok := s.short(a, b); ok {
		out = append(out, w)
	}
	taken := map[int32]float64{}
	leaving, entering := s.leaving(a), s.entering(b)
	roots, wanted := make([]root, len(leaving)), make([]label, len(entering))
	for i, g := range leaving {
		roots[i] = root{g.label, g.cost, g.seconds}
	}
	for i, g := range entering {
		wanted[i] = g.label
	}
	limit := since.limit()
	for n := range waysMost {
		if n > 0 && s.left < passMost/2 {
			break // one way for each leg goes before
		}
		if err := s.find(ctx, roots, wanted, 1.5*limit+60, taken); err != nil {
			return nil, err
		}
		best, gateway := nowhere, 0
		for i, g := range entering {
			if d, ok := s.at(g.label); ok && d.plus(g.span).cost < best.cost {
				best, gateway = d.plus(g.span), i
			}
		}
		if math.IsInf(best.cost, 1) {
			break
		}
		labels, first := s.labels(entering[gateway].label)
		w := s.drive(a, b, leaving[first], labels, entering[gateway])
		for _, x := range w.stages {
			taken[x.arc.Edge] = math.Max(taken[x.arc.Edge], 1) * again
		}
		if w.seconds <= limit && !slices.ContainsFunc(out, w.same) {
			out = append(out, w)
		}
	}
	for _, w := range out {
		if longer, ok := s.onward(w, since); ok {
			out = append(out, longer)
		}
	}
	return weighed(out, since, least), nil
}

// weighed gives each way its share and puts the likeliest first.
func weighed(ways []way, since elapsed, least float64) []way {
	sum, top := math.Inf(-1), 0
	for i := range ways {
		least = math.Min(least, ways[i].cost)
	}
	for i := range ways {
		w := &ways[i]
		w.fit = since.fit(w.seconds) + detour(w.cost, least)
		if w.onward {
			w.fit += math.Log(onwardShare)
		}
		sum = add(sum, w.fit)
		if w.fit > ways[top].fit {
			top = i
		}
	}
	if len(ways) == 0 {
		return nil
	}
	ways[0], ways[top] = ways[top], ways[0]
	sum = add(sum, since.elsewhere(ways[0].seconds))
	for i := range ways {
		ways[i].share = math.Exp(ways[i].fit - sum)
	}
	return ways
}

// same tells whether two ways take the same arcs.
func (w way) same(o way) bool {
	return slices.EqualFunc(w.stages, o.stages, func(a, b stage) bool {
		return a.arc.Edge == b.arc.Edge && a.arc.Along == b.arc.Along
	})
}

// short is the way within one edge.
func (s *searcher) short(a, b state) (way, bool) {
	d := s.within(a, b)
	if math.IsInf(d.cost, 1) {
		return way{}, false
	}
	w := way{span: d}
	if a.arc.Along == b.arc.Along {
		w.stages = []stage{{a.arc, a.at, b.at, 0}}
		return w, true
	}
	there := a.arc.Length - b.at
	turn := math.Max(there, a.at)
	w.stages = []stage{{a.arc, a.at, turn, 0}, {b.arc, a.arc.Length - turn, b.at, s.manner.back}}
	return w, true
}

// drive turns labels into stages with their true cost: by way of the gates at both ends.
func (s *searcher) drive(a, b state, out gate, labels []label, in gate) way {
	var w way
	add := func(x stage, dear float64) {
		d := s.along(x.arc, x.to-x.from)
		w.cost += d.cost + dear
		w.seconds += d.seconds + x.wait
		w.stages = append(w.stages, x)
	}
	first := stage{a.arc, a.at, a.arc.Length, 0}
	if out.turned {
		m, _ := s.mirror(a)
		first = stage{m.arc, m.at, m.arc.Length, s.manner.back}
		w.cost += s.turnBack().cost
	}
	add(first, 0)
	for i, l := range labels {
		before, arc := w.stages[len(w.stages)-1].arc, s.graph.Arc(l>>1, l&1 == 0)
		arms := 0
		for range s.graph.Out(before.To) {
			arms++
		}
		dear, takes := s.manner.junction(before, arc, arms)
		x := stage{arc, 0, arc.Length, takes}
		if i == len(labels)-1 {
			x.to = b.at
			if in.turned {
				x.to = arc.Length - b.at
			}
		}
		add(x, dear)
	}
	if in.turned {
		w.cost += s.turnBack().cost
		w.seconds += s.manner.back
		w.stages = append(w.stages, stage{b.arc, b.at, b.at, s.manner.back})
	}
	return w
}
