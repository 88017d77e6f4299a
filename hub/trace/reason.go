package trace

import (
	"cmp"
	"math"
	"slices"
	"time"

	camera "xulang.vn/camera"
)

// reason says why a clip is proposed: by what most of the passes that are expected in it
// come from.
func (t *Trace) reason(c clip) camera.Reason {
	i, code := t.source(c)
	if i < 0 {
		return t.rest(c)
	}
	r := camera.Reason{Code: code}
	r.After, r.Until = t.beside(i)
	took, sight := t.foreseen(i, c)
	if sight < 0 {
		sight = t.broadest(c)
	}
	if sight < 0 {
		return r
	}
	t.there(&r, sight)
	seconds := t.metres(&r, i, sight)
	r.Soonest, r.Latest = spread(took, seconds, t.p.PrismPace)
	return r
}

// source finds the set that most of the passes expected in a clip belong to, and whether
// its ways or only its prism foresee them. -1: neither does.
func (t *Trace) source(c clip) (set int, code camera.ReasonCode) {
	set, most, back, wider := -1, 0.0, t.anywhere()*float64(c.hi-c.lo), -1
	for i, s := range t.sets {
		ways, prism := 0.0, 0.0
		for b := c.lo; b < c.hi; b++ {
			ways += s.expects(c.cam, b)
			miss := 1.0
			if m := t.cams[c.cam].miss; m != nil {
				miss = float64(m[b])
			}
			prism += s.prism.at(int(c.cam), (float64(b)+0.5)*binSeconds) * binSeconds * miss
		}
		prism *= t.strange(s)
		if ways > most {
			set, most, code = i, ways, t.codeOf(i)
		}
		if prism > back {
			wider, back = i, prism
		}
	}
	switch {
	case most >= back && set >= 0:
		if t.again(c) {
			code = camera.ReasonAgain
		}
		return set, code
	case wider >= 0:
		return wider, camera.ReasonWider
	}
	return -1, camera.ReasonRest
}

// again tells whether most of a clip was looked at already.
func (t *Trace) again(c clip) bool {
	k := &t.cams[c.cam]
	n := 0
	for b := c.lo; b < c.hi && k.looks != nil; b++ {
		if k.looks[b] > 0 {
			n++
		}
	}
	return 2*n > c.hi-c.lo
}

func (t *Trace) codeOf(i int) camera.ReasonCode {
	switch {
	case len(t.sightings) == 0:
		return camera.ReasonFirst
	case i == 0:
		return camera.ReasonBefore
	case i == len(t.sightings):
		return camera.ReasonNext
	}
	return camera.ReasonBetween
}

// beside are the cameras of the sightings around a set.
func (t *Trace) beside(i int) (after, until camera.CameraID) {
	if i > 0 {
		after = t.q.Cameras[t.sightings[i-1].cam].ID
	}
	if i < len(t.sightings) {
		until = t.q.Cameras[t.sightings[i].cam].ID
	}
	return after, until
}

// took is how long a way to a camera takes, with what speaks for it.
type took struct{ seconds, weight float64 }

// foreseen gathers from a set's hypotheses how long the way to a clip's camera takes when
// it is passed in the clip, and the sight in which most of them pass; -1 without any.
func (t *Trace) foreseen(i int, c clip) (all []took, sight int32) {
	s := t.sets[i]
	by := map[int32]float64{}
	from, to := float64(c.lo)*binSeconds, float64(c.hi)*binSeconds
	for k := range s.hyps {
		h := &s.hyps[k]
		p := &s.paths[h.path]
		passes := s.of(*p)
		for j := range passes {
			q := &passes[j]
			if q.cam != c.cam || s.weights[k] <= 0 {
				continue
			}
			at, half := s.time(t, h, p.total, q)
			w := s.weights[k] * float64(q.sure) * s.share(h, q, from-at-float64(half), to-at+float64(half))
			if w <= 0 || !t.sees(q, min(max(at, from), to)) {
				continue
			}
			by[q.sight] += w
			seconds := float64(h.scale * q.at)
			if q.at > h.delayAt {
				seconds += float64(h.delay)
			}
			all = append(all, took{seconds, w})
		}
	}
	sight = -1
	for _, k := range t.eyes.byCam[c.cam] {
		if w := by[k]; w > 0 && (sight < 0 || w > by[sight]) {
			sight = k
		}
	}
	return all, sight
}

