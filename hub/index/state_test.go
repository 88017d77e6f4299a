package index_test

import (
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index"
)

func TestStateTransitions(t *testing.T) {
	all := []camera.ByteState{camera.StateHome, camera.StateRequested, camera.StateUploading, camera.StateStored,
		camera.StateHeld, camera.StateExpired, camera.StateLost, camera.StateWithheld}
	// One row for each state, a column for what may follow, in the order above.
	table := map[camera.ByteState]string{
		camera.StateHome:      "=yyy.yyy",
		camera.StateRequested: "y=yy.yyy",
		camera.StateUploading: "y.=y.yyy",
		camera.StateStored:    "...=yyyy",
		camera.StateHeld:      "...y=.y.",
		camera.StateExpired:   ".....=..",
		camera.StateLost:      "......=.",
		camera.StateWithheld:  ".......=",
	}
	for age, grow := range ages {
		t.Run(age, func(t *testing.T) { transitions(t, all, table, grow) })
	}
}

func transitions(t *testing.T, all []camera.ByteState, table map[camera.ByteState]string, grow func(*hub, testing.TB)) {
	way := map[camera.ByteState][]camera.ByteState{camera.StateHeld: {camera.StateStored}}
	h := stand(t)
	x, segs := h.Index, segments(len(all)*len(all))
	accept(t, x, segs)
	grow(h, t)
	for n, from := range all {
		for i, to := range all {
			s := segs[n*len(all)+i]
			for _, step := range append(way[from], from) {
				if err := x.SetState(t.Context(), s.SegmentID, step); err != nil {
					t.Fatal(err)
				}
			}
			err := x.SetState(t.Context(), s.SegmentID, to)
			after, code := to, camera.Code("")
			if table[from][i] == '.' {
				after, code = from, camera.CodeConflict
			}
			e, readErr := x.Segment(t.Context(), s.SegmentID)
			if camera.CodeOf(err) != code || readErr != nil || e.State != after {
				t.Errorf("%s → %s: %v, now %s", from, to, err, e.State)
			}
		}
	}
	if err := x.SetState(t.Context(), segment(0).SegmentID, "anywhere"); camera.CodeOf(err) != camera.CodeConflict {
		t.Errorf("unknown state: %v", err)
	}
	if err := x.SetState(t.Context(), camera.SegmentID{}, camera.StateStored); camera.CodeOf(err) != camera.CodeUnknownSegment {
		t.Errorf("unknown segment: %v", err)
	}
}

// TestManyStates: each move is taken or refused by itself, all in one transaction.
func TestManyStates(t *testing.T) {
	h := stand(t)
	early, late := segments(4), segment(4)
	accept(t, h.Index, early)
	h.fold(t)
	late.Start, late.End = clock().Add(-6*time.Second), clock()
	next := segment(5)
	next.Start, next.End = clock().Add(-6*time.Second), clock()
	accept(t, h.Index, []camera.Segment{late, next})
	version := h.number(t, `SELECT sum(version) FROM hours`)
	id := func(seq uint32) camera.SegmentID { return segment(seq).SegmentID }
	refused, err := h.SetStates(t.Context(), []index.Change{
		{ID: id(0), To: camera.StateStored}, {ID: id(4), To: camera.StateStored}, {ID: id(1), To: camera.StateUploading},
		{ID: id(0), To: camera.StateHeld}, {ID: id(0), To: camera.StateExpired}, {ID: id(9), To: camera.StateStored},
		{ID: id(1), To: camera.StateRequested}, {ID: id(2), To: camera.StateHome}, {ID: id(5), To: "anywhere"},
		{ID: camera.SegmentID{Camera: theirs, Run: run}, To: camera.StateStored}, {ID: id(3), To: camera.StateLost},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, r := range refused {
		got += string(camera.CodeOf(r)) + ","
	}
	if got != ",,,,conflict,unknown-segment,conflict,,conflict,unknown-segment,," {
		t.Errorf("refused %s", got)
	}
	if got := states(t, h.Index, append(early, late, next)); got != "held uploading home lost stored home" {
		t.Errorf("now %s", got)
	}
	// The hour is left for others and found again: it may be written more than once, but
	// not when nothing changes.
	version = h.number(t, `SELECT sum(version) FROM hours`) - version
	if version < 1 || version > 3 {
		t.Errorf("the hour was written %d times", version)
	}
	if n := h.number(t, `SELECT stored FROM hours`); n != 1 {
		t.Errorf("%d stored segments are counted in the hour", n)
	}
	before := h.number(t, `SELECT sum(version) FROM hours`)
	if refused, err := h.SetStates(t.Context(), []index.Change{{ID: id(3), To: camera.StateLost}, {ID: id(3), To: camera.StateHome}}); err != nil || refused[0] != nil || refused[1] == nil {
		t.Errorf("%v, %v", refused, err)
	}
	if n := h.number(t, `SELECT sum(version) FROM hours`); n != before {
		t.Errorf("the hour was written for nothing")
	}
	if refused, err := h.SetStates(t.Context(), nil); err != nil || len(refused) != 0 {
		t.Errorf("no moves: %v, %v", refused, err)
	}
}
