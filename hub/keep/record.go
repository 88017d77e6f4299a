package keep

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"xulang.vn/camera/hub/db"
)

const (
	recordsMost = 60 // reports that are kept: two months of nights

	// graceAfter is for how long nothing expires after a restore. A hold of the last
	// minutes before the loss may be in no snapshot: there is a day to place it again.
	graceAfter = 24 * time.Hour

	// restored marks a restore in the column of depths.
	restored Depth = 0

	// jumpMost is how far the clock may go on between two looks at it without a doubt: a
	// wrong year would let all footage go. After more than that there is a day to see it.
	jumpMost = 3 * 24 * time.Hour
)

// record keeps a report, and forgets the oldest.
func (k *Keep) record(ctx context.Context, r Report) error {
	body, err := json.Marshal(r)
	if err == nil {
		err = k.Database.Write(ctx, func(tx *sql.Tx) error { return insert(ctx, tx, r.Depth, r.Began, r.Ended, body) })
	}
	if err != nil {
		return fmt.Errorf("keep report: %w", err)
	}
	return nil
}

func insert(ctx context.Context, tx *sql.Tx, depth Depth, began, ended time.Time, body []byte) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO checks (id, depth, began_ms, ended_ms, report) VALUES ($1, $2, $3, $4, $5)`,
		rand.Text(), int64(depth), db.Instant(began), db.Instant(ended), string(body))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM checks WHERE depth > 0 AND id NOT IN (SELECT id FROM checks WHERE depth > 0 ORDER BY ended_ms DESC LIMIT $1)`, recordsMost)
	return err
}

// lastCheck is the newest report; ok is false when there is none.
func (k *Keep) lastCheck(ctx context.Context) (r Report, ok bool, err error) {
	var body string
	err = k.Database.Read().QueryRowContext(ctx, `SELECT report FROM checks WHERE depth > 0 ORDER BY ended_ms DESC LIMIT 1`).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return Report{}, false, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(body), &r)
	}
	if err != nil {
		return Report{}, false, fmt.Errorf("read last report: %w", err)
	}
	return r, true, nil
}

// steady tells whether the clock may be believed as far as letting footage go needs it.
// After a start it is compared with the end of the last check.
func (k *Keep) steady(ctx context.Context) (bool, error) {
	now := k.Now()
	last, checked, err := k.lastCheck(ctx)
	if err != nil {
		return false, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.seen.IsZero() && checked {
		k.seen = last.Ended
	}
	if !k.seen.IsZero() && now.Sub(k.seen) > jumpMost {
		k.Log.Error("the clock is days ahead of when it was seen last: nothing expires for a day", "seen", k.seen, "now", now)
		k.calm = now.Add(graceAfter)
	}
	k.seen = now
	left := k.calm.Sub(now)
	return left <= 0 || left > graceAfter, nil
}

// grace is for how long nothing may expire from now on.
func (k *Keep) grace(ctx context.Context) (time.Duration, error) {
	var at time.Time
	err := k.Database.Read().QueryRowContext(ctx, `SELECT max(ended_ms) FROM checks WHERE depth = $1`, int64(restored)).Scan((*db.Instant)(&at))
	if err != nil {
		return 0, fmt.Errorf("read last restore: %w", err)
	}
	if at.IsZero() {
		return 0, nil
	}
	left := at.Add(graceAfter).Sub(k.Now())
	if left > graceAfter { // the clock was ahead when it was written
		return 0, nil
	}
	return max(left, 0), nil
}
