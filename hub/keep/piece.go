package keep

import (
	"time"

	camera "xulang.vn/camera"
)

// Piece is a segment as far as a comparison of names and sizes needs it.
type Piece struct {
	camera.Key
	Size  int64 // bytes, as announced
	State camera.ByteState
}

// Hour is what the index has of a camera's hour: of what starts in it.
type Hour struct {
	Hour   int64 // whole hours since 1970, UTC
	Folded bool  // there is a manifest to prove it with
	Pieces []Piece
}

// hourOf is the hour to which an object belongs.
func hourOf(k camera.Key) int64 { return hourAt(k.Start) }

// hourAt counts whole hours since 1970; a moment before that is in hour -1 or earlier.
func hourAt(t time.Time) int64 {
	const hour = int64(time.Hour / time.Millisecond)
	ms := t.UnixMilli()
	if ms < 0 {
		ms -= hour - 1
	}
	return ms / hour
}

// Change is a move of a segment's bytes.
type Change struct {
	ID camera.SegmentID
	To camera.ByteState
}

// Expiry is footage of one camera-hour whose time was over.
type Expiry struct {
	ID     string
	Camera camera.CameraID
	Keys   []camera.Key
	Size   int64 // bytes
	Made   time.Time
}

// Object is an object of the footage bucket.
type Object struct {
	Name string
	Size int64
	At   time.Time // when it was written, by the object store's clock
}

// Sum is an amount of footage.
type Sum struct {
	Segments, Size int64 // Size in bytes
	Pending        int64 // expiries that are not proved gone
}

// Backlog is what the index has not put away yet.
type Backlog struct {
	Fresh     int64     // segments of hours that are not folded
	Oldest    time.Time // start of the oldest of them; zero for none
	Unshipped int       // acknowledged facts that are in the database alone
}

func startOf(hour int64) time.Time { return time.Unix(hour*3600, 0).UTC() }
