package upload

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	camera "xulang.vn/camera"
)

const (
	ahead       = 24               // segments that are planned, each with a slot or about to get one
	slotsLow    = 12               // slots at hand below which more are asked for: a round trip's worth of puts
	slotMargin  = 2 * time.Second  // a slot that ends sooner is as good as expired
	slotBlind   = time.Minute      // of a slot whose end has passed by our own clock, which may be wrong
	slotLongest = 10 * time.Minute // a slot is trusted, whatever it says
)

// job is one upload that is planned. It is the planner's until a put takes it.
type job struct {
	Upload
	slot  camera.Slot
	until time.Time // the slot is good until then; zero: there is none
}

func (j *job) usable(now time.Time) bool { return now.Before(j.until) }

// rank orders jobs: the lowest goes first.
func (j *job) rank() int {
	switch {
	case j.Asked:
		return 0
	case j.Held:
		return 1
	}
	return 2
}

func inOrder(a, b *job) int {
	return cmp.Or(cmp.Compare(a.rank(), b.rank()), a.Segment.Start.Compare(b.Segment.Start),
		cmp.Compare(a.Segment.Camera, b.Segment.Camera), cmp.Compare(a.Segment.Seq, b.Segment.Seq))
}

// ask keeps slots at hand for what goes next. A slot that ended unused is asked
// for again when its segment's turn comes.
func (u *Uploader) ask(ctx context.Context) (next time.Duration, err error) {
	ids := u.look()
	if len(ids) == 0 {
		return u.idle, nil
	}
	asking, cancel := context.WithTimeout(ctx, u.askMost)
	defer cancel()
	reply, err := u.hub.Slots(asking, ids)
	if err == nil {
		err = reply.Err()
	}
	if err == nil && len(reply.Slots) != len(ids) {
		err = fmt.Errorf("%d answers to %d questions", len(reply.Slots), len(ids))
	}
	if err != nil {
		return 0, fmt.Errorf("ask for slots: %w", err)
	}
	var waits error
	settled := 0
	for i, id := range ids {
		if err := u.answered(id, reply.Slots[i]); err != nil {
			waits = errors.Join(waits, err)
			continue
		}
		settled++
	}
	u.wake()
	if settled > 0 && !errors.Is(waits, errHub) {
		return 0, nil
	}
	return 0, waits
}

// look renews the plan and tells for what slots are needed. What is not in the
// spool's list any more is dropped, slot or not: it was evicted, or no case asks
// for it now.
func (u *Uploader) look() (slotless []camera.SegmentID) {
	u.mu.Lock()
	defer u.mu.Unlock()
	now := u.now()
	u.tidy(now)
	old := make(map[camera.SegmentID]*job, len(u.plan))
	for _, j := range u.plan {
		old[j.Segment.SegmentID] = j
	}
	u.plan = u.plan[:0]
	slots, urgent := 0, false
	for _, up := range u.spool.Uploads(ahead, u.skip(now)) {
		j := old[up.Segment.SegmentID]
		if j == nil {
			j = &job{}
		}
		j.Upload = up // its priority may be another one now
		u.plan = append(u.plan, j)
		if j.usable(now) {
			slots++
			continue
		}
		slotless = append(slotless, up.Segment.SegmentID)
		urgent = urgent || up.Asked || u.keepsPlace(up.Segment.SegmentID)
	}
	if !urgent && (slots >= slotsLow || u.budget.busy()) {
		return nil
	}
	return slotless[:min(len(slotless), camera.SlotsMost)]
}

// skip is what cannot go now: in hand, put aside, or not allowed by hub or
// household. Each camera is asked for once.
func (u *Uploader) skip(now time.Time) func(camera.SegmentID) bool {
	closed := map[camera.CameraID]bool{}
	return func(id camera.SegmentID) bool {
		if t := u.trials[id]; u.busy[id] || t != nil && now.Before(t.until) {
			return true
		}
		no, known := closed[id.Camera]
		if !known {
			no = now.Before(u.shut[id.Camera]) || u.allow(id.Camera) != nil
			closed[id.Camera] = no
		}
		return no
	}
}

// answered takes the hub's answer for one segment. nil: it has a slot, or there is
// nothing more to do for it now.
func (u *Uploader) answered(id camera.SegmentID, a camera.SlotAnswer) error {
	if a.Stored {
		return u.settle(id, u.spool.Stored(id))
	}
	if a.Err() != nil {
		return u.settle(id, u.refused(id, a.Refusal))
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	now := u.now()
	life := a.Expires.Sub(now) - slotMargin
	if life <= 0 {
		life = slotBlind // the store will say
	}
	for _, j := range u.plan {
		if j.Segment.SegmentID == id {
			j.slot, j.until = a.Slot, now.Add(min(life, slotLongest))
		}
	}
	return nil
}

// keepsPlace tells whether a put of the segment ended in a way that says nothing
// about the segment.
func (u *Uploader) keepsPlace(id camera.SegmentID) bool {
	t := u.trials[id]
	return t != nil && t.lost+t.slots > 0
}

// next chooses the first planned segment that may go now, with its place in the
// queue for the uplink. spare marks the put that is kept free for what a case asks
// for. With nothing to do it tells how long to wait.
func (u *Uploader) next(spare bool) (*job, *pass, time.Duration) {
	u.mu.Lock()
	defer u.mu.Unlock()
	now, wait := u.now(), u.idle
	kept := map[bool]int{}  // places of what was under way and waits for another slot
	shut := map[bool]bool{} // told to wait; asked once, lest a later one slips in before an earlier one
	for i, j := range u.plan {
		switch {
		case !j.usable(now):
			if u.keepsPlace(j.Segment.SegmentID) {
				kept[j.Asked]++
			}
			continue
		case spare && !j.Asked, shut[j.Asked], u.flying[j.Asked]+kept[j.Asked] >= u.width:
			continue
		}
		p := u.budget.enter(j.Asked)
		if p == nil {
			shut[j.Asked], wait = true, min(wait, pausePoll)
			continue
		}
		u.plan = slices.Delete(u.plan, i, i+1)
		u.busy[j.Segment.SegmentID] = true
		u.flying[j.Asked]++
		return j, p, 0
	}
	return nil, nil, wait
}
