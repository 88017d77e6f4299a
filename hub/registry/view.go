package registry

import (
	"context"
	"database/sql"
	"errors"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
)

// planView compares the view that a device tells with the present one and gives
// the change to make: nothing, or the old view ends where the new one begins. A
// view that lasted no millisecond is replaced. It refuses a camera that turns too
// often.
//
// Since when it looks there is the household's word (View.From): before a camera's
// first view as far back as a recorder reaches, after that not before the present
// view began, and never in the future.
func planView(ctx context.Context, tx *sql.Tx, n camera.CameraNote, now time.Time) (func(context.Context, *sql.Tx) error, error) {
	was, err := presentView(ctx, tx, n.Camera)
	if errors.Is(err, sql.ErrNoRows) {
		at := since(n.View.From, now, now.Add(-camera.PastLongest))
		return func(ctx context.Context, tx *sql.Tx) error { return beginView(ctx, tx, n, at) }, nil
	}
	if err != nil {
		return nil, err
	}
	if was.Position == n.View.Position && was.Heading == n.View.Heading && was.FOV == n.View.FOV && was.Range == n.View.Range {
		return func(context.Context, *sql.Tx) error { return nil }, nil
	}
	// The hub's clock may have been set back since; views never overlap.
	at := since(n.View.From, now, was.From)
	var changes int
	err = tx.QueryRowContext(ctx, `SELECT count(*) FROM views WHERE camera_id = $1 AND from_ms > $2`,
		n.Camera, db.Instant(at.Add(-24*time.Hour))).Scan(&changes)
	if err != nil {
		return nil, err
	}
	if changes >= viewsADayMost {
		return nil, camera.Errorf(camera.CodeTooMany, "camera %s: turned %d times within a day", n.Camera, changes)
	}
	return func(ctx context.Context, tx *sql.Tx) error {
		// What was compared with the old aim says nothing about the new one.
		if _, err := tx.ExecContext(ctx, `UPDATE cameras SET aim = '', aim_ms = NULL WHERE id = $1`, n.Camera); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE views SET to_ms = $2 WHERE camera_id = $1 AND to_ms IS NULL`, n.Camera, db.Instant(at))
		if err != nil {
			return err
		}
		return beginView(ctx, tx, n, at)
	}, nil
}

// since is the beginning of a view: what was told (zero: now), not after now and not
// before earliest, whole milliseconds.
func since(told, now, earliest time.Time) time.Time {
	at := now
	if !told.IsZero() && told.Before(now) {
		at = told.UTC().Truncate(time.Millisecond)
	}
	if at.Before(earliest) {
		at = earliest
	}
	return at
}

func presentView(ctx context.Context, tx *sql.Tx, id camera.CameraID) (camera.View, error) {
	var v camera.View
	err := tx.QueryRowContext(ctx, `SELECT lon, lat, heading, fov, range_m, from_ms FROM views WHERE camera_id = $1 AND to_ms IS NULL`, id).
		Scan(&v.Position.Lon, &v.Position.Lat, &v.Heading, &v.FOV, &v.Range, (*db.Instant)(&v.From))
	return v, err
}

func beginView(ctx context.Context, tx *sql.Tx, n camera.CameraNote, at time.Time) error {
	v := n.View
	_, err := tx.ExecContext(ctx, `INSERT INTO views (camera_id, from_ms, lon, lat, heading, fov, range_m)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (camera_id, from_ms) DO UPDATE SET to_ms = NULL, lon = excluded.lon, lat = excluded.lat,
			heading = excluded.heading, fov = excluded.fov, range_m = excluded.range_m`,
		n.Camera, db.Instant(at), v.Position.Lon, v.Position.Lat, v.Heading, v.FOV, v.Range)
	return err
}
