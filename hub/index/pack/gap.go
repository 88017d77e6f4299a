package pack

import (
	"encoding/binary"
	"fmt"

	camera "xulang.vn/camera"
)

const gapSub = 0x80 // above the number of a cause

// gapLeast is the fewest bytes that a gap of an hour takes.
const gapLeast = 3

func checkGaps(gaps []Gap, begin int64) error {
	for i, g := range gaps {
		switch {
		case g.Start < begin || g.End <= g.Start || g.End > begin+hourMillis:
			return fmt.Errorf("gap %d from %d to %d", i, g.Start, g.End)
		case causeNumber(g.Cause) == 0 || !g.Stream.Valid():
			return fmt.Errorf("gap %d of stream %q has cause %q", i, g.Stream, g.Cause)
		case i > 0 && !gapBefore(gaps[i-1], g):
			return fmt.Errorf("gap %d is out of order", i)
		}
	}
	return nil
}

// gapBefore tells whether a stands before b in an hour. A gap is known by its stream and
// start: no two are the same.
func gapBefore(a, b Gap) bool {
	return a.Start < b.Start || a.Start == b.Start && a.Stream < b.Stream
}

func appendGaps(dst []byte, gaps []Gap, begin int64) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(gaps)))
	for _, g := range gaps {
		cause := causeNumber(g.Cause)
		if g.Stream == camera.StreamSub {
			cause |= gapSub
		}
		dst = binary.AppendUvarint(dst, uint64(g.Start-begin))
		dst = binary.AppendUvarint(dst, uint64(g.End-g.Start))
		dst = append(dst, cause)
		begin = g.Start
	}
	return dst
}

func (c *cursor) gaps(gaps []Gap, begin int64) []Gap {
	n := int(c.uint(uint64(len(c.rest) / gapLeast)))
	start, end := begin, begin+hourMillis
	for i := range n {
		var g Gap
		g.Start = start + int64(c.uint(uint64(end-start)))
		g.End = g.Start + int64(c.uint(uint64(end-g.Start)))
		number := c.byte()
		if number&gapSub != 0 {
			g.Stream = camera.StreamSub
		}
		number &^= gapSub
		if c.err == nil && (number == 0 || int(number) >= len(causes) || g.End == g.Start || i > 0 && !gapBefore(gaps[i-1], g)) {
			c.fail("gap %d from %d to %d of cause %d", i, g.Start, g.End, number)
		}
		if c.err != nil {
			return gaps
		}
		g.Cause = causes[number]
		gaps, start = append(gaps, g), g.Start
	}
	return gaps
}
