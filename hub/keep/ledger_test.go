package keep_test

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/keep"
)

// ledger is an index in memory with the rules of the real one, as far as keep sees
// them. Its calls can fail before they do something, and after.
type ledger struct {
	mu       sync.Mutex
	segments map[camera.SegmentID]*entry
	order    []camera.SegmentID
	expiries []*expiry
	held     []hold
	taken    time.Time       // of SnapshotTaken
	broken   map[int64]error // of VerifyHour, by hour
	fail     func(verb string) when
	now      func() time.Time
}

type entry struct {
	camera.Segment
	state camera.ByteState
}

type expiry struct {
	keep.Expiry
	gone time.Time
}

type hold struct {
	camera camera.CameraID
	camera.Interval
}

type when int

const (
	before when = iota + 1
	after
)

var errAway = camera.Errorf(camera.CodeUnavailable, "away")

func newLedger(now func() time.Time) *ledger {
	return &ledger{segments: map[camera.SegmentID]*entry{}, broken: map[int64]error{}, now: now}
}

// call holds the lock around do.
func (l *ledger) call(verb string, do func() error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := when(0)
	if l.fail != nil {
		w = l.fail(verb)
	}
	if w == before {
		return fmt.Errorf("%s: broken before", verb)
	}
	if err := do(); err != nil {
		return err
	}
	if w == after {
		return fmt.Errorf("%s: broken after", verb)
	}
	return nil
}

func (l *ledger) add(s camera.Segment, state camera.ByteState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.segments[s.SegmentID] = &entry{s, state}
	l.order = append(l.order, s.SegmentID)
}

func (l *ledger) state(id camera.SegmentID) camera.ByteState {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.segments[id].state
}

func (l *ledger) hold(id camera.CameraID, from, to time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = append(l.held, hold{id, camera.Interval{From: from, To: to}})
}

func (l *ledger) holds(id camera.CameraID, from, to time.Time) []camera.Interval {
	var all []camera.Interval
	for _, h := range l.held {
		if h.camera == id && h.From.Before(to) && h.To.After(from) {
			all = append(all, h.Interval)
		}
	}
	return all
}

func (l *ledger) Held(_ context.Context, id camera.CameraID, from, to time.Time) ([]camera.Interval, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.holds(id, from, to), nil
}

func (l *ledger) Expire(_ context.Context, id camera.CameraID, due time.Time) (n int, more bool, err error) {
	err = l.call("expire", func() error {
		hours := map[int64]*expiry{}
		for _, sid := range l.order {
			e := l.segments[sid]
			if sid.Camera != id || e.state != camera.StateStored || !e.End.Before(due) || len(l.holds(id, e.Start, e.End)) > 0 {
				continue
			}
			hour := e.Start.Unix() / 3600
			x := hours[hour]
			if x == nil {
				if len(hours) == 24 {
					more = true
					continue
				}
				x = &expiry{Expiry: keep.Expiry{ID: fmt.Sprint(len(l.expiries)), Camera: id, Made: l.now()}}
				hours[hour], l.expiries = x, append(l.expiries, x)
			}
			e.state, x.Keys, x.Size = camera.StateExpired, append(x.Keys, e.Key()), x.Size+e.Size
			n++
		}
		return nil
	})
	return n, more, err
}

func (l *ledger) Expiries(_ context.Context, most int) (open []keep.Expiry, err error) {
	err = l.call("expiries", func() error {
		for _, x := range l.expiries {
			if x.gone.IsZero() && len(open) < most {
				open = append(open, x.Expiry)
			}
		}
		return nil
	})
	return open, err
}

func (l *ledger) ProveGone(_ context.Context, id string, at time.Time) error {
	return l.call("prove", func() error {
		for _, x := range l.expiries {
			if x.ID == id {
				x.gone = at
			}
		}
		return nil
	})
}

func (l *ledger) Expired(_ context.Context, since time.Time) (s keep.Sum, err error) {
	err = l.call("expired", func() error {
		for _, x := range l.expiries {
			if !x.Made.Before(since) {
				s.Segments, s.Size = s.Segments+int64(len(x.Keys)), s.Size+x.Size
			}
			if x.gone.IsZero() {
				s.Pending++
			}
		}
		return nil
	})
	return s, err
}

func (l *ledger) Mark() time.Time { return l.now() }

func (l *ledger) ForgetNames(context.Context) error {
	return l.call("forget", func() error { return nil })
}

func (l *ledger) Sweep(context.Context, camera.CameraID, int64) (int, error) {
	return 0, l.call("sweep", func() error { return nil })
}

func (l *ledger) SnapshotTaken(at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.taken = at
}

func (l *ledger) Backlog(context.Context) (keep.Backlog, error) { return keep.Backlog{Fresh: 7}, nil }

func (l *ledger) Cameras(context.Context) ([]camera.CameraID, error) {
	all := map[camera.CameraID]bool{}
	err := l.call("cameras", func() error {
		for id := range l.segments {
			all[id.Camera] = true
		}
		return nil
	})
	return slices.Collect(maps.Keys(all)), err
}

func (l *ledger) Hours(_ context.Context, id camera.CameraID, from, to int64) iter.Seq2[keep.Hour, error] {
	return func(yield func(keep.Hour, error) bool) {
		hours := map[int64]keep.Hour{}
		err := l.call("hours", func() error {
			for _, sid := range l.order {
				if e := l.segments[sid]; sid.Camera == id {
					n := e.Start.Unix() / 3600
					h := hours[n]
					h.Hour, h.Folded = n, true
					h.Pieces = append(h.Pieces, keep.Piece{Key: e.Key(), Size: e.Size, State: e.state})
					hours[n] = h
				}
			}
			return nil
		})
		if err != nil {
			yield(keep.Hour{}, err)
			return
		}
		for _, n := range slices.Sorted(maps.Keys(hours)) {
			if n >= from && n <= to && !yield(hours[n], nil) {
				return
			}
		}
	}
}

func (l *ledger) Look(_ context.Context, id camera.SegmentID) (camera.Segment, camera.ByteState, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.segments[id]; e != nil {
		return e.Segment, e.state, nil
	}
	return camera.Segment{}, "", camera.Errorf(camera.CodeUnknownSegment, "segment %s was never announced", id)
}

// SetStates allows what the check may want.
func (l *ledger) SetStates(_ context.Context, changes []keep.Change) ([]error, error) {
	refused := make([]error, len(changes))
	return refused, l.call("states", func() error {
		for i, c := range changes {
			e := l.segments[c.ID]
			final := e == nil || e.state == camera.StateExpired || e.state == camera.StateLost || e.state == camera.StateWithheld
			switch {
			case e != nil && e.state == c.To:
			case final, c.To == camera.StateExpired && e.state == camera.StateHeld:
				refused[i] = camera.Errorf(camera.CodeConflict, "segment %s: to %s", c.ID, c.To)
			default:
				e.state = c.To
			}
		}
		return nil
	})
}

func (l *ledger) VerifyHour(_ context.Context, _ camera.CameraID, hour int64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.broken[hour]
}
