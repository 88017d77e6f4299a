package path

import (
	"context"
	"math"
	"slices"
	"time"
)

// layer is a sighting, or the incident, in the chain of the hidden Markov model.
type layer struct {
	states []state
	score  []float64 // of the best way to each state (Viterbi)
	back   []int     // the state before on it
	since  elapsed   // from the layer before
	move   [][]float64
	least  float64 // cost of the cheapest way from the layer before

	forward, backward []float64 // by state, as logarithms
}

// chain is the whole: the first layer is the incident.
type chain []*layer

// link appends a layer: it finds the ways from the last one and forgets states that are
// far less likely than others.
func (c chain) link(ctx context.Context, s *searcher, states []state, since elapsed) (chain, error) {
	next := &layer{states: states, since: since}
	if len(c) == 0 {
		for _, x := range states {
			next.score, next.back = append(next.score, x.fit), append(next.back, -1)
		}
		return append(c, next), nil
	}
	last := c[len(c)-1]
	spans, err := s.spans(ctx, last.states, states, since.limit())
	if err != nil {
		return nil, err
	}
	next.least = math.Inf(1)
	for i := range spans {
		for j := range spans[i] {
			next.least = math.Min(next.least, spans[i][j].cost)
		}
	}
	next.move = make([][]float64, len(last.states))
	for i := range spans {
		next.move[i] = make([]float64, len(states))
		for j, d := range spans[i] {
			next.move[i][j] = broken
			if fit := since.fit(d.seconds); !math.IsInf(fit, -1) {
				next.move[i][j] = math.Max(fit+detour(d.cost, next.least), broken+1)
			}
		}
	}
	next.reach(last)
	next.prune()
	return append(c, next), nil
}

// reach finds the best way to each state.
func (l *layer) reach(last *layer) {
	for j, x := range l.states {
		from, score := 0, math.Inf(-1)
		for i := range last.states {
			if v := last.score[i] + l.move[i][j]; v > score {
				from, score = i, v
			}
		}
		l.back, l.score = append(l.back, from), append(l.score, score+x.fit)
	}
}

// prune forgets the states that are far less likely than the best.
func (l *layer) prune() {
	top := slices.Max(l.score)
	n := 0
	for j := range l.states {
		if l.score[j] < top-keepWithin {
			continue
		}
		l.states[n], l.score[n], l.back[n] = l.states[j], l.score[j], l.back[j]
		for i := range l.move {
			l.move[i][n] = l.move[i][j]
		}
		n++
	}
	l.states, l.score, l.back = l.states[:n], l.score[:n], l.back[:n]
	for i := range l.move {
		l.move[i] = l.move[i][:n]
	}
}

// likeliest are the states of the most likely way, one in each layer.
func (c chain) likeliest() []int {
	out := make([]int, len(c))
	last := c[len(c)-1]
	for j, v := range last.score {
		if v > last.score[out[len(c)-1]] {
			out[len(c)-1] = j
		}
	}
	for k := len(c) - 1; k > 0; k-- {
		out[k-1] = c[k].back[out[k]]
	}
	return out
}

// weigh runs forward and backward over the chain (L. Rabiner, 1989, section III).
func (c chain) weigh() {
	for k, l := range c {
		l.forward = make([]float64, len(l.states))
		l.backward = make([]float64, len(l.states))
		for j, x := range l.states {
			l.forward[j] = x.fit
			if k == 0 {
				continue
			}
			sum := math.Inf(-1)
			for i, v := range c[k-1].forward {
				sum = add(sum, v+l.move[i][j])
			}
			l.forward[j] += sum
		}
	}
	for k := len(c) - 2; k >= 0; k-- {
		next := c[k+1]
		for i := range c[k].states {
			sum := math.Inf(-1)
			for j, x := range next.states {
				sum = add(sum, next.move[i][j]+x.fit+next.backward[j])
			}
			c[k].backward[i] = sum
		}
	}
}

// share is the probability that a suspect went from the road of one state, the way that
// it points, to that of another. Layer k is the one of the latter.
func (c chain) share(k int, a, b state) float64 {
	total, same := math.Inf(-1), math.Inf(-1)
	for i, x := range c[k-1].states {
		for j, y := range c[k].states {
			v := c[k-1].forward[i] + c[k].move[i][j] + y.fit + c[k].backward[j]
			total = add(total, v)
			if alike(x, a) && alike(y, b) {
				same = add(same, v)
			}
		}
	}
	return math.Min(math.Exp(same-total), 1)
}

// alike tells whether two states lie on one road and point the same way.
func alike(a, b state) bool {
	return a.off == b.off && a.arc.Road == b.arc.Road && a.arc.Way() == b.arc.Way()
}

// between is the time from one sighting to the next. One clock's error is in both.
func between(a, b Sighting) elapsed {
	t := b.At.Sub(a.At).Seconds()
	blur := 2 * sightSpread
	if a.Camera != b.Camera {
		blur += min(a.Bound+b.Bound, time.Hour).Seconds()
	}
	return elapsed{t, t, blur}
}
