package registry

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
)

// kept is for how many days footage of a camera is kept.
type kept struct {
	camera camera.CameraID
	chosen int       // by the household; 0: nothing
	before int       // days of before, where it chose fewer
	since  time.Time // when it chose fewer; zero: it did not
}

const selectKept = `SELECT id, keep_days, keep_before, keep_since_ms FROM cameras `

func keptOf(ctx context.Context, from rowsOf, query string, args ...any) ([]kept, error) {
	rows, err := from.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list retention: %w", err)
	}
	defer rows.Close()
	var all []kept
	for rows.Next() {
		var k kept
		if err := rows.Scan(&k.camera, &k.chosen, &k.before, (*db.Instant)(&k.since)); err != nil {
			return nil, fmt.Errorf("list retention: %w", err)
		}
		all = append(all, k)
	}
	return all, rows.Err()
}

type rowsOf interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// days are those that count now: more at once, fewer after camera.KeepNotice. Of a
// choice in the future (the hub's clock was set back) it is not over either.
func (k kept) days(now time.Time) (int, error) {
	n, err := camera.KeepDays(k.chosen)
	if err != nil {
		return 0, fmt.Errorf("camera %s: %w", k.camera, err)
	}
	if !k.since.IsZero() && now.Before(k.since.Add(camera.KeepNotice)) {
		n = max(n, k.before)
	}
	return n, nil
}

// keepAll writes the household's choice for all cameras of its box, also for those that
// are not shared any more: what is stored of them is the household's.
func keepAll(ctx context.Context, tx *sql.Tx, d camera.DeviceID, chosen int, now time.Time) error {
	fresh, err := camera.KeepDays(chosen)
	if err != nil {
		return err
	}
	all, err := keptOf(ctx, tx, selectKept+`WHERE device_id = $1 AND keep_days <> $2`, d, chosen)
	if err != nil {
		return err
	}
	for _, k := range all {
		was, err := k.days(now)
		if err != nil {
			return err
		}
		var since time.Time
		if fresh < was {
			since = now
		} else {
			was = 0
		}
		_, err = tx.ExecContext(ctx, `UPDATE cameras SET keep_days = $2, keep_before = $3, keep_since_ms = $4 WHERE id = $1`,
			k.camera, chosen, was, db.Instant(since))
		if err != nil {
			return fmt.Errorf("write retention: %w", err)
		}
	}
	return nil
}

// Keep gives for every camera, also those that are not shared any more, the days for
// which footage of it is kept now.
func (r *Registry) Keep(ctx context.Context) (map[camera.CameraID]int, error) {
	list, err := keptOf(ctx, r.db.Read(), selectKept)
	if err != nil {
		return nil, err
	}
	all, now := make(map[camera.CameraID]int, len(list)), r.now()
	for _, k := range list {
		if all[k.camera], err = k.days(now); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Fewer is since when a device's household has wanted fewer days, until when footage is
// kept as before, and for how many days then; ok is false when it does not want fewer.
func (r *Registry) Fewer(ctx context.Context, d camera.DeviceID) (since, until time.Time, days int, ok bool, err error) {
	list, err := keptOf(ctx, r.db.Read(), selectKept+`WHERE device_id = $1 AND keep_since_ms IS NOT NULL ORDER BY keep_since_ms DESC`, d)
	if err != nil || len(list) == 0 {
		return since, until, 0, false, err
	}
	days, err = camera.KeepDays(list[0].chosen)
	return list[0].since, list[0].since.Add(camera.KeepNotice), days, err == nil, err
}
