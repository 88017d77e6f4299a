package keep_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
	"xulang.vn/camera/hub/db/dbtest"
	"xulang.vn/camera/hub/index/indextest"
	"xulang.vn/camera/hub/keep"
)

// race lets holds begin when the expiry of the same footage does: just before it, or
// when it has the database to itself already.
type race struct {
	mu    sync.Mutex
	begin map[camera.CameraID]chan struct{}
	late  map[camera.CameraID]bool
}

func newRace(cameras int) *race {
	r := &race{begin: map[camera.CameraID]chan struct{}{}, late: map[camera.CameraID]bool{}}
	for i := range cameras {
		r.begin[cameraOf(i)], r.late[cameraOf(i)] = make(chan struct{}), i%2 == 0
	}
	return r
}

func (r *race) expiring(id camera.CameraID, inside bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.begin[id]; c != nil && inside == r.late[id] {
		close(c)
		delete(r.begin, id)
	}
}

// TestHoldAgainstExpiry runs a thousand races of a hold with the end of the same
// footage. What the officer sees as stored once the hold is on the disk is there from
// then on; what is not held is gone.
func TestHoldAgainstExpiry(t *testing.T) {
	const rounds, cameras = 10, 50 // on each of two databases
	dbtest.Each(t, func(t *testing.T, open func(t *testing.T) *db.DB) {
		c := &clock{at: noon}
		w := newWorld(t, open(t), &indextest.Memory{}, c.now)
		for i := range cameras {
			w.homes[cameraOf(i)] = camera.KeepShortest
		}
		var promised []camera.Segment
		for round := range rounds {
			seen := w.race(t, round, cameras)
			promised = append(promised, seen...)
			t.Logf("round %d: %d of %d segments were held in time", round, len(seen), 2*cameras)
		}
		w.expiring = nil
		if _, err := w.keep.Expire(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, s := range promised {
			_, state, err := w.Look(t.Context(), s.SegmentID)
			if _, _, there, missing := w.bucket.Has(t.Context(), s.Key()); err != nil || missing != nil || state != camera.StateStored || !there {
				t.Errorf("held segment %s is %s, there %t, %v", s.SegmentID, state, there, err)
			}
		}
		if n := len(w.bucket.names()); n != len(promised) {
			t.Errorf("%d objects are left, %d are held", n, len(promised))
		}
		c.move(2 * time.Hour)
		report, err := w.keep.Check(t.Context(), keep.Wish{Depth: keep.Bytes}, nil)
		if err != nil || counts(report) != "" || report.Stored != int64(len(promised)) {
			t.Errorf("%v\n%s", err, keep.Explain(report, keep.English))
		}
	})
}

// race films an hour of all cameras that is over for long, and gives what was seen as
// stored by those who held half of it while it expired.
func (w *world) race(t *testing.T, round, cameras int) (promised []camera.Segment) {
	t.Helper()
	var all []camera.Segment
	var bodies [][]byte
	for i := range cameras {
		s, b := newReel(cameraOf(i), noon.Add(-8*day+time.Duration(round)*time.Hour)).film(4)
		all, bodies = append(all, s...), append(bodies, b...)
	}
	if err := w.announce(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	if err := w.store(t.Context(), all, bodies); err != nil {
		t.Fatal(err)
	}
	if round%2 == 0 {
		w.foldAll(t) // the others are fresh still, and just as old
	}
	r := newRace(cameras)
	w.expiring = r.expiring
	seen := make([][]camera.Segment, cameras)
	var wg sync.WaitGroup
	for i := range cameras {
		begin, own := r.begin[cameraOf(i)], all[4*i:4*i+4]
		wg.Go(func() {
			<-begin
			if err := w.hold(t.Context(), fmt.Sprintf("%d-%d", round, i), cameraOf(i), own[1].Start, own[2].End); err != nil {
				t.Error(err)
			}
			for _, s := range own[1:3] {
				if _, state, err := w.Look(t.Context(), s.SegmentID); err != nil {
					t.Error(err)
				} else if state == camera.StateStored {
					seen[i] = append(seen[i], s)
				}
			}
		})
	}
	if _, err := w.keep.Expire(t.Context()); err != nil {
		t.Error(err)
	}
	for i := range cameras { // should one not have been come to
		r.expiring(cameraOf(i), false)
		r.expiring(cameraOf(i), true)
	}
	wg.Wait()
	return slices.Concat(seen...)
}

// TestCheckWhileTheHubWorks: footage arrives, is folded and expires while checks of all
// depths repair what they believe to be wrong. They believe nothing.
func TestCheckWhileTheHubWorks(t *testing.T) {
	const cameras, steps = 4, 25
	dbtest.Each(t, func(t *testing.T, open func(t *testing.T) *db.DB) {
		c := &clock{at: noon}
		w := newWorld(t, open(t), &indextest.Memory{}, c.now)
		var now, old [cameras]*reel
		for i := range cameras {
			w.homes[cameraOf(i)] = camera.KeepShortest
			now[i], old[i] = newReel(cameraOf(i), noon.Add(-2*time.Hour)), newReel(cameraOf(i), noon.Add(-3*day-2*time.Hour))
			if _, err := w.add(t.Context(), old[i], 800); err != nil {
				t.Fatal(err)
			}
		}
		w.foldAll(t)
		done := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			defer close(done)
			for range steps {
				for i := range cameras {
					if _, err := w.add(t.Context(), now[i], 5); err != nil {
						t.Error(err)
						return
					}
				}
				c.move(30 * time.Second) // half an hour in all: no object gets old enough to be judged for its age
			}
		})
		wg.Go(func() {
			for open := true; open; {
				select {
				case <-done:
					open = false
				default:
				}
				if _, err := w.keep.Expire(t.Context()); err != nil {
					t.Error(err)
				}
				if _, err := w.Fold(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
		checks := 0
		for open := true; open; checks++ {
			select {
			case <-done:
				open = false
			default:
			}
			report, err := w.keep.Check(t.Context(), keep.Wish{Depth: keep.Depth(1 + checks%3), Repair: true, DeleteOrphans: true}, nil)
			if err != nil || counts(report) != "" {
				t.Errorf("%v\n%s", err, keep.Explain(report, keep.English))
			}
		}
		wg.Wait()
		t.Logf("%d checks", checks)
		c.move(2 * time.Hour)
		if _, err := w.keep.Expire(t.Context()); err != nil {
			t.Error(err)
		}
		report, err := w.keep.Check(t.Context(), keep.Wish{Depth: keep.Bytes}, nil)
		if err != nil || counts(report) != "" || report.Stored != report.Objects || report.Young != 0 {
			t.Errorf("%v\n%s", err, keep.Explain(report, keep.English))
		}
	})
}
