package pack

import (
	"fmt"
	"math"
	"time"

	camera "xulang.vn/camera"
)

// HotFact is what is at hand of a fingerprint. One that reads the next row of a camera
// takes no memory: what the row before has as well is used again.
type HotFact struct {
	Camera   camera.CameraID
	Shape    Shape
	Segment  Segment // without its shape's number and its state
	Clock    camera.Clock
	Received int64  // Unix ms, as all times; one that is not told is that of time.Time{}
	Activity []byte // belongs to the input
}

// HotFactOf is what is at hand of a whole fingerprint.
func HotFactOf(f Fact) HotFact {
	return HotFact{
		Camera: f.Camera, Shape: ShapeOf(f.Segment), Segment: HotOf(f.Segment, 0, 0),
		Clock: f.Clock, Received: f.Received.UnixMilli(), Activity: []byte(f.Activity),
	}
}

// Decode reads of what AppendFact wrote what HotOf and ShapeOf have, and passes over
// hashes and the signature. It takes what DecodeFact takes. After an error h holds
// nothing of use.
func (h *HotFact) Decode(b []byte) error {
	c := cursor{rest: b}
	c.hotFact(h)
	if err := c.end(); err != nil {
		return fmt.Errorf("read fingerprint: %w", err)
	}
	return nil
}

func (c *cursor) hotFact(h *HotFact) {
	marks := c.factMarks()
	if marks&factChained != 0 {
		c.fail("a fingerprint by itself whose chain is elsewhere")
	}
	has := func(mark int) bool { return marks&mark != 0 }
	s, shape := &h.Segment, &h.Shape
	h.Camera = c.camera(has(factCamera), h.Camera)
	shape.Run = c.run(has(factRun), shape.Run)
	shape.Stream, shape.Origin = camera.StreamMain, camera.OriginCamera
	if has(factSub) {
		shape.Stream = camera.StreamSub
	}
	s.Seq = uint32(c.uint(math.MaxUint32))
	near := int64(0)
	near, s.Start = c.moment(has(factStart), near)
	near, s.End = c.moment(has(factEnd), near)
	near, _ = c.moment(has(factReport), near)
	_, h.Received = c.moment(has(factReceived), near)
	s.Media = uint32(min(max(time.Duration(c.millis()).Milliseconds(), 0), math.MaxUint32))
	h.Clock = camera.Clock{Synchronised: has(factClock), Offset: c.millis(), Bound: c.millis()}
	s.Size = uint32(min(max(c.number(), 0), math.MaxUint32))
	shape.InitSize = c.number()
	shape.Width, shape.Height = int(c.number()), int(c.number())
	if codec := c.piece(codecMost); string(codec) != shape.Codec {
		shape.Codec = codecText(codec)
	}
	c.take(len(camera.Hash{}))
	if has(factPrev) {
		c.take(len(camera.Hash{}))
	}
	s.Picture = has(factKeySize) && c.number() > 0
	if has(factKeyHash) {
		c.take(len(camera.Hash{}))
	}
	h.Activity = c.piece(activityMost)
	if has(factRecorder) {
		shape.Origin = camera.OriginRecorder
		c.millis()
		c.millis()
	}
	if has(factSigned) {
		c.take(len(camera.Signature{}))
	}
}
