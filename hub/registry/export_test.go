package registry

import (
	"context"
	"database/sql"
	"time"

	camera "xulang.vn/camera"
)

// NoteClock is the part of SetStatus that fills the clock ledger.
func (r *Registry) NoteClock(ctx context.Context, d camera.DeviceID, c camera.Clock, at time.Time) error {
	err := r.db.Write(ctx, func(tx *sql.Tx) error {
		if _, err := household(ctx, tx, d); err != nil {
			return err
		}
		return noteClock(ctx, tx, d, sane(c), at)
	})
	return named("note clock", err)
}
