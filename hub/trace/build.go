package trace

import (
	"math"
	"slices"
)

// root lets a tree begin at a place on an arc.
func (t *Trace) root(tr *tree, s start) {
	tr.offer(t.net.to[s.arc], (1-s.at)*t.net.choice[s.arc], atRoot)
	tr.turn, tr.turnCost = s.arc^1, float32(t.p.Turn)
	if back := s.arc ^ 1; t.net.choice[back] < never {
		tr.offer(t.net.to[back], s.at*t.net.choice[back]+float32(t.p.TurnHere), turned)
	}
}

// goal lets a tree that grows backwards begin at a place on an arc.
func (t *Trace) goal(tr *tree, s start) {
	tr.offer(t.net.from[s.arc], s.at*t.net.choice[s.arc], -1)
	tr.turn, tr.turnCost = s.arc^1, float32(t.p.Turn)
}

// pick draws a start by weight; u is in [0, 1).
func pick(all []start, u float64) start {
	for _, s := range all {
		if u -= s.weight; u < 0 {
			return s
		}
	}
	return all[len(all)-1]
}

// builder puts the paths of a set together, each way once.
type builder struct {
	t    *Trace
	s    *set
	at   map[uint64]int32
	arcs []int32
	rng  random
	span float64 // seconds: what lies beyond is left out
	pace float64 // as a share of the usual time
	// Cameras of the sightings at which the ways begin and end, -1 for none: what their
	// views hold there is the sighting itself.
	first, last int32
}

func (t *Trace) builder(salt uint64, e ends, p pace) *builder {
	return &builder{
		pace: math.Exp(p.mean),
		t:    t, s: &set{ends: e}, at: map[uint64]int32{}, rng: random{mix(t.q.Seed ^ mix(salt))},
		span: float64(t.n) * binSeconds, first: -1, last: -1,
	}
}

// build makes the set before sighting i, which lies behind sighting i-1.
func (t *Trace) build(i int, p pace) *set {
	s := t.piece(i, p)
	const slip = 15 // bins: nothing is expected so far from its sightings
	s.hi = t.n
	if i > 0 {
		s.lo = min(max(int(t.sightings[i-1].at/binSeconds)-slip, 0), t.n)
	}
	if i < len(t.sightings) {
		s.hi = max(min(int(t.sightings[i].at/binSeconds)+slip, t.n), s.lo)
	}
	return s
}

func (t *Trace) piece(i int, p pace) *set {
	switch {
	case len(t.sightings) == 0:
		return t.initial(p)
	case i == 0:
		return t.front(t.sightings[0], p)
	case i == len(t.sightings):
		return t.forward(t.sightings[i-1], p)
	}
	return t.between(t.sightings[i-1], t.sightings[i], p)
}

// path adds a way with a weight.
func (b *builder) path(w way, weight float64) {
	first := len(b.s.passes)
	var total float32
	b.s.passes, total = b.t.eyes.passes(b.t.net, w, b.s.passes, 0.5)
	b.s.passes = b.others(b.s.passes, first, total)
	key := uint64(len(b.s.passes) - first)
	for _, p := range b.s.passes[first:] {
		key = mix(key ^ uint64(p.sight)<<20 ^ uint64(p.at/4))
	}
	if b.s.ends&endsLast != 0 {
		key = mix(key ^ uint64(total/4))
	}
	if k, ok := b.at[key]; ok {
		b.s.passes = b.s.passes[:first]
		b.s.paths[k].weight += float32(weight)
		return
	}
	for j := range b.s.passes[first:] {
		p := &b.s.passes[first+j]
		p.sure = float32(1 / (1 + math.Exp(-6*(b.pace*float64(p.dwell)/b.t.p.Glimpse-1))))
	}
	b.at[key] = int32(len(b.s.paths))
	b.s.paths = append(b.s.paths, path{first: int32(first), n: int32(len(b.s.passes) - first), total: total, weight: float32(weight), arc: w.arcs[len(w.arcs)-1]})
}

// others leaves out the passes from a place on that are the sightings at its ends.
func (b *builder) others(passes []pass, from int, total float32) []pass {
	kept := passes[:from]
	for _, p := range passes[from:] {
		begins := p.cam == b.first && p.at-p.dwell/2 < 0.5
		ends := p.cam == b.last && p.at+p.dwell/2 > total-0.5
		if !begins && !ends {
			kept = append(kept, p)
		}
	}
	return kept
}

