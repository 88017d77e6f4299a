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

// Device tells whose a device is; ok is false for an unknown or revoked one.
func (r *Registry) Device(ctx context.Context, d camera.DeviceID) (camera.HouseholdID, bool, error) {
	var h camera.HouseholdID
	err := r.db.Read().QueryRowContext(ctx,
		`SELECT household_id FROM devices WHERE id = $1 AND revoked_ms IS NULL`, d).Scan(&h)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", false, nil
	case err != nil:
		return "", false, fmt.Errorf("find device: %w", err)
	}
	return h, true, nil
}

// Revoke refuses the device's key for good. Its cameras are not shared any more
// (a device that the household enrols in its place may tell of them again), and its
// presence ends. Revoking twice is revoking once.
func (r *Registry) Revoke(ctx context.Context, d camera.DeviceID) error {
	now := r.now()
	err := r.db.Write(ctx, func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, `UPDATE devices SET revoked_ms = COALESCE(revoked_ms, $2) WHERE id = $1`, d, db.Instant(now))
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil {
			return err
		} else if n == 0 {
			return camera.Errorf(camera.CodeNotFound, "no device %s", d)
		}
		if _, err := tx.ExecContext(ctx, `UPDATE cameras SET shared = $2 WHERE device_id = $1`, d, false); err != nil {
			return err
		}
		return endPresence(ctx, tx, d, now)
	})
	return named("revoke device", err)
}

// household finds whose a device is within a transaction, or refuses.
func household(ctx context.Context, tx *sql.Tx, d camera.DeviceID) (camera.HouseholdID, error) {
	var h camera.HouseholdID
	err := tx.QueryRowContext(ctx, `SELECT household_id FROM devices WHERE id = $1 AND revoked_ms IS NULL`, d).Scan(&h)
	if errors.Is(err, sql.ErrNoRows) {
		return "", camera.Errorf(camera.CodeForbidden, "device is unknown or revoked")
	}
	return h, err
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
		`SELECT id, household_id, name, seen_ms, revoked_ms IS NOT NULL, `+selectHealth+` FROM devices ORDER BY enrolled_ms, id`)
	if err != nil {
		return l, fmt.Errorf("list devices: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		d, h := &Device{}, &healthRow{}
		if err := rows.Scan(append([]any{&d.ID, &d.Household, &d.Name, (*db.Instant)(&d.LastSeen), &d.Revoked}, h.columns()...)...); err != nil {
			return l, fmt.Errorf("list devices: %w", err)
		}
		d.Health = h.health()
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
