package trace

import (
	"math"

	camera "xulang.vn/camera"
)

func distance(a, b camera.Position) float64 { return camera.Distance(a, b) }

// prism is what can be reached in time at all between what is known (Hägerstrand 1970;
// on networks Kuijpers and Othman 2009), likelier where less of a detour is needed. It
// holds a little of what is believed, so that what the ways do not foresee is looked
// for in a sensible order.
type prism struct {
	spans []prismSpan // by camera
	each  float64     // by second at weight 1
}

// prismSpan is when a camera can be passed: evenly from lo to hi, then fading.
type prismSpan struct {
	weight, lo, hi, fade float64
}

// at is the density by second at a time.
func (p *prism) at(cam int, at float64) float64 {
	s := &p.spans[cam]
	if s.weight == 0 || at < s.lo || at > s.hi && s.fade == 0 {
		return 0
	}
	w := s.weight * p.each
	if at > s.hi {
		w *= math.Exp(-(at - s.hi) / s.fade)
	}
	return w
}

// peak is the most that a prism expects of a bin of a camera, by pass expected of all.
func (p *prism) peak(cam int) float64 { return p.spans[cam].weight * p.each * binSeconds }

// add adds what a prism expects of a camera by bin.
func (p *prism) add(cam int, bins []float32, expected float64) {
	s := &p.spans[cam]
	if s.weight == 0 {
		return
	}
	even := float32(s.weight * p.each * binSeconds * expected)
	b := max(int(s.lo/binSeconds), 0)
	for ; b < min(int(s.hi/binSeconds), len(bins)); b++ {
		bins[b] += even
	}
	if s.fade == 0 {
		return
	}
	for fall := float32(math.Exp(-binSeconds / s.fade)); b < len(bins); b++ {
		even *= fall
		bins[b] += even
	}
}

// settle makes the whole prism expect so many passes.
func (p *prism) settle(expected float64) *prism {
	sum := 0.0
	for _, s := range p.spans {
		sum += s.weight * (max(s.hi-s.lo, 0) + s.fade)
	}
	if sum > 0 {
		p.each = expected / sum
	}
	return p
}

// reachCams gives for each camera how long the way to it, or from it, takes at least.
func (t *Trace) reach(costs *tree, back bool) []float64 {
	all := make([]float64, len(t.cams))
	for c := range all {
		all[c] = math.Inf(1)
		for _, k := range t.eyes.byCam[c] {
			s := &t.eyes.sights[k]
			if t.net.seconds[s.arc] == never {
				continue
			}
			v, rest := t.net.from[s.arc], s.from
			if back {
				v, rest = t.net.to[s.arc], 1-s.to
			}
			if costs.has(v) {
				all[c] = min(all[c], float64(costs.cost[v]+rest*t.net.seconds[s.arc]))
			}
		}
	}
	return all
}

// fromStarts and toStarts are reach from places, and to them.
func (t *Trace) fromStarts(from []start) []float64 {
	t.ahead.reset()
	for _, s := range from {
		t.ahead.offer(t.net.to[s.arc], (1-s.at)*t.net.choice[s.arc], -1)
		t.ahead.offer(t.net.from[s.arc], s.at*t.net.choice[s.arc]+float32(t.p.Turn), -1)
	}
	t.ahead.grow(t.net, 0, 1, never, false, -1)
	return t.reach(t.ahead, false)
}

func (t *Trace) toStarts(to []start) []float64 {
	t.behind.reset()
	for _, s := range to {
		t.behind.offer(t.net.from[s.arc], s.at*t.net.choice[s.arc], -1)
		t.behind.offer(t.net.to[s.arc], (1-s.at)*t.net.choice[s.arc]+float32(t.p.Turn), -1)
	}
	t.behind.grow(t.net, 0, 1, never, true, -1)
	return t.reach(t.behind, true)
}

func (t *Trace) prismFirst() *prism {
	from, to := t.seconds(t.q.Incident.From), t.seconds(t.q.Incident.To)
	z := &prism{spans: make([]prismSpan, len(t.cams))}
	for c, f := range t.fromStarts(t.roots) {
		if math.IsInf(f, 1) {
			continue
		}
		z.spans[c] = prismSpan{weight: 1 / (1 + f/t.p.PrismFade), lo: from + t.p.PrismPace*f, hi: to + 1.3*f + 30, fade: t.p.PrismFade}
	}
	return z.settle(1)
}

func (t *Trace) prismAfter(from []start, at float64) *prism {
	z := &prism{spans: make([]prismSpan, len(t.cams))}
	if len(from) == 0 {
		return z
	}
	for c, f := range t.fromStarts(from) {
		if math.IsInf(f, 1) {
			continue
		}
		z.spans[c] = prismSpan{weight: 1 / (1 + f/t.p.PrismFade), lo: at + t.p.PrismPace*f, hi: at + 1.5*f + 30, fade: t.p.PrismFade}
	}
	return z.settle(1)
}

func (t *Trace) prismBefore(first sighting) *prism {
	z := &prism{spans: make([]prismSpan, len(t.cams))}
	if len(first.from) == 0 {
		return z
	}
	from := t.seconds(t.q.Incident.From)
	ahead := t.fromStarts(t.roots)
	direct := math.Inf(1)
	behind := t.toStarts(first.from)
	for c := range ahead {
		direct = min(direct, ahead[c]+behind[c])
	}
	for c, f := range ahead {
		if b := behind[c]; !math.IsInf(f+b, 1) {
			z.spans[c] = prismSpan{weight: math.Exp(-(f + b - direct) / t.p.PrismFade), lo: max(from, first.at-b*2-60), hi: first.at - t.p.PrismPace*b}
		}
		if z.spans[c].hi <= z.spans[c].lo {
			z.spans[c] = prismSpan{}
		}
	}
	return z.settle(1)
}

func (t *Trace) prismBetween(a, b sighting) *prism {
	z := &prism{spans: make([]prismSpan, len(t.cams))}
	if len(a.from) == 0 || len(b.from) == 0 {
		return z
	}
	ahead, behind := t.fromStarts(a.from), t.toStarts(b.from)
	direct := math.Inf(1)
	for c := range ahead {
		direct = min(direct, ahead[c]+behind[c])
	}
	for c, f := range ahead {
		g := behind[c]
		s := prismSpan{weight: math.Exp(-(f + g - direct) / t.p.PrismFade), lo: a.at + t.p.PrismPace*f, hi: b.at - t.p.PrismPace*g}
		if !math.IsInf(f+g, 1) && s.hi > s.lo {
			z.spans[c] = s
		}
	}
	return z.settle(min(1, (b.at-a.at)/300))
}