// forward is what may come after the last sighting.
func (t *Trace) forward(last sighting, p pace) *set {
	b := t.builder(math.Float64bits(last.at)^uint64(last.cam), endsStart, p)
	b.first = last.cam
	b.delays()
	if len(last.from) > 0 {
		b.ahead(last.from, last.at)
	}
	onward := len(b.s.paths)
	manners := p.manners()
	for i := range b.s.paths {
		b.onward(int32(i), last.at, manners, p)
	}
	if len(last.from) > 0 {
		b.turned(last.from, last.at)
	}
	for i := onward; i < len(b.s.paths); i++ {
		b.s.hyps = append(b.s.hyps, hyp{
			path: int32(i), weight: b.s.paths[i].weight, base: last.at, scale: float32(math.Exp(p.mean)), spread: float32(p.sd),
			delayAt: noShift, shiftAt: -1, cell: b.cell(), turned: true,
		})
	}
	b.s.prism = t.prismAfter(last.from, last.at)
	return b.s
}

// onward adds the manners in which a path is driven from its start on.
func (b *builder) onward(i int32, from float64, manners []manner, p pace) {
	q, stop := &b.s.paths[i], b.t.p.Stop
	for _, m := range manners {
		b.s.hyps = append(b.s.hyps, hyp{
			path: i, weight: q.weight * float32((1-stop)*m.share), base: from,
			scale: float32(m.scale), spread: float32(0.4 * p.sd * m.scale), delayAt: noShift, shiftAt: noShift, cell: -1,
		})
	}
	const stops = 2
	for range stops {
		b.s.hyps = append(b.s.hyps, hyp{
			path: i, weight: q.weight * float32(stop/stops), base: from, scale: float32(math.Exp(p.mean)),
			spread: float32(p.sd), delayAt: noShift, shiftAt: float32(b.rng.float()) * q.total, cell: b.cell(),
		})
	}
}

// turned adds ways that go back after a while: on a stretch of road where nobody sees it
// the trip turns round, and comes by again.
func (b *builder) turned(from []start, at float64) {
	t := b.t
	b.first = -1              // it comes by again
	b.at = map[uint64]int32{} // their passes are later than those of the same ways ahead
	pull := make([]float64, len(t.net.busy))
	for v := range pull {
		pull[v] = b.near(int32(v))
	}
	n := t.p.Trees/8 + 1
	for k := range n {
		s := pick(from, (float64(k)+b.rng.float())/float64(n))
		s.arc, s.at = s.arc^1, 1-s.at
		if t.net.choice[s.arc] == never || !t.net.open[s.arc] {
			continue
		}
		t.ahead.reset()
		t.ahead.offer(t.net.to[s.arc], (1-s.at)*t.net.choice[s.arc], atRoot)
		t.ahead.grow(t.net, b.rng.next()|1, t.p.Whim, float32((b.span-at)*2), false, -1)
		b.toEnds(t.ahead, way{arcs: []int32{s.arc}, from: s.at}, pull, t.p.Ends, t.p.Back*float64(t.p.Trees)/float64(n))
	}
}

func (b *builder) cell() int32 {
	at := len(b.s.cells)
	b.s.cells = append(b.s.cells, make([]float32, len(b.s.shifts))...)
	return int32(at)
}

// delays are how long a stop may be, or a way to where one turns round and back: of each
// length, by its logarithm, equally likely.
func (b *builder) delays() {
	const steps = 24
	lo, hi := 8.0, b.t.p.StopMost
	each := math.Pow(hi/lo, 1.0/steps)
	stops := float32(0)
	for at := lo; at < hi*0.999; at *= each {
		s := b.s
		s.shifts, s.wide = append(s.shifts, float32(at*(1+each)/2)), append(s.wide, float32(at*(each-1)/2))
		stop := float32(0)
		if at >= b.t.p.StopLeast*0.999 {
			stop = 1
		}
		stops += stop
		s.prior, s.returns = append(s.prior, stop), append(s.returns, 1.0/steps)
	}
	for i := range b.s.prior {
		b.s.prior[i] /= stops
	}
}

// initial is what may have happened while nothing is known but the incident.
func (t *Trace) initial(p pace) *set {
	b := t.builder(1, 0, p)
	b.s.shifts, b.s.prior, b.s.wide = t.leaves, t.left, t.wide
	b.s.ends = endsStart
	b.ahead(t.roots, t.seconds(t.q.Incident.From))
	z := []float64{math.Exp(-p.sd), 1, math.Exp(p.sd)}
	for i := range b.s.paths {
		q := &b.s.paths[i]
		for _, s := range z {
			b.s.hyps = append(b.s.hyps, hyp{
				path: int32(i), weight: q.weight * float32((1-t.p.Stop)/3), scale: float32(s), spread: float32(0.5 * p.sd * s),
				delayAt: noShift, shiftAt: -1, cell: b.cell(),
			})
		}
		b.s.hyps = append(b.s.hyps, hyp{
			path: int32(i), weight: q.weight * float32(t.p.Stop), scale: 1, spread: float32(p.sd), delayAt: float32(b.rng.float()) * q.total,
			delay: float32(b.stop()), shiftAt: -1, cell: b.cell(),
		})
	}
	b.s.prism = t.prismFirst()
	return b.s
}

