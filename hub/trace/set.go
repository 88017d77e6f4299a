package trace

import "math"

// set is what is believed of one piece of a trip: from the incident on, from a sighting
// to the next, from the last one on. Given the sightings the pieces do not depend on
// each other.
type set struct {
	paths  []path
	passes []pass // of all paths, end to end
	hyps   []hyp
	// What comes late by the set's shift: the time of departure, or how long a stop was.
	// shifts are its values, prior what was believed of them before anything was looked at.
	shifts []float32
	wide   []float32 // half the width that each stands for
	prior  []float32
	// returns are the same of ways that turn round.
	returns []float32
	ends    ends

	weights []float64 // by hypothesis, with all that was looked at
	cells   []float32 // by hypothesis with a shift and by shift
	total   float64
	first   float64     // total before anything was looked at
	trust   float64     // that the trip is one that the ways foresee
	lo, hi  int         // bins in which it lies
	density [][]float32 // by camera and bin from lo on: passes that are expected; nil where none are
	peak    []float32   // by camera: most of density
	prism   *prism
}

// ends says which ends of a set's ways have a known time.
type ends uint8

const (
	endsStart ends = 1 << iota
	endsLast
)

// path is a way with its passes.
type path struct {
	first, n int32 // in passes
	total    float32
	weight   float32
	arc      int32 // the last one
}

// hyp is a path driven in one manner. It passes at base + scale·at, later by delay
// behind delayAt and by the set's shift behind shiftAt (seconds of way).
type hyp struct {
	path    int32
	weight  float32
	base    float64
	scale   float32
	spread  float32 // of the pace that it stands for
	delayAt float32
	delay   float32
	shiftAt float32 // +Inf: no shift
	cell    int32   // where its cells begin; -1 without
	turned  bool    // shifts are how long it took to come back
}

var noShift = float32(math.Inf(1))

func (s *set) of(p path) []pass { return s.passes[p.first : p.first+p.n] }

// time of a pass and half the width of it.
func (s *set) time(tr *Trace, h *hyp, total float32, p *pass) (at float64, half float32) {
	at = h.base + float64(h.scale*p.at)
	if p.at > h.delayAt {
		at += float64(h.delay)
	}
	way := p.at
	switch s.ends {
	case endsLast:
		way = total - p.at
	case endsStart | endsLast:
		way = min(p.at, total-p.at)
	}
	half = float32(tr.p.Blur) + float32(tr.p.Jitter)*sqrt(max(way, 0)) + h.spread*max(way, 0) + tr.cams[p.cam].bound
	return at, half
}

func sqrt(x float32) float32 { return float32(math.Sqrt(float64(x))) }

// weigh computes how likely each hypothesis is, after all that was looked at; with a
// camera only those that pass it, when the others stand as they were.
func (s *set) weigh(tr *Trace, only int32) {
	if s.weights == nil {
		s.weights = make([]float64, len(s.hyps))
		only = -1
	}
	s.total = 0
	for i := range s.hyps {
		h := &s.hyps[i]
		if only < 0 || s.meets(&s.paths[h.path], only) {
			s.weights[i] = s.weighOne(tr, h)
		}
		s.total += s.weights[i]
	}
	if s.first == 0 {
		for i := range s.hyps {
			s.first += float64(s.hyps[i].weight)
		}
	}
	s.trust = 0
	if s.total > 0 {
		s.trust = s.total / (s.total + s.first*tr.p.Strange)
	}
}

func (s *set) meets(p *path, cam int32) bool {
	for i := range s.of(*p) {
		if s.passes[int(p.first)+i].cam == cam {
			return true
		}
	}
	return false
}

