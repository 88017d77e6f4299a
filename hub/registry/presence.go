package registry

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
)

// Interval is a time in which a device had its link. A zero To means: still.
type Interval struct{ From, To time.Time }

// Linked begins an interval. A device that counts as linked already stays so: its
// second connection came before the end of the first was noticed. A device in
// quarantine may link, to be told so.
func (r *Registry) Linked(ctx context.Context, d camera.DeviceID, at time.Time) error {
	err := r.db.Write(ctx, func(tx *sql.Tx) error {
		if _, err := household(ctx, tx, d); err != nil && camera.CodeOf(err) != camera.CodeQuarantined {
			return err
		}
		// The same millisecond again is a link that broke at once: it goes on.
		_, err := tx.ExecContext(ctx, `INSERT INTO presence (device_id, from_ms)
			SELECT id, $2 FROM devices WHERE id = $1
			AND NOT EXISTS (SELECT 1 FROM presence WHERE device_id = $1 AND to_ms IS NULL)
			ON CONFLICT (device_id, from_ms) DO UPDATE SET to_ms = NULL`, d, db.Instant(at))
		if err != nil {
			return err
		}
		return seen(ctx, tx, d, at)
	})
	return named("write link of device", err)
}

// Unlinked ends the device's interval. It is for the end of the device's last
// connection; without an interval it does nothing.
func (r *Registry) Unlinked(ctx context.Context, d camera.DeviceID, at time.Time) error {
	err := r.db.Write(ctx, func(tx *sql.Tx) error {
		if err := endPresence(ctx, tx, d, at); err != nil {
			return err
		}
		return seen(ctx, tx, d, at)
	})
	return named("write link of device", err)
}

func endPresence(ctx context.Context, tx *sql.Tx, d camera.DeviceID, at time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE presence SET to_ms = CASE WHEN from_ms > $2 THEN from_ms ELSE $2 END
		WHERE device_id = $1 AND to_ms IS NULL`, d, db.Instant(at))
	return err
}

// EndAllPresence is for the start of the hub, when nothing can be linked. What a
// hub that died left open ends when the device was last heard of, and not after at.
func (r *Registry) EndAllPresence(ctx context.Context, at time.Time) error {
	err := r.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE presence SET to_ms = CASE
				WHEN from_ms >= $1 THEN from_ms
				WHEN seen.ms IS NULL OR seen.ms < from_ms THEN from_ms
				WHEN seen.ms > $1 THEN $1
				ELSE seen.ms END
			FROM (SELECT id, seen_ms AS ms FROM devices) AS seen
			WHERE seen.id = presence.device_id AND presence.to_ms IS NULL`, db.Instant(at))
		return err
	})
	return named("end presence", err)
}

// Presence lists the device's intervals that touch [from, to), oldest first; those
// that lasted no millisecond are left out.
func (r *Registry) Presence(ctx context.Context, d camera.DeviceID, from, to time.Time) ([]Interval, error) {
	rows, err := r.db.Read().QueryContext(ctx, `SELECT from_ms, to_ms FROM presence
		WHERE device_id = $1 AND from_ms < $3 AND (to_ms IS NULL OR to_ms > $2 AND to_ms > from_ms) ORDER BY from_ms`,
		d, db.Instant(from), db.Instant(to))
	if err != nil {
		return nil, fmt.Errorf("read presence: %w", err)
	}
	defer rows.Close()
	var list []Interval
	for rows.Next() {
		var i Interval
		if err := rows.Scan((*db.Instant)(&i.From), (*db.Instant)(&i.To)); err != nil {
			return nil, fmt.Errorf("read presence: %w", err)
		}
		list = append(list, i)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read presence: %w", err)
	}
	return list, nil
}
