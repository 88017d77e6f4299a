// Package index knows which footage exists, by camera and time, and where its
// bytes are. Fingerprints come first, bytes later; what an agent claims is
// written once, with its signature, and never overwritten.
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

// Segment finds one segment; CodeUnknownSegment when it was never announced.
func (x *Index) Segment(ctx context.Context, id camera.SegmentID) (Entry, error) {
	e, err := scanEntry(x.db.Read().QueryRowContext(ctx, selectEntry+byID, id.Camera, id.Run, id.Seq))
	if errors.Is(err, sql.ErrNoRows) {
		return Entry{}, camera.Errorf(camera.CodeUnknownSegment, "segment %s was never announced", id)
	}
	if err != nil {
		return Entry{}, fmt.Errorf("find segment: %w", err)
	}
	return e, nil
}

// Window lists the segments and gaps of a camera that overlap [from, to), of both
// of its streams, each ordered by start.
func (x *Index) Window(ctx context.Context, id camera.CameraID, from, to time.Time) ([]Entry, []camera.Gap, error) {
	entries, err := list(ctx, x.db.Read(), scanEntry, selectEntry+overlapping+`ORDER BY start_ms, run, seq`, window(id, from, to)...)
	if err != nil {
		return nil, nil, fmt.Errorf("list segments: %w", err)
	}
	// Named streams let the index on the ends of gaps be used.
	gaps, err := list(ctx, x.db.Read(), scanGap, `SELECT camera_id, stream, start_ms, end_ms, cause, signature FROM gaps
		WHERE camera_id = $1 AND stream IN ($4, $5) AND start_ms < $3 AND end_ms > $2 ORDER BY start_ms, stream`,
		id, db.Instant(from), db.Instant(to), camera.StreamMain, camera.StreamSub)
	if err != nil {
		return nil, nil, fmt.Errorf("list gaps: %w", err)
	}
	return entries, gaps, nil
}

func scanGap(row scanner) (camera.Gap, error) {
	var (
		g     camera.Gap
		signs string
	)
	if err := row.Scan(&g.Camera, &g.Stream, (*db.Instant)(&g.Start), (*db.Instant)(&g.End), &g.Cause, &signs); err != nil {
		return camera.Gap{}, err
	}
	return g, readSignature(&g.Signature, signs)
}

// asked is a pool or a transaction.
type asked interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func list[T any](ctx context.Context, from asked, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := from.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// Last is the end of the newest segment of a camera that its agent recorded by
// itself: what was fetched from a recorder tells nothing of the agent's health. ok is
// false when there is none.
func (x *Index) Last(ctx context.Context, id camera.CameraID) (end time.Time, ok bool, err error) {
	// The segment that ends last starts within spanMost of the one that starts last.
	err = x.db.Read().QueryRowContext(ctx, `SELECT max(end_ms) FROM segments WHERE camera_id = $1 AND origin = $3
		AND start_ms >= (SELECT max(start_ms) FROM segments WHERE camera_id = $1 AND origin = $3) - $2`, id, spanMost, camera.OriginCamera).Scan((*db.Instant)(&end))
	if err != nil {
		return time.Time{}, false, fmt.Errorf("find last segment: %w", err)
	}
	return end, !end.IsZero(), nil
}
