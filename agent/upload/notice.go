package upload

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	camera "xulang.vn/camera"
)

// notice tells the hub of all bytes that arrived since the last notice, and asks
// it to look. Only its agreement makes a segment stored. While the hub does not
// answer they wait here, no more of them than slots were given out before.
func (u *Uploader) notice(ctx context.Context) (next time.Duration, err error) {
	u.mu.Lock()
	ids := slices.Clone(u.arrived[:min(len(u.arrived), camera.SlotsMost)])
	u.mu.Unlock()
	if len(ids) == 0 {
		return u.idle, nil
	}
	asking, cancel := context.WithTimeout(ctx, u.askMost)
	defer cancel()
	reply, err := u.hub.Stored(asking, ids)
	if err == nil {
		err = reply.Err()
	}
	if err != nil {
		return 0, fmt.Errorf("tell stored: %w", err)
	}
	done := map[camera.SegmentID]bool{}
	var waits error
	for i, id := range ids {
		r, no := reply.Refused[i]
		if !no {
			err = u.spool.Stored(id)
		} else {
			err = u.refused(id, r)
		}
		err = u.settle(id, err)
		done[id] = !errors.Is(err, errHub) // or it is asked for again: the slot tells that it is there
		waits = errors.Join(waits, err)
	}
	u.mu.Lock()
	for id, yes := range done {
		if yes {
			delete(u.busy, id)
		}
	}
	u.arrived = slices.DeleteFunc(u.arrived, func(id camera.SegmentID) bool { return done[id] })
	u.mu.Unlock()
	u.wake()
	if waits != nil {
		return 0, fmt.Errorf("tell stored: %w", waits)
	}
	return 0, nil
}
