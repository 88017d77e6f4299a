package activity_test

import (
	"cmp"
	"flag"
	"math"
	"slices"
	"testing"
	"time"

	"xulang.vn/camera/agent/activity"
)

var full = flag.Bool("full", false, "TestVtest: every setting and scene")

// TestVtest prints how well the meter tells movement on real footage, and fails
// when it gets worse than it has been. A camera stays where it is for long: each
// clip is played twice, and the second time counts.
//
//	AUC    how often a moving second has a higher value than a still one, 0.5 is chance
//	bytes  the same for the plain number of bytes in the second
//	rho    Spearman's rank correlation with the pixels' change
//	still, moving   the median value of such seconds
//
// The second beside a change from still to moving counts as neither.
func TestVtest(t *testing.T) {
	scenes := []scene{street}
	if *full {
		scenes = append(scenes, corner, busy)
	}
	v := decode(t, width, height)
	t.Logf("%-44s %-7s %6s %6s %6s %6s %6s %6s", "setting", "scene", "AUC", "least", "bytes", "rho", "still", "moving")
	for _, c := range settings() {
		if !*full && !slices.Contains(quick, c.name) {
			continue
		}
		for i, s := range scenes {
			k := film(t, v, s, c)
			got := judge(measure(k), k.motion)
			plain := judge(bytesOf(k), k.motion)
			t.Logf("%-44s %-7s %6.3f %6.2f %6.3f %6.2f %6.0f %6.0f", c.name, s.name, got.auc, c.least[i], plain.auc, got.rho, got.still, got.moving)
			if got.auc < c.least[i] {
				t.Errorf("%s, %s: AUC %.3f, want at least %.2f", c.name, s.name, got.auc, c.least[i])
			}
		}
	}
}

// quick are the settings of an ordinary test run, one of each kind.
var quick = []string{
	"H264 CRF 23, GOP 2 s, 25 fps",
	"H264 CRF 23, GOP 2 s, 12 fps, B",
	"H265 CRF 28, GOP 10 s, 12 fps, B",
	"H264 CBR 1M, GOP 2 s, 25 fps",
	"H264 CBR 4M, GOP 2 s, 25 fps, B",
}

// measure plays a take twice into a meter, in segments as the recorder cuts them.
func measure(k take) (values []float64) {
	m := activity.New()
	for range 2 {
		values = values[:0]
		from := time.Duration(0)
		cut := func(to time.Duration) {
			for _, b := range []byte(m.Take(from, to)) {
				values = append(values, float64(b))
			}
			from = to
		}
		for _, p := range k.pictures {
			if p.key && p.at-from >= 6*time.Second {
				cut(p.at.Truncate(time.Second)) // whole seconds, to compare with the pixels
			}
			m.Picture(p.size, p.key, p.at)
		}
		cut(time.Duration(len(k.motion)) * time.Second)
	}
	return values
}

func bytesOf(k take) []float64 {
	out := make([]float64, len(k.motion))
	for _, p := range k.pictures {
		out[min(int(p.at/time.Second), len(out)-1)] += float64(p.size)
	}
	return out
}

type verdict struct{ auc, rho, still, moving float64 }

// leastMotion is the mean change per pixel of a second that surely moves.
const leastMotion = 0.02

func judge(values, motion []float64) verdict {
	const settle = 8 // seconds in which an encoder begins
	var still, moving, all, truth []float64
	for i := settle; i+1 < len(motion); i++ {
		moved := motion[i] > 0
		if moved != (motion[i-1] > 0) || moved != (motion[i+1] > 0) {
			continue
		}
		switch {
		case !moved:
			still = append(still, values[i])
		case motion[i] >= leastMotion:
			moving = append(moving, values[i])
		}
		all, truth = append(all, values[i]), append(truth, motion[i])
	}
	return verdict{auc: auc(moving, still), rho: correlation(ranks(all), ranks(truth)), still: median(still), moving: median(moving)}
}

// auc is the Mann-Whitney statistic over its largest possible value.
func auc(high, low []float64) float64 {
	r := ranks(slices.Concat(high, low))
	sum := 0.0
	for _, x := range r[:len(high)] {
		sum += x
	}
	n, m := float64(len(high)), float64(len(low))
	return (sum - n*(n+1)/2) / (n * m)
}

// ranks count from 1; equal values share the mean of theirs.
func ranks(v []float64) []float64 {
	order := make([]int, len(v))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(v[a], v[b]) })
	out := make([]float64, len(v))
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && v[order[j]] == v[order[i]] {
			j++
		}
		for _, at := range order[i:j] {
			out[at] = float64(i+1+j) / 2
		}
		i = j
	}
	return out
}

func correlation(a, b []float64) float64 {
	n := float64(len(a))
	var sa, sb, saa, sbb, sab float64
	for i := range a {
		sa, sb = sa+a[i], sb+b[i]
		saa, sbb, sab = saa+a[i]*a[i], sbb+b[i]*b[i], sab+a[i]*b[i]
	}
	return (n*sab - sa*sb) / math.Sqrt((n*saa-sa*sa)*(n*sbb-sb*sb))
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}
