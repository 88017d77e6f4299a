package trace

import "math"

// coursesTrees is how many tempers are tried to find again by which arcs a path went.
const coursesTrees = 12

// course is a path of a set again as the arcs that it goes by: sets keep only what is
// seen of their ways. It is found by trying, and where none fits it ends early, at the
// first camera.
type course struct {
	path   int32
	arcs   []int32
	from   float32 // share of the first arc
	begin  int32   // the arc that stands for the way in which it begins
	weight float64 // probability of the path after all looks
}

// courses finds the arcs of the likelier paths of a set that begins at some places.
func (t *Trace) courses(s *set, from []start) []course {
	var all []course
	for i, w := range s.likely() {
		if w > 2e-4 {
			all = append(all, course{path: int32(i), weight: w})
		}
	}
	f := fitting{t: t, s: s, from: from, best: make([]float64, len(all))}
	for i := range f.best {
		f.best[i] = math.Inf(-1)
	}
	for k := range coursesTrees {
		temper, whim := uint64(0), 1.0
		if k > 0 {
			temper, whim = mix(t.q.Seed+uint64(k))|1, t.p.Whim
		}
		t.ahead.reset()
		for _, b := range from {
			t.root(t.ahead, b)
		}
		t.ahead.turn = -1
		t.ahead.grow(t.net, temper, whim, never, false, -1)
		for i := range all {
			f.try(&all[i], &f.best[i])
		}
	}
	out := all[:0]
	for _, c := range all {
		if len(c.arcs) > 0 {
			out = append(out, c)
		}
	}
	return out
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

// fitting finds the arcs of paths.
type fitting struct {
	t    *Trace
	s    *set
	from []start
	best []float64 // by course: how well its arcs fit

	arcs   []int32
	passes []pass
}

// try takes the tree's way to where a path ends if it fits better than what was there:
// passes the same cameras in the same order, and takes as long.
func (f *fitting) try(c *course, best *float64) {
	p := &f.s.paths[c.path]
	want := f.s.of(*p)
	from, ok := f.way(p.arc)
	if !ok {
		return
	}
	got, total := f.t.eyes.passes(f.t.net, way{arcs: f.arcs, from: from, to: 1}, f.passes[:0], 3)
	f.passes = got
	same := 0
	for same < min(len(want), len(got)) && want[same].cam == got[same].cam {
		same++
	}
	score := float64(2*same-max(len(want), len(got))) - math.Abs(float64(total-p.total))/30
	if 2*same < len(want) {
		// It went by another place. What is sure is how it came to the first camera.
		sight := &f.t.eyes.sights[want[0].sight]
		if from, ok = f.way(sight.arc); !ok {
			return
		}
		score -= 1000
	}
	if score > *best {
		*best, c.from = score, from
		c.arcs = append(c.arcs[:0], f.arcs...)
	}
}

// way fills arcs with the tree's way to the end of an arc, from where it begins.
func (f *fitting) way(last int32) (from float32, ok bool) {
	net, tr := f.t.net, f.t.ahead
	for _, s := range f.from {
		if s.arc == last {
			f.arcs = append(f.arcs[:0], last)
			return s.at, true
		}
	}
	v := net.from[last]
	if !tr.has(v) {
		return 0, false
	}
	f.arcs = append(f.arcs[:0], 0)
	root := v
	for tr.by[root] >= 0 {
		root = net.from[tr.by[root]]
	}
	s, ok := net.begins(tr, root, f.from)
	if !ok {
		return 0, false
	}
	f.arcs = tr.pathTo(net, v, f.arcs)
	f.arcs[0] = s.arc
	f.arcs = append(f.arcs, last)
	return s.at, true
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
