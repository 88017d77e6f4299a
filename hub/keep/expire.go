package keep

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	camera "xulang.vn/camera"
)

// settleAtOnce is how many expiries are read at a time.
const settleAtOnce = 50

// Round is what one round of expiry did.
type Round struct {
	Segments int // marked as expired
	Proved   int // expiries of which the object store has nothing any more
	Stuck    int // expiries of which it still has something although it was told to delete it
}

// Expire is one round: footage that is older than its household wants is marked in the
// index, deleted, looked for, and proved gone.
//
// It may stop anywhere. What was marked is written down together with its names, and
// is taken up first by the next round; to delete and to prove twice does no harm. What
// is marked is never seen as stored again, so no hold can come between mark and
// deletion. The object store's first error ends the round: what cannot be deleted need
// not be marked either. An error of one camera does not stop the others.
func (k *Keep) Expire(ctx context.Context) (Round, error) {
	r := round{Keep: k, stuck: map[string]bool{}}
	if wait, err := k.grace(ctx); err != nil || wait > 0 {
		return r.Round, err
	}
	if err := r.settle(ctx); err != nil {
		return r.Round, err
	}
	all, err := k.due(ctx)
	if err != nil {
		return r.Round, err
	}
	for _, d := range all {
		if err := r.expire(ctx, d); err != nil {
			return r.Round, err
		}
	}
	return r.Round, errors.Join(r.failed...)
}

// round is a round under way.
type round struct {
	*Keep
	Round
	stuck  map[string]bool // ids of expiries that are not tried again in this round
	failed []error         // of single cameras
}

// due is until when a camera's footage is over.
type due struct {
	camera camera.CameraID
	before time.Time
}

// due lists all cameras that have footage. One whose household is not known any more,
// or that never chose, is kept as usual.
func (k *Keep) due(ctx context.Context) ([]due, error) {
	days, err := k.Homes.Keep(ctx)
	if err != nil {
		return nil, fmt.Errorf("read retention: %w", err)
	}
	all, err := k.Index.Cameras(ctx)
	if err != nil {
		return nil, fmt.Errorf("list cameras: %w", err)
	}
	slices.Sort(all)
	now := k.Now()
	list := make([]due, 0, len(all))
	for _, id := range slices.Compact(all) {
		n, err := camera.KeepDays(days[id])
		if err != nil {
			return nil, fmt.Errorf("read retention of %s: %w", id, err)
		}
		list = append(list, due{id, now.Add(-time.Duration(n) * 24 * time.Hour)})
	}
	return list, nil
}

// expire takes one camera a few hours at a time, so that bytes go soon after their mark.
func (r *round) expire(ctx context.Context, d due) error {
	for {
		n, more, err := r.Index.Expire(ctx, d.camera, d.before)
		r.Segments += n // also before an error: what is marked stays marked
		if err != nil {
			r.failed = append(r.failed, fmt.Errorf("expire footage of %s: %w", d.camera, err))
			return ctx.Err()
		}
		if n > 0 {
			if err := r.settle(ctx); err != nil {
				return err
			}
		}
		if !more {
			return nil
		}
	}
}

// settle deletes and proves what is marked. What the object store does not give up
// (somebody put a lock on the bucket) is left for the next round; what comes after it
// is not.
func (r *round) settle(ctx context.Context) error {
	for {
		open, err := r.Index.Expiries(ctx, settleAtOnce+len(r.stuck))
		if err != nil {
			return fmt.Errorf("list expiries: %w", err)
		}
		open = slices.DeleteFunc(open, func(e Expiry) bool { return r.stuck[e.ID] })
		if len(open) == 0 {
			return nil
		}
		for _, e := range open {
			gone, err := r.letGo(ctx, e)
			switch {
			case err != nil && (away(err) || ctx.Err() != nil):
				return err
			case err != nil:
				r.failed = append(r.failed, err)
			case gone:
				r.Proved++
				continue
			}
			r.stuck[e.ID] = true
			r.Stuck++
		}
	}
}

// letGo deletes the bytes of an expiry and looks for them.
func (k *Keep) letGo(ctx context.Context, e Expiry) (gone bool, err error) {
	for _, key := range e.Keys {
		if key.Camera != e.Camera {
			return false, fmt.Errorf("delete expired footage: expiry %s of camera %s names %s", e.ID, e.Camera, key)
		}
	}
	// What is under a lock is seen by the look that follows.
	if err := k.Footage.Delete(ctx, e.Keys); err != nil && camera.CodeOf(err) != camera.CodeForbidden {
		return false, fmt.Errorf("delete expired footage: %w", err)
	}
	left, err := k.Footage.Left(ctx, e.Keys)
	if err != nil {
		return false, fmt.Errorf("look for expired footage: %w", err)
	}
	if len(left) > 0 {
		return false, nil
	}
	if err := k.Index.ProveGone(ctx, e.ID, k.Now()); err != nil {
		return false, fmt.Errorf("prove expiry: %w", err)
	}
	return true, nil
}

// away tells whether an error is that the object store does not answer.
func away(err error) bool { return camera.CodeOf(err) == camera.CodeUnavailable }
