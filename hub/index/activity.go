package index

import (
	"time"

	camera "xulang.vn/camera"
)

// ActivityOf draws the activity of [from, to) in at most so many values: the
// shortest step of whole seconds with which they are enough, and for each step the
// maximum of the seconds that touch it. A step of which the main stream tells
// nothing shows the sub stream; one of which neither tells is 0. What the household
// withholds does not show. No values: nothing is known of the whole window.
func ActivityOf(entries []Entry, from, to time.Time, most int) (step time.Duration, values []byte) {
	length := to.Sub(from) // at most 292 years
	if most < 1 || length <= 0 {
		return 0, nil
	}
	seconds := ceil(length, time.Second)
	step = time.Duration(ceil(seconds, int64(most))) * time.Second
	s := steps{from: from, to: from.Add(length), step: step, n: int(ceil(length, step))}
	main, sub := s.of(entries, camera.StreamMain), s.of(entries, camera.StreamSub)
	if main == nil && sub == nil {
		return 0, nil
	}
	values = make([]byte, s.n)
	for i := range values {
		switch {
		case main != nil && main[i] >= 0:
			values[i] = byte(main[i])
		case sub != nil:
			values[i] = byte(max(sub[i], 0))
		}
	}
	return step, values
}

// ceil is n divided by d, both positive, rounded up.
func ceil[T ~int64](n, d T) int64 { return int64((n-1)/d) + 1 }

// steps cut a window into n steps; the last one may reach beyond its end.
type steps struct {
	from, to time.Time
	step     time.Duration
	n        int
}

// unknown is a step of which a stream tells nothing.
const unknown = -1

// of gives the steps' maxima for one stream; nil when it tells nothing at all.
func (s steps) of(entries []Entry, stream camera.Stream) []int16 {
	var maxima []int16
	for _, e := range entries {
		if e.Stream != stream || e.State == camera.StateWithheld {
			continue
		}
		for i := range len(e.Activity) {
			first, last, ok := s.touched(e, i)
			if !ok {
				continue
			}
			for len(maxima) < s.n {
				maxima = append(maxima, unknown)
			}
			for k := first; k <= last; k++ {
				maxima[k] = max(maxima[k], int16(e.Activity[i]))
			}
		}
	}
	return maxima
}

// touched are the steps in which a segment's i-th second lies. The last second of
// a segment ends with it.
func (s steps) touched(e Entry, i int) (first, last int, ok bool) {
	begin := e.Start.Add(time.Duration(i) * time.Second)
	end := begin.Add(time.Second)
	if end.After(e.End) {
		end = e.End
	}
	if begin.Before(s.from) {
		begin = s.from
	}
	if end.After(s.to) {
		end = s.to
	}
	if !end.After(begin) {
		return 0, 0, false
	}
	return int(begin.Sub(s.from) / s.step), int((end.Sub(s.from) - 1) / s.step), true
}
