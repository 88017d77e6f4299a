package index

import (
	"maps"
	"slices"
	"sort"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index/pack"
)

// moved is how much moved in a segment of an open hour, by the second, or in a closed
// hour, by the cell.
type moved struct {
	stream     camera.Stream // of a segment
	start, end int64         // Unix ms; of an hour only the start
	seconds    camera.Activity
	hour       bool
	cells      pack.Activity
}

// hidden is a segment that does not show, as one that the household withholds: it is in
// the cells of its closed hour all the same.
type hidden struct {
	stream     camera.Stream
	start, end int64 // Unix ms
}

// Activity draws the activity of [from, to) in at most so many values: the shortest
// step of whole seconds with which they are enough, and for each step the maximum of
// what touches it: seconds of open hours, cells of pack.Cell of closed ones, which are
// rounded up. A step of which the main stream tells nothing shows the sub stream; one
// of which neither tells is 0. What the household withholds does not show. No values:
// nothing is known of the whole window, or Strips was not asked for it.
func (s Strip) Activity(from, to time.Time, most int) (step time.Duration, values []byte) {
	length := to.Sub(from) // at most 292 years
	if most < 1 || length <= 0 || len(s.moved) == 0 {
		return 0, nil
	}
	seconds := ceil(length, time.Second)
	step = time.Duration(ceil(seconds, int64(most))) * time.Second
	w := steps{from: from.UnixMilli(), step: step.Milliseconds(), n: int(ceil(length, step))}
	w.to = w.from + length.Milliseconds()
	main, sub := w.of(&s, camera.StreamMain), w.of(&s, camera.StreamSub)
	if main == nil && sub == nil {
		return 0, nil
	}
	values = make([]byte, w.n)
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

// Only is the strip without the segments that may not be shown, and without what moved
// in them: a cell of a closed hour that one of them touches does not show either.
func (s Strip) Only(shown func(camera.SegmentID) bool) Strip {
	kept, gone := make([]pack.Segment, 0, len(s.Segments)), map[hidden]bool{}
	for _, g := range s.Segments {
		shape := &s.Shapes[g.Shape]
		if shown(camera.SegmentID{Camera: s.Camera, Run: shape.Run, Seq: g.Seq}) {
			kept = append(kept, g)
			continue
		}
		gone[hidden{shape.Stream, g.Start, g.End}] = true
	}
	s.Segments = kept
	s.hidden = slices.AppendSeq(slices.Clone(s.hidden), maps.Keys(gone))
	s.moved = slices.DeleteFunc(slices.Clone(s.moved), func(m moved) bool {
		return !m.hour && gone[hidden{m.stream, m.start, m.end}]
	})
	return s
}

// ceil is n divided by d, both positive, rounded up.
func ceil[T ~int64](n, d T) int64 { return int64((n-1)/d) + 1 }

// steps cut a window into n steps; the last one may reach beyond its end. Unix ms.
type steps struct {
	from, to, step int64
	n              int
}

// unknown is a step of which a stream tells nothing.
const unknown = -1

// of gives the steps' maxima for one stream; nil when it tells nothing at all.
func (w steps) of(s *Strip, stream camera.Stream) []int16 {
	var maxima []int16
	mark := func(from, to int64, value byte) {
		if from, to = max(from, w.from), min(to, w.to); from >= to {
			return
		}
		for len(maxima) < w.n {
			maxima = append(maxima, unknown)
		}
		for k := (from - w.from) / w.step; k <= (to-1-w.from)/w.step; k++ {
			maxima[k] = max(maxima[k], int16(value))
		}
	}
	withheld := s.withheld(stream)
	for i := range s.moved {
		m := &s.moved[i]
		if m.hour {
			w.cells(m, stream, withheld, mark)
			continue
		}
		for k := range len(m.seconds) {
			if m.stream != stream {
				break
			}
			begin := m.start + int64(k)*1000
			mark(begin, min(begin+1000, m.end), m.seconds[k]) // the last second of a segment ends with it
		}
	}
	return maxima
}

const cellMillis = int64(pack.Cell / time.Millisecond)

// cells marks those of an hour that touch the window. Its last segments may reach
// beyond its end.
func (w steps) cells(m *moved, stream camera.Stream, withheld times, mark func(from, to int64, value byte)) {
	first := max((w.from-m.start)/cellMillis, 0)
	last := min((w.to-1-m.start)/cellMillis, (hourMillis+spanMost)/cellMillis)
	for i := first; i <= last; i++ {
		from := m.start + i*cellMillis
		if value, known := m.cells.At(stream, int(i)); known && !touch(withheld, from, from+cellMillis) {
			mark(from, from+cellMillis, value)
		}
	}
}

// touch tells whether one of the times overlaps [from, to).
func touch(t times, from, to int64) bool {
	i := sort.Search(len(t), func(i int) bool { return t[i][1] > from })
	return i < len(t) && t[i][0] < to
}

func (s *Strip) withheld(stream camera.Stream) times {
	var t times
	for _, h := range s.hidden {
		if h.stream == stream {
			t = append(t, [2]int64{h.start, h.end})
		}
	}
	return merge(t)
}
