package pack

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"

	camera "xulang.vn/camera"
)

// Marks of a fingerprint, two bytes, the lower first.
const (
	factCamera     = 1 << iota // the camera's name has the form of one: 10 bytes
	factRun                    // the run's is 16 hex digits: 8 bytes
	factSub                    // of the small stream
	factRecorder               // from the household's recorder: its clock follows
	factClock                  // the agent's clock was synchronised
	factStart                  // times that are there
	factEnd                    //
	factReport                 //
	factReceived               //
	factPrev                   // the chain's hash is there
	factChained                // it is that of seq−1, which stands before this in the manifest
	factKeySize                //
	factKeyHash                //
	factSigned                 //
	factKnownMarks = 1<<iota - 1
)

// activityMost is the longest activity of a segment (camera.Segment.Check), in bytes.
const activityMost = int(2*camera.SegmentLongest/time.Second) + 1

// AppendFact writes one fingerprint, whole. What camera.Segment.Check accepts comes back
// from DecodeFact with the same Payload; times are whole milliseconds in UTC.
func AppendFact(dst []byte, f Fact) []byte { return appendFact(dst, f, false) }

// appendFact leaves the hash of seq−1 out when it is chained: whoever reads it knows it.
func appendFact(dst []byte, f Fact, chained bool) []byte {
	marks := factMarks(f, chained)
	dst = append(dst, 1, byte(marks), byte(marks>>8))
	dst = appendCamera(dst, f.Camera, marks&factCamera != 0)
	dst = appendRun(dst, f.Run, marks&factRun != 0)
	dst = binary.AppendUvarint(dst, uint64(f.Seq))
	near := int64(0) // times are near to each other
	for _, t := range []time.Time{f.Start, f.End, f.SenderReport, f.Received} {
		if !t.IsZero() {
			dst = binary.AppendVarint(dst, t.UnixMilli()-near)
			near = t.UnixMilli()
		}
	}
	for _, m := range []camera.Millis{f.Media, f.Clock.Offset, f.Clock.Bound} {
		dst = appendMillis(dst, m)
	}
	for _, n := range []int64{f.Size, f.InitSize, int64(f.Width), int64(f.Height)} {
		dst = binary.AppendVarint(dst, n)
	}
	dst = append(appendPiece(dst, f.Codec), f.SHA256[:]...)
	if marks&factPrev != 0 {
		dst = append(dst, f.Prev[:]...)
	}
	if marks&factKeySize != 0 {
		dst = binary.AppendVarint(dst, f.KeySize)
	}
	if marks&factKeyHash != 0 {
		dst = append(dst, f.KeySHA256[:]...)
	}
	dst = appendPiece(dst, string(f.Activity))
	if marks&factRecorder != 0 {
		dst = appendMillis(appendMillis(dst, f.RecorderOffset), f.RecorderBound)
	}
	if marks&factSigned != 0 {
		dst = append(dst, f.Signature[:]...)
	}
	return dst
}

func factMarks(f Fact, chained bool) int {
	return when(f.Camera.Valid(), factCamera) | when(plainRun(f.Run), factRun) |
		when(f.Stream == camera.StreamSub, factSub) | when(f.Origin == camera.OriginRecorder, factRecorder) |
		when(f.Clock.Synchronised, factClock) |
		when(!f.Start.IsZero(), factStart) | when(!f.End.IsZero(), factEnd) |
		when(!f.SenderReport.IsZero(), factReport) | when(!f.Received.IsZero(), factReceived) |
		when(!f.Prev.IsZero() && !chained, factPrev) | when(chained, factChained) |
		when(f.KeySize != 0, factKeySize) | when(!f.KeySHA256.IsZero(), factKeyHash) | when(!f.Signature.IsZero(), factSigned)
}

// when is the mark where something is so.
func when(is bool, mark int) int {
	if is {
		return mark
	}
	return 0
}

// DecodeFact reads what AppendFact wrote.
func DecodeFact(b []byte) (Fact, error) {
	c := cursor{rest: b}
	f, chained := c.fact()
	if chained {
		c.fail("a fingerprint by itself whose chain is elsewhere")
	}
	if err := c.end(); err != nil {
		return Fact{}, fmt.Errorf("read fingerprint: %w", err)
	}
	return f, nil
}

// factMarks takes the begin of a fingerprint.
func (c *cursor) factMarks() int {
	c.version()
	marks := int(c.byte())
	marks |= int(c.byte()) << 8
	if marks&^factKnownMarks != 0 || marks&factPrev != 0 && marks&factChained != 0 {
		c.fail("marks %#x of a fingerprint", marks)
	}
	return marks
}

// fact takes one fingerprint. Of a chained one Prev is not known yet.
func (c *cursor) fact() (f Fact, chained bool) {
	marks := c.factMarks()
	has := func(mark int) bool { return marks&mark != 0 }
	f.Camera, f.Run, f.Seq = c.camera(has(factCamera), ""), c.run(has(factRun), ""), uint32(c.uint(math.MaxUint32))
	if has(factSub) {
		f.Stream = camera.StreamSub
	}
	near := int64(0)
	f.Start, near = c.time(has(factStart), near)
	f.End, near = c.time(has(factEnd), near)
	f.SenderReport, near = c.time(has(factReport), near)
	f.Received, _ = c.time(has(factReceived), near)
	f.Media = c.millis()
	f.Clock = camera.Clock{Synchronised: has(factClock), Offset: c.millis(), Bound: c.millis()}
	f.Size, f.InitSize = c.number(), c.number()
	f.Width, f.Height = int(c.number()), int(c.number())
	f.Codec, f.SHA256 = codecText(c.piece(codecMost)), c.hash()
	if has(factPrev) {
		f.Prev = c.hash()
	}
	if has(factKeySize) {
		f.KeySize = c.number()
	}
	if has(factKeyHash) {
		f.KeySHA256 = c.hash()
	}
	f.Activity = camera.Activity(c.piece(activityMost))
	if has(factRecorder) {
		f.Origin, f.RecorderOffset, f.RecorderBound = camera.OriginRecorder, c.millis(), c.millis()
	}
	if has(factSigned) {
		copy(f.Signature[:], c.take(len(f.Signature)))
	}
	return f, has(factChained)
}

// untold is a time that is not there: that of time.Time{}.
var untold = time.Time{}.UnixMilli()

// time takes a time that is so many milliseconds after near, and gives its own number for
// the next.
func (c *cursor) time(there bool, near int64) (time.Time, int64) {
	near, ms := c.moment(there, near)
	return time.UnixMilli(ms).UTC(), near
}

// moment is time in milliseconds, untold where there is none.
func (c *cursor) moment(there bool, near int64) (next, ms int64) {
	if !there {
		return near, untold
	}
	ms = c.int(2*timeMost) + near
	if ms < -timeMost || ms > timeMost {
		c.fail("a time of %d ms", ms)
		return near, untold
	}
	return ms, ms
}