// stop draws how long a stop is.
func (b *builder) stop() float64 {
	return b.t.p.StopLeast * math.Pow(b.t.p.StopMost/b.t.p.StopLeast, b.rng.float())
}

// ahead adds ways from the starts to wherever trips end.
func (b *builder) ahead(from []start, at float64) {
	t := b.t
	most := float32((b.span - at) * 2)
	pull := b.pulls(from)
	for k := range t.p.Trees {
		s := pick(from, (float64(k)+b.rng.float())/float64(t.p.Trees))
		temper := b.rng.next() | 1
		t.ahead.reset()
		t.root(t.ahead, s)
		t.ahead.grow(t.net, temper, t.p.Whim, most, false, -1)
		b.toEnds(t.ahead, way{arcs: []int32{s.arc}, from: s.at}, pull, t.p.Ends, 1-t.p.Via)
		for range t.p.Vias {
			b.round(s, temper, most, t.p.Via/float64(t.p.Vias))
		}
	}
}

// round adds ways by another place, where the trip turns to somewhere else.
func (b *builder) round(s start, temper uint64, most float32, share float64) {
	t := b.t
	reach := float32(t.p.ViaReach)
	n := 0
	for n < len(t.ahead.found) && t.ahead.cost[t.ahead.found[n]] < reach {
		n++
	}
	if n < 2 {
		return
	}
	v := t.ahead.found[1+int(b.rng.float()*float64(n-1))]
	first := t.ahead.pathTo(t.net, v, []int32{s.arc})
	if first[0] != s.arc {
		s.at = 1 - s.at
	}
	t.behind.reset()
	t.behind.offer(v, 0, atRoot)
	t.behind.grow(t.net, temper^0x5555, t.p.Whim, most, false, -1)
	pull := make([]float64, len(t.net.busy))
	for _, v := range t.behind.found {
		pull[v] = b.near(v)
	}
	b.toEnds(t.behind, way{arcs: slices.Clip(first), from: s.at}, pull, t.p.Ends/2+1, share)
}

// front is what may lie between the incident and the first sighting.
func (t *Trace) front(first sighting, p pace) *set {
	b := t.builder(math.Float64bits(first.at)^uint64(first.cam)^7, endsLast, p)
	b.last = first.cam
	if len(first.from) > 0 {
		b.back(first)
	}
	for i := range b.s.paths {
		q := &b.s.paths[i]
		for _, z := range []float64{-1.8, -1.2, -0.6, 0, 0.6, 1.2, 1.8} {
			scale := math.Exp(p.mean + p.sd*z)
			b.backwards(int32(i), first.at, scale, 0, float64(q.weight)*(1-t.p.Stop)*math.Exp(-z*z/2)/4.2, 0.3*p.sd*scale)
		}
		for range 3 {
			b.backwards(int32(i), first.at, math.Exp(p.mean), b.stop(), float64(q.weight)*t.p.Stop/3, p.sd)
		}
	}
	b.s.prism = t.prismBefore(first)
	return b.s
}

// backwards adds a hypothesis that arrives at a time, if it may have left when it must.
func (b *builder) backwards(i int32, arrives, scale, stop, weight, spread float64) {
	total := float64(b.s.paths[i].total)
	base := arrives - stop - scale*total
	weight *= b.t.departed(base)
	if weight <= 0 {
		return
	}
	h := hyp{path: i, weight: float32(weight), base: base, scale: float32(scale), spread: float32(spread), delayAt: noShift, shiftAt: noShift, cell: -1}
	if stop > 0 {
		h.delayAt, h.delay = float32(b.rng.float()*total), float32(stop)
	}
	b.s.hyps = append(b.s.hyps, h)
}

// back adds ways from the incident to a sighting.
func (b *builder) back(first sighting) {
	t := b.t
	for k := range t.p.Trees {
		to := pick(first.from, (float64(k)+b.rng.float())/float64(t.p.Trees))
		t.behind.reset()
		t.goal(t.behind, to)
		t.behind.grow(t.net, b.rng.next()|1, t.p.Whim, never, true, -1)
		for range 2 {
			b.link(pick(t.roots, b.rng.float()), to, 1)
		}
		b.vias(t.roots, to, 4, t.p.Via/4)
	}
}

