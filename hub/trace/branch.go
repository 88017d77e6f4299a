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
	beginNear    = 30  // metres around where a trip begins within which it has not left yet
	sameWay      = 45  // degrees between two courses there up to which they are one way
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
	v := survey{Trace: t, s: s, all: t.courses(s, from), near: make([]nearness, len(t.net.busy)), known: make([]int32, len(t.net.busy))}
	v.origin, _ = t.net.place(from[0].arc, from[0].at)
	v.begin()
	open := v.partings()
	v.time(open)
	out := make([]camera.Branch, 0, len(open))
	for i := range open {
		out = append(out, v.branch(&open[i]))
	}
	return out
}

// survey looks where the courses of a set part.
type survey struct {
	*Trace
	s      *set
	all    []course
	origin camera.Position
	ways   []leaving
	near   []nearness // by vertex
	known  []int32    // by vertex: the round in which a course passed it
	round  int32
}

// nearness tells whether a vertex lies where the trip begins, once it was asked.
type nearness uint8

const (
	isNear nearness = iota + 1
	isFar
)

// leaving is a way in which a trip leaves where it began.
type leaving struct {
	arc     int32
	heading float64
}

func (v *survey) here(vertex int32) bool {
	if v.near[vertex] == 0 {
		v.near[vertex] = isFar
		if camera.Distance(v.net.graph.Vertex(vertex), v.origin) <= beginNear {
			v.near[vertex] = isNear
		}
	}
	return v.near[vertex] == isNear
}

// begin tells of each course in which way it leaves the place where trips begin. Of
// courses with hardly an angle between them the first stands for all.
func (v *survey) begin() {
	for i := range v.all {
		c := &v.all[i]
		j, share := 0, c.from
		for j < len(c.arcs)-1 && v.here(v.net.to[c.arcs[j]]) {
			j, share = j+1, 0
		}
		a := c.arcs[j]
		p, heading := v.net.place(a, min(share+beginNear/max(v.net.length[a], 1), 1))
		if camera.Distance(v.origin, p) > 1 {
			heading = camera.Bearing(v.origin, p)
		}
		k := slices.IndexFunc(v.ways, func(w leaving) bool { return camera.Turn(w.heading, heading) < sameWay })
		if k < 0 {
			k, v.ways = len(v.ways), append(v.ways, leaving{a, heading})
		}
		c.begin = v.ways[k].arc
	}
}

// each calls f for the forks of a course, with the seconds of way up to there. A place
// that it comes back to, and all around its beginning, is passed once.
func (v *survey) each(c *course, f func(k fork, way float32)) {
	passes := v.s.of(v.s.paths[c.path])
	f(fork{begins, c.begin}, 0)
	way := (1 - c.from) * v.net.seconds[c.arcs[0]]
	v.round++
	met := 0
	for j := 1; j < len(c.arcs); j++ {
		at := v.net.from[c.arcs[j]]
		for met < len(passes) && passes[met].at < way {
			met++
		}
		// Two nodes in one place are one.
		if !v.here(at) && v.known[at] != v.round && v.net.length[c.arcs[j-1]] > 0.1 && met < branchDepth {
			f(fork{at, c.arcs[j]}, way)
		}
		v.known[at] = v.round
		way += v.net.seconds[c.arcs[j]]
	}
	last := c.arcs[len(c.arcs)-1]
	if end := v.net.to[last]; v.edge(last) && !v.here(end) && v.known[end] != v.round {
		f(fork{arrives, last}, way)
	}
}

// index numbers the forks, three for each arc.
func (v *survey) index(k fork) int {
	switch k.vertex {
	case begins:
		return 3*int(k.arc) + 1
	case arrives:
		return 3*int(k.arc) + 2
	}
	return 3 * int(k.arc)
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
func (v *survey) partings() []parting {
	weights := make([]float64, 3*len(v.net.from))
	var forks []fork
	for i := range v.all {
		v.each(&v.all[i], func(k fork, _ float32) {
			at := v.index(k)
			if weights[at] == 0 {
				forks = append(forks, k)
			}
			weights[at] += v.all[i].weight
		})
	}
	siblings := map[int32]int{}
	for _, k := range forks {
		if weights[v.index(k)] >= branchLeast {
			siblings[k.vertex]++
		}
	}
	var open, ends []parting
	for _, k := range forks {
		w := weights[v.index(k)]
		one := parting{fork: k, weight: min(w, 1), cams: map[int32]float64{}}
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
func (v *survey) time(open []parting) {
	at := make([]*parting, 3*len(v.net.from))
	for i := range open {
		open[i].times = make([]float64, v.n+1)
		at[v.index(open[i].fork)] = &open[i]
	}
	byPath := make([][]int32, len(v.s.paths))
	for k := range v.s.hyps {
		if p := v.s.hyps[k].path; v.s.weights[k] > 0 {
			byPath[p] = append(byPath[p], int32(k))
		}
	}
	share := v.s.likely()
	for i := range v.all {
		c := &v.all[i]
		v.each(c, func(k fork, way float32) {
			p := at[v.index(k)]
			if p == nil {
				return
			}
			best := int32(-1)
			for _, h := range byPath[c.path] {
				v.pass(v.s, &v.s.hyps[h], way, v.s.weights[h]*c.weight/share[c.path], p.times)
				if best < 0 || v.s.weights[h] > v.s.weights[best] {
					best = h
				}
			}
			if k.vertex == arrives || best < 0 {
				return
			}
			if cam := v.next(v.s, &v.s.hyps[best], way); cam >= 0 {
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
func (v *survey) branch(p *parting) camera.Branch {
	arc := v.net.arc(p.arc)
	b := camera.Branch{Road: arc.Road, Probability: p.weight, Ends: p.vertex == arrives}
	// A little way along, so that a bend at the junction itself does not tell.
	share := float32(min(10/max(arc.Length, 10), 1))
	switch p.vertex {
	case begins:
		k := slices.IndexFunc(v.ways, func(w leaving) bool { return w.arc == p.arc })
		b.Place, b.Heading = v.origin, v.ways[k].heading
	case arrives:
		b.Place = v.net.graph.Vertex(arc.To)
		_, b.Heading = v.net.place(p.arc, 1-share)
	default:
		b.Place = v.net.graph.Vertex(p.vertex)
		_, b.Heading = v.net.place(p.arc, share)
	}
	from, to := quantiles(p.times)
	b.From, b.To = v.clock(float64(from)*binSeconds), v.clock(float64(to+1)*binSeconds)
	if b.To.After(v.q.To) { // later is not told apart
		b.To = v.q.To
	}
	if b.From.After(b.To) {
		b.From = b.To
	}
	for c, w := range p.cams {
		if w >= p.weight/10 {
			b.Cameras = append(b.Cameras, v.q.Cameras[c].ID)
		}
	}
	slices.SortFunc(b.Cameras, func(x, y camera.CameraID) int {
		return cmp.Or(cmp.Compare(p.cams[v.byID[y]], p.cams[v.byID[x]]), cmp.Compare(x, y))
	})
	b.Cameras = b.Cameras[:min(len(b.Cameras), branchCams)]
	return b
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
