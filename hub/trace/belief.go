package trace

import (
	"cmp"
	"math"
	"slices"
	"time"

	camera "xulang.vn/camera"
)

// noticeable is how many passes must be expected of a camera for it to stand in a Belief.
const noticeable = 0.01

// Belief gives for cameras with any noticeable chance of a pass when it may have been, by
// ID. The chances are those after all marks: what was looked at in vain is unlikely, by as
// much as a look is worth, and a sighting is certain. Steps begin with the window and are
// at least 2 s, the grain of the engine's time; the last one may reach beyond the window.
func (t *Trace) Belief(step time.Duration) []camera.CameraBelief {
	step = max(step, binSeconds*time.Second)
	window := t.q.To.Sub(t.q.From)
	steps := max(int((window+step-1)/step), 1)
	var all []camera.CameraBelief
	for c := range t.cams {
		expected, sum := t.expected(int32(c)), 0.0
		for _, w := range expected {
			sum += w
		}
		if sum < noticeable && !t.sighted(c) {
			continue
		}
		all = append(all, camera.CameraBelief{
			Camera: t.q.Cameras[c].ID, From: t.q.From, Step: step, Passing: t.passing(c, expected, step, steps),
		})
	}
	slices.SortFunc(all, func(a, b camera.CameraBelief) int { return cmp.Compare(a.Camera, b.Camera) })
	return all
}

// expected are the passes by bin that nobody has seen, given all that was looked at.
func (t *Trace) expected(c int32) []float64 {
	k := &t.cams[c]
	all := make([]float64, t.n)
	for b, back := range t.beyond(c) {
		w := float64(back)
		if k.miss != nil {
			w *= float64(k.miss[b])
		}
		all[b] = w
	}
	for _, s := range t.sets {
		if d := s.density[c]; d != nil {
			for i, w := range d[:s.hi-s.lo] {
				all[s.lo+i] += float64(w)
			}
		}
	}
	for b := range k.known {
		if k.known[b] {
			all[b] = 0 // that pass was seen
		}
	}
	return all
}

// passing turns passes by bin into chances by step: independent of each other, at least
// one has happened with 1 - exp(-expected).
func (t *Trace) passing(c int, expected []float64, step time.Duration, steps int) []float64 {
	out := make([]float64, steps)
	long := step.Seconds()
	for b, w := range expected {
		// A bin that a step's end cuts counts for both.
		from, to := float64(b)*binSeconds, float64(b+1)*binSeconds
		first := min(int(from/long), steps-1)
		cut := min(max((float64(first+1)*long-from)/(to-from), 0), 1)
		out[first] += w * cut
		if first+1 < steps {
			out[first+1] += w * (1 - cut)
		}
	}
	for i, w := range out {
		out[i] = min(max(1-math.Exp(-w), 0), 1)
	}
	for _, at := range t.cams[c].seen {
		if i := int(math.Floor(at / long)); i >= 0 && i < steps {
			out[i] = 1
		}
	}
	return out
}

// sighted tells whether a camera has a sighting in the window.
func (t *Trace) sighted(c int) bool {
	return slices.ContainsFunc(t.cams[c].seen, func(at float64) bool { return at >= 0 && at < t.q.To.Sub(t.q.From).Seconds() })
}
