package keep

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"
)

// The timetable.
const (
	roundEach    = 10 * time.Minute // the first comes this long after the start: a box without a clock of its own has asked for the time by then
	roundMost    = time.Hour        // between rounds while the object store is away
	snapshotEach = 10 * time.Minute
	soonAfter    = 2 * time.Second // of what was told by Soon: more may come
	checkAgain   = time.Hour       // after a check that did not get to its end
	checkLate    = 30 * time.Minute
	nightHour    = 2 // o'clock, in the zone of the commune
)

// zone is that of the commune, where nights have one length all the year.
var zone = time.FixedZone("UTC+7", 7*60*60)

// Run does all of it by the timetable until the context ends. What fails is told once
// and tried again.
func (k *Keep) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { k.rounds(ctx); return nil })
	group.Go(func() error { k.snapshots(ctx); return nil })
	group.Go(func() error { k.nights(ctx); return nil })
	return group.Wait()
}

// Soon asks for a snapshot within seconds: somebody was promised something that is in
// no other place, as a hold is.
func (k *Keep) Soon() {
	select {
	case k.soon <- struct{}{}:
	default:
	}
}

func (k *Keep) rounds(ctx context.Context) {
	told := teller{k, "expire footage", "", 0}
	for wait := roundEach; rest(ctx, wait, nil); {
		var r Round
		ok, err := k.steady(ctx)
		if ok {
			r, err = k.Expire(ctx)
		}
		if ctx.Err() != nil {
			return
		}
		told.tell(err)
		if r.Segments > 0 || r.Proved > 0 {
			k.Log.Info("footage expired", "segments", r.Segments, "proved", r.Proved)
		}
		if r.Stuck > 0 {
			k.Log.Warn("the object store keeps footage that was deleted", "hours", r.Stuck)
		}
		if wait = roundEach; away(err) {
			wait = told.backOff(roundEach, roundMost)
		}
	}
}

func (k *Keep) snapshots(ctx context.Context) {
	told := teller{k, "write snapshot", "", 0}
	for {
		_, _, err := k.Snapshot(ctx)
		if ctx.Err() != nil {
			return
		}
		told.tell(err)
		if !rest(ctx, snapshotEach, k.soon) || !rest(ctx, soonAfter, nil) {
			return
		}
	}
}

func (k *Keep) nights(ctx context.Context) {
	told := teller{k, "check footage", "", 0}
	wait := untilNight(k.Now())
	if last, ok, err := k.lastCheck(ctx); err == nil && ok && k.Now().Sub(last.Began) > 24*time.Hour {
		wait = min(wait, checkLate) // the hub was off at night
	}
	for rest(ctx, wait, nil) {
		r, err := Report{}, k.Index.ForgetNames(ctx)
		if err == nil {
			r, err = k.Check(ctx, Wish{Depth: Names, Repair: true}, nil)
		}
		if ctx.Err() != nil {
			return
		}
		told.tell(err)
		if wait = untilNight(k.Now()); err != nil {
			wait = min(wait, checkAgain)
			continue
		}
		level := k.Log.Info
		if !r.Clean() {
			level = k.Log.Warn
		}
		level("footage checked", "segments", r.Segments, "objects", r.Objects, "counts", r.Counts)
	}
}

// untilNight is the time until the next check; never zero.
func untilNight(now time.Time) time.Duration {
	at := now.In(zone)
	next := time.Date(at.Year(), at.Month(), at.Day(), nightHour, 0, 0, 0, zone)
	if !next.After(now) {
		next = next.AddDate(0, 0, 1)
	}
	return next.Sub(now)
}

// rest waits, or until it is woken; false when the context ended.
func rest(ctx context.Context, d time.Duration, woken <-chan struct{}) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
	case <-woken:
	}
	return true
}

// teller logs a failure once, until it is another one or over.
type teller struct {
	*Keep
	doing string
	told  string
	fails int // on end
}

func (t *teller) tell(err error) {
	switch {
	case err == nil && t.fails > 0:
		t.Log.Info(t.doing+" again", "failed", t.fails)
		t.told, t.fails = "", 0
	case err != nil:
		t.fails++
		if err.Error() != t.told {
			t.told = err.Error()
			t.Log.Warn(t.doing, "err", err)
		}
	}
}

// backOff doubles with each failure.
func (t *teller) backOff(from, most time.Duration) time.Duration {
	for range t.fails {
		from = min(2*from, most)
	}
	return from
}
