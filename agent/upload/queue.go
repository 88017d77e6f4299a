package upload

import (
	"context"
	"errors"
	"net/url"
	"time"

	camera "xulang.vn/camera"
)

var (
	// errLater marks what concerns one segment only: it is held, others go on.
	errLater = errors.New("not now")
	// errStore marks what may concern one segment or all of them; see failed.
	errStore = errors.New("put segment")
)

// upload sends the oldest segment that may go. An error means that the hub or
// the store does not answer: everything waits, and nothing loses its place.
func (u *Uploader) upload(ctx context.Context, hub *url.URL) (worked bool, err error) {
	seg, ok := u.take()
	if !ok {
		return false, nil
	}
	err = u.send(ctx, hub, seg)
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.busy, seg.SegmentID)
	switch {
	case err == nil:
		delete(u.held, seg.SegmentID)
		u.wins++
		return true, nil
	case ctx.Err() != nil:
		return false, nil
	case errors.Is(err, errLater):
		u.log.Info("segment stays at home for now", "segment", seg.SegmentID, "err", err)
		u.trialOf(seg.SegmentID).until = u.now().Add(holdFor)
		return true, nil
	}
	if errors.Is(err, errStore) {
		u.failed(seg.SegmentID)
	}
	return false, err
}

// failed counts a put that the store did not take. A segment keeps its place
// while nothing at all goes through. When others went through between its
// failures three times over, it is the segment; after many failures it may be:
// then it steps aside for a while, so that a few bad ones never stop the rest.
func (u *Uploader) failed(id camera.SegmentID) {
	t := u.trialOf(id)
	t.tries++
	if u.wins > t.wins {
		t.beaten, t.wins = t.beaten+1, u.wins
	}
	switch {
	case t.beaten >= 3:
		t.until = u.now().Add(min(time.Duration(t.beaten)*time.Minute, holdFor))
	case t.tries >= 10:
		t.until = u.now().Add(time.Minute)
	}
}

func (u *Uploader) trialOf(id camera.SegmentID) *trial {
	t, ok := u.held[id]
	if !ok {
		t = &trial{wins: u.wins}
		u.held[id] = t
	}
	return t
}

// take chooses the oldest segment that nobody sends, that is not held and whose
// household allows it. Each camera is asked for once.
func (u *Uploader) take() (camera.Segment, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	now := u.now()
	allowed := map[camera.CameraID]bool{}
	seg, ok := u.spool.NextUpload(func(id camera.SegmentID) bool {
		if t := u.held[id]; u.busy[id] || t != nil && now.Before(t.until) {
			return true
		}
		yes, asked := allowed[id.Camera]
		if !asked {
			yes = u.allow(id.Camera) == nil
			allowed[id.Camera] = yes
		}
		return !yes
	})
	if !ok {
		u.tidy(now)
		return seg, false
	}
	u.busy[seg.SegmentID] = true
	return seg, true
}

// tidy forgets trials that are long over; their segments may have been evicted.
func (u *Uploader) tidy(now time.Time) {
	for id, t := range u.held {
		if !u.busy[id] && now.Sub(t.until) > time.Hour {
			delete(u.held, id)
		}
	}
}
