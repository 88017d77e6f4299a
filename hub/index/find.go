package index

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
	"xulang.vn/camera/hub/index/pack"
)

// Find finds what is at hand of a segment; CodeUnknownSegment when it was never
// announced.
func (x *Index) Find(ctx context.Context, id camera.SegmentID) (Entry, error) {
	f, ok, err := freshByID(ctx, x.db.Read(), id)
	switch {
	case err != nil:
		return Entry{}, fmt.Errorf("find segment: %w", err)
	case ok:
		e := entryOf(id.Camera, pack.ShapeOf(f.Segment), pack.HotOf(f.Segment, 0, f.State))
		e.Clock, e.Received = f.Clock, f.Received
		return e, nil
	}
	r, i, err := folded(ctx, x.db.Read(), id)
	switch {
	case err != nil:
		return Entry{}, fmt.Errorf("find segment: %w", err)
	case r == nil:
		return Entry{}, unknownSegment(id)
	}
	hot := r.Body.Segments[i]
	return entryOf(id.Camera, r.Body.Shapes[hot.Shape], hot), nil
}

// Segment finds a segment, whole; CodeUnknownSegment when it was never announced,
// CodeUnavailable when its manifest cannot be read now, or is damaged.
func (x *Index) Segment(ctx context.Context, id camera.SegmentID) (Entry, error) {
	var tried camera.Hash
	for {
		f, ok, err := freshByID(ctx, x.db.Read(), id)
		if err != nil {
			return Entry{}, fmt.Errorf("find segment: %w", err)
		}
		if ok {
			return f.entry(), nil
		}
		r, i, err := folded(ctx, x.db.Read(), id)
		if err != nil {
			return Entry{}, fmt.Errorf("find segment: %w", err)
		}
		if r == nil {
			return Entry{}, unknownSegment(id)
		}
		m, err := x.manifest(ctx, r.manifestName())
		if camera.CodeOf(err) == camera.CodeNotFound && r.Root != tried {
			tried = r.Root // late facts were folded meanwhile, and the old manifest went
			continue
		}
		if err != nil {
			return Entry{}, camera.Errorf(camera.CodeUnavailable, "find segment %s: %w", id, err)
		}
		fact, ok := m.Find(id)
		if !ok {
			err := camera.Errorf(camera.CodeConflict, "manifest %s does not have it", r.manifestName())
			return Entry{}, camera.Errorf(camera.CodeUnavailable, "find segment %s: %w", id, err)
		}
		return Entry{Segment: fact.Segment, State: r.Body.Segments[i].State.Byte(), Received: fact.Received}, nil
	}
}

// Look is Segment as far as it can be told: where the manifest of its hour is gone or
// damaged it is what is at hand, without a hash.
func (x *Index) Look(ctx context.Context, id camera.SegmentID) (camera.Segment, camera.ByteState, error) {
	e, err := x.Segment(ctx, id)
	if camera.CodeOf(err) == camera.CodeUnavailable && spoilt(errors.Unwrap(err)) {
		e, err = x.Find(ctx, id)
	}
	return e.Segment, e.State, err
}

// spoilt tells whether an error is that of a manifest rather than that of the bucket.
func spoilt(err error) bool {
	c := camera.CodeOf(err)
	return c == camera.CodeNotFound || c == camera.CodeConflict
}

// Last is the end of the newest segment of a camera that its agent recorded by
// itself: what was fetched from a recorder tells nothing of the agent's health. ok is
// false when there is none.
func (x *Index) Last(ctx context.Context, id camera.CameraID) (end time.Time, ok bool, err error) {
	newest, err := x.lastFresh(ctx, id)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("find last segment: %w", err)
	}
	// What came late may be all that is fresh.
	for before := maxHour; ; {
		hours, err := list(ctx, x.db.Read(), scanNumber, `SELECT hour FROM hours WHERE camera_id = $1 AND hour < $2 ORDER BY hour DESC LIMIT 1`, string(id), before)
		if err != nil {
			return time.Time{}, false, fmt.Errorf("find last segment: %w", err)
		}
		// Nothing of an hour ends more than spanMost after it.
		if len(hours) == 0 || newest >= (hours[0]+1)*hourMillis+spanMost {
			break
		}
		r, _, err := loadHour(ctx, x.db.Read(), id, hours[0])
		if err != nil {
			return time.Time{}, false, fmt.Errorf("find last segment: %w", err)
		}
		for _, s := range r.Body.Segments {
			if r.Body.Shapes[s.Shape].Origin == camera.OriginCamera {
				newest = max(newest, s.End)
			}
		}
		before = hours[0]
	}
	if newest == never {
		return time.Time{}, false, nil
	}
	return time.UnixMilli(newest).UTC(), true, nil
}

