package index

import (
	"slices"

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