// share is how much of a hypothesis' weight has a shift between two times; without one
// it is all or nothing.
func (s *set) share(h *hyp, q *pass, lo, hi float64) float64 {
	if q.at <= h.shiftAt || h.cell < 0 {
		if lo <= 0 && 0 <= hi {
			return 1
		}
		return 0
	}
	in, sum := 0.0, 0.0
	for k, w := range s.cells[h.cell : int(h.cell)+len(s.shifts)] {
		sum += float64(w)
		if at, wide := float64(s.shifts[k]), float64(s.wide[k]); at+wide >= lo && at-wide <= hi {
			in += float64(w)
		}
	}
	if sum <= 0 {
		return 0
	}
	return in / sum
}

// broadest is the sight in which a camera sees most metres at the time of a clip.
func (t *Trace) broadest(c clip) int32 {
	best, most := int32(-1), float32(0)
	from, to := float64(c.lo)*binSeconds, float64(c.hi)*binSeconds
	for _, k := range t.eyes.byCam[c.cam] {
		s := &t.eyes.sights[k]
		if t.net.seconds[s.arc] == never || s.since >= to || s.until <= from {
			continue
		}
		if m := (s.to - s.from) * t.net.length[s.arc]; m > most {
			best, most = k, m
		}
	}
	return best
}

// there fills in the road and the way of travel of a sight.
func (t *Trace) there(r *camera.Reason, sight int32) {
	s := &t.eyes.sights[sight]
	r.Road, r.Heading = t.net.arc(s.arc).Road, float64(s.heading)
}

// metres fills in how far the way by road is to a sight from what comes before a set, and
// returns how long it usually takes; 0 when there is none.
func (t *Trace) metres(r *camera.Reason, i int, sight int32) (seconds float64) {
	from := t.roots
	if i > 0 {
		from = t.sightings[i-1].from
	}
	s := &t.eyes.sights[sight]
	mid := (s.from + s.to) / 2
	for _, f := range from {
		if f.arc == s.arc && f.at < mid {
			r.Metres = float64((mid - f.at) * t.net.length[s.arc])
			return float64((mid - f.at) * t.net.seconds[s.arc])
		}
	}
	v := t.net.from[s.arc]
	if t.reaches(from, v); !t.ahead.has(v) {
		return 0
	}
	r.Metres, seconds = t.net.along(t.ahead, v, from)
	r.Metres += float64(mid * t.net.length[s.arc])
	return seconds + float64(mid*t.net.seconds[s.arc])
}

// spread is between what nine in ten of the ways take that were foreseen; where none
// was, what a prism allows. fastest is a share of the usual time.
func spread(all []took, usual, fastest float64) (soonest, latest time.Duration) {
	if len(all) == 0 {
		if usual == 0 {
			return 0, 0
		}
		return duration(fastest * usual), duration(1.5*usual + 30)
	}
	slices.SortStableFunc(all, func(a, b took) int { return cmp.Compare(a.seconds, b.seconds) })
	sum := 0.0
	for _, w := range all {
		sum += w.weight
	}
	at, lo, hi := 0.0, all[0].seconds, all[len(all)-1].seconds
	for _, w := range all {
		if at <= 0.05*sum {
			lo = w.seconds
		}
		if at < 0.95*sum {
			hi = w.seconds
		}
		at += w.weight
	}
	return duration(lo), duration(hi)
}

func duration(seconds float64) time.Duration {
	return time.Duration(math.Round(seconds)) * time.Second
}

// rest is the reason of a clip that nothing speaks for.
func (t *Trace) rest(c clip) camera.Reason {
	r := camera.Reason{Code: camera.ReasonRest}
	if sight := t.broadest(c); sight >= 0 {
		t.there(&r, sight)
	}
	return r
}
