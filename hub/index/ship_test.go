package index_test

import (
	"context"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db/dbtest"
	"xulang.vn/camera/hub/index"
	"xulang.vn/camera/hub/index/indextest"
	"xulang.vn/camera/hub/index/pack"
)

// restored is another hub, which has nothing but the bucket.
func restored(t testing.TB, h *hub, has map[camera.SegmentID]int64) (*hub, index.Restored) {
	t.Helper()
	other := &hub{db: dbtest.Open(t), objects: h.objects, at: h.at}
	other.reopen(t)
	r, err := other.Restore(t.Context(), func(context.Context, camera.CameraID) (map[camera.SegmentID]int64, error) { return has, nil }, nil)
	if err != nil {
		t.Fatal(err)
	}
	return other, r
}

func ship(t testing.TB, h *hub) {
	t.Helper()
	if err := h.Ship(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func journals(h *hub) int { return len(h.objects.Names("journal/")) }

func TestWhatIsShippedSurvivesTheDatabase(t *testing.T) {
	h := stand(t)
	ship(t, h) // the first one after a start looks into the tables
	if n := journals(h); n != 0 {
		t.Fatalf("%d journals of nothing", n)
	}
	accept(t, h.Index, segments(10), gap(100, 110))
	accept(t, h.Index, nil, gap(100, 120))
	if _, _, unshipped, err := h.Backlog(t.Context()); unshipped != 12 || err != nil {
		t.Errorf("%d unshipped, %v", unshipped, err)
	}
	ship(t, h)
	ship(t, h)
	accept(t, h.Index, segments(20)) // ten of them are known
	ship(t, h)
	if n := journals(h); n != 2 {
		t.Errorf("%d journals, want 2", n)
	}
	other, r := restored(t, h, nil)
	if r.Journals != 2 || r.Segments != 20 || len(r.Damaged) != 0 {
		t.Errorf("%+v", r)
	}
	same(t, "restored", ask(t, other.Index), ask(t, h.Index))
	entries, gaps := window(t, other.Index, start, clock())
	wantEntries, wantGaps := window(t, h.Index, start, clock())
	if !reflect.DeepEqual(entries, wantEntries) || !reflect.DeepEqual(gaps, wantGaps) {
		t.Errorf("%v %v, want %v %v", entries, gaps, wantEntries, wantGaps)
	}
}

func TestShippingThatFails(t *testing.T) {
	for name, when := range map[string]indextest.When{"before": indextest.Before, "after": indextest.After} {
		h := stand(t)
		ship(t, h)
		h.objects.Fail(func(verb, _ string) indextest.When { return when })
		accept(t, h.Index, segments(10), gap(100, 110))
		if err := h.Ship(t.Context()); err == nil {
			t.Errorf("%s: no error", name)
		}
		accept(t, h.Index, segments(12)[10:])
		if _, _, unshipped, err := h.Backlog(t.Context()); unshipped != 13 || err != nil {
			t.Errorf("%s: %d unshipped, %v", name, unshipped, err)
		}
		h.objects.Fail(nil)
		ship(t, h)
		other, _ := restored(t, h, nil)
		same(t, name, ask(t, other.Index), ask(t, h.Index))
	}
}

// TestTooMuchToRemember: a bucket that is away for long costs no memory. All that is
// in the tables is shipped then, and after each start.
func TestTooMuchToRemember(t *testing.T) {
	h := stand(t)
	ship(t, h)
	accept(t, h.Index, segments(30), gap(300, 310))
	h.Committed(make([]pack.Fact, index.UnshippedMost), nil)
	if _, _, unshipped, err := h.Backlog(t.Context()); unshipped != 30 || err != nil {
		t.Errorf("%d unshipped, %v: want what is in the table", unshipped, err)
	}
	h.objects.Fail(func(verb, _ string) indextest.When { return indextest.Before })
	if err := h.Ship(t.Context()); err == nil {
		t.Error("no error")
	}
	h.objects.Fail(nil)
	ship(t, h)
	other, r := restored(t, h, nil)
	same(t, "too much", ask(t, other.Index), ask(t, h.Index))
	if r.Segments != 30 {
		t.Errorf("%+v", r)
	}

	h = stand(t)
	accept(t, h.Index, segments(30), gap(300, 310))
	h.reopen(t)
	ship(t, h)
	other, _ = restored(t, h, nil)
	same(t, "started again", ask(t, other.Index), ask(t, h.Index))
}

func TestJournalsAreForgotten(t *testing.T) {
	h := stand(t)
	ship(t, h)
	forget := func(want int, when string) {
		t.Helper()
		if err := h.Forget(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := journals(h); n != want {
			t.Errorf("%s: %d journals, want %d", when, n, want)
		}
	}
	accept(t, h.Index, segments(10), gap(100, 110))
	ship(t, h)
	h.SnapshotTaken(h.at.Add(2 * time.Minute))
	forget(1, "its hour is open")
	h.at = closes
	forget(1, "its hour is not folded")
	foldOnce(t, h, 1)
	forget(1, "it came when an hour that is open began")
	h.at = closes.Add(time.Hour)
	forget(0, "all of it is in a manifest and a snapshot")

	accept(t, h.Index, segments(11)[10:])
	ship(t, h)
	h.at = h.at.Add(time.Minute)
	foldOnce(t, h, 1)
	forget(1, "no snapshot has its gaps")
	h.SnapshotTaken(h.at.Add(2 * time.Minute))
	h.SnapshotTaken(start)
	forget(1, "its hour may be open")
	h.at = h.at.Add(time.Hour)
	forget(0, "folded and in a snapshot")

	// What was received before and is fresh: a late fact of an hour that cannot be folded.
	accept(t, h.Index, segments(12)[11:])
	ship(t, h)
	h.objects.Set(h.objects.Names("facts/")[0], []byte("a bad disk"))
	h.reopen(t)
	h.at = h.at.Add(3 * time.Hour)
	h.SnapshotTaken(h.at)
	foldOnce(t, h, 0)
	forget(1, "one fact is nowhere else")
	ship(t, h) // the first after a start ships everything again
	forget(1, "it is in a younger one")
	if _, err := h.Segment(t.Context(), segment(11).SegmentID); err != nil {
		t.Error(err)
	}
}

// TestJournalsOutliveTheClock: a clock that was ahead, or is set back, lets no journal go
// that has what is nowhere else.
func TestJournalsOutliveTheClock(t *testing.T) {
	for name, wrong := range map[string]time.Duration{"it was a year ahead": 365 * 24 * time.Hour, "it is set back by half an hour": 30 * time.Minute} {
		h := stand(t)
		right := h.at
		h.at = right.Add(wrong)
		ship(t, h) // the first after a start
		h.SnapshotTaken(h.Mark())
		h.at = right
		accept(t, h.Index, segments(10), gap(100, 110))
		ship(t, h)
		if err := h.Forget(t.Context()); err != nil {
			t.Fatal(err)
		}
		other, _ := restored(t, h, nil)
		if entries, gaps := window(t, other.Index, start, clock()); len(entries) != 10 || len(gaps) != 1 {
			t.Errorf("%s: %d segments and %d gaps come back", name, len(entries), len(gaps))
		}
	}
}

// TestCommitInDoubt: what may be on the disk although its commit failed is shipped.
func TestCommitInDoubt(t *testing.T) {
	h := stand(t)
	accept(t, h.Index, segments(3))
	ship(t, h)
	h.failCommits(t)
	if _, err := h.Put(t.Context(), camera.Announce{V: camera.LinkVersion, Segments: sign(segments(5)[3:])}, device); err == nil {
		t.Error("no error")
	}
	if _, _, unshipped, err := h.Backlog(t.Context()); err != nil || unshipped != 3 {
		t.Errorf("%d facts are to be shipped again, %v", unshipped, err)
	}
}

func TestRun(t *testing.T) {
	h := stand(t)
	ticks, started := map[time.Duration]chan time.Time{}, make(chan struct{})
	stopped := atomic.Int32{}
	h.Every(func(each time.Duration) (<-chan time.Time, func()) {
		if ticks[each] = make(chan time.Time); len(ticks) == 3 {
			close(started)
		}
		return ticks[each], func() { stopped.Add(1) }
	})
	h.at = closes
	accept(t, h.Index, append(segments(10), segment(610))) // of an hour that is closed, and of one that is open
	shipped, folded := make(chan struct{}, 100), make(chan struct{}, 100)
	h.objects.Fail(func(verb, name string) indextest.When {
		switch {
		case verb == "put" && name[0] == 'j':
			shipped <- struct{}{}
		case verb == "put":
			folded <- struct{}{}
		}
		return 0
	})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	<-started
	<-folded // at once
	<-shipped
	accept(t, h.Index, segments(20)[10:])
	<-shippedBy(ticks[3*time.Second], shipped)
	accept(t, h.Index, segments(30)[20:])
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if n := stopped.Load(); n != 3 {
		t.Errorf("%d tickers were stopped, want 3", n)
	}
	other, _ := restored(t, h, nil)
	if entries, _ := window(t, other.Index, start, closes); len(entries) != 31 {
		t.Errorf("%d entries are shipped, want 31", len(entries))
	}
}

// shippedBy ticks until something is shipped.
func shippedBy(ticks chan time.Time, shipped chan struct{}) <-chan struct{} {
	ticks <- start
	return shipped
}