// link adds the way from one place to another that the tree behind has found.
func (b *builder) link(from, to start, weight float64) {
	t := b.t
	if from.arc == to.arc && from.at < to.at {
		b.path(way{arcs: []int32{from.arc}, from: from.at, to: to.at}, weight)
		return
	}
	v := t.net.to[from.arc]
	if back := from.arc ^ 1; t.net.choice[back] < never && t.behind.has(t.net.to[back]) {
		turn := t.behind.cost[t.net.to[back]] + from.at*t.net.choice[back] + float32(t.p.TurnHere)
		if back == to.arc && 1-from.at < to.at {
			b.path(way{arcs: []int32{back}, from: 1 - from.at, to: to.at}, weight)
			return
		}
		if !t.behind.has(v) || turn < t.behind.cost[v]+(1-from.at)*t.net.choice[from.arc] {
			from, v = start{arc: back, at: 1 - from.at}, t.net.to[back]
		}
	}
	if !t.behind.has(v) {
		return
	}
	b.arcs = append(b.arcs[:0], from.arc)
	b.arcs = t.behind.pathFrom(t.net, v, b.arcs)
	b.arcs = append(b.arcs, to.arc)
	b.path(way{arcs: b.arcs, from: from.at, to: to.at}, weight)
}

// vias adds ways by other places, which the tree behind and a tree ahead both reach.
func (b *builder) vias(from []start, to start, n int, weight float64) {
	t := b.t
	s := pick(from, b.rng.float())
	t.ahead.reset()
	t.root(t.ahead, s)
	t.ahead.grow(t.net, b.rng.next()|1, t.p.Whim, float32(t.p.ViaReach), false, -1)
	if len(t.ahead.found) < 2 {
		return
	}
	for range n {
		v := t.ahead.found[int(b.rng.float()*float64(len(t.ahead.found)))]
		if !t.behind.has(v) {
			continue
		}
		b.arcs = append(b.arcs[:0], s.arc)
		b.arcs = t.ahead.pathTo(t.net, v, b.arcs)
		b.arcs = t.behind.pathFrom(t.net, v, b.arcs)
		b.arcs = append(b.arcs, to.arc)
		at := s.at
		if b.arcs[0] != s.arc {
			at = 1 - at
		}
		b.path(way{arcs: b.arcs, from: at, to: to.at}, weight)
	}
}

// between is what may lie between two sightings.
func (t *Trace) between(a, z sighting, p pace) *set {
	b := t.builder(math.Float64bits(a.at)^math.Float64bits(z.at)<<1^uint64(z.cam), endsStart|endsLast, p)
	b.first, b.last = a.cam, z.cam
	took := z.at - a.at
	if len(a.from) > 0 && len(z.from) > 0 {
		for k := range t.p.Trees {
			to := pick(z.from, (float64(k)+b.rng.float())/float64(t.p.Trees))
			from := pick(a.from, b.rng.float())
			t.behind.reset()
			t.goal(t.behind, to)
			t.behind.grow(t.net, b.rng.next()|1, t.p.Whim, float32(took*3+60), true, -1)
			b.link(from, to, 1)
			b.vias([]start{from}, to, 4, t.p.Via/4)
		}
	}
	for i := range b.s.paths {
		b.inTime(int32(i), a.at, took, p)
	}
	b.s.prism = t.prismBetween(a, z)
	return b.s
}

// inTime adds the manners in which a path takes just so long.
func (b *builder) inTime(i int32, from, took float64, p pace) {
	t := b.t
	q := &b.s.paths[i]
	total := float64(q.total)
	if total <= 0 {
		return
	}
	ratio := took / total
	z := (math.Log(ratio) - p.mean) / (p.sd + 3/took)
	steady := math.Exp(-z*z/2) / ((p.sd + 3/took) * took * 2.5)
	if steady > 1e-9 {
		b.s.hyps = append(b.s.hyps, hyp{
			path: i, weight: q.weight * float32((1-t.p.Stop)*steady), base: from, scale: float32(ratio), spread: float32(0.15 * ratio),
			delayAt: noShift, shiftAt: noShift, cell: -1,
		})
	}
	const places = 4
	scale := math.Exp(p.mean)
	stop := took - total*scale
	if stop < t.p.StopLeast/2 {
		return
	}
	likely := 1 / (stop * math.Log(t.p.StopMost/t.p.StopLeast))
	if stop < t.p.StopLeast || stop > t.p.StopMost {
		likely /= 5
	}
	for k := range places {
		b.s.hyps = append(b.s.hyps, hyp{
			path: i, weight: q.weight * float32(t.p.Stop*likely/places), base: from, scale: float32(scale), spread: float32(p.sd),
			delayAt: float32((float64(k) + b.rng.float()) / places * total), delay: float32(stop), shiftAt: noShift, cell: -1,
		})
	}
}
