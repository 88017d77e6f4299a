package archive

import (
	"slices"
	"time"

	camera "xulang.vn/camera"
)

// merged sorts intervals and joins those with less than hole between them.
func merged(list []camera.Interval, hole time.Duration) []camera.Interval {
	list = slices.DeleteFunc(slices.Clone(list), func(i camera.Interval) bool { return !i.To.After(i.From) })
	slices.SortFunc(list, func(a, b camera.Interval) int { return a.From.Compare(b.From) })
	out := list[:0]
	for _, i := range list {
		if n := len(out); n > 0 && i.From.Sub(out[n-1].To) <= hole {
			out[n-1].To = later(out[n-1].To, i.To)
			continue
		}
		out = append(out, i)
	}
	return out
}

// common is what lies in both; each is merged.
func common(a, b []camera.Interval) (out []camera.Interval) {
	for len(a) > 0 && len(b) > 0 {
		if both := (camera.Interval{From: later(a[0].From, b[0].From), To: earlier(a[0].To, b[0].To)}); both.To.After(both.From) {
			out = append(out, both)
		}
		if a[0].To.Before(b[0].To) {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return out
}

// without is what is left of a where b is not; each is merged.
func without(a, b []camera.Interval) (out []camera.Interval) {
	for _, i := range a {
		for _, cut := range b {
			if !cut.To.After(i.From) {
				continue
			}
			if !cut.From.Before(i.To) {
				break
			}
			if cut.From.After(i.From) {
				out = append(out, camera.Interval{From: i.From, To: cut.From})
			}
			i.From = cut.To
		}
		if i.To.After(i.From) {
			out = append(out, i)
		}
	}
	return out
}

// moved shifts intervals.
func moved(list []camera.Interval, by time.Duration) []camera.Interval {
	out := make([]camera.Interval, 0, len(list))
	for _, i := range list {
		out = append(out, camera.Interval{From: i.From.Add(by), To: i.To.Add(by)})
	}
	return out
}

// holding is the interval that has a moment in it.
func holding(list []camera.Interval, at time.Time) (camera.Interval, bool) {
	for _, i := range list {
		if !at.Before(i.From) && at.Before(i.To) {
			return i, true
		}
	}
	return camera.Interval{}, false
}

func length(list []camera.Interval) (sum time.Duration) {
	for _, i := range list {
		sum += i.To.Sub(i.From)
	}
	return sum
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
