package segment

import (
	"time"

	camera "xulang.vn/camera"
)

// tally is what a file holds. Writer and reader keep one each, and they have to
// be the same.
type tally struct {
	size, init, key int64 // bytes: of whole parts, of ftyp and moov, up to the end of the first part
	parts           int
	pictures        count
	sounds          count
	place           place
}

// count is what a file holds of one track.
type count struct {
	samples int
	bytes   int64
	from    int64 // ticks of the first sample
	to      int64 // ticks after the last one
}

func (c *count) add(samples, bytes int, from, to int64) {
	if c.samples == 0 {
		c.from = from
	}
	c.samples += samples
	c.bytes += int64(bytes)
	c.to = to
}

// add counts a part that was written.
func (t *tally) add(wall ntpTime, tracks []*track) {
	t.place.add(wall, tracks[0].doneAt, t.parts == 0)
	t.parts++
	for i, one := range tracks {
		c := []*count{&t.pictures, &t.sounds}[i]
		c.add(len(one.done), one.size, one.doneAt, one.doneTo)
	}
}

// segment says what was read, all but the hashes.
func (r *reader) segment() camera.Segment {
	t := &r.got
	start := t.place.start()
	if r.note.start != 0 {
		start = time.UnixMilli(r.note.start).UTC()
	}
	s := camera.Segment{
		SegmentID: r.note.id, Stream: r.note.stream, Prev: r.note.prev, Clock: r.note.clock,
		Origin: r.note.origin, RecorderOffset: r.note.recorder.offset, RecorderBound: r.note.recorder.bound,
		Start: start, End: t.place.end(start, t.pictures.to-t.pictures.from),
		Media: camera.Millis(fromTicks(t.pictures.to - t.pictures.from)),
		Size:  t.size, InitSize: t.init, Codec: r.look.codec, Width: r.look.width, Height: r.look.height,
	}
	if t.key <= camera.KeyLargest {
		s.KeySize = t.key
	}
	return s
}
