package pack

import (
	"encoding/binary"
	"time"

	camera "xulang.vn/camera"
)

// Marks of a gap.
const (
	gapCamera     = 1 << iota // the camera's name has the form of one: 10 bytes
	gapSmall                  // of the small stream
	gapStart                  // times that are there
	gapEnd                    //
	gapReceived               //
	gapSigned                 //
	gapKnownMarks = 1<<iota - 1
)

// causeMost is the longest name of a cause that has no number, in bytes.
const causeMost = 64

func appendGapFact(dst []byte, g GapFact) []byte {
	marks := when(g.Camera.Valid(), gapCamera) | when(g.Stream == camera.StreamSub, gapSmall) |
		when(!g.Start.IsZero(), gapStart) | when(!g.End.IsZero(), gapEnd) |
		when(!g.Received.IsZero(), gapReceived) | when(!g.Signature.IsZero(), gapSigned)
	dst = appendCamera(append(dst, 1, byte(marks)), g.Camera, marks&gapCamera != 0)
	near := int64(0)
	for _, t := range []time.Time{g.Start, g.End, g.Received} {
		if !t.IsZero() {
			dst = binary.AppendVarint(dst, t.UnixMilli()-near)
			near = t.UnixMilli()
		}
	}
	number := causeNumber(g.Cause)
	dst = append(dst, number)
	if number == 0 {
		dst = appendPiece(dst, string(g.Cause))
	}
	if marks&gapSigned != 0 {
		dst = append(dst, g.Signature[:]...)
	}
	return dst
}

func (c *cursor) gapFact() (g GapFact) {
	c.version()
	marks := c.byte()
	if marks&^gapKnownMarks != 0 {
		c.fail("marks %#x of a gap", marks)
	}
	g.Camera = c.camera(marks&gapCamera != 0, "")
	if marks&gapSmall != 0 {
		g.Stream = camera.StreamSub
	}
	near := int64(0)
	g.Start, near = c.time(marks&gapStart != 0, near)
	g.End, near = c.time(marks&gapEnd != 0, near)
	g.Received, _ = c.time(marks&gapReceived != 0, near)
	switch number := c.byte(); {
	case int(number) >= len(causes):
		c.fail("cause %d of a gap", number)
	case number == 0:
		g.Cause = camera.GapCause(c.piece(causeMost))
	default:
		g.Cause = causes[number]
	}
	if marks&gapSigned != 0 {
		copy(g.Signature[:], c.take(len(g.Signature)))
	}
	return g
}