const (
	maxHour = int64(1) << 40 // after every hour that can be written
	never   = -maxHour * hourMillis
)

// lastFresh is the largest end of what is fresh; never when there is none.
func (x *Index) lastFresh(ctx context.Context, id camera.CameraID) (newest int64, err error) {
	newest = never
	args := []any{string(id), -never, "", int64(0)}
	for {
		rows, err := list(ctx, x.db.Read(), scanFresh, selectFresh+`WHERE camera_id = $1 AND (start_ms, run, seq) < ($2, $3, $4)
			ORDER BY start_ms DESC, run DESC, seq DESC LIMIT 64`, args...)
		if err != nil {
			return 0, err
		}
		for _, f := range rows {
			args = append(args[:1], f.Start.UnixMilli(), string(f.Run), int64(f.Seq))
			if f.Origin == camera.OriginCamera {
				newest = max(newest, f.End.UnixMilli())
			}
		}
		// The one that ends last starts within spanMost of the one that starts last.
		if len(rows) == 0 || newest >= rows[len(rows)-1].Start.UnixMilli()+spanMost {
			return newest, nil
		}
	}
}

// Cameras lists all cameras that have segments, in order.
func (x *Index) Cameras(ctx context.Context) ([]camera.CameraID, error) {
	var all []camera.CameraID
	// Fresh first: it may be folded meanwhile.
	for _, table := range []string{"fresh", "hours"} {
		some, err := list(ctx, x.db.Read(), func(row scanner) (id camera.CameraID, err error) {
			return id, row.Scan(&id)
		}, camerasOf(table))
		if err != nil {
			return nil, fmt.Errorf("list cameras: %w", err)
		}
		all = append(all, some...)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// camerasOf goes from camera to camera of a table instead of through all of its rows.
func camerasOf(table string) string {
	return `WITH RECURSIVE c (id) AS (
			SELECT min(camera_id) FROM ` + table + `
			UNION ALL SELECT (SELECT min(camera_id) FROM ` + table + ` WHERE camera_id > c.id) FROM c WHERE c.id IS NOT NULL
		) SELECT id FROM c WHERE id IS NOT NULL`
}

// Covered sums up, for each camera, how much of each hour of the day (UTC+7) its main
// stream covers, over the closed hours from and to, both included.
func (x *Index) Covered(ctx context.Context, from, to int64) (map[camera.CameraID]*[24]time.Duration, error) {
	sums := map[camera.CameraID]*[24]time.Duration{}
	_, err := list(ctx, x.db.Read(), func(row scanner) (struct{}, error) {
		var (
			id      camera.CameraID
			day, ms int64
		)
		if err := row.Scan(&id, &day, &ms); err != nil {
			return struct{}{}, err
		}
		if sums[id] == nil {
			sums[id] = &[24]time.Duration{}
		}
		sums[id][day] = time.Duration(ms) * time.Millisecond
		return struct{}{}, nil
	}, `SELECT camera_id, (hour + 7) % 24, CAST(sum(covered_ms) AS bigint) FROM hours
		WHERE hour >= $1 AND hour <= $2 AND hour >= 0 GROUP BY camera_id, (hour + 7) % 24`, from, to)
	if err != nil {
		return nil, fmt.Errorf("sum up coverage: %w", err)
	}
	return sums, nil
}

// Backlog tells how many segments are in no closed hour, when the first of those
// started (zero: there is none), and how many facts are not in the bucket yet; when
// everything has to be shipped again those are all.
func (x *Index) Backlog(ctx context.Context) (fresh int64, oldest time.Time, unshipped int, err error) {
	err = x.db.Read().QueryRowContext(ctx, `SELECT count(*), min(start_ms) FROM fresh`).Scan(&fresh, (*db.Instant)(&oldest))
	if err != nil {
		return 0, time.Time{}, 0, fmt.Errorf("count fresh segments: %w", err)
	}
	waiting, again := x.journal.waiting()
	if again {
		waiting = int(fresh)
	}
	return fresh, oldest, waiting, nil
}
