// Package pack is how the index writes facts down: a closed hour of a camera in a few
// bytes a segment, its activity, its manifest with the whole fingerprints, and single
// fingerprints. It does no I/O. README.md has the formats, byte by byte.
package pack

import (
	"time"

	camera "xulang.vn/camera"
)

// HourOf is the hour to which a segment or gap that starts then belongs: whole hours
// since 1970 in UTC.
func HourOf(t time.Time) int64 {
	ms, hour := t.UnixMilli(), int64(time.Hour/time.Millisecond)
	h := ms / hour
	if ms%hour < 0 {
		h--
	}
	return h
}

// StartOf is when an hour begins.
func StartOf(hour int64) time.Time {
	return time.UnixMilli(hour * int64(time.Hour/time.Millisecond)).UTC()
}

// SegmentsMost is the largest number of segments of one camera-hour, both streams
// together: a segment each second of each, and as many again.
const SegmentsMost = 4 * 3600

// Hour is what is asked again and again of a camera's hour. Slices may be used again
// for the next Decode; whoever keeps a part copies it.
type Hour struct {
	Shapes   []Shape
	Segments []Segment    // by Start, then by run and Seq
	Gaps     []Gap        // that begin and end in the hour; by Start, then by stream
	Clock    camera.Clock // of the agent, with the newest segment of the main stream
}

// Shape is what the segments of a run have in common. A run whose head changes has
// more than one.
type Shape struct {
	Run           camera.RunID
	Stream        camera.Stream
	Origin        camera.Origin
	Codec         string
	Width, Height int
	InitSize      int64
}

// Segment is a segment as it is at hand. 32 bytes.
type Segment struct {
	Start, End int64  // Unix milliseconds
	Size       uint32 // bytes
	Seq        uint32
	Media      uint32 // milliseconds
	Shape      uint16 // index into Hour.Shapes
	State      State
	Picture    bool // it begins with a picture of its own (camera.Segment.KeySize)
}

// Gap is a gap as it is at hand, without its signature.
type Gap struct {
	Start, End int64 // Unix milliseconds
	Stream     camera.Stream
	Cause      camera.GapCause
}

// State is a camera.ByteState as one byte, as it is written. Zero is none.
type State byte

// States. Their numbers are in files and never change.
const (
	Home State = iota + 1
	Requested
	Uploading
	Stored
	Held
	Expired
	Lost
	Withheld
)

// Fact is a fingerprint and when the hub first heard of it.
type Fact struct {
	camera.Segment
	Received time.Time
}

// GapFact is the same of a gap.
type GapFact struct {
	camera.Gap
	Received time.Time
}

// Manifest is everything that a camera's hour was announced as.
type Manifest struct {
	Camera camera.CameraID
	Hour   int64
	Facts  []Fact    // in the order of Hour.Segments
	Gaps   []GapFact // in the order of Hour.Gaps
}
