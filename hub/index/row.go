package index

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
)

// Entry is a segment with what the hub knows of it. The segment is the one that
// the device signed: its Payload is good for its Signature, which is zero only
// for what was announced before signatures were asked for.
type Entry struct {
	camera.Segment
	State    camera.ByteState
	Received time.Time // when the hub first heard of it
}

const columns = `camera_id, run, seq, stream, start_ms, end_ms, media_ms, sender_report_ms,
	clock_sync, clock_offset_ms, clock_bound_ms, size, init_size, sha256, prev, codec, width, height,
	key_size, key_sha256, activity, signature, origin, recorder_offset_ms, recorder_bound_ms, state, received_ms`

const selectEntry = `SELECT ` + columns + ` FROM segments `

const insertEntry = `INSERT INTO segments (` + columns + `)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)
	ON CONFLICT (camera_id, run, seq) DO NOTHING`

// byID and overlapping are conditions on selectEntry. The arguments of overlapping
// are those of window.
const (
	byID        = `WHERE camera_id = $1 AND run = $2 AND seq = $3`
	overlapping = `WHERE camera_id = $1 AND start_ms >= $2 AND start_ms < $4 AND end_ms > $3 `
)

// spanMost is the longest time that one segment covers (Segment.Check), in
// milliseconds: what starts longer before a moment has ended by then.
const spanMost = int64(2 * camera.SegmentLongest / time.Millisecond)

func window(id camera.CameraID, from, to time.Time, more ...any) []any {
	return append([]any{id, from.UnixMilli() - spanMost, from.UnixMilli(), to.UnixMilli()}, more...)
}

func entryRow(s camera.Segment, state camera.ByteState, received time.Time) []any {
	return []any{
		s.Camera, s.Run, s.Seq, s.Stream, db.Instant(s.Start), db.Instant(s.End),
		time.Duration(s.Media).Milliseconds(), db.Instant(s.SenderReport),
		s.Clock.Synchronised, time.Duration(s.Clock.Offset).Milliseconds(), time.Duration(s.Clock.Bound).Milliseconds(),
		s.Size, s.InitSize, hashText(s.SHA256), hashText(s.Prev), s.Codec, s.Width, s.Height,
		s.KeySize, hashText(s.KeySHA256), hex.EncodeToString([]byte(s.Activity)), signatureText(s.Signature),
		s.Origin, time.Duration(s.RecorderOffset).Milliseconds(), time.Duration(s.RecorderBound).Milliseconds(), state, db.Instant(received),
	}
}

type scanner interface{ Scan(...any) error }

func scanEntry(row scanner) (Entry, error) {
	var (
		e                               Entry
		media, offset, bound            int64
		own, ownBound                   int64
		sum, prev, key, activity, signs string
	)
	err := row.Scan(&e.Camera, &e.Run, &e.Seq, &e.Stream, (*db.Instant)(&e.Start), (*db.Instant)(&e.End), &media, (*db.Instant)(&e.SenderReport),
		&e.Clock.Synchronised, &offset, &bound, &e.Size, &e.InitSize, &sum, &prev, &e.Codec, &e.Width, &e.Height,
		&e.KeySize, &key, &activity, &signs,
		&e.Origin, &own, &ownBound, &e.State, (*db.Instant)(&e.Received))
	if err != nil {
		return Entry{}, err
	}
	e.Media, e.Clock.Offset, e.Clock.Bound = millis(media), millis(offset), millis(bound)
	e.RecorderOffset, e.RecorderBound = millis(own), millis(ownBound)
	moved, err := hex.DecodeString(activity)
	e.Activity = camera.Activity(moved)
	return e, errors.Join(err, readHash(&e.SHA256, sum), readHash(&e.Prev, prev), readHash(&e.KeySHA256, key), readSignature(&e.Signature, signs))
}

func millis(n int64) camera.Millis { return camera.Millis(time.Duration(n) * time.Millisecond) }

// A column holds '' where there is no hash or signature.

func hashText(h camera.Hash) string {
	if h.IsZero() {
		return ""
	}
	return h.String()
}

func readHash(h *camera.Hash, text string) error {
	if text == "" {
		return nil
	}
	return h.UnmarshalText([]byte(text))
}

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
