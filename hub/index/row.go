package index

import (
	"encoding/base64"
	"time"

	camera "xulang.vn/camera"
)

// byID and overlapping are conditions on a table of segments. The arguments of
// overlapping are those of window.
const (
	byID        = `WHERE camera_id = $1 AND run = $2 AND seq = $3`
	overlapping = `WHERE camera_id = $1 AND start_ms >= $2 AND start_ms < $4 AND end_ms > $3 `
)

// spanMost is the longest time that one segment covers (Segment.Check), in
// milliseconds: what starts longer before a moment has ended by then.
const spanMost = int64(2 * camera.SegmentLongest / time.Millisecond)

func window(id camera.CameraID, from, to time.Time, more ...any) []any {
	return append([]any{string(id), from.UnixMilli() - spanMost, from.UnixMilli(), to.UnixMilli()}, more...)
}

type scanner interface{ Scan(...any) error }

func millis(n int64) camera.Millis { return camera.Millis(time.Duration(n) * time.Millisecond) }

// A column holds '' where there is no signature.

func signatureText(g camera.Signature) string {
	if g.IsZero() {
		return ""
	}
	return base64.StdEncoding.EncodeToString(g[:])
}

func readSignature(g *camera.Signature, text string) error {
	if text == "" {
		return nil
	}
	return g.UnmarshalText([]byte(text))
}
