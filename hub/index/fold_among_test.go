package index_test

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index"
	"xulang.vn/camera/hub/index/indextest"
	"xulang.vn/camera/hub/index/pack"
)

// TestFoldAmongOthers lets others write between the manifest and the transaction.
func TestFoldAmongOthers(t *testing.T) {
	among := func(t *testing.T, do func(h *hub)) *hub {
		t.Helper()
		h := stand(t)
		someHour(t, h)
		h.at = closes
		var begun atomic.Bool
		h.objects.Fail(func(verb, _ string) indextest.When {
			if verb == "put" && begun.CompareAndSwap(false, true) {
				do(h)
			}
			return 0
		})
		if _, err := h.Fold(t.Context()); err != nil {
			t.Fatal(err)
		}
		return h
	}
	check := func(t *testing.T, h *hub, entries, fresh int) {
		t.Helper()
		if a := ask(t, h.Index); len(a.Entries) != entries {
			t.Errorf("%d entries, want %d", len(a.Entries), entries)
		}
		if n := h.number(t, `SELECT count(*) FROM fresh`); n != int64(fresh) {
			t.Errorf("%d rows are fresh, want %d", n, fresh)
		}
		before := ask(t, h.Index)
		if _, err := h.Fold(t.Context()); err != nil {
			t.Fatal(err)
		}
		same(t, "in the next round", ask(t, h.Index), before)
		if n := h.number(t, `SELECT count(*) FROM fresh`); n != 0 {
			t.Errorf("%d rows are fresh after the next round", n)
		}
		if err := h.VerifyHour(t.Context(), mine, hourOne); err != nil {
			t.Error(err)
		}
	}
	t.Run("a state", func(t *testing.T) {
		h := among(t, func(h *hub) {
			if err := h.SetState(t.Context(), segment(5).SegmentID, camera.StateStored); err != nil {
				t.Error(err)
			}
		})
		if e, err := h.Find(t.Context(), segment(5).SegmentID); err != nil || e.State != camera.StateStored {
			t.Errorf("%+v, %v", e, err)
		}
		check(t, h, 36, 0)
	})
	t.Run("a late segment", func(t *testing.T) {
		check(t, among(t, func(h *hub) { accept(t, h.Index, segments(31)[30:]) }), 37, 1)
	})
	t.Run("a gap that grows", func(t *testing.T) {
		h := among(t, func(h *hub) { accept(t, h.Index, nil, gap(220, 290)) })
		if a := ask(t, h.Index); len(a.Gaps) != 3 || !a.Gaps[1].End.Equal(gap(220, 290).End) {
			t.Errorf("gaps %v", a.Gaps)
		}
		check(t, h, 36, 0)
	})
	other := func(t *testing.T, h *hub) {
		t.Helper()
		o := &hub{db: h.db, objects: h.objects, at: h.at}
		o.reopen(t)
		foldOnce(t, o, 1)
	}
	t.Run("another hub", func(t *testing.T) { check(t, among(t, func(h *hub) { other(t, h) }), 36, 0) })
	t.Run("another hub with more", func(t *testing.T) {
		check(t, among(t, func(h *hub) {
			accept(t, h.Index, segments(31)[30:])
			other(t, h)
		}), 37, 0)
	})
}

// TestBadManifestStopsOnlyItsHour: an hour whose manifest is bad takes nothing more in,
// and everything that came late is read from where it is.
func TestBadManifestStopsOnlyItsHour(t *testing.T) {
	h := stand(t)
	someHour(t, h)
	h.at = closes
	foldOnce(t, h, 1)
	h.objects.Set(h.objects.Names("facts/")[0], []byte("a bad disk"))
	next := segment(0)
	next.Run, next.Start, next.End = "00000000000000dd", pack.StartOf(hourOne+1), pack.StartOf(hourOne+1).Add(6*time.Second)
	h.at = closes.Add(time.Hour)
	accept(t, h.Index, append(segments(31)[30:], next))
	h.reopen(t) // nothing is remembered
	foldOnce(t, h, 1)
	if entries, _ := window(t, h.Index, start, start.Add(2*time.Hour)); len(entries) != 38 {
		t.Errorf("%d entries, want 38", len(entries))
	}
	if _, err := h.Segment(t.Context(), segment(0).SegmentID); camera.CodeOf(err) != camera.CodeUnavailable {
		t.Errorf("segment of a bad manifest: %v", err)
	}
	if _, err := h.Segment(t.Context(), segment(30).SegmentID); err != nil {
		t.Error(err)
	}
	if err := h.VerifyHour(t.Context(), mine, hourOne); camera.CodeOf(err) != camera.CodeConflict {
		t.Errorf("verify: %v", err)
	}
	h.objects.Set(h.objects.Names("facts/")[0], nil)
	if err := h.VerifyHour(t.Context(), mine, hourOne); camera.CodeOf(err) != camera.CodeNotFound {
		t.Errorf("verify: %v", err)
	}
}

// TestFoldTakesARoundAtATime: a backlog is folded in rounds, the oldest hours first.
func TestFoldTakesARoundAtATime(t *testing.T) {
	h := stand(t)
	var facts []pack.Fact
	for i := range index.FoldMost + 40 {
		f := pack.Fact{Segment: segment(0), Received: start}
		f.Camera, f.Run = benchCamera(i%7), camera.RunID(fmt.Sprintf("%016x", i))
		f.Start = start.Add(time.Duration(i/7) * time.Hour)
		f.End = f.Start.Add(6 * time.Second)
		facts = append(facts, f)
	}
	if err := h.PutFresh(t.Context(), facts); err != nil {
		t.Fatal(err)
	}
	h.at = start.AddDate(1, 0, 0)
	foldOnce(t, h, index.FoldMost)
	first, last := h.number(t, `SELECT max(hour) FROM hours`), h.number(t, `SELECT min(start_ms) FROM fresh`)
	if last < first*3_600_000 {
		t.Errorf("hour %d was folded before what starts at %d", first, last)
	}
	foldOnce(t, h, 40)
	foldOnce(t, h, 0)
	if n := len(h.objects.Names("facts/")); n != len(facts) {
		t.Errorf("%d manifests, want %d", n, len(facts))
	}
	if ids, err := h.Cameras(t.Context()); err != nil || len(ids) != 7 || !slices.IsSorted(ids) {
		t.Errorf("cameras %v, %v", ids, err)
	}
	covered, err := h.Covered(t.Context(), hourOne, hourOne+1)
	if err != nil || len(covered) != 7 || covered[benchCamera(0)][14] != 6*time.Second || covered[benchCamera(0)][15] != 6*time.Second || covered[benchCamera(0)][16] != 0 {
		t.Errorf("covered %v, %v", covered, err)
	}
}
