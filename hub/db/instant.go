package db

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// Instant is a time.Time as a bigint column holds it: Unix milliseconds (finer
// parts are cut off), NULL for the zero time.
//
//	tx.Exec("… WHERE id = $1 AND at_ms < $2", id, db.Instant(t))
//	row.Scan((*db.Instant)(&t))
type Instant time.Time

// Value is for the driver.
func (i Instant) Value() (driver.Value, error) {
	t := time.Time(i)
	if t.IsZero() {
		return nil, nil
	}
	return t.UnixMilli(), nil
}

// Scan reads NULL or Unix milliseconds; the time is in UTC.
func (i *Instant) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*i = Instant{}
	case int64:
		*i = Instant(time.UnixMilli(v).UTC())
	default:
		return fmt.Errorf("read time: column holds %T", v)
	}
	return nil
}
