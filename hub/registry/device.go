package registry

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
)

// Device tells whose a device is and how it stands: "" is believed; CodeForbidden is
// unknown, revoked or left, for good; CodeQuarantined may link and is not believed.
func (r *Registry) Device(ctx context.Context, d camera.DeviceID) (h camera.HouseholdID, standing camera.Code, err error) {
	h, err = household(ctx, r.db.Read(), d)
	if standing = camera.CodeOf(err); standing == camera.CodeForbidden || standing == camera.CodeQuarantined {
		return h, standing, nil
	}
	return h, "", named("find device", err)
}

// household finds whose a device is, or refuses: CodeForbidden, CodeQuarantined (then
// with the household).
func household(ctx context.Context, from rows, d camera.DeviceID) (camera.HouseholdID, error) {
	var (
		h                 camera.HouseholdID
		gone, quarantined bool
	)
	err := from.QueryRowContext(ctx, `SELECT household_id, revoked_ms IS NOT NULL OR left_ms IS NOT NULL, quarantined_ms IS NOT NULL
		FROM devices WHERE id = $1`, d).Scan(&h, &gone, &quarantined)
	switch {
	case errors.Is(err, sql.ErrNoRows) || err == nil && gone:
		return "", camera.Errorf(camera.CodeForbidden, "device is unknown, revoked or has left")
	case err == nil && quarantined:
		return h, camera.Errorf(camera.CodeQuarantined, "two boxes came with this device's identity: join again with a new invitation")
	}
	return h, err
}

// Revoke refuses the device's key for good. Its cameras are not shared any more
// (a device that the household enrols in its place may tell of them again), and its
// presence ends. Revoking twice is revoking once.
func (r *Registry) Revoke(ctx context.Context, d camera.DeviceID) error {
	return r.dismiss(ctx, d, "revoke device", `UPDATE devices SET revoked_ms = COALESCE(revoked_ms, $2) WHERE id = $1`)
}

// Leave is Revoke by the household's own wish.
func (r *Registry) Leave(ctx context.Context, d camera.DeviceID) error {
	return r.dismiss(ctx, d, "let household leave", `UPDATE devices SET left_ms = COALESCE(left_ms, $2) WHERE id = $1`)
}

func (r *Registry) dismiss(ctx context.Context, d camera.DeviceID, deed, mark string) error {
	now := r.now()
	err := r.db.Write(ctx, func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, mark, d, db.Instant(now))
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil {
			return err
		} else if n == 0 {
			return camera.Errorf(camera.CodeNotFound, "no device %s", d)
		}
		if err := unshare(ctx, tx, d); err != nil {
			return err
		}
		return endPresence(ctx, tx, d, now)
	})
	return named(deed, err)
}

func unshare(ctx context.Context, tx *sql.Tx, d camera.DeviceID) error {
	_, err := tx.ExecContext(ctx, `UPDATE cameras SET shared = $2 WHERE device_id = $1`, d, false)
	return err
}

// seen notes that the device spoke. Time never runs backwards here.
func seen(ctx context.Context, tx *sql.Tx, d camera.DeviceID, at time.Time) error {
	_, err := tx.ExecContext(ctx,
		`UPDATE devices SET seen_ms = $2 WHERE id = $1 AND (seen_ms IS NULL OR seen_ms < $2)`, d, db.Instant(at))
	return err
}

// listed holds each device once, under two keys.
type listed struct {
	byID map[camera.DeviceID]*Device
	of   map[camera.HouseholdID][]*Device
}

func (r *Registry) devices(ctx context.Context) (listed, error) {
	l := listed{byID: map[camera.DeviceID]*Device{}, of: map[camera.HouseholdID][]*Device{}}
	rows, err := r.db.Read().QueryContext(ctx,
		`SELECT id, household_id, name, version, enrolled_ms, seen_ms, revoked_ms IS NOT NULL, left_ms IS NOT NULL, quarantined_ms IS NOT NULL,
			selftest, selftest_ms, `+selectHealth+` FROM devices ORDER BY enrolled_ms, id`)
	if err != nil {
		return l, fmt.Errorf("list devices: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		d, h, t := &Device{}, &healthRow{}, &selfTestRow{}
		columns := []any{
			&d.ID, &d.Household, &d.Name, &d.Version, (*db.Instant)(&d.Enrolled), (*db.Instant)(&d.LastSeen),
			&d.Revoked, &d.Left, &d.Quarantined, &t.text, (*db.Instant)(&t.received),
		}
		if err := rows.Scan(append(columns, h.columns()...)...); err != nil {
			return l, fmt.Errorf("list devices: %w", err)
		}
		d.Health = h.health()
		if d.SelfTest, err = t.selfTest(); err != nil {
			return l, fmt.Errorf("list devices: %w", err)
		}
		l.byID[d.ID] = d
		l.of[d.Household] = append(l.of[d.Household], d)
	}
	if err := rows.Err(); err != nil {
		return l, fmt.Errorf("list devices: %w", err)
	}
	return l, nil
}

// named puts the deed before an error; its code stays.
func named(deed string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", deed, err)
}
