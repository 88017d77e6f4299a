package index_test

import (
	"database/sql"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index"
	"xulang.vn/camera/hub/index/indextest"
	"xulang.vn/camera/hub/index/pack"
)

var (
	hourOne = pack.HourOf(start)
	// closes is when the hour of start is closed.
	closes = pack.StartOf(hourOne + 1).Add(10 * time.Minute)
)

// answers is everything that readers see of the hour of start.
type answers struct {
	Entries []index.Entry
	Gaps    []camera.Gap
	Whole   []index.Entry
	Hours   []index.HourEntries
	Last    time.Time
	Cameras []camera.CameraID
}

// ask asks everything. What only open hours tell is left out.
func ask(t testing.TB, x *index.Index) (a answers) {
	t.Helper()
	a.Entries, a.Gaps = window(t, x, start.Add(-time.Hour), start.Add(3*time.Hour))
	for i := range a.Entries {
		e := &a.Entries[i]
		whole, err := x.Segment(t.Context(), e.SegmentID)
		if err != nil {
			t.Fatal(err)
		}
		a.Whole = append(a.Whole, whole)
		found, err := x.Find(t.Context(), e.SegmentID)
		if err != nil || found != *e {
			t.Fatalf("find %s: %+v, %v, in its window %+v", e.SegmentID, found, err, *e)
		}
		e.Clock, e.Received = camera.Clock{}, time.Time{}
	}
	for i := range a.Gaps {
		a.Gaps[i].Signature = camera.Signature{}
	}
	for h, err := range x.Hours(t.Context(), mine, hourOne-1, hourOne+3) {
		if err != nil {
			t.Fatal(err)
		}
		h.Folded = false
		for i := range h.Entries {
			h.Entries[i].Clock, h.Entries[i].Received = camera.Clock{}, time.Time{}
		}
		a.Hours = append(a.Hours, h)
	}
	var err error
	if a.Last, _, err = x.Last(t.Context(), mine); err != nil {
		t.Fatal(err)
	}
	if a.Cameras, err = x.Cameras(t.Context()); err != nil {
		t.Fatal(err)
	}
	return a
}

func same(t testing.TB, when string, got, want answers) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%s: %d entries, gaps %v, last %v, want %d entries, gaps %v, last %v\n%+v\n%+v", when, len(got.Entries), got.Gaps, got.Last, len(want.Entries), want.Gaps, want.Last, got, want)
	}
}

// someHour announces what a full life leaves in the hour of start: two streams, gaps
// within and beyond the hour, states.
func someHour(t testing.TB, h *hub) {
	t.Helper()
	segs := segments(30)
	small := segments(5)
	for i := range small {
		small[i].Run, small[i].Stream = "00000000000000bb", camera.StreamSub
	}
	late := segment(0)
	late.Run, late.Start, late.End = "00000000000000cc", pack.StartOf(hourOne+1).Add(-3*time.Second), pack.StartOf(hourOne+1).Add(4*time.Second)
	h.at = closes.Add(-time.Minute)
	accept(t, h.Index, slices.Concat(segs, small, []camera.Segment{late}), gap(200, 210), gap(220, 260), gap(3_000, 3_900))
	for i, state := range []camera.ByteState{camera.StateRequested, camera.StateStored, camera.StateLost, camera.StateUploading} {
		if err := h.SetState(t.Context(), segs[3*i].SegmentID, state); err != nil {
			t.Fatal(err)
		}
	}
}

func foldOnce(t testing.TB, h *hub, want int) {
	t.Helper()
	if n, err := h.Fold(t.Context()); err != nil || n != want {
		t.Fatalf("folded %d hours, %v, want %d", n, err, want)
	}
}

func TestFoldingChangesNoAnswer(t *testing.T) {
	h := stand(t)
	someHour(t, h)
	before := ask(t, h.Index)
	if len(before.Entries) != 36 || len(before.Gaps) != 3 || len(before.Hours) != 1 {
		t.Fatalf("%+v", before)
	}
	h.at = closes.Add(-time.Millisecond)
	foldOnce(t, h, 0) // still open
	h.at = closes
	foldOnce(t, h, 1)
	same(t, "folded", ask(t, h.Index), before)
	foldOnce(t, h, 0)
	if fresh, _, _, err := h.Backlog(t.Context()); fresh != 0 || err != nil {
		t.Errorf("%d fresh, %v", fresh, err)
	}
	if n := h.number(t, `SELECT count(*) FROM gaps`); n != 1 {
		t.Errorf("%d gaps in the table, want the one that reaches beyond the hour", n)
	}
	if n := h.number(t, `SELECT count(*) FROM run_hours`); n != 3 {
		t.Errorf("%d runs in hours, want 3", n)
	}
	if names := h.objects.Names("facts/"); len(names) != 1 || !strings.Contains(names[0], "/000001-") {
		t.Errorf("manifests %v", names)
	}
	if err := h.VerifyHour(t.Context(), mine, hourOne); err != nil {
		t.Error(err)
	}
	h.reopen(t)
	same(t, "reopened", ask(t, h.Index), before)
	_, err := h.Find(t.Context(), camera.SegmentID{Camera: mine, Run: run, Seq: 99})
	if camera.CodeOf(err) != camera.CodeUnknownSegment {
		t.Errorf("find what never was: %v", err)
	}
}

