package trace

import "math"

// toEnds draws destinations in a tree, spread evenly over their weights.
func (b *builder) toEnds(tr *tree, begin way, pull []float64, n int, share float64) {
	t := b.t
	sum := 0.0
	for _, v := range tr.found {
		sum += pull[v]
	}
	if sum <= 0 {
		return
	}
	next, acc, k := b.rng.float(), 0.0, 0
	for _, v := range tr.found {
		acc += pull[v] / sum * float64(n)
		for ; k < n && acc > next; k++ {
			next++
			b.arcs = append(b.arcs[:0], begin.arcs...)
			b.arcs = tr.pathTo(t.net, v, b.arcs)
			w := way{arcs: b.arcs, from: begin.from, to: 1}
			if b.arcs[len(begin.arcs)-1] != begin.arcs[len(begin.arcs)-1] && len(begin.arcs) == 1 {
				w.from = 1 - w.from
			}
			if d := b.door(v); d >= 0 && d != b.arcs[len(b.arcs)-1]^1 {
				b.arcs = append(b.arcs, d)
				w.arcs, w.to = b.arcs, float32(b.rng.float())
			}
			if len(w.arcs) == 1 && w.to <= w.from {
				continue
			}
			b.path(w, share/float64(n))
		}
	}
}

// door draws the arc at a vertex on which a trip ends.
func (b *builder) door(v int32) int32 {
	sum := float32(0)
	out := b.t.net.out.of(v)
	for _, a := range out {
		sum += b.t.net.pull[a]
	}
	u := float32(b.rng.float()) * sum
	for _, a := range out {
		if u -= b.t.net.pull[a]; u < 0 {
			return a
		}
	}
	return -1
}

// near is the pull of a vertex as a destination of any trip from the incident.
func (b *builder) near(v int32) float64 {
	sum := float32(0)
	for _, a := range b.t.net.out.of(v) {
		sum += b.t.net.pull[a]
	}
	if sum == 0 {
		return 0
	}
	return float64(sum) * b.t.far[v]
}

// pulls are how likely trips from the starts end at each vertex: where one would not go
// this way is unlikely.
func (b *builder) pulls(from []start) []float64 {
	t := b.t
	t.leave(t.ahead, from)
	if len(from) == 1 {
		t.ahead.turn, t.ahead.turnCost = from[0].arc^1, float32(t.p.Turn)
	}
	t.ahead.grow(t.net, 0, 1, never, false, -1)
	pull := make([]float64, len(t.net.busy))
	for _, v := range t.ahead.found {
		pull[v] = b.near(v)
	}
	if len(t.sightings) > 0 {
		t.straighten(pull, from)
	}
	return pull
}

// straighten takes from destinations in the tree ahead what the way so far speaks
// against: the way from the incident, and that from the sighting before the last.
func (t *Trace) straighten(pull []float64, from []start) {
	share, lately := 0.0, []float32(nil)
	if k := len(t.sightings) - 2; k >= 0 && len(t.sightings[k].from) > 0 {
		share, lately = t.p.Lately, t.costsFrom(t.sightings[k].from)
	}
	all, late := t.before(t.away, from), t.before(lately, from)
	for _, v := range t.ahead.found {
		onward := float64(t.ahead.cost[v])
		fits := (1 - share) * t.fits(all+onward, float64(t.away[v]))
		if share > 0 {
			fits += share * t.fits(late+onward, float64(lately[v]))
		}
		pull[v] *= t.p.Stray + (1-t.p.Stray)*fits
	}
}

// costsFrom are what the ways from some places to all vertices cost.
func (t *Trace) costsFrom(places []start) []float32 {
	t.leave(t.behind, places)
	t.behind.grow(t.net, 0, 1, never, false, -1)
	return t.behind.costs(len(t.net.busy))
}

// leave lets a tree begin at some places, the way they are faced.
func (t *Trace) leave(tr *tree, places []start) {
	tr.reset()
	for _, s := range places {
		tr.offer(t.net.to[s.arc], (1-s.at)*t.net.choice[s.arc], -1)
	}
}

// before is how long the way to some places took at least, by what it costs to the
// vertices.
func (t *Trace) before(costs []float32, to []start) float64 {
	least := math.Inf(1)
	for _, s := range to {
		if costs != nil {
			least = min(least, float64(costs[t.net.to[s.arc]]-(1-s.at)*t.net.choice[s.arc]))
		}
	}
	return least
}

// fits is how likely somebody takes so many seconds for a way that can be done in fewer:
// who sees each stretch a little dearer or cheaper than it is errs by its square root.
func (t *Trace) fits(took, direct float64) float64 {
	if math.IsInf(took, 1) || math.IsInf(direct, 1) {
		return 0
	}
	return math.Exp(-max(took-direct, 0) / (t.p.Straight * math.Sqrt(max(direct, 10))))
}

// fill computes far: for each vertex how likely trips from the incident go that far at all.
func (t *Trace) fill() {
	t.far = make([]float64, len(t.net.busy))
	for v := range t.far {
		m := distance(t.q.Incident.Position, t.net.graph.Vertex(int32(v))) / t.p.Nearest
		t.far[v] = 0.03 + 0.97*(1-math.Exp(-math.Pow(m, 4)))
	}
}
