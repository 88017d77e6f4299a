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

// Sources of the clock ledger.
const (
	SourceAgent        = "agent"         // the agent's clock against the hub's, as the agent measured it
	SourceSenderReport = "sender-report" // the camera's own clock against the hub's, from its RTCP sender reports (RFC 3550, 6.4.1)
)

// Rules of the ledger. A camera has at most one record of each source a minute,
// whatever its device says.
const (
	clockMost   = 10 * 365 * 24 * time.Hour // an offset beyond this is not one that can be worked with
	clockMoves  = 50 * time.Millisecond     // a smaller move of an offset is no news
	clockStales = time.Hour                 // an old record is told again after this
	clockPause  = time.Minute
)

// ClockRecord is one measurement. It is never changed: a correction is a new one.
// The offset is that clock minus the hub's. Synchronised is what the agent says of
// its own clock; nobody tells it of a camera's.
type ClockRecord struct {
	Source string
	At     time.Time // whole milliseconds, hub's clock
	camera.Clock
}

// sane makes a clock of a stranger's words with which one can reckon: whole
// milliseconds, of which no two differ by more than a Duration holds. A clock that
// is off by more than clockMost, or that has no bound, counts as one of which
// nothing is known.
func sane(c camera.Clock) camera.Clock {
	offset, bound := time.Duration(c.Offset).Truncate(time.Millisecond), time.Duration(c.Bound).Truncate(time.Millisecond)
	if offset < -clockMost || offset > clockMost || bound < 0 || bound > clockMost {
		return camera.Clock{Offset: camera.Millis(min(max(offset, -clockMost), clockMost)), Bound: camera.Millis(clockMost)}
	}
	return camera.Clock{Synchronised: c.Synchronised, Offset: camera.Millis(offset), Bound: camera.Millis(bound)}
}

// news tells whether a measurement says more than the newest record before it.
func (r ClockRecord) news(had ClockRecord) bool {
	moved := time.Duration(r.Offset - had.Offset).Abs()
	return r.Synchronised != had.Synchronised || moved > max(time.Duration(r.Bound), clockMoves) || r.At.Sub(had.At) >= clockStales
}

// noteClock records what a device measured of its clock for each of its cameras.
func noteClock(ctx context.Context, tx *sql.Tx, d camera.DeviceID, c camera.Clock, at time.Time) error {
	cameras, err := camerasOf(ctx, tx, d)
	if err != nil {
		return err
	}
	record := ClockRecord{Source: SourceAgent, At: at.Truncate(time.Millisecond), Clock: c}
	for _, id := range cameras {
		if err := addClock(ctx, tx, id, record); err != nil {
			return fmt.Errorf("camera %s: %w", id, err)
		}
	}
	return nil
}

func camerasOf(ctx context.Context, tx *sql.Tx, d camera.DeviceID) ([]camera.CameraID, error) {
	rows, err := tx.QueryContext(ctx, `SELECT id FROM cameras WHERE device_id = $1`, d)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []camera.CameraID
	for rows.Next() {
		var id camera.CameraID
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		list = append(list, id)
	}
	return list, rows.Err()
}

// NoteReport records a camera's own clock: offset is the camera's minus the hub's,
// as its sender reports tell, right within bound. A time to come counts as now.
// CodeNotFound when there is no such camera.
func (r *Registry) NoteReport(ctx context.Context, id camera.CameraID, offset, bound time.Duration, at time.Time) error {
	if now := r.now(); at.After(now) {
		at = now
	}
	record := ClockRecord{Source: SourceSenderReport, At: at.Truncate(time.Millisecond), Clock: sane(camera.Clock{Offset: camera.Millis(offset), Bound: camera.Millis(bound)})}
	// Most reports are no news: they cost no turn at the one writer.
	if due, err := clockDue(ctx, r.db.Read(), id, record); err != nil || !due {
		return named("note sender report", err)
	}
	err := r.db.Write(ctx, func(tx *sql.Tx) error {
		if o, err := findOwner(ctx, tx, id); err != nil {
			return err
		} else if !o.ok {
			return camera.Errorf(camera.CodeNotFound, "no camera %s", id)
		}
		return addClock(ctx, tx, id, record)
	})
	return named("note sender report", err)
}

func addClock(ctx context.Context, tx *sql.Tx, id camera.CameraID, r ClockRecord) error {
	due, err := clockDue(ctx, tx, id, r)
	if err != nil || !due {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO clocks (camera_id, source, at_ms, sync, offset_ms, bound_ms) VALUES ($1, $2, $3, $4, $5, $6)`,
		id, r.Source, db.Instant(r.At), r.Synchronised, time.Duration(r.Offset).Milliseconds(), time.Duration(r.Bound).Milliseconds())
	return err
}

// clockDue compares a measurement with the records around it. Footage that comes
// late has its time in the past, and the hub's clock may have been set back: a
// record later than this one keeps its minute, too.
func clockDue(ctx context.Context, from rows, id camera.CameraID, r ClockRecord) (bool, error) {
	next, ok, err := clockAt(ctx, from, id, r.Source, r.At.Add(clockPause-time.Millisecond))
	if err != nil || !ok {
		return err == nil, err
	}
	if r.At.Sub(next.At) < clockPause {
		return false, nil
	}
	return r.news(next), nil
}

// ClockAt is the newest record of a source at or before a moment; ok is false when
// there is none.
func (r *Registry) ClockAt(ctx context.Context, id camera.CameraID, source string, at time.Time) (record ClockRecord, ok bool, err error) {
	record, ok, err = clockAt(ctx, r.db.Read(), id, source, at)
	return record, ok, named("read clock ledger", err)
}

// rows is a pool or a transaction.
type rows interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func clockAt(ctx context.Context, from rows, id camera.CameraID, source string, at time.Time) (ClockRecord, bool, error) {
	var offset, bound int64
	r := ClockRecord{Source: source}
	err := from.QueryRowContext(ctx, `SELECT at_ms, sync, offset_ms, bound_ms FROM clocks
		WHERE camera_id = $1 AND source = $2 AND at_ms <= $3 ORDER BY at_ms DESC LIMIT 1`, id, source, db.Instant(at)).
		Scan((*db.Instant)(&r.At), &r.Synchronised, &offset, &bound)
	if errors.Is(err, sql.ErrNoRows) {
		return ClockRecord{}, false, nil
	}
	if err != nil {
		return ClockRecord{}, false, err
	}
	r.Offset, r.Bound = millis(offset), millis(bound)
	return r, true, nil
}
