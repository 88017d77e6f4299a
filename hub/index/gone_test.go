package index_test

import (
	"strings"
	"testing"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index"
)

// eachState announces one segment for each state that a segment can have, from 0 s
// on, and one more that begins inside of the gap [0, 50) and ends after it.
func eachState(t *testing.T, x *index.Index, stream camera.Stream) []camera.Segment {
	t.Helper()
	ways := [][]camera.ByteState{
		nil, {camera.StateRequested}, {camera.StateUploading}, {camera.StateStored}, {camera.StateStored, camera.StateHeld},
		{camera.StateExpired}, {camera.StateLost}, {camera.StateWithheld}, nil,
	}
	segs := segments(len(ways))
	for i := range segs {
		segs[i].Stream = stream
		segs[i].Run = camera.RunID(strings.Repeat("a", 15) + string("0123456789abcdef"[len(stream)])) // a run of each stream
	}
	accept(t, x, segs)
	for i, way := range ways {
		for _, s := range way {
			if err := x.SetState(t.Context(), segs[i].SegmentID, s); err != nil {
				t.Fatal(err)
			}
		}
	}
	return segs
}

func states(t *testing.T, x *index.Index, segs []camera.Segment) string {
	t.Helper()
	var list []string
	for _, s := range segs {
		e, err := x.Segment(t.Context(), s.SegmentID)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, string(e.State))
	}
	return strings.Join(list, " ")
}

func TestWhatAGapTakes(t *testing.T) {
	const untouched = "home requested uploading stored held expired lost withheld home"
	for _, c := range []struct {
		cause camera.GapCause
		want  string
	}{
		{camera.CauseDisk, "lost lost lost stored held expired lost withheld home"},
		{camera.CauseOverwritten, "expired expired uploading stored held expired lost withheld home"},
		{camera.CauseHeldFull, untouched}, {camera.CauseCameraOff, untouched}, {camera.CausePaused, untouched},
	} {
		for _, stream := range []camera.Stream{camera.StreamMain, camera.StreamSub} {
			x, _ := open(t)
			main, small := eachState(t, x, camera.StreamMain), eachState(t, x, camera.StreamSub)
			g := gap(0, 50) // covers all but the last, of which it covers a part
			g.Cause, g.Stream = c.cause, stream
			accept(t, x, nil, g)
			hit, other := main, small
			if stream == camera.StreamSub {
				hit, other = small, main
			}
			if got := states(t, x, hit); got != c.want {
				t.Errorf("%s of stream %q: %s", c.cause, stream, got)
			}
			if got := states(t, x, other); got != untouched {
				t.Errorf("%s of stream %q touches the other one: %s", c.cause, stream, got)
			}
		}
	}
}

// TestAGapThatGrows: each end that is later takes what it newly covers, also what
// began before the end before.
func TestAGapThatGrows(t *testing.T) {
	x, _ := open(t)
	segs := segments(12)
	accept(t, x, segs)
	for _, step := range []struct {
		end   int
		cause camera.GapCause
		want  string // of each segment its first letter
	}{
		{5, camera.CauseOverwritten, "hhhhhhhhhhhh"},
		{9, camera.CauseOverwritten, "ehhhhhhhhhhh"},
		{12, camera.CauseOverwritten, "eehhhhhhhhhh"},
		{10, camera.CauseDisk, "eehhhhhhhhhh"}, // old news
		{31, camera.CauseOverwritten, "eeeeehhhhhhh"},
		{50, camera.CauseCameraOff, "eeeeehhhhhhh"},
		{60, camera.CauseDisk, "eeeeelllllhh"}, // another cause looks through all of it
	} {
		g := gap(0, step.end)
		g.Cause = step.cause
		accept(t, x, nil, g)
		got := ""
		for _, s := range strings.Fields(states(t, x, segs)) {
			got += s[:1]
		}
		if got != step.want {
			t.Errorf("%s to %d s: %s, want %s", step.cause, step.end, got, step.want)
		}
	}
	_, gaps := window(t, x, start, clock())
	want := gap(0, 60)
	want.Cause = camera.CauseDisk
	if len(gaps) != 1 || gaps[0] != signGaps([]camera.Gap{want})[0] {
		t.Errorf("gaps %+v", gaps)
	}
}

// TestAGapOfYears reads nothing of what is stored, however much that is: the only
// one who writes must not be kept by one box.
func TestAGapOfYears(t *testing.T) {
	_, d := open(t)
	rows, err := d.Read().QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+index.TakeSegments, mine, "", 0, 1, camera.StateExpired, camera.StateHome)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	plan := ""
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan += detail
	}
	if rows.Err() != nil || !strings.Contains(plan, "segments_state (camera_id=? AND stream=? AND state=? AND start_ms>? AND start_ms<?)") {
		t.Errorf("%v: %s", rows.Err(), plan)
	}
}

// TestGapsOfTwoStreams begin at the same moment and are two.
func TestGapsOfTwoStreams(t *testing.T) {
	x, _ := open(t)
	small := gap(10, 20)
	small.Stream, small.Cause = camera.StreamSub, camera.CauseOverwritten
	accept(t, x, nil, gap(10, 30), small)
	_, gaps := window(t, x, start, clock())
	if len(gaps) != 2 || gaps[0].Stream != camera.StreamMain || gaps[1] != signGaps([]camera.Gap{small})[0] {
		t.Errorf("gaps %+v", gaps)
	}
}
