package trace

import (
	"cmp"
	"math"
	"slices"

	camera "xulang.vn/camera"
)

// What stands among the branches.
const (
	branchLeast  = 0.02 // probability; of arrivals at the edge of the map arrivalLeast
	arrivalLeast = 0.002
	branchesMost = 24
	arrivalsMost = 8
	branchDepth  = 8   // cameras on the way before it: what parts behind them is not open yet
	branchCams   = 4   // that are named
	edgeNear     = 100 // metres to the bounds of the roads
	sameWay      = 45  // degrees between two roads on which a trip may begin: it is one way
)

// fork is a way that parts from others: into an arc at a vertex. At begins it is the arc
// on which the trip starts, at arrives the one by which it leaves the map.
type fork struct{ vertex, arc int32 }

const (
	begins  int32 = -1
	arrives int32 = -2
)

// parting is a fork with what is believed of it.
type parting struct {
	fork
	weight float64
	cams   map[int32]float64 // that are met first
	times  []float64         // weight by bin
}

// Branches are the ways that are still open after the last sighting, or from the
// incident: where ways part, most likely first, with ways that leave unwatched and
// arrivals at the edge of the map among them. Each trip counts once for a place, so
// what parts there sums to 1 at most.
func (t *Trace) Branches() []camera.Branch {
	s, from := t.sets[len(t.sets)-1], t.roots
	if k := len(t.sightings); k > 0 {
		from = t.sightings[k-1].from
	}
	if len(from) == 0 {
		return nil
	}
	all := t.courses(s, from)
	t.begin(all, from)
	open := t.partings(s, all)
	t.time(s, all, open)
	out := make([]camera.Branch, 0, len(open))
	for i := range open {
		out = append(out, t.branch(&open[i]))
	}
	return out
}

// begin tells of each course by which way it begins. Of parallel roads on which a trip
// may begin the likeliest stands for all: that they part tells nothing.
func (t *Trace) begin(all []course, from []start) {
	type way struct {
		arc     int32
		heading float64
	}
	var ways []way
	as := map[int32]int32{}
	for _, turn := range []int32{0, 1} {
		for _, s := range from {
			arc, share := s.arc^turn, s.at
			if turn == 1 {
				share = 1 - s.at
			}
			if _, known := as[arc]; known {
				continue
			}
			_, heading := t.net.place(arc, share)
			k := slices.IndexFunc(ways, func(w way) bool { return camera.Turn(w.heading, heading) < sameWay })
			if k < 0 {
				k, ways = len(ways), append(ways, way{arc, heading})
			}
			as[arc] = ways[k].arc
		}
	}
	for i := range all {
		all[i].begin = as[all[i].arcs[0]]
	}
}

// each calls f for the forks of a course, with the seconds of way up to there and the
// share of its first arc where it begins.
func (t *Trace) each(s *set, c *course, f func(k fork, way float32)) {
	passes := s.of(s.paths[c.path])
	f(fork{begins, c.begin}, 0)
	way := (1 - c.from) * t.net.seconds[c.arcs[0]]
	known := map[int32]bool{}
	met := 0
	for j := 1; j < len(c.arcs); j++ {
		v := t.net.from[c.arcs[j]]
		for met < len(passes) && passes[met].at < way {
			met++
		}
		if !known[v] && met < branchDepth {
			known[v] = true
			f(fork{v, c.arcs[j]}, way)
		}
		way += t.net.seconds[c.arcs[j]]
	}
	if last := c.arcs[len(c.arcs)-1]; t.edge(last) {
		f(fork{arrives, last}, way)
	}
}

// edge tells whether the map ends behind an arc: it leads to the end of a through road,
// which goes on in truth, or of any road at the bounds of all.
func (t *Trace) edge(a int32) bool {
	v := t.net.to[a]
	if len(t.net.out.of(v)) != 1 {
		return false
	}
	switch t.net.arc(a).Class {
	case "motorway", "trunk", "primary", "secondary":
		return true
	}
	p := t.net.graph.Vertex(v)
	low, high := t.net.graph.Bounds()
	for _, side := range []camera.Position{
		{Lon: low.Lon, Lat: p.Lat}, {Lon: high.Lon, Lat: p.Lat}, {Lon: p.Lon, Lat: low.Lat}, {Lon: p.Lon, Lat: high.Lat},
	} {
		if camera.Distance(p, side) <= edgeNear {
			return true
		}
	}
	return false
}

// partings finds the likely forks that have a likely sibling, and the arrivals.
func (t *Trace) partings(s *set, all []course) []parting {
	weights := map[fork]float64{}
	for i := range all {
		t.each(s, &all[i], func(k fork, _ float32) { weights[k] += all[i].weight })
	}
	siblings := map[int32]int{}
	for k, w := range weights {
		if w >= branchLeast {
			siblings[k.vertex]++
		}
	}
	var open, ends []parting
	for k, w := range weights {
		one := parting{fork: k, weight: min(w, 1), cams: map[int32]float64{}, times: make([]float64, t.n+1)}
		switch {
		case k.vertex == arrives && w >= arrivalLeast:
			ends = append(ends, one)
		case k.vertex != arrives && w >= branchLeast && siblings[k.vertex] > 1:
			open = append(open, one)
		}
	}
	likelier := func(a, b parting) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.vertex, b.vertex), cmp.Compare(a.arc, b.arc))
	}
	slices.SortFunc(open, likelier)
	slices.SortFunc(ends, likelier)
	open = append(open[:min(len(open), branchesMost)], ends[:min(len(ends), arrivalsMost)]...)
	slices.SortFunc(open, likelier)
	return open
}

