package index_test

import (
	"testing"

	camera "xulang.vn/camera"
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
	way := map[camera.ByteState][]camera.ByteState{camera.StateHeld: {camera.StateStored}}
	x, _ := open(t)
	seq := uint32(0)
	for _, from := range all {
		for i, to := range all {
			s := segment(seq)
			seq++
			accept(t, x, []camera.Segment{s})
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
