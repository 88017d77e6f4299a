package trace

import (
	"math"
	"slices"
)

// How many ways are tried to find again by which arcs the paths of a set went.
const (
	triesTrees  = 24
	triesEnds   = 40
	triesMost   = 24  // that stand for one path
	triesLikely = 5.0 // seconds by which the best of them may be missed
)

// course is a way on which a part of a set's belief goes: sets keep only what is seen of
// their ways, once for all that look alike.
type course struct {
	path   int32
	arcs   []int32
	from   float32 // share of the first arc
	begin  int32   // the arc that stands for the way in which it leaves where it began
	weight float64 // probability after all looks
}

// try is a way that a trip may go, drawn as those of a set are.
type try struct {
	arcs   []int32
	from   float32
	passes []pass
	n      float64 // times drawn
}

// courses spreads the belief in the paths of a set over ways that pass the same cameras
// at the same times. A path that no way was found for goes the way that shares most of
// its cameras, as far as it does.
func (t *Trace) courses(s *set, from []start) []course {
	tries := t.tries(from)
	by := map[uint64][]int32{}
	for i := range tries {
		k := cameras(tries[i].passes)
		by[k] = append(by[k], int32(i))
	}
	var all []course
	for i, w := range s.likely() {
		if w < 2e-4 {
			continue
		}
		want := s.of(s.paths[i])
		if like := by[cameras(want)]; len(like) > 0 {
			all = spreadOver(all, course{path: int32(i), weight: w}, want, like, tries)
		} else if c, ok := t.partly(want, tries); ok {
			c.path, c.weight = int32(i), w
			all = append(all, c)
		}
	}
	return all
}

// likely are the probabilities of a set's paths.
func (s *set) likely() []float64 {
	all := make([]float64, len(s.paths))
	if s.total <= 0 {
		return all
	}
	for k := range s.hyps {
		all[s.hyps[k].path] += s.weights[k] / s.total * s.trust
	}
	return all
}

// cameras is the same for passes at the same cameras in the same order.
func cameras(all []pass) uint64 {
	key := uint64(len(all))
	for _, p := range all {
		key = mix(key ^ uint64(p.cam))
	}
	return key
}

// tries draws ways from some places, each once.
func (t *Trace) tries(from []start) []try {
	b := t.builder(3, 0, pace{})
	if k := len(t.sightings); k > 0 {
		b.first = t.sightings[k-1].cam
	}
	pull := b.pulls(from)
	var all []try
	at := map[uint64]int{}
	for k := range triesTrees {
		s := pick(from, (float64(k)+0.5)/triesTrees)
		t.ahead.reset()
		t.root(t.ahead, s)
		t.ahead.grow(t.net, b.rng.next()|1, t.p.Whim, never, false, -1)
		sum := 0.0
		for _, v := range t.ahead.found {
			sum += pull[v]
		}
		next, acc := b.rng.float(), 0.0
		for _, v := range t.ahead.found {
			acc += pull[v] / sum * triesEnds
			for ; next < acc; next++ {
				one := b.try(s, v)
				key := uint64(len(one.arcs))
				for _, a := range one.arcs {
					key = mix(key ^ uint64(a))
				}
				if i, ok := at[key]; ok {
					all[i].n++
					continue
				}
				passes, total := t.eyes.passes(t.net, way{arcs: one.arcs, from: one.from, to: 1}, nil, 3)
				one.passes = b.others(passes, 0, total)
				at[key], all = len(all), append(all, one)
			}
		}
	}
	return all
}

// try is the way of the tree ahead to a vertex, and into an arc there.
func (b *builder) try(s start, v int32) try {
	net, tr := b.t.net, b.t.ahead
	one := try{arcs: tr.pathTo(net, v, []int32{s.arc}), from: s.at, n: 1}
	if one.arcs[0] != s.arc {
		one.from = 1 - s.at
	}
	if d := b.door(v); d >= 0 && d != one.arcs[len(one.arcs)-1]^1 {
		one.arcs = append(one.arcs, d)
	}
	return one
}

// spreadOver shares a path's weight among the ways that are passed when it is.
func spreadOver(all []course, c course, want []pass, like []int32, tries []try) []course {
	off, least := make([]float64, len(like)), math.Inf(1)
	for k, i := range like {
		for j, p := range tries[i].passes {
			off[k] = max(off[k], math.Abs(float64(p.at-want[j].at)))
		}
		least = min(least, off[k])
	}
	var fit []int32
	sum := 0.0
	for k, i := range like {
		if off[k] <= least+triesLikely {
			fit = append(fit, i)
		}
	}
	slices.SortStableFunc(fit, func(a, b int32) int { return int(tries[b].n - tries[a].n) })
	if len(want) > 0 { // unwatched ways all look alike, but are none the fewer
		fit = fit[:min(len(fit), triesMost)]
	}
	for _, i := range fit {
		sum += tries[i].n
	}
	for _, i := range fit {
		one := c
		one.arcs, one.from, one.weight = tries[i].arcs, tries[i].from, c.weight*tries[i].n/sum
		all = append(all, one)
	}
	return all
}

// partly finds the way that passes most of the cameras before it passes another, and
// cuts it behind them.
func (t *Trace) partly(want []pass, tries []try) (c course, ok bool) {
	most := 0
	for i := range tries {
		got := tries[i].passes
		same := 0
		for same < min(len(want), len(got)) && want[same].cam == got[same].cam {
			same++
		}
		if same <= most {
			continue
		}
		last := slices.Index(tries[i].arcs, t.eyes.sights[got[same-1].sight].arc)
		most, ok = same, true
		c = course{arcs: tries[i].arcs[:last+1], from: tries[i].from}
	}
	return c, ok
}

// when is around which time a hypothesis is so many seconds of way from its start.
func (s *set) when(h *hyp, way float32) float64 {
	at := h.base + float64(h.scale*way)
	if way > h.delayAt {
		at += float64(h.delay)
	}
	if way <= h.shiftAt || h.cell < 0 {
		return at
	}
	sum, shift := 0.0, 0.0
	for k, w := range s.cells[h.cell : int(h.cell)+len(s.shifts)] {
		sum += float64(w)
		shift += float64(w * s.shifts[k])
	}
	if sum > 0 {
		at += shift / sum
	}
	return at
}