// time fills in when the partings were passed, and which cameras are met behind them.
func (t *Trace) time(s *set, all []course, open []parting) {
	at := map[fork]*parting{}
	for i := range open {
		at[open[i].fork] = &open[i]
	}
	byPath := make([][]int32, len(s.paths))
	for k := range s.hyps {
		if p := s.hyps[k].path; s.weights[k] > 0 {
			byPath[p] = append(byPath[p], int32(k))
		}
	}
	for i := range all {
		c := &all[i]
		t.each(s, c, func(k fork, way float32) {
			p := at[k]
			if p == nil {
				return
			}
			best := int32(-1)
			for _, h := range byPath[c.path] {
				t.pass(s, &s.hyps[h], way, s.weights[h], p.times)
				if best < 0 || s.weights[h] > s.weights[best] {
					best = h
				}
			}
			if k.vertex == arrives || best < 0 {
				return
			}
			if cam := t.next(s, &s.hyps[best], way); cam >= 0 {
				p.cams[cam] += c.weight
			}
		})
	}
}

// pass adds when a hypothesis passes a place of its way.
func (t *Trace) pass(s *set, h *hyp, way float32, weight float64, times []float64) {
	half := t.p.Blur + float64(h.spread*way)
	add := func(at, w float64) {
		for _, off := range []float64{-0.6, 0, 0.6} {
			times[min(max(int((at+off*half)/binSeconds), 0), t.n)] += w / 3
		}
	}
	at := h.base + float64(h.scale*way)
	if way > h.delayAt {
		at += float64(h.delay)
	}
	if way <= h.shiftAt || h.cell < 0 {
		add(at, weight)
		return
	}
	cells := s.cells[h.cell : int(h.cell)+len(s.shifts)]
	sum := 0.0
	for _, w := range cells {
		sum += float64(w)
	}
	for k, w := range cells {
		if w > 0 {
			add(at+float64(s.shifts[k]), weight*float64(w)/sum)
		}
	}
}

// next is the camera that a hypothesis meets first behind a place of its way and that
// has footage of it; -1 when none does.
func (t *Trace) next(s *set, h *hyp, way float32) int32 {
	p := s.paths[h.path]
	passes := s.of(p)
	for j := range passes {
		q := &passes[j]
		if q.at <= way || q.sure < 0.5 {
			continue
		}
		at, c := s.when(h, q.at), &t.cams[q.cam]
		b := int(math.Floor(at / binSeconds))
		if b < 0 || b >= t.n || c.known != nil && c.known[b] {
			continue // out of the window, or the sighting itself
		}
		if t.sees(q, at) && (c.open == nil || c.open[b]) {
			return q.cam
		}
	}
	return -1
}

// branch tells of a parting.
func (t *Trace) branch(p *parting) camera.Branch {
	arc := t.net.arc(p.arc)
	b := camera.Branch{Road: arc.Road, Probability: p.weight, Ends: p.vertex == arrives}
	// A little way along, so that a bend at the junction itself does not tell.
	share := float32(min(10/max(arc.Length, 10), 1))
	switch p.vertex {
	case begins:
		b.Place, b.Heading = t.beginning(p.arc)
	case arrives:
		b.Place = t.net.graph.Vertex(arc.To)
		_, b.Heading = t.net.place(p.arc, 1-share)
	default:
		b.Place = t.net.graph.Vertex(p.vertex)
		_, b.Heading = t.net.place(p.arc, share)
	}
	from, to := quantiles(p.times)
	b.From, b.To = t.clock(float64(from)*binSeconds), t.clock(float64(to+1)*binSeconds)
	if b.To.After(t.q.To) { // later is not told apart
		b.To = t.q.To
	}
	if b.From.After(b.To) {
		b.From = b.To
	}
	for c, w := range p.cams {
		if w >= p.weight/10 {
			b.Cameras = append(b.Cameras, t.q.Cameras[c].ID)
		}
	}
	slices.SortFunc(b.Cameras, func(x, y camera.CameraID) int {
		return cmp.Or(cmp.Compare(p.cams[t.byID[y]], p.cams[t.byID[x]]), cmp.Compare(x, y))
	})
	b.Cameras = b.Cameras[:min(len(b.Cameras), branchCams)]
	return b
}

// beginning is where a trip starts that begins on an arc.
func (t *Trace) beginning(a int32) (camera.Position, float64) {
	from := t.roots
	if k := len(t.sightings); k > 0 {
		from = t.sightings[k-1].from
	}
	for _, s := range from {
		switch a {
		case s.arc:
			return t.net.place(a, s.at)
		case s.arc ^ 1:
			return t.net.place(a, 1-s.at)
		}
	}
	return t.net.place(a, 0)
}

// quantiles are the bins between which nine tenths of a weight lie.
func quantiles(times []float64) (lo, hi int) {
	sum := 0.0
	for _, w := range times {
		sum += w
	}
	at, found := 0.0, false
	for b, w := range times {
		if at += w; !found && at >= 0.05*sum {
			lo, found = b, true
		}
		if hi = b; at >= 0.95*sum {
			break
		}
	}
	return lo, max(hi, lo)
}
