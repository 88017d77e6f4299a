package trace

import (
	"cmp"
	"math"
	"slices"

	camera "xulang.vn/camera"
)

// What stands among the branches.
const (
	branchLeast  = 0.02 // probability; of arrivals at the edge of the covered area arrivalLeast
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
// on which the trip starts, at arrives the one by which it leaves the covered area.
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
// arrivals at the edge of the covered area, or of the map, among them. Each trip counts
// once for a place, so what parts there sums to 1 at most.
func (t *Trace) Branches() []camera.Branch {
	s, from := t.sets[len(t.sets)-1], t.roots
	if k := len(t.sightings); k > 0 {
		from = t.sightings[k-1].from
	}
	if len(from) == 0 {
		return nil
	}
	v := survey{Trace: t, s: s, all: t.courses(s, from), near: make([]nearness, len(t.net.busy)), known: make([]int32, len(t.net.busy)),
		covered: coveredBy(t.q.Cameras), edges: make([]float32, len(t.net.from))}
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
		at := min(v.edge(p.arc), 1)
		b.Place, _ = v.net.place(p.arc, at)
		_, b.Heading = v.net.place(p.arc, max(at-share, 0))
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
