package keep_test

import (
	"fmt"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db/dbtest"
	"xulang.vn/camera/hub/keep"
)

const day = 24 * time.Hour

func TestExpireTakesWhatItsHouseholdWantsGone(t *testing.T) {
	r := newRig(t)
	chosen, silent, unknown := cameraOf(1), cameraOf(2), cameraOf(3)
	r.homes[chosen], r.homes[silent] = 3, 0
	for _, id := range []camera.CameraID{chosen, silent, unknown} {
		for _, age := range []int{2, 4, 13, 15} {
			r.film(id, noon.AddDate(0, 0, -age), 10, camera.StateStored)
		}
		r.film(id, noon.Add(-20*day), 10, camera.StateHome)
	}
	round := r.mustExpire()
	// Three ages of the first, one of each of the others.
	if want := (keep.Round{Segments: 50, Proved: 5}); round != want {
		t.Errorf("round %+v, want %+v", round, want)
	}
	if n := len(r.bucket.names()); n != 70 {
		t.Errorf("%d objects are left, want 70", n)
	}
	if round = r.mustExpire(); round != (keep.Round{}) {
		t.Errorf("a second round did %+v", round)
	}
	r.homes[silent] = 3 // it shortens its retention
	if round = r.mustExpire(); round.Segments != 20 {
		t.Errorf("%d segments went with a shorter retention, want 20", round.Segments)
	}
	if u, err := r.Upkeep(t.Context()); err != nil || u.Day.Segments != 70 || u.Unproved != 0 {
		t.Errorf("upkeep %+v, %v", u, err)
	}
}

func TestExpireGoesOnWhileThereIsMore(t *testing.T) {
	r := newRig(t)
	for h := range 100 {
		r.film(cameraOf(1), noon.Add(-20*day+time.Duration(h)*time.Hour), 2, camera.StateStored)
	}
	if round := r.mustExpire(); round != (keep.Round{Segments: 200, Proved: 100}) {
		t.Errorf("round %+v", round)
	}
}

func TestExpireLeavesWhatIsHeld(t *testing.T) {
	r := newRig(t)
	all := r.film(cameraOf(1), noon.Add(-20*day), 100, camera.StateStored)
	r.ledger.hold(cameraOf(1), all[40].Start.Add(time.Second), all[42].Start.Add(time.Second))
	r.mustExpire()
	for i, s := range all {
		_, _, there, err := r.bucket.Has(t.Context(), s.Key())
		if held := i >= 40 && i <= 42; err != nil || there != held {
			t.Errorf("segment %d: there %t, held %t, %v", i, there, held, err)
		}
	}
}

// TestExpireGoesOnAfterACrash: whatever fails once, before or after it was done, and
// wherever the round ends with it, the next one leaves nothing behind.
func TestExpireGoesOnAfterACrash(t *testing.T) {
	d := dbtest.Open(t)
	for _, verb := range []string{"expire", "expiries", "prove", "cameras", "delete", "left"} {
		for _, w := range []when{before, after} {
			for nth := range 3 {
				t.Run(fmt.Sprintf("%s %d %d", verb, w, nth), func(t *testing.T) {
					r := rigOn(t, d)
					for c := range 3 {
						for h := range 2 {
							r.film(cameraOf(c), noon.Add(-20*day+time.Duration(h)*time.Hour), 5, camera.StateStored)
						}
						r.film(cameraOf(c), noon.Add(-day), 5, camera.StateStored)
					}
					calls := 0
					fail := func(v string) when {
						if v != verb {
							return 0
						}
						if calls++; calls == nth+1 {
							return w
						}
						return 0
					}
					r.ledger.fail, r.bucket.fail = fail, fail
					_, err := r.Expire(t.Context())
					if calls > nth && err == nil {
						t.Error("what failed was not told")
					}
					r.ledger.fail, r.bucket.fail = nil, nil
					r.mustExpire()
					if n := len(r.bucket.names()); n != 15 {
						t.Errorf("%d objects are left, want the 15 of yesterday", n)
					}
					if open, _ := r.ledger.Expiries(t.Context(), 100); len(open) != 0 {
						t.Errorf("%d expiries are not proved", len(open))
					}
					if report := r.mustCheck(keep.Wish{Depth: keep.Bytes}); !report.Clean() {
						t.Error(keep.Explain(report, keep.English))
					}
				})
			}
		}
	}
}

func TestExpireMarksNothingWhileTheStoreIsAway(t *testing.T) {
	r := newRig(t)
	for c := range 3 {
		r.film(cameraOf(c), noon.Add(-20*day), 5, camera.StateStored)
	}
	r.bucket.fail = func(string) when { return before }
	for range 4 {
		if _, err := r.Expire(t.Context()); camera.CodeOf(err) != camera.CodeUnavailable {
			t.Fatalf("error %v", err)
		}
	}
	if open, _ := r.ledger.Expiries(t.Context(), 100); len(open) != 1 {
		t.Errorf("%d hours are marked, want the one that met the outage", len(open))
	}
	r.bucket.fail = nil
	r.mustExpire()
	if n := len(r.bucket.names()); n != 0 {
		t.Errorf("%d objects are left", n)
	}
}

func TestExpirePassesByWhatIsLocked(t *testing.T) {
	r := newRig(t)
	locked := r.film(cameraOf(1), noon.Add(-20*day), 3, camera.StateStored)
	r.film(cameraOf(2), noon.Add(-20*day), 3, camera.StateStored)
	r.bucket.locked[locked[1].Key().String()] = true
	for range 2 {
		if round := r.mustExpire(); round.Stuck != 1 {
			t.Errorf("round %+v, want one that is stuck", round)
		}
	}
	if names := r.bucket.names(); len(names) != 1 {
		t.Errorf("left are %v", names)
	}
	if u, err := r.Upkeep(t.Context()); err != nil || u.Unproved != 1 {
		t.Errorf("unproved %d, %v", u.Unproved, err)
	}
}

// TestNothingExpiresByAClockThatJumped: there is a day to see it.
func TestNothingExpiresByAClockThatJumped(t *testing.T) {
	r := newRig(t)
	steady := func(want bool, when string) {
		t.Helper()
		if ok, err := r.Steady(t.Context()); err != nil || ok != want {
			t.Errorf("%s: %t, %v", when, ok, err)
		}
	}
	steady(true, "a new hub")
	r.mustCheck(keep.Wish{Depth: keep.Names})
	r.clock.move(10 * time.Minute)
	steady(true, "the next round")
	r.clock.move(365 * 24 * time.Hour)
	steady(false, "a year ahead")
	r.clock.move(10 * time.Minute)
	steady(false, "ten minutes later")
	again := keep.New(r.Parts)
	if ok, err := again.Steady(t.Context()); err != nil || ok {
		t.Errorf("after a start: %t, %v", ok, err)
	}
	r.clock.move(24 * time.Hour)
	steady(true, "nobody put it right")
	r.clock.move(-366 * 24 * time.Hour)
	steady(true, "it was put right")
}
