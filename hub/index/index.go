// Package index knows which footage exists, by camera and time, and where its
// bytes are. Fingerprints come first, bytes later; what an agent claims is
// written once and never overwritten.
package index

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
)

// Index is safe for use by any number of goroutines.
type Index struct {
	db  *db.DB
	now func() time.Time
}

// New makes an index on an open database.
func New(d *db.DB, now func() time.Time) *Index { return &Index{db: d, now: now} }

// Entry is a segment with what the hub knows of it.
type Entry struct {
	camera.Segment
	State    camera.ByteState
	Received time.Time // when the hub first heard of it
}

const selectEntry = `SELECT camera_id, run, seq, start_ms, end_ms, media_ms, sender_report_ms,
	clock_sync, clock_offset_ms, clock_bound_ms, size, init_size, sha256, prev, codec, width, height, state, received_ms
	FROM segments `

func scanEntry(row interface{ Scan(...any) error }) (Entry, error) {
	var (
		e                    Entry
		media, offset, bound int64
		sum, prev            string
	)
	err := row.Scan(&e.Camera, &e.Run, &e.Seq, (*db.Instant)(&e.Start), (*db.Instant)(&e.End), &media, (*db.Instant)(&e.SenderReport),
		&e.Clock.Synchronised, &offset, &bound, &e.Size, &e.InitSize, &sum, &prev, &e.Codec, &e.Width, &e.Height,
		&e.State, (*db.Instant)(&e.Received))
	if err != nil {
		return Entry{}, err
	}
	e.Media, e.Clock.Offset, e.Clock.Bound = millis(media), millis(offset), millis(bound)
	if err := e.SHA256.UnmarshalText([]byte(sum)); err != nil {
		return Entry{}, err
	}
	if prev != "" {
		err = e.Prev.UnmarshalText([]byte(prev))
	}
	return e, err
}

func millis(n int64) camera.Millis { return camera.Millis(time.Duration(n) * time.Millisecond) }

// Segment finds one segment; CodeUnknownSegment when it was never announced.
func (x *Index) Segment(ctx context.Context, id camera.SegmentID) (Entry, error) {
	e, err := scanEntry(x.db.Read().QueryRowContext(ctx, selectEntry+`WHERE camera_id = $1 AND run = $2 AND seq = $3`, id.Camera, id.Run, id.Seq))
	if errors.Is(err, sql.ErrNoRows) {
		return Entry{}, camera.Errorf(camera.CodeUnknownSegment, "segment %s was never announced", id)
	}
	if err != nil {
		return Entry{}, fmt.Errorf("find segment: %w", err)
	}
	return e, nil
}

// spanMost is the longest time that one segment covers (Segment.Check), in
// milliseconds: what starts longer before a moment has ended by then.
const spanMost = int64(2 * camera.SegmentLongest / time.Millisecond)

// Window lists the segments and gaps of a camera that overlap [from, to), each
// ordered by start.
func (x *Index) Window(ctx context.Context, id camera.CameraID, from, to time.Time) ([]Entry, []camera.Gap, error) {
	entries, err := x.entries(ctx, id, from, to)
	if err != nil {
		return nil, nil, fmt.Errorf("list segments: %w", err)
	}
	gaps, err := x.gaps(ctx, id, from, to)
	if err != nil {
		return nil, nil, fmt.Errorf("list gaps: %w", err)
	}
	return entries, gaps, nil
}

func (x *Index) entries(ctx context.Context, id camera.CameraID, from, to time.Time) ([]Entry, error) {
	rows, err := x.db.Read().QueryContext(ctx, selectEntry+`
		WHERE camera_id = $1 AND start_ms >= $4 AND start_ms < $3 AND end_ms > $2 ORDER BY start_ms, run, seq`,
		id, db.Instant(from), db.Instant(to), from.UnixMilli()-spanMost)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Entry
	for rows.Next() {
		e, err := scanEntry(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, rows.Err()
}

func (x *Index) gaps(ctx context.Context, id camera.CameraID, from, to time.Time) ([]camera.Gap, error) {
	rows, err := x.db.Read().QueryContext(ctx, `SELECT camera_id, start_ms, end_ms, cause FROM gaps
		WHERE camera_id = $1 AND start_ms < $3 AND end_ms > $2 ORDER BY start_ms`, id, db.Instant(from), db.Instant(to))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []camera.Gap
	for rows.Next() {
		var g camera.Gap
		if err := rows.Scan(&g.Camera, (*db.Instant)(&g.Start), (*db.Instant)(&g.End), &g.Cause); err != nil {
			return nil, err
		}
		list = append(list, g)
	}
	return list, rows.Err()
}

// Last is the end of the newest segment of a camera; ok is false when there is none.
func (x *Index) Last(ctx context.Context, id camera.CameraID) (end time.Time, ok bool, err error) {
	// The segment that ends last starts within spanMost of the one that starts last.
	err = x.db.Read().QueryRowContext(ctx, `SELECT max(end_ms) FROM segments WHERE camera_id = $1
		AND start_ms >= (SELECT max(start_ms) FROM segments WHERE camera_id = $1) - $2`, id, spanMost).Scan((*db.Instant)(&end))
	if err != nil {
		return time.Time{}, false, fmt.Errorf("find last segment: %w", err)
	}
	return end, !end.IsZero(), nil
}
