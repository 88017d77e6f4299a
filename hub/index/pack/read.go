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
	var f frame
	c.lane(&f, room[subs:all], h.Shapes, camera.StreamMain, begin)
	c.lane(&f, room[all:], h.Shapes, camera.StreamSub, begin)
	if c.err != nil || subs == 0 {
		return
	}
	main, sub := subs, all
	for i := range h.Segments {
		switch {
		case sub == len(room) || main < all && before(h.Shapes, &room[main], &room[sub]):
			room[i] = room[main]
			main++
		default:
			room[i] = room[sub]
			sub++
		}
		if i > 0 && !before(h.Shapes, &room[i-1], &room[i]) {
			c.fail("segment %d is out of order", i)
			return
		}
	}
}

// lane takes the segments of one stream.
func (c *cursor) lane(f *frame, lane []Segment, shapes []Shape, stream camera.Stream, begin int64) {
	c.pieces(lane, shapes, stream)
	c.states(lane)
	end := begin
	for from := 0; from < len(lane) && c.err == nil; from += frameSize {
		end = c.numbers(f, lane[from:min(from+frameSize, len(lane))], begin, end)
	}
	for i := 1; i < len(lane) && c.err == nil; i++ {
		if a, b := &lane[i-1], &lane[i]; a.Start >= b.Start && !before(shapes, a, b) {
			c.fail("segment %d is out of order", i)
		}
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
// end; the end of the last is given back.
func (c *cursor) numbers(f *frame, part []Segment, begin, end int64) int64 {
	wrong := false
	for i, away := range f.read(c, len(part)) {
		part[i].Start = away // until the durations are known
	}
	for i, d := range f.read(c, len(part)) {
		s := &part[i]
		s.Start += end
		s.End = s.Start + d
		end = s.End
		wrong = wrong || uint64(s.Start-begin) >= uint64(hourMillis) || uint64(d-1) >= uint64(longest)
	}
	for i, beyond := range f.read(c, len(part)) {
		s := &part[i]
		media := s.End - s.Start + beyond
		s.Media = uint32(media)
		wrong = wrong || uint64(media) > math.MaxUint32
	}
	for i, size := range f.read(c, len(part)) {
		part[i].Size = uint32(size)
		wrong = wrong || uint64(size) > math.MaxUint32
	}
	if wrong {
		c.fail("a segment's time or size is out of range")
	}
	return end
}