func TestWhatComesLateFoldsAgain(t *testing.T) {
	h := stand(t)
	someHour(t, h)
	h.at = closes
	foldOnce(t, h, 1)
	first := h.objects.Names("facts/")
	late := segments(40)[30:]
	accept(t, h.Index, late, gap(270, 280))
	grown := gap(220, 300) // it was folded shorter
	accept(t, h.Index, nil, grown)
	before := ask(t, h.Index)
	if len(before.Entries) != 46 || len(before.Gaps) != 4 || !slices.ContainsFunc(before.Gaps, func(g camera.Gap) bool { return g.End.Equal(grown.End) }) {
		t.Fatalf("%d entries, gaps %v", len(before.Entries), before.Gaps)
	}
	foldOnce(t, h, 1)
	same(t, "folded again", ask(t, h.Index), before)
	names := h.objects.Names("facts/")
	if len(names) != 1 || names[0] == first[0] || !strings.Contains(names[0], "/000002-") {
		t.Errorf("manifests %v after %v", names, first)
	}
	if err := h.VerifyHour(t.Context(), mine, hourOne); err != nil {
		t.Error(err)
	}
}

// breakAt makes the database refuse a step, until the function is called that it gives.
func breakAt(t *testing.T, h *hub, table, verb string) (mend func()) {
	t.Helper()
	exec := func(statements ...string) {
		t.Helper()
		err := h.db.Write(t.Context(), func(tx *sql.Tx) error {
			for _, s := range statements {
				if _, err := tx.ExecContext(t.Context(), s); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if h.db.Postgres() {
		exec(`CREATE OR REPLACE FUNCTION boom() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'boom'; END $$`,
			`CREATE TRIGGER boom BEFORE `+verb+` ON `+table+` FOR EACH ROW EXECUTE FUNCTION boom()`)
		return func() { exec(`DROP TRIGGER boom ON ` + table) }
	}
	exec(`CREATE TRIGGER boom BEFORE ` + verb + ` ON ` + table + ` BEGIN SELECT RAISE(ABORT, 'boom'); END`)
	return func() { exec(`DROP TRIGGER boom`) }
}

// TestFoldThatFailsLosesNothing stops a first and a second folding of an hour at each
// of its steps, as a crash there would.
func TestFoldThatFailsLosesNothing(t *testing.T) {
	fail := func(verb string, when indextest.When) func(*testing.T, *hub) func() {
		return func(_ *testing.T, h *hub) func() {
			h.objects.Fail(func(v, _ string) indextest.When {
				if v == verb {
					return when
				}
				return 0
			})
			return func() { h.objects.Fail(nil) }
		}
	}
	refuse := func(table, verb string) func(*testing.T, *hub) func() {
		return func(t *testing.T, h *hub) func() { return breakAt(t, h, table, verb) }
	}
	for name, stop := range map[string]func(*testing.T, *hub) (mend func()){
		"before the manifest is put": fail("put", indextest.Before),
		"after the manifest is put":  fail("put", indextest.After),
		"hour added":                 refuse("hours", "INSERT"),
		"hour written":               refuse("hours", "UPDATE"),
		"activity":                   refuse("hour_activity", "INSERT"),
		"runs":                       refuse("run_hours", "INSERT"),
		"fresh rows":                 refuse("fresh", "DELETE"),
		"gaps":                       refuse("gaps", "DELETE"),
		"old manifest goes":          fail("delete", indextest.Before),
		"old manifest is gone":       fail("delete", indextest.After),
	} {
		t.Run(name, func(t *testing.T) {
			h := stand(t)
			someHour(t, h)
			for round := range 2 {
				before := ask(t, h.Index)
				h.at = closes
				mend := stop(t, h)
				_, err := h.Fold(t.Context())
				same(t, fmt.Sprintf("round %d stopped with %v", round, err), ask(t, h.Index), before)
				h.reopen(t)
				same(t, "started again", ask(t, h.Index), before)
				mend()
				if _, err := h.Fold(t.Context()); err != nil {
					t.Fatal(err)
				}
				same(t, "folded at last", ask(t, h.Index), before)
				if n := h.number(t, `SELECT count(*) FROM fresh`); n != 0 {
					t.Fatalf("%d rows are fresh", n)
				}
				if err := h.VerifyHour(t.Context(), mine, hourOne); err != nil {
					t.Fatal(err)
				}
				accept(t, h.Index, segments(31 + round)[30+round:], gap(261+20*round, 270+20*round))
			}
			// What a crash left over goes with the next folding of the hour, or when
			// somebody looks.
			foldOnce(t, h, 1)
			if _, err := h.Sweep(t.Context(), mine, hourOne); err != nil {
				t.Fatal(err)
			}
			if names := h.objects.Names("facts/"); len(names) != 1 {
				t.Errorf("manifests %v, want one", names)
			}
		})
	}
}
