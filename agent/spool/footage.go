package spool

import (
	"time"
	"unique"

	camera "xulang.vn/camera"
)

// footage is a segment of the book: its fingerprint as small as it can be kept,
// because a year's worth of them lies in memory, and what became of it. Times are
// Unix ms; what Segment.Check lets through fits.
type footage struct {
	order uint64 // in which it was learned; see queue

	run                     unique.Handle[series]
	start, end, report      int64
	media, offset, bound    camera.Millis
	sha256, prev, keySHA256 camera.Hash
	activity                camera.Activity
	seq                     uint32
	size, initSize, keySize uint32
	synchronised            bool
	announced               bool        // durable at the hub
	stored                  bool        // in the object store
	required                bool        // by the policy: its bytes have to reach the hub by themselves
	held                    bool        // by a want
	asked                   bool        // by a want that fetches
	code                    camera.Code // with which the hub refused it; "": it did not
}

// series is what repeats from segment to segment of a run.
type series struct {
	camera        camera.CameraID
	run           camera.RunID
	stream        camera.Stream
	codec         string
	width, height int

	origin        camera.Origin
	offset, bound camera.Millis // of the recorder's clock, which is measured a few times an hour
}

func newFootage(s camera.Segment) *footage {
	return &footage{
		run:   unique.Make(series{s.Camera, s.Run, s.Stream, s.Codec, s.Width, s.Height, s.Origin, s.RecorderOffset, s.RecorderBound}),
		start: s.Start.UnixMilli(), end: s.End.UnixMilli(), report: s.SenderReport.UnixMilli(),
		media: s.Media, offset: s.Clock.Offset, bound: s.Clock.Bound, synchronised: s.Clock.Synchronised,
		sha256: s.SHA256, prev: s.Prev, keySHA256: s.KeySHA256, activity: s.Activity,
		seq: s.Seq, size: uint32(s.Size), initSize: uint32(s.InitSize), keySize: uint32(s.KeySize),
	}
}

// segment is the fingerprint. It has no signature: that is made when it is
// announced.
func (f *footage) segment() camera.Segment {
	of := f.run.Value()
	return camera.Segment{
		SegmentID: f.id(), Stream: of.stream,
		Start: time.UnixMilli(f.start).UTC(), End: time.UnixMilli(f.end).UTC(), Media: f.media,
		SenderReport: time.UnixMilli(f.report).UTC(),
		Clock:        camera.Clock{Synchronised: f.synchronised, Offset: f.offset, Bound: f.bound},
		Size:         int64(f.size), InitSize: int64(f.initSize), SHA256: f.sha256, Prev: f.prev,
		Codec: of.codec, Width: of.width, Height: of.height,
		KeySize: int64(f.keySize), KeySHA256: f.keySHA256, Activity: f.activity,
		Origin: of.origin, RecorderOffset: of.offset, RecorderBound: of.bound,
	}
}

func (f *footage) id() camera.SegmentID {
	of := f.run.Value()
	return camera.SegmentID{Camera: of.camera, Run: of.run, Seq: f.seq}
}

func (f *footage) source() source {
	of := f.run.Value()
	return source{of.camera, of.stream}
}

// copied tells whether it came from the household's recorder, which may still have
// it.
func (f *footage) copied() bool { return f.run.Value().origin != camera.OriginCamera }

func (f *footage) rank() uint64 { return f.order }

// settled tells whether the hub has the bytes, or never wanted to hear of them.
func (f *footage) settled() bool { return f.stored || f.code != "" && !f.announced }

// cause is of the gap that stands for the footage once it has left; "" when none
// does, because the hub has the bytes or does not know of them.
func (f *footage) cause() camera.GapCause {
	switch {
	case f.settled():
		return ""
	case f.required && !f.copied():
		return camera.CauseDisk
	}
	return camera.CauseOverwritten
}

// normal is a fingerprint as the journal keeps it: times in UTC and whole
// milliseconds, not signed.
func normal(s camera.Segment) camera.Segment {
	s.Start = s.Start.UTC().Truncate(time.Millisecond)
	s.End = s.End.UTC().Truncate(time.Millisecond)
	s.SenderReport = s.SenderReport.UTC().Truncate(time.Millisecond)
	s.Signature = camera.Signature{}
	return s
}
