package pack

import (
	"fmt"
	"math"

	camera "xulang.vn/camera"
)

// Decode reads an hour that Append wrote for this hour. It uses h's slices again: what was
// read before is gone. After an error h holds nothing of use.
func (h *Hour) Decode(b []byte, hour int64) error {
	if hour < -hourMost || hour > hourMost {
		return fmt.Errorf("read hour %d: out of range", hour)
	}
	c := cursor{rest: b}
	c.version()
	marks := c.byte()
	if marks > 1 {
		c.fail("marks %#x of the clock", marks)
	}
	h.Clock = camera.Clock{Synchronised: marks == 1, Offset: c.millis(), Bound: c.millis()}
	h.Shapes = c.shapes(h.Shapes)
	c.segments(h, hour*hourMillis)
	h.Gaps = c.gaps(h.Gaps[:0], hour*hourMillis)
	if err := c.end(); err != nil {
		return fmt.Errorf("read hour %d: %w", hour, err)
	}
	return nil
}

// segments takes both lanes and merges them into one.
func (c *cursor) segments(h *Hour, begin int64) {
	mains := int(c.uint(SegmentsMost))
	subs := int(c.uint(uint64(SegmentsMost - mains)))
	all := mains + subs
	if c.err != nil {
		return
	}
	// The lanes stand one after the other behind room for the small one: so the merge
	// goes from front to back and never writes over what it has not read.
	if need := all + subs; cap(h.Segments) < need {
		h.Segments = make([]Segment, need)
	}
	room := h.Segments[:all+subs]
	h.Segments = room[:all]
	var f frames
	c.lane(&f, room[subs:all], h.Shapes, camera.StreamMain, begin)
	c.lane(&f, room[all:], h.Shapes, camera.StreamSub, begin)
	if c.err != nil || subs == 0 {
		return
	}
	main, sub := subs, all
	for i := range h.Segments {
		if main == all {
			copy(h.Segments[i:], room[sub:])
			return
		}
		if sub == len(room) {
			return // what is left of the large one is in its place
		}
		a, b := &room[main], &room[sub]
		first := a.Start < b.Start
		if a.Start == b.Start {
			first = before(h.Shapes, a, b)
			if !first && !before(h.Shapes, b, a) {
				c.fail("segment %d is there twice", i)
				return
			}
		}
		if first {
			h.Segments[i] = *a
			main++
		} else {
			h.Segments[i] = *b
			sub++
		}
	}
}

// lane takes the segments of one stream.
func (c *cursor) lane(f *frames, lane []Segment, shapes []Shape, stream camera.Stream, begin int64) {
	c.pieces(lane, shapes, stream)
	c.states(lane)
	end, start, rising := begin, begin-1, true
	for from := 0; from < len(lane) && c.err == nil; from += frameSize {
		part := lane[from:min(from+frameSize, len(lane))]
		rising = c.numbers(f, part, end, start) && rising
		start, end = part[len(part)-1].Start, part[len(part)-1].End
	}
	if c.err != nil || len(lane) == 0 {
		return
	}
	for i := 1; i < len(lane) && !rising; i++ {
		if a, b := &lane[i-1], &lane[i]; a.Start >= b.Start && !before(shapes, a, b) {
			c.fail("segment %d is out of order", i)
			return
		}
	}
	// They are in order: where the first and the last are, the others are as well.
	if first, last := lane[0].Start, lane[len(lane)-1].Start; first < begin || last >= begin+hourMillis {
		c.fail("segments from %d to %d", first, last)
	}
}

func (c *cursor) pieces(lane []Segment, shapes []Shape, stream camera.Stream) {
	for from := 0; from < len(lane); {
		n, shape, seq := int(c.uint(uint64(len(lane)-from))), c.uint(math.MaxUint16), c.uint(math.MaxUint32)
		if c.err == nil && (n == 0 || shape >= uint64(len(shapes)) || shapes[shape].Stream != stream || seq+uint64(n)-1 > math.MaxUint32) {
			c.fail("piece of %d segments from %d on of shape %d", n, seq, shape)
		}
		if c.err != nil {
			return
		}
		part := lane[from : from+n]
		for i := range part {
			part[i].Shape, part[i].Seq = uint16(shape), uint32(seq)+uint32(i)
		}
		from += n
	}
}

func (c *cursor) states(lane []Segment) {
	for from := 0; from < len(lane); {
		n, b := int(c.uint(uint64(len(lane)-from))), c.byte()
		state, picture := State(b&^pictureBit), b&pictureBit != 0
		if c.err == nil && (n == 0 || !state.valid()) {
			c.fail("%d segments of state %d", n, state)
		}
		if c.err != nil {
			return
		}
		part := lane[from : from+n]
		for i := range part {
			part[i].State, part[i].Picture = state, picture
		}
		from += n
	}
}

// numbers takes the frames of up to frameSize segments, of which the first comes after
// end, and tells whether each starts after the one before it, the first after start.
func (c *cursor) numbers(f *frames, part []Segment, end, start int64) (rising bool) {
	for column := range f.values {
		f.read(c, column, len(part))
	}
	if c.err != nil {
		return false
	}
	starts, durations := f.values[columnStart][:len(part)], f.values[columnDuration][:len(part)]
	media, sizes := f.values[columnMedia][:len(part)], f.values[columnSize][:len(part)]
	var high, long uint64 // the bits of media and sizes, the longest duration less one
	rising = true
	for i := range part {
		s, d := &part[i], durations[i]
		s.Start = end + starts[i]
		rising = rising && s.Start > start
		start = s.Start
		end = start + d
		s.End = end
		s.Media = uint32(d + media[i])
		s.Size = uint32(sizes[i])
		high |= uint64(d+media[i]) | uint64(sizes[i])
		long = max(long, uint64(d-1))
	}
	if high > math.MaxUint32 || long >= uint64(longest) {
		c.fail("a segment's duration, media or size is out of range")
	}
	return rising
}
