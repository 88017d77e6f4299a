package trace

import (
	"cmp"
	"math"
	"slices"

	camera "xulang.vn/camera"
)

// clip is a piece of a camera's footage that could be looked at.
type clip struct {
	cam    int32
	lo, hi int     // bins
	gain   float64 // passes that are expected to be noticed
	score  float64 // by second of footage
}

// Proposals are the clips to look at next, the one that promises most for its seconds
// first (Stone, Theory of Optimal Search, 1975), one for each camera.
func (t *Trace) Proposals(n int) []camera.Proposal {
	bounds := t.bounds()
	order := make([]int32, len(t.cams))
	for c := range order {
		order[c] = int32(c)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(bounds[b], bounds[a]) })
	var all []clip
	for _, c := range order {
		if len(all) >= n && (n <= 0 || bounds[c] <= all[n-1].score) {
			break
		}
		if best, ok := t.best(c); ok {
			k, _ := slices.BinarySearchFunc(all, best, func(a, b clip) int { return cmp.Compare(b.score, a.score) })
			all = slices.Insert(all, k, best)
		}
	}
	var out []camera.Proposal
	for _, c := range all[:min(n, len(all))] {
		out = append(out, t.proposal(c))
	}
	return out
}

// bounds are what no clip of a camera can score more than.
func (t *Trace) bounds() []float64 {
	seconds := math.Round(t.p.ClipMost/binSeconds) * binSeconds
	each := t.p.Detect / binSeconds * seconds / (seconds + t.p.Overhead)
	all := make([]float64, len(t.cams))
	for c := range all {
		peak := t.anywhere()
		for _, s := range t.sets {
			peak += float64(s.peak[c]) + s.prism.peak(c)*t.strange(s)
		}
		all[c] = peak * each * 1.001 // sums are rounded
	}
	return all
}

func (t *Trace) proposal(c clip) camera.Proposal {
	return camera.Proposal{
		Camera: t.q.Cameras[c.cam].ID, From: t.clock(float64(c.lo) * binSeconds),
		To:          t.clock(min(float64(c.hi)*binSeconds, t.q.To.Sub(t.q.From).Seconds())),
		Probability: 1 - math.Exp(-c.gain/t.p.Detect), Reason: t.reason(c),
	}
}

// best finds the clip of a camera that promises most for its seconds.
func (t *Trace) best(c int32) (best clip, ok bool) {
	sums := t.worth(c)
	if sums == nil {
		return best, false
	}
	for seconds := t.p.ClipLeast; seconds <= t.p.ClipMost; seconds *= 1.42 {
		bins := max(int(math.Round(seconds/binSeconds)), 1)
		for lo := 0; lo+bins <= t.n; lo++ {
			edges := sums[lo+1] - sums[lo] + sums[lo+bins] - sums[lo+bins-1]
			gain := (sums[lo+bins] - sums[lo] - edges*(1-t.p.Edge)) * t.p.Detect
			score := gain / (float64(bins)*binSeconds + t.p.Overhead)
			if score > best.score {
				best = clip{cam: c, lo: lo, hi: lo + bins, gain: gain, score: score}
			}
		}
	}
	return best, best.score > 0
}

// worth sums what is expected of a camera, from the first bin on.
func (t *Trace) worth(c int32) []float64 {
	k := &t.cams[c]
	if t.sums == nil {
		t.sums = make([]float64, t.n+1)
	}
	back := t.beyond(c)
	sum := 0.0
	for b := range t.n {
		w := back[b]
		if k.miss != nil {
			w *= k.miss[b]
		}
		t.sums[b+1] = float64(w)
	}
	for _, s := range t.sets {
		if d := s.density[c]; d != nil {
			for i, w := range d[:s.hi-s.lo] {
				t.sums[s.lo+i+1] += float64(w)
			}
		}
	}
	for b := range t.n {
		if k.open == nil || k.open[b] {
			w := t.sums[b+1]
			if k.known != nil && k.known[b] {
				w *= t.p.Another
			}
			sum += w
		}
		t.sums[b+1] = sum
	}
	return t.sums
}

// background forgets what is expected beyond the ways, which beyond tells when it is
// asked for.
func (t *Trace) background() {
	if t.back == nil {
		t.back, t.stale = make([][]float32, len(t.cams)), make([]bool, len(t.cams))
	}
	for c := range t.stale {
		t.stale[c] = true
	}
}

// beyond is by bin what is expected of a camera beyond the ways, before looks.
func (t *Trace) beyond(c int32) []float32 {
	if t.back[c] == nil {
		t.back[c] = make([]float32, t.n)
	}
	bins := t.back[c]
	if !t.stale[c] {
		return bins
	}
	t.stale[c] = false
	rest := float32(t.anywhere())
	for b := range bins {
		bins[b] = rest
	}
	for _, s := range t.sets {
		s.prism.add(int(c), bins, t.strange(s))
	}
	return bins
}

// anywhere is what is expected of any bin of any camera.
func (t *Trace) anywhere() float64 { return t.p.Rest / float64(t.n) / float64(len(t.cams)) }

// strange is how many passes are expected of a set that its ways do not foresee.
func (t *Trace) strange(s *set) float64 { return t.p.Prism + (1-s.trust)*t.p.StrangePasses }
