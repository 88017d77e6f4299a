package simnvr

import (
	"fmt"
	"sync/atomic"
	"time"
)

// clock is the recorder's own: true time plus an offset, shown in its zone.
type clock struct {
	now    func() time.Time
	zone   *time.Location
	keep   time.Duration
	offset atomic.Int64 // nanoseconds
}

// shows is what the recorder believes to be now, in its zone.
func (c *clock) shows() time.Time { return c.at(c.now()) }

// at is what the recorder's clock shows at a true time.
func (c *clock) at(truth time.Time) time.Time {
	return truth.Add(time.Duration(c.offset.Load())).In(c.zone)
}

// truth is the true time at which the recorder's clock shows t.
func (c *clock) truth(t time.Time) time.Time { return t.Add(-time.Duration(c.offset.Load())) }

// oldest is the true time before which footage has been overwritten.
func (c *clock) oldest() time.Time { return c.now().Add(-c.keep) }

// local reads the digits of t as local time, whatever zone t was parsed in.
func (c *clock) local(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), c.zone)
}

// span is a stretch of footage in the recorder's time.
type span struct{ From, To time.Time }

// files cuts what is kept of [from, to) into files that begin at whole steps of the
// recorder's local time. The first is what overwriting left of it, the last is
// still being written.
func (c *clock) files(from, to time.Time, step time.Duration) []span {
	from, to = later(from, c.at(c.oldest())), earlier(to, c.shows())
	var out []span
	_, shift := from.In(c.zone).Zone()
	ahead := time.Duration(shift) * time.Second // files begin on local hours, not on those of UTC
	for at := from.Add(ahead).Truncate(step).Add(-ahead); at.Before(to); at = at.Add(step) {
		file := span{later(at, c.at(c.oldest())), earlier(at.Add(step), c.shows())}
		out = append(out, span{file.From.In(c.zone).Truncate(time.Second), file.To.In(c.zone).Truncate(time.Second)})
	}
	return out
}

// posix is the zone as POSIX 1003.1 section 8.3 writes it: the sign is the other
// way round. Hikvision and ONVIF Core ("TimeZone") use it.
func posix(t time.Time) string {
	_, east := t.Zone()
	sign := "-"
	if east < 0 {
		sign, east = "+", -east
	}
	return fmt.Sprintf("CST%s%d:%02d:00", sign, east/3600, east/60%60)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
