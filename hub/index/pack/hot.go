package pack

import (
	"fmt"
	"math"
	"time"

	camera "xulang.vn/camera"
)

// HotOf is what is at hand of a fingerprint: a Media beyond the range of its field is the
// nearest that fits.
func HotOf(f camera.Segment, shape uint16, s State) Segment {
	return Segment{
		Start: f.Start.UnixMilli(), End: f.End.UnixMilli(),
		Size: uint32(min(max(f.Size, 0), math.MaxUint32)), Seq: f.Seq,
		Media: uint32(min(max(time.Duration(f.Media).Milliseconds(), 0), math.MaxUint32)),
		Shape: shape, State: s, Picture: f.KeySize > 0,
	}
}

// ShapeOf is what a fingerprint has in common with others of its run.
func ShapeOf(f camera.Segment) Shape {
	return Shape{
		Run: f.Run, Stream: f.Stream, Origin: f.Origin, Codec: f.Codec,
		Width: f.Width, Height: f.Height, InitSize: f.InitSize,
	}
}

// NewHour is the hour of a manifest that is in order (Sort), with the states of its
// segments. Its clock is that of the last segment of the main stream.
func NewHour(m Manifest, states []State) (*Hour, error) {
	if len(states) != len(m.Facts) {
		return nil, fmt.Errorf("make hour %d of %s: %d states of %d segments", m.Hour, m.Camera, len(states), len(m.Facts))
	}
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("make hour %d of %s: %w", m.Hour, m.Camera, err)
	}
	h := Hour{Segments: make([]Segment, 0, len(m.Facts))}
	shapes := map[Shape]uint16{}
	for i, f := range m.Facts {
		shape := ShapeOf(f.Segment)
		n, ok := shapes[shape]
		if !ok {
			n = uint16(len(shapes))
			shapes[shape] = n
			h.Shapes = append(h.Shapes, shape)
		}
		h.Segments = append(h.Segments, HotOf(f.Segment, n, states[i]))
		if f.Stream == camera.StreamMain {
			h.Clock = f.Clock
		}
	}
	for _, g := range m.Gaps {
		h.Gaps = append(h.Gaps, g.hot())
	}
	if err := h.check(m.Hour); err != nil {
		return nil, fmt.Errorf("make hour %d of %s: %w", m.Hour, m.Camera, err)
	}
	return &h, nil
}

func (g GapFact) hot() Gap {
	return Gap{Start: g.Start.UnixMilli(), End: g.End.UnixMilli(), Stream: g.Stream, Cause: g.Cause}
}
