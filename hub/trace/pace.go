package trace

import "math"

// pace is what is known of how fast this trip goes: mean and standard deviation of the
// logarithm of its time over the usual one.
type pace struct{ mean, sd float64 }

// manner is a pace that stands for others, with its share of them.
type manner struct{ scale, share float64 }

// manners stand for a pace. The ends are far out: some are in a great hurry.
func (p pace) manners() []manner {
	all := []manner{{-2.4, 0.03}, {-1.3, 0.14}, {-0.6, 0.22}, {0, 0.22}, {0.6, 0.22}, {1.3, 0.14}, {2.4, 0.03}}
	for i := range all {
		all[i].scale = math.Exp(p.mean + p.sd*all[i].scale)
	}
	return all
}

// paces are for each set what is known of the pace by the sighting that ends it: a
// normal prior and a normal error of what lies between sightings. They are rounded, so
// that a set is made anew only when an earlier mark makes a difference.
func (t *Trace) paces() []pace {
	const step = 0.01
	prior := t.p.Pace * t.p.mode(t.q.Mode).Varied
	precision, sum := 1/(prior*prior), 0.0
	all := make([]pace, len(t.sightings)+1)
	for i := range all {
		if 0 < i && i < len(t.sightings) {
			if r, err, ok := t.ratio(&t.sightings[i-1], &t.sightings[i]); ok {
				sum += r / (err * err)
				precision += 1 / (err * err)
			}
		}
		all[i] = pace{
			mean: math.Round(sum/precision/step) * step,
			sd:   math.Round(math.Sqrt(1/precision+t.p.PaceDrift*t.p.PaceDrift)/step) * step,
		}
	}
	return all
}

// ratio is the logarithm of the time between two sightings over the usual one, with its
// error; not ok where something else than pace made it.
func (t *Trace) ratio(a, b *sighting) (r, err float64, ok bool) {
	took := b.at - a.at
	if len(a.from) == 0 || len(b.from) == 0 || took < 10 {
		return 0, 0, false
	}
	r = math.Log(took / t.direct(a.from[0], b.from[0]))
	return r, t.p.PaceDrift + 4/took, math.Abs(r) <= 3*t.p.Pace // else a stop, a detour, or somebody else
}

// direct is how long the way from one place to another usually takes.
func (t *Trace) direct(a, b start) float64 {
	if a.arc == b.arc && a.at <= b.at {
		return float64((b.at - a.at) * t.net.seconds[a.arc])
	}
	if a.arc == b.arc^1 && 1-a.at <= b.at {
		return float64((b.at-1+a.at)*t.net.seconds[b.arc]) + t.p.Turn/2
	}
	t.ahead.reset()
	t.root(t.ahead, a)
	v := t.net.from[b.arc]
	t.ahead.grow(t.net, 0, 1, never, false, v)
	if !t.ahead.has(v) {
		return math.Inf(1)
	}
	arcs := append(t.ahead.pathTo(t.net, v, []int32{a.arc}), b.arc)
	slow := float32(0)
	for i := range arcs[1:] {
		slow += t.net.slows(arcs[i], arcs[i+1])
	}
	return float64(t.ahead.cost[v] + b.at*t.net.seconds[b.arc] + slow)
}
