package trace

import (
	"math"
	"slices"

	camera "xulang.vn/camera"
)

// binSeconds is the grain of time.
const binSeconds = 2

// cam is a camera with what was looked at.
type cam struct {
	bound float32   // seconds by which its clock may be wrong
	turns bool      // it did not always look the same way
	open  []bool    // by bin: it can be looked at; nil: always
	miss  []float32 // by bin: chance that a pass then was missed by all looks; nil: nobody looked
	cum   []float64 // sums of miss, where nobody was seen
	seen  []float64 // sightings
	looks []float32 // by bin: how often it was looked at
	known []bool    // by bin: a pass then is one that was seen
}

// bins are the bins around a time, as far as they lie in the window.
func (t *Trace) bins(at float64, half float32) (lo, hi int) {
	lo = int(math.Floor((at - float64(half)) / binSeconds))
	hi = int(math.Ceil((at + float64(half)) / binSeconds))
	return max(lo, 0), min(hi, t.n)
}

// missed is the chance that a pass around a time was missed. What lies outside of the
// window cannot be looked at.
func (c *cam) missed(t *Trace, at float64, half float32) float32 {
	a, b := (at-float64(half))/binSeconds, (at+float64(half))/binSeconds
	lo, hi := int(math.Floor(a)), int(math.Ceil(b))
	n := hi - lo
	if n <= 0 {
		return 1
	}
	l, h := max(lo, 0), min(hi, t.n)
	if h <= l {
		return 1
	}
	return float32((c.cum[h] - c.cum[l] + float64(n-(h-l))) / float64(n))
}

// recall takes in all marks of a camera anew.
func (c *cam) recall(t *Trace, i int32) {
	c.miss, c.cum, c.looks, c.seen, c.known = nil, nil, nil, nil, nil
	var all []camera.Mark
	for _, m := range t.marks {
		if m.Camera == t.q.Cameras[i].ID {
			all = append(all, m)
		}
	}
	for _, m := range all {
		if m.Kind == camera.MarkSeen {
			c.know(t, t.seconds(m.At))
		}
	}
	for k, m := range all {
		again := func(o camera.Mark) bool { return o.Kind == m.Kind && o.From.Equal(m.From) && o.To.Equal(m.To) }
		if m.Kind == camera.MarkSeen && slices.ContainsFunc(all[:k], again) {
			continue // two passes of one clip
		}
		c.look(t, t.seconds(m.From), t.seconds(m.To), t.missing(m.Kind))
	}
}

// know notes that somebody was seen.
func (c *cam) know(t *Trace, at float64) {
	c.seen = append(c.seen, at)
	if c.known == nil {
		c.known = make([]bool, t.n)
	}
	lo, hi := t.bins(at, float32(t.p.Same))
	for b := lo; b < hi; b++ {
		c.known[b] = true
	}
}

// look notes that somebody looked at the bins and missed what passed with that chance.
func (c *cam) look(t *Trace, from, to float64, miss float32) {
	if c.miss == nil {
		c.miss, c.looks = make([]float32, t.n), make([]float32, t.n)
		for i := range c.miss {
			c.miss[i] = 1
		}
	}
	lo, hi := int(math.Round(from/binSeconds)), int(math.Round(to/binSeconds))
	for b := max(lo, 0); b < min(hi, t.n); b++ {
		if c.open != nil && !c.open[b] {
			continue
		}
		c.looks[b]++
		if b == lo && b > 0 || b == hi-1 && b < t.n-1 { // half in the picture
			c.miss[b] *= 1 - (1-miss)*float32(t.p.Edge)
			continue
		}
		c.miss[b] *= miss
	}
	c.sum(t)
}

func (c *cam) sum(t *Trace) {
	if c.cum == nil {
		c.cum = make([]float64, t.n+1)
	}
	for b, m := range c.miss {
		if c.known != nil && c.known[b] {
			m = 1 // who was seen speaks against no way
		}
		c.cum[b+1] = c.cum[b] + float64(m)
	}
}
