package pack

import (
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"sync/atomic"

	camera "xulang.vn/camera"
)

// Marks of a shape.
const (
	shapeSub      = 1 << iota // of the small stream
	shapeRecorder             // from the household's recorder
	shapeAsBefore             // codec, width, height and head are those of the shape before
	shapeMarks    = iota
)

// codecMost is the longest codec text (camera.Segment.Check), in bytes.
const codecMost = 100

func (s Shape) check() error {
	switch {
	case !plainRun(s.Run) || !s.Stream.Valid() || !s.Origin.Valid():
		return fmt.Errorf("shape of run %q, stream %q, origin %q", s.Run, s.Stream, s.Origin)
	case len(s.Codec) > codecMost:
		return fmt.Errorf("codec of %d bytes", len(s.Codec))
	}
	return nil
}

func appendShapes(dst []byte, shapes []Shape) ([]byte, error) {
	dst = binary.AppendUvarint(dst, uint64(len(shapes)))
	for i, s := range shapes {
		if err := s.check(); err != nil {
			return nil, err
		}
		var marks byte
		if s.Stream == camera.StreamSub {
			marks |= shapeSub
		}
		if s.Origin == camera.OriginRecorder {
			marks |= shapeRecorder
		}
		same := i > 0 && s.Codec == shapes[i-1].Codec && s.Width == shapes[i-1].Width && s.Height == shapes[i-1].Height && s.InitSize == shapes[i-1].InitSize
		if same {
			marks |= shapeAsBefore
		}
		dst = appendRun(append(dst, marks), s.Run, true)
		if same {
			continue
		}
		dst = appendPiece(dst, s.Codec)
		dst = binary.AppendVarint(dst, int64(s.Width))
		dst = binary.AppendVarint(dst, int64(s.Height))
		dst = binary.AppendVarint(dst, s.InitSize)
	}
	return dst, nil
}

// shapeLeast is the fewest bytes that a shape takes.
const shapeLeast = 9

// shapes takes shapes into known, whose texts are used again where they are the same.
func (c *cursor) shapes(known []Shape) []Shape {
	n := int(c.uint(min(uint64(len(c.rest)/shapeLeast), SegmentsMost)))
	all := known[:0]
	for i := range n {
		var old, s Shape
		if i < cap(all) {
			old = all[:i+1][i]
		}
		marks := c.byte()
		if marks>>shapeMarks != 0 || i == 0 && marks&shapeAsBefore != 0 {
			c.fail("marks %#x of a shape", marks)
		}
		if marks&shapeAsBefore != 0 && c.err == nil {
			s = all[i-1]
		}
		s.Stream, s.Origin = camera.StreamMain, camera.OriginCamera
		if marks&shapeSub != 0 {
			s.Stream = camera.StreamSub
		}
		if marks&shapeRecorder != 0 {
			s.Origin = camera.OriginRecorder
		}
		s.Run = c.run(true, old.Run)
		if marks&shapeAsBefore == 0 {
			s.Codec = codecText(c.piece(codecMost))
			s.Width, s.Height, s.InitSize = int(c.number()), int(c.number()), c.number()
		}
		if c.err != nil {
			return all
		}
		all = append(all, s)
	}
	return all
}

// codecs are texts that were read lately: a province has some dozen of them, and each
// hour names one again.
var (
	codecs    [256]atomic.Pointer[string]
	codecSeed = maphash.MakeSeed()
)

func codecText(b []byte) string {
	place := &codecs[maphash.Bytes(codecSeed, b)%uint64(len(codecs))]
	if known := place.Load(); known != nil && *known == string(b) {
		return *known
	}
	text := string(b)
	place.Store(&text)
	return text
}
