package segment

import (
	"encoding/binary"
	"errors"
	"time"

	camera "xulang.vn/camera"
)

// noteType is the extended type of our run header, a uuid box (ISO/IEC 14496-12,
// 4.2) after moov.
var noteType = [16]byte{0x9c, 0x1e, 0x5b, 0x0a, 0x7d, 0x43, 0x4e, 0x86, 0xb1, 0x52, 0x3f, 0xe8, 0x60, 0xd7, 0x24, 0xc9}

// Versions of the note: the first one knew footage from cameras only.
const (
	noteVersion    = 2
	noteOldVersion = 1
)

// note is the run header: with it a file that was never closed, or whose journal
// was lost, tells what it is.
//
//	version  byte, 2
//	camera   length byte and text; stream and run likewise
//	seq      uint32
//	prev     32 bytes
//	start    int64, Unix ms; 0: the prft boxes tell
//	clock    byte, 1: synchronised; int64 ms offset; int64 ms bound
//	origin   length byte and text; its clock: int64 ms offset; int64 ms bound
//
// Files of version 1 end before the origin, which is the camera then.
// Integers are big-endian.
type note struct {
	id     camera.SegmentID
	stream camera.Stream
	prev   camera.Hash
	start  int64
	clock  camera.Clock // when the segment began, whole milliseconds

	origin   camera.Origin
	recorder recorderClock // when the segment began
}

// recorderClock is that of the recorder that a segment comes from; zero without one.
type recorderClock struct{ offset, bound camera.Millis }

// wholeMillis is a clock as a note can tell it.
func wholeMillis(c camera.Clock) camera.Clock {
	c.Offset, c.Bound = whole(c.Offset), whole(c.Bound)
	return c
}

func whole(m camera.Millis) camera.Millis {
	return camera.Millis(time.Duration(m).Truncate(time.Millisecond))
}

func (n note) append(b []byte) []byte {
	at := len(b)
	b = append(b, 0, 0, 0, 0, 'u', 'u', 'i', 'd')
	b = append(b, noteType[:]...)
	b = append(b, noteVersion)
	for _, s := range []string{string(n.id.Camera), string(n.stream), string(n.id.Run)} {
		b = append(b, byte(len(s)))
		b = append(b, s...)
	}
	b = binary.BigEndian.AppendUint32(b, n.id.Seq)
	b = append(b, n.prev[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(n.start))
	synchronised := byte(0)
	if n.clock.Synchronised {
		synchronised = 1
	}
	b = append(b, synchronised)
	b = appendMillis(b, n.clock.Offset, n.clock.Bound)
	b = append(append(b, byte(len(n.origin))), n.origin...)
	b = appendMillis(b, n.recorder.offset, n.recorder.bound)
	binary.BigEndian.PutUint32(b[at:], uint32(len(b)-at))
	return b
}

func appendMillis(b []byte, millis ...camera.Millis) []byte {
	for _, m := range millis {
		b = binary.BigEndian.AppendUint64(b, uint64(time.Duration(m).Milliseconds()))
	}
	return b
}

// parseNote reads what follows the type "uuid".
func parseNote(b []byte) (note, error) {
	c := cursor{b: b}
	ours, version := [16]byte(c.next(16)) == noteType, c.number(1)
	if !ours || version != noteVersion && version != noteOldVersion {
		return note{}, errors.New("not a run header of a version that is known")
	}
	text := func() string { return string(c.next(int(c.number(1)))) }
	millis := func() camera.Millis { return camera.Millis(time.Duration(c.number(8)) * time.Millisecond) }
	var n note
	n.id.Camera, n.stream, n.id.Run = camera.CameraID(text()), camera.Stream(text()), camera.RunID(text())
	n.id.Seq = uint32(c.number(4))
	n.prev = camera.Hash(c.next(len(n.prev)))
	n.start = int64(c.number(8))
	n.clock.Synchronised = c.number(1) != 0
	n.clock.Offset, n.clock.Bound = millis(), millis()
	if version != noteOldVersion {
		n.origin = camera.Origin(text())
		n.recorder.offset, n.recorder.bound = millis(), millis()
	}
	if c.short || len(c.b) > 0 {
		return note{}, errors.New("run header of the wrong length")
	}
	return n, nil
}

// cursor reads big-endian values. Behind the end everything is zero and short is set.
type cursor struct {
	b     []byte
	short bool
}

// next gives n bytes, always.
func (c *cursor) next(n int) []byte {
	if n > len(c.b) {
		c.b, c.short = nil, true
		return make([]byte, n)
	}
	out := c.b[:n]
	c.b = c.b[n:]
	return out
}

func (c *cursor) number(bytes int) (v uint64) {
	for _, b := range c.next(bytes) {
		v = v<<8 | uint64(b)
	}
	return v
}

// box gives the next box's type and payload. Our files have no box without an end
// (size 0) and none with a 64-bit size (size 1): both are refused as too small.
func (c *cursor) box() (kind string, payload []byte) {
	size := int(c.number(4))
	kind = string(c.next(4))
	if size < boxHead {
		c.b, c.short = nil, true
		return kind, nil
	}
	if size -= boxHead; size > len(c.b) {
		c.b, c.short = nil, true
		return kind, nil
	}
	return kind, c.next(size)
}
