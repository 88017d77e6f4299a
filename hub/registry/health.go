package registry

import (
	"context"
	"database/sql"
	"time"

	camera "xulang.vn/camera"
)

// Health is what a box last told of itself. What it told and cannot be stands as
// if it had not been told: 0, or no temperature.
type Health struct {
	SpoolUsed    int64    // bytes of recordings
	SpoolMost    int64    // bytes that they may take
	SpoolHeld    int64    // bytes of them that cases hold
	SpoolDays    float64  // how far back the ring reaches; 0: not known
	Waiting      int64    // segments that still have to reach the hub
	UplinkRate   int64    // bytes per second over the last minute
	UplinkBudget int64    // bytes per second allowed; 0: no limit
	Temperature  *float64 // degrees Celsius; nil: no sensor
	Clock        camera.Clock
}

// The most that a box may tell of itself. More is nonsense.
const (
	bytesMost   = 1 << 50 // a petabyte, also in a second
	waitingMost = 1_000_000_000
	daysMost    = 100 * 366
	coldest     = -100 // degrees Celsius
	hottest     = 250
)

// healthOf reads a status as the word of a stranger.
func healthOf(m camera.Status) Health {
	h := Health{
		SpoolUsed: bounded(m.Spool.Used, bytesMost), SpoolMost: bounded(m.Spool.Most, bytesMost), SpoolHeld: bounded(m.Spool.Held, bytesMost),
		SpoolDays: bounded(m.Spool.Days, daysMost), Waiting: bounded(int64(m.Spool.Waiting), waitingMost),
		UplinkRate: bounded(m.Uplink.Rate, bytesMost), UplinkBudget: bounded(m.Uplink.Budget, bytesMost),
		Clock: sane(m.Clock),
	}
	if t := m.Temperature; t != nil && *t >= coldest && *t <= hottest {
		h.Temperature = t
	}
	return h
}

// bounded is 0 for what is not within [0, most], NaN among it.
func bounded[T int64 | float64](n, most T) T {
	if n >= 0 && n <= most {
		return n
	}
	return 0
}

func setHealth(ctx context.Context, tx *sql.Tx, d camera.DeviceID, h Health) error {
	_, err := tx.ExecContext(ctx, `UPDATE devices SET spool_used = $2, spool_most = $3, spool_held = $4, spool_days = $5, waiting = $6,
			uplink_rate = $7, uplink_budget = $8, temperature = $9, clock_sync = $10, clock_offset_ms = $11, clock_bound_ms = $12
		WHERE id = $1`,
		d, h.SpoolUsed, h.SpoolMost, h.SpoolHeld, h.SpoolDays, h.Waiting, h.UplinkRate, h.UplinkBudget, h.Temperature,
		h.Clock.Synchronised, time.Duration(h.Clock.Offset).Milliseconds(), time.Duration(h.Clock.Bound).Milliseconds())
	return err
}

// healthRow takes the columns of a device's health, NULL before its first status.
type healthRow struct {
	used, most, held, waiting, rate, budget, offset, bound sql.NullInt64
	days, temperature                                      sql.NullFloat64
	sync                                                   sql.NullBool
}

const selectHealth = `spool_used, spool_most, spool_held, spool_days, waiting, uplink_rate, uplink_budget, temperature,
	clock_sync, clock_offset_ms, clock_bound_ms`

func (r *healthRow) columns() []any {
	return []any{&r.used, &r.most, &r.held, &r.days, &r.waiting, &r.rate, &r.budget, &r.temperature, &r.sync, &r.offset, &r.bound}
}

func (r *healthRow) health() *Health {
	if !r.used.Valid {
		return nil
	}
	h := &Health{
		SpoolUsed: r.used.Int64, SpoolMost: r.most.Int64, SpoolHeld: r.held.Int64, SpoolDays: r.days.Float64, Waiting: r.waiting.Int64,
		UplinkRate: r.rate.Int64, UplinkBudget: r.budget.Int64,
		Clock: camera.Clock{Synchronised: r.sync.Bool, Offset: millis(r.offset.Int64), Bound: millis(r.bound.Int64)},
	}
	if r.temperature.Valid {
		h.Temperature = &r.temperature.Float64
	}
	return h
}

func millis(n int64) camera.Millis { return camera.Millis(time.Duration(n) * time.Millisecond) }
