package index

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
)

// pastCameras is the largest number of cameras of one notice.
const pastCameras = 256

// overwrittenOf is the key of a camera's second list in the table of pasts: what its
// recorder once had.
func overwrittenOf(id camera.CameraID) camera.CameraID { return "overwritten " + id }

// SetPast takes what recorders say that they have of these cameras, in place of what
// they said before. Whether the cameras are the teller's own the caller has checked.
// What reaches into the future or back beyond camera.PastLongest is cut; anything else
// that cannot be refuses the message as a whole, and nothing is written.
//
// A recorder overwrites its oldest footage first. So what was there and lies before
// all that is there now was overwritten; a hole that opens behind that, or a list
// without anything, says only that the recorder did not find it.
func (x *Index) SetPast(ctx context.Context, notice []camera.CameraPast, now time.Time) error {
	if len(notice) > pastCameras {
		return camera.Errorf(camera.CodeTooLarge, "past of %d cameras, at most %d", len(notice), pastCameras)
	}
	for _, p := range notice {
		if err := p.Check(); err != nil {
			return err
		}
		if err := checkTime(p.At, now, oldMost); err != nil {
			return fmt.Errorf("past of camera %s: %w", p.Camera, err)
		}
	}
	oldest := now.Add(-camera.PastLongest).UnixMilli()
	err := x.db.Write(ctx, func(tx *sql.Tx) error {
		for _, p := range notice {
			if err := setPast(ctx, tx, p, oldest, now.UnixMilli()); err != nil {
				return fmt.Errorf("camera %s: %w", p.Camera, err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write past: %w", err)
	}
	return nil
}

func setPast(ctx context.Context, tx *sql.Tx, p camera.CameraPast, oldest, now int64) error {
	had, err := readPast(ctx, tx, p.Camera)
	if err != nil {
		return err
	}
	lost, err := readPast(ctx, tx, overwrittenOf(p.Camera))
	if err != nil {
		return err
	}
	has, until := timesOf(p.Spans, oldest, now), now
	gone := lost
	if len(has) > 0 {
		gone, until = merge(slices.Concat(lost, had)), has[0][0]
	}
	gone = cutTo(gone, oldest, until)
	gone = gone[max(0, len(gone)-camera.PastSpansMost):]
	if err := writePast(ctx, tx, p.Camera, had, has); err != nil {
		return err
	}
	if err := writePast(ctx, tx, overwrittenOf(p.Camera), lost, gone); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO past_clocks (camera_id, at_ms, offset_ms, bound_ms) VALUES ($1, $2, $3, $4)
		ON CONFLICT (camera_id) DO UPDATE SET at_ms = excluded.at_ms, offset_ms = excluded.offset_ms, bound_ms = excluded.bound_ms`,
		p.Camera, p.At.UnixMilli(), time.Duration(p.Offset).Milliseconds(), time.Duration(p.Bound).Milliseconds())
	return err
}

func writePast(ctx context.Context, tx *sql.Tx, key camera.CameraID, had, spans times) error {
	if slices.Equal(had, spans) {
		return nil
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM pasts WHERE camera_id = $1`, key); err != nil {
		return err
	}
	add, err := tx.PrepareContext(ctx, `INSERT INTO pasts (camera_id, from_ms, to_ms) VALUES ($1, $2, $3)`)
	if err != nil {
		return err
	}
	defer add.Close()
	for _, s := range spans {
		if _, err := add.ExecContext(ctx, key, s[0], s[1]); err != nil {
			return err
		}
	}
	return nil
}

func readPast(ctx context.Context, from asked, key camera.CameraID) (times, error) {
	return list(ctx, from, func(row scanner) (s [2]int64, err error) {
		return s, row.Scan(&s[0], &s[1])
	}, `SELECT from_ms, to_ms FROM pasts WHERE camera_id = $1 ORDER BY from_ms`, key)
}

// Past is what a camera's recorder said last; ok is false when there was no word of one.
func (x *Index) Past(ctx context.Context, id camera.CameraID) (p camera.CameraPast, ok bool, err error) {
	var offset, bound int64
	p.Camera = id
	found, err := list(ctx, x.db.Read(), func(row scanner) (struct{}, error) {
		return struct{}{}, row.Scan((*db.Instant)(&p.At), &offset, &bound)
	}, `SELECT at_ms, offset_ms, bound_ms FROM past_clocks WHERE camera_id = $1`, id)
	if err != nil {
		return camera.CameraPast{}, false, fmt.Errorf("read recorder's clock: %w", err)
	}
	if len(found) == 0 {
		return camera.CameraPast{}, false, nil
	}
	p.Offset, p.Bound = millis(offset), millis(bound)
	p.Spans, err = x.spans(ctx, id)
	return p, err == nil, err
}

// Overwritten is what a camera's recorder once had and has overwritten since, as far
// as this hub saw it.
func (x *Index) Overwritten(ctx context.Context, id camera.CameraID) ([]camera.Interval, error) {
	return x.spans(ctx, overwrittenOf(id))
}

func (x *Index) spans(ctx context.Context, key camera.CameraID) ([]camera.Interval, error) {
	had, err := readPast(ctx, x.db.Read(), key)
	if err != nil {
		return nil, fmt.Errorf("read past: %w", err)
	}
	var spans []camera.Interval
	for _, s := range had {
		spans = append(spans, camera.Interval{From: time.UnixMilli(s[0]).UTC(), To: time.UnixMilli(s[1]).UTC()})
	}
	return spans, nil
}
