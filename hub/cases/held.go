package cases

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	camera "xulang.vn/camera"
)

// HeldIn tells which times of a camera within [from, to) open cases hold, as the
// transaction sees it: what is stored of them does not expire. Also what a household
// still thinks about is held, and what it would not send now; what it refused is not.
func (c *Cases) HeldIn(ctx context.Context, tx *sql.Tx, id camera.CameraID, from, to time.Time) ([]camera.Interval, error) {
	return c.heldBy(ctx, tx, id, from, to)
}

// Held is HeldIn outside of a transaction: what it tells may be old when it is told.
func (c *Cases) Held(ctx context.Context, id camera.CameraID, from, to time.Time) ([]camera.Interval, error) {
	return c.heldBy(ctx, c.DB.Read(), id, from, to)
}

func (c *Cases) heldBy(ctx context.Context, q querier, id camera.CameraID, from, to time.Time) ([]camera.Interval, error) {
	open, err := wantsWhere(ctx, q, `w.camera_id = $1 AND w.from_ms < $3 AND w.to_ms > $2 AND w.ended_ms IS NULL AND c.closed_ms IS NULL`,
		id, from.UnixMilli(), to.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("read what is held of %s: %w", id, err)
	}
	var held []camera.Interval
	for _, w := range open {
		if w.Ask != nil {
			if a := w.answerAt(c.Now()); a == camera.ReplyRefused || a == camera.ReplySilent {
				continue
			}
		}
		held = append(held, camera.Interval{From: w.From, To: w.To})
	}
	return held, nil
}
