package index

import (
	"slices"
	"sort"
	"time"

	camera "xulang.vn/camera"
)

// times are intervals in Unix ms, in their order; none touches another.
type times [][2]int64

// timesOf keeps what of the intervals lies in [a, b).
func timesOf(spans []camera.Interval, a, b int64) times {
	var t times
	for _, s := range spans {
		t = append(t, [2]int64{s.From.UnixMilli(), s.To.UnixMilli()})
	}
	return cutTo(merge(t), a, b)
}

func merge(list times) times {
	list = slices.DeleteFunc(list, func(s [2]int64) bool { return s[1] <= s[0] })
	slices.SortFunc(list, func(x, y [2]int64) int { return slices.Compare(x[:], y[:]) })
	var merged times
	for _, s := range list {
		if n := len(merged); n > 0 && s[0] <= merged[n-1][1] {
			merged[n-1][1] = max(merged[n-1][1], s[1])
			continue
		}
		merged = append(merged, s)
	}
	return merged
}

func cutTo(list times, a, b int64) times {
	var cut times
	for _, s := range list {
		if from, to := max(s[0], a), min(s[1], b); from < to {
			cut = append(cut, [2]int64{from, to})
		}
	}
	return cut
}

// hold tells whether a moment lies in one of them.
func (t times) hold(ms int64) bool {
	i := sort.Search(len(t), func(i int) bool { return t[i][1] > ms })
	return i < len(t) && t[i][0] <= ms
}

// past is what a recorder has and had of a window, and when the household had paused.
type past struct{ has, had, paused times }

// newPast counts a pause that a later gap covers, and one that goes on.
func newPast(gaps []camera.Gap, k Known, a, b int64) past {
	var paused []camera.Interval
	for _, g := range gaps {
		if g.Stream == camera.StreamMain && g.Cause == camera.CausePaused {
			paused = append(paused, camera.Interval{From: g.Start, To: g.End})
		}
	}
	p := past{has: timesOf(k.Past, a, b), had: timesOf(k.Overwritten, a, b)}
	if since := k.Since.UnixMilli(); camera.GapCause(k.State) == camera.CausePaused && since < b {
		paused = append(paused, camera.Interval{From: k.Since, To: time.UnixMilli(b)})
	}
	p.paused = timesOf(paused, a, b)
	return p
}