func (s *set) weighOne(tr *Trace, h *hyp) float64 {
	p := &s.paths[h.path]
	fixed := float64(h.weight)
	var cells []float32
	if h.cell >= 0 {
		cells = s.cells[h.cell : int(h.cell)+len(s.shifts)]
		copy(cells, s.prior)
		if h.turned {
			copy(cells, s.returns)
		}
	}
	passes := s.of(*p)
	for j := range passes {
		q := &passes[j]
		c := &tr.cams[q.cam]
		if c.cum == nil {
			continue
		}
		at, half := s.time(tr, h, p.total, q)
		if q.at > h.shiftAt {
			for k, shift := range s.shifts {
				if cells[k] > 0 && tr.sees(q, at+float64(shift)) {
					cells[k] *= tr.unseen(c, q, at+float64(shift), half+s.wide[k])
				}
			}
			continue
		}
		if tr.sees(q, at) {
			fixed *= float64(tr.unseen(c, q, at, half))
		}
	}
	if cells == nil {
		return fixed
	}
	sum := 0.0
	for _, w := range cells {
		sum += float64(w)
	}
	return fixed * sum
}

// unseen is the likelihood of all looks when a pass was expected around a time: it was
// missed, or was not as the way foresaw.
func (t *Trace) unseen(c *cam, p *pass, at float64, half float32) float32 {
	return 1 - float32(t.p.Firm)*p.sure*(1-c.missed(t, at, half))
}

// expect computes when passes are expected.
func (s *set) expect(tr *Trace) {
	if s.density == nil {
		s.density, s.peak = make([][]float32, len(tr.cams)), make([]float32, len(tr.cams))
	}
	clear(s.peak)
	for c := range s.density {
		clear(s.density[c])
	}
	if s.total <= 0 {
		return
	}
	for i := range s.hyps {
		if w := s.weights[i] / s.total * s.trust; w > 1e-6 {
			s.expectOne(tr, &s.hyps[i], w)
		}
	}
	for c, d := range s.density {
		if d != nil {
			s.peak[c] = settle(&tr.cams[c], d, s.lo)
		}
	}
}

// expectOne adds the passes of a hypothesis of weight w.
func (s *set) expectOne(tr *Trace, h *hyp, w float64) {
	p := &s.paths[h.path]
	passes := s.of(*p)
	var cells []float32
	sum := float32(0)
	if h.cell >= 0 {
		cells = s.cells[h.cell : int(h.cell)+len(s.shifts)]
		for _, c := range cells {
			sum += c
		}
	}
	for j := range passes {
		q := &passes[j]
		at, half := s.time(tr, h, p.total, q)
		if q.at <= h.shiftAt {
			s.add(tr, q, at, half, float32(w))
			continue
		}
		for k, shift := range s.shifts {
			if one := float32(w) * cells[k] / sum; one > 1e-7 {
				s.add(tr, q, at+float64(shift), half+s.wide[k], one)
			}
		}
	}
}

// add notes where a pass of a weight begins to be expected and where it ends to be: the
// differences of the density, which settle sums.
func (s *set) add(tr *Trace, p *pass, at float64, half, weight float32) {
	lo, hi := int((at-float64(half))/binSeconds), int((at+float64(half))/binSeconds)+1
	if hi <= s.lo || lo >= s.hi || !tr.sees(p, at) {
		return
	}
	c := &tr.cams[p.cam]
	d := s.density[p.cam]
	if d == nil {
		d = make([]float32, s.hi-s.lo+1)
		s.density[p.cam] = d
	}
	each := weight * p.sure / float32(hi-lo)
	if c.cum != nil {
		each /= tr.unseen(c, p, at, half)
	}
	d[max(lo-s.lo, 0)] += each
	d[min(hi, s.hi)-s.lo] -= each
}

// expects is what is expected of a camera in a bin.
func (s *set) expects(cam int32, bin int) float64 {
	if d := s.density[cam]; d != nil && bin >= s.lo && bin < s.hi {
		return float64(d[bin-s.lo])
	}
	return 0
}

// settle turns differences into what is expected by bin from lo on, and tells the most
// of it.
func settle(c *cam, d []float32, lo int) (peak float32) {
	sum := float32(0)
	for i := range d[:len(d)-1] {
		sum += d[i]
		d[i] = max(sum, 0)
		if c.miss != nil {
			d[i] *= c.miss[lo+i]
		}
		peak = max(peak, d[i])
	}
	d[len(d)-1] = 0
	return peak
}
