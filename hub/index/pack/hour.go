package pack

import (
	"encoding/binary"
	"fmt"
	"time"

	camera "xulang.vn/camera"
)

const (
	hourMillis = int64(time.Hour / time.Millisecond)
	longest    = int64(2 * camera.SegmentLongest / time.Millisecond) // camera.Segment.Check
	hourMost   = 1 << 24                                             // hours since 1970: the year 3883
	pictureBit = 0x80                                                // above the number of a state
)

// Append writes the hour. It is an error when there are more than SegmentsMost segments,
// when one does not start in the hour, lasts longer than the index takes, or when they or
// the gaps are out of order.
func (h *Hour) Append(dst []byte, hour int64) ([]byte, error) {
	if err := h.check(hour); err != nil {
		return nil, fmt.Errorf("write hour %d: %w", hour, err)
	}
	dst = append(dst, 1, clockMarks(h.Clock))
	dst = appendMillis(dst, h.Clock.Offset)
	dst = appendMillis(dst, h.Clock.Bound)
	dst, err := appendShapes(dst, h.Shapes)
	if err != nil {
		return nil, fmt.Errorf("write hour %d: %w", hour, err)
	}
	main, sub := h.lane(camera.StreamMain), h.lane(camera.StreamSub)
	dst = binary.AppendUvarint(dst, uint64(len(main)))
	dst = binary.AppendUvarint(dst, uint64(len(sub)))
	for _, lane := range [][]Segment{main, sub} {
		dst = appendPieces(dst, lane)
		dst = appendStates(dst, lane)
		dst = appendNumbers(dst, lane, hour*hourMillis)
	}
	return appendGaps(dst, h.Gaps, hour*hourMillis), nil
}

func clockMarks(c camera.Clock) byte {
	if c.Synchronised {
		return 1
	}
	return 0
}

// lane is the segments of one stream, in their order. Streams are apart in the row: a
// small stream's sizes and times have nothing to do with those of the large one.
func (h *Hour) lane(stream camera.Stream) []Segment {
	lane := make([]Segment, 0, len(h.Segments))
	for _, s := range h.Segments {
		if h.Shapes[s.Shape].Stream == stream {
			lane = append(lane, s)
		}
	}
	return lane
}

// appendPieces writes shapes and numbers in their run: a piece is as many segments as
// have one shape and count on.
func appendPieces(dst []byte, lane []Segment) []byte {
	for from := 0; from < len(lane); {
		to := from + 1
		for to < len(lane) && lane[to].Shape == lane[from].Shape && lane[to].Seq == lane[to-1].Seq+1 && lane[to].Seq != 0 {
			to++
		}
		dst = binary.AppendUvarint(dst, uint64(to-from))
		dst = binary.AppendUvarint(dst, uint64(lane[from].Shape))
		dst = binary.AppendUvarint(dst, uint64(lane[from].Seq))
		from = to
	}
	return dst
}

func (s Segment) stateByte() byte {
	if s.Picture {
		return byte(s.State) | pictureBit
	}
	return byte(s.State)
}

func appendStates(dst []byte, lane []Segment) []byte {
	for from := 0; from < len(lane); {
		to := from + 1
		for to < len(lane) && lane[to].stateByte() == lane[from].stateByte() {
			to++
		}
		dst = append(binary.AppendUvarint(dst, uint64(to-from)), lane[from].stateByte())
		from = to
	}
	return dst
}

// The numbers of a segment, in the order in which their frames stand: milliseconds
// between the end of the one before and its start, its duration, its media beyond that
// duration, and its size.
const (
	columnStart = iota
	columnDuration
	columnMedia
	columnSize
	columns
)

func appendNumbers(dst []byte, lane []Segment, begin int64) []byte {
	end := begin
	for from := 0; from < len(lane); from += frameSize {
		part := lane[from:min(from+frameSize, len(lane))]
		values := numbersOf(part, &end)
		for c := range values {
			dst = appendFrame(dst, values[c][:len(part)])
		}
	}
	return dst
}

// numbersOf are the columns of up to frameSize segments, of which the first comes after
// end; end is then that of the last.
func numbersOf(part []Segment, end *int64) (values [columns][frameSize]int64) {
	for i, s := range part {
		values[columnStart][i] = s.Start - *end
		values[columnDuration][i] = s.End - s.Start
		values[columnMedia][i] = int64(s.Media) - (s.End - s.Start)
		values[columnSize][i] = int64(s.Size)
		*end = s.End
	}
	return values
}

func (h *Hour) check(hour int64) error {
	if hour < -hourMost || hour > hourMost {
		return fmt.Errorf("hour %d", hour)
	}
	if n := max(len(h.Segments), len(h.Shapes)); n > SegmentsMost {
		return fmt.Errorf("%d segments or shapes, at most %d", n, SegmentsMost)
	}
	begin := hour * hourMillis
	for i, s := range h.Segments {
		switch {
		case int(s.Shape) >= len(h.Shapes):
			return fmt.Errorf("segment %d has shape %d of %d", i, s.Shape, len(h.Shapes))
		case s.Start < begin || s.Start >= begin+hourMillis || s.End <= s.Start || s.End > s.Start+longest:
			return fmt.Errorf("segment %d from %d to %d", i, s.Start, s.End)
		case !s.State.valid():
			return fmt.Errorf("segment %d has state %d", i, s.State)
		case i > 0 && !before(h.Shapes, &h.Segments[i-1], &h.Segments[i]):
			return fmt.Errorf("segment %d is out of order", i)
		}
	}
	return checkGaps(h.Gaps, begin)
}

// before tells whether a stands before b in an hour.
func before(shapes []Shape, a, b *Segment) bool {
	if a.Start != b.Start {
		return a.Start < b.Start
	}
	if x, y := shapes[a.Shape].Run, shapes[b.Shape].Run; x != y {
		return x < y
	}
	return a.Seq < b.Seq
}
