package upload

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	camera "xulang.vn/camera"
)

const (
	holdFor = 10 * time.Minute // of a segment that the hub does not take now
	shutFor = time.Minute      // of a camera that the hub does not take now

	widthFirst = 2                // puts at once to begin with
	putQuick   = 10 * time.Second // a put that takes less shows that the uplink carries more at once
	putSlow    = time.Minute      // one that takes more, that it carries less
)

// What can become of a put.
var (
	errLater   = errors.New("not now")                   // concerns one segment only: it is held, others go on
	errShut    = errors.New("not from this camera now")  // the camera is shut, its segments keep their places
	errYield   = errors.New("waited for others")         // it paused for longer than a store waits
	errSlot    = errors.New("slot not taken")            // expired, or for other bytes
	errNetwork = errors.New("store not reached")         // says nothing about the segment
	errStore   = errors.New("store does not take bytes") // may concern one segment or all of them; see failed
	errHub     = errors.New("hub answers")               // it cannot do its part now, for any segment
)

// trial is what is remembered of a segment that did not go through.
type trial struct {
	until  time.Time // skipped until then
	tries  int       // refusals by the store that may concern all
	beaten int       // of these, since which others had gone through
	wins   int       // Uploader.wins at the last of these
	slots  int       // slots in a row that the store did not take
	lost   int       // network errors in a row
	at     time.Time // of the last change
}

func (u *Uploader) trialOf(id camera.SegmentID) *trial {
	t, ok := u.trials[id]
	if !ok {
		t = &trial{wins: u.wins}
		u.trials[id] = t
	}
	t.at = u.now()
	return t
}

// landed files the end of a put. What it returns makes the put's loop pause.
func (u *Uploader) landed(ctx context.Context, j *job, took time.Duration, err error) error {
	id := j.Segment.SegmentID
	u.mu.Lock()
	defer u.wake()
	defer u.mu.Unlock()
	u.flying[j.Asked]--
	if err == nil {
		u.arrived = append(u.arrived, id) // and stays busy until the hub knows
		u.wins++
		if took < putQuick {
			u.width = min(u.width+1, parallel-1)
		}
	}
	if took > putSlow {
		u.width = max(u.width/2, 1)
	}
	if err == nil {
		return nil
	}
	delete(u.busy, id)
	switch {
	case ctx.Err() != nil:
	case errors.Is(err, errLater):
		u.hold(id, err)
		return nil
	case errors.Is(err, errYield):
		u.back(j)
		return nil
	case errors.Is(err, errSlot):
		j.slot, j.until = camera.Slot{}, time.Time{}
		if t := u.trialOf(id); t.slots+1 < putTries {
			t.slots++
			u.back(j)
			return nil
		}
		u.trialOf(id).slots = 0
		u.failed(id)
	case errors.Is(err, errNetwork):
		u.lost(id)
		u.back(j)
	default:
		u.failed(id)
		u.back(j)
	}
	return err
}

// back puts a job back into its place, with its slot, unless it steps aside.
func (u *Uploader) back(j *job) {
	if t := u.trials[j.Segment.SegmentID]; t != nil && u.now().Before(t.until) {
		return
	}
	u.plan = append(u.plan, j)
	slices.SortFunc(u.plan, inOrder)
}

// failed counts a refusal by the store. A segment keeps its place while nothing
// at all goes through. When others went through between its failures three times
// over, it is the segment; after many failures it may be: then it steps aside for
// a while, so that a few bad ones never stop the rest.
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

// lost never counts against a segment: after ten network errors in a row it only
// lets another one try, for as long as a loop would have waited anyway.
func (u *Uploader) lost(id camera.SegmentID) {
	if t := u.trialOf(id); t.lost < 9 {
		t.lost++
	} else {
		t.lost, t.until = 0, u.now().Add(u.longest)
	}
}

// hold puts aside what cannot go now and is nobody else's business.
func (u *Uploader) hold(id camera.SegmentID, why error) {
	u.log.Info("segment stays at home for now", "segment", id, "err", why)
	u.trialOf(id).until = u.now().Add(holdFor)
}

// settle files what was decided for a segment that is in nobody's hands any more.
// nil, errLater and errShut are decisions, the others are not.
func (u *Uploader) settle(id camera.SegmentID, err error) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case err == nil:
		delete(u.trials, id)
	case errors.Is(err, errLater):
		u.hold(id, err)
	case errors.Is(err, errShut):
		u.log.Info("camera's bytes stay at home for now", "camera", id.Camera, "err", err)
	case errors.Is(err, errStore):
		u.failed(id)
		return err
	default:
		return err
	}
	u.plan = slices.DeleteFunc(u.plan, func(j *job) bool { return j.Segment.SegmentID == id })
	return nil
}

// refused tells refusals of now from those for good, which it records.
func (u *Uploader) refused(id camera.SegmentID, r camera.Refusal) error {
	switch r.Code {
	case camera.CodeTooLarge, camera.CodeBadClaim, camera.CodeFutureClaim, camera.CodeForeignCamera,
		camera.CodeForbidden, camera.CodeConflict, camera.CodeBadRequest:
		u.log.Warn("hub refused a segment's bytes", "segment", id, "code", r.Code, "reason", short(r.Message))
		return u.spool.Refused(id, r.Code)
	case camera.CodeUnknownSegment: // its database was lost, and this came after what it was built from again
		u.log.Warn("hub has forgotten a segment; announcing it again", "segment", id)
		return u.spool.Forgotten(id)
	case camera.CodeUnavailable, camera.CodeTooMany, camera.CodeUnreachable:
		return fmt.Errorf("%w: %w", errHub, r.Err())
	case camera.CodeInternal:
		return fmt.Errorf("%w: hub answers %s", errStore, r.Code)
	case camera.CodePaused, camera.CodeNoConsent: // of the whole camera
		u.mu.Lock()
		u.shut[id.Camera] = u.now().Add(shutFor)
		u.mu.Unlock()
		return fmt.Errorf("hub answers %s (%s): %w", r.Code, short(r.Message), errShut)
	}
	// Of one segment: not found by the hub.
	return fmt.Errorf("hub answers %s (%s): %w", codeOf(r), short(r.Message), errLater)
}

// tidy forgets trials that are long over, now and then; their segments may have
// been evicted.
func (u *Uploader) tidy(now time.Time) {
	if now.Sub(u.tidied).Abs() < time.Minute {
		return
	}
	u.tidied = now
	for id, t := range u.trials {
		if !u.busy[id] && now.Sub(t.at) > time.Hour {
			delete(u.trials, id)
		}
	}
}
