package keep

import (
	"context"
	"fmt"
	"time"

	camera "xulang.vn/camera"
)

// Upkeep is what an administrator is told.
type Upkeep struct {
	Cameras  map[int]int   // how many cameras are kept for how many days
	Day      Sum           // expired in the last 24 h
	Month    Sum           // expired in the last 30 days
	Unproved int64         // expiries of which the object store was not yet seen to have nothing
	Grace    time.Duration // nothing expires for so long: the database was restored
	Backlog  Backlog
	Snapshot Snapshot // zero: there is none
	Check    Report   // the newest; only when Checked
	Checked  bool
}

// Upkeep counts. A part that does not answer is an error; the object store is not
// asked but for the name of the newest snapshot, once after a start.
func (k *Keep) Upkeep(ctx context.Context) (Upkeep, error) {
	u := Upkeep{Cameras: map[int]int{}}
	now := k.Now()
	days, err := k.Homes.Keep(ctx)
	if err != nil {
		return u, fmt.Errorf("read retention: %w", err)
	}
	for id, chosen := range days {
		n, err := camera.KeepDays(chosen)
		if err != nil {
			return u, fmt.Errorf("read retention of %s: %w", id, err)
		}
		u.Cameras[n]++
	}
	if u.Day, err = k.Index.Expired(ctx, now.Add(-24*time.Hour)); err != nil {
		return u, fmt.Errorf("count expired footage: %w", err)
	}
	if u.Month, err = k.Index.Expired(ctx, now.Add(-30*24*time.Hour)); err != nil {
		return u, fmt.Errorf("count expired footage: %w", err)
	}
	u.Unproved = u.Month.Pending
	if u.Backlog, err = k.Index.Backlog(ctx); err != nil {
		return u, fmt.Errorf("read backlog: %w", err)
	}
	if u.Grace, err = k.grace(ctx); err != nil {
		return u, err
	}
	if u.Check, u.Checked, err = k.lastCheck(ctx); err != nil {
		return u, err
	}
	u.Snapshot, err = k.newest(ctx)
	return u, err
}

// newest is the newest snapshot, of this run of the program or by its name.
func (k *Keep) newest(ctx context.Context) (Snapshot, error) {
	k.mu.Lock()
	last := k.last
	k.mu.Unlock()
	if last.Name != "" {
		return last, nil
	}
	all, err := stamps(ctx, k.Shelf)
	if err != nil {
		return Snapshot{}, err
	}
	for _, s := range all {
		if s.whole {
			last = Snapshot{Name: nameOf(s.at, 0), At: s.at}
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.last.Name == "" {
		k.last = last
	}
	return k.last, nil
}
