package index_test

import (
	"slices"
	"strings"
	"testing"
	"time"

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

// ages are how old segments are when something happens to them: their hour is open, or
// closed and folded.
var ages = map[string]func(*hub, testing.TB){"open": func(*hub, testing.TB) {}, "folded": (*hub).fold}

func TestWhatAGapTakes(t *testing.T) {
	const untouched = "home requested uploading stored held expired lost withheld home"
	for age, grow := range ages {
		t.Run(age, func(t *testing.T) { whatAGapTakes(t, grow, untouched) })
	}
}

func whatAGapTakes(t *testing.T, grow func(*hub, testing.TB), untouched string) {
	for _, c := range []struct {
		cause camera.GapCause
		want  string
	}{
		{camera.CauseDisk, "lost lost lost stored held expired lost withheld home"},
		{camera.CauseOverwritten, "expired expired uploading stored held expired lost withheld home"},
		{camera.CauseHeldFull, untouched}, {camera.CauseCameraOff, untouched}, {camera.CausePaused, untouched},
	} {
		for _, stream := range []camera.Stream{camera.StreamMain, camera.StreamSub} {
			h := stand(t)
			x := h.Index
			main, small := eachState(t, x, camera.StreamMain), eachState(t, x, camera.StreamSub)
			grow(h, t)
			before := h.number(t, `SELECT coalesce(sum(version), 0) FROM hours`)
			g := gap(0, 50) // covers all but the last, of which it covers a part
			g.Cause, g.Stream = c.cause, stream
			accept(t, x, nil, g)
			changed := h.number(t, `SELECT coalesce(sum(version), 0) FROM hours`) - before
			if wrote := c.want != untouched && before > 0; wrote != (changed == 1) || !wrote && changed != 0 {
				t.Errorf("%s of stream %q: the hour was written %d times", c.cause, stream, changed)
			}
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
	for age, grow := range ages {
		t.Run(age, func(t *testing.T) { aGapThatGrows(t, grow) })
	}
}

func aGapThatGrows(t *testing.T, grow func(*hub, testing.TB)) {
	h := stand(t)
	x := h.Index
	segs := segments(12)
	accept(t, x, segs)
	grow(h, t)
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
		if age := h.number(t, `SELECT count(*) FROM fresh`); age == 0 {
			h.fold(t) // with each step: it leaves its hour and comes back
		}
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
	if len(gaps) == 1 && gaps[0].Signature.IsZero() { // as those of closed hours are
		want.Signature = camera.Signature{}
	} else {
		want = signGaps([]camera.Gap{want})[0]
	}
	if len(gaps) != 1 || gaps[0] != want {
		t.Errorf("gaps %+v", gaps)
	}
}

// TestAGapOfYears: one that touches many hours writes only those in which something goes.
func TestAGapOfYears(t *testing.T) {
	h := stand(t)
	var segs []camera.Segment
	for i := range 30 { // a day apart
		s := segment(uint32(i))
		s.Start = s.Start.AddDate(0, 0, -i)
		s.End = s.Start.Add(6 * time.Second)
		segs = append(segs, s)
	}
	accept(t, h.Index, segs)
	h.fold(t)
	for _, s := range segs[:20] {
		if err := h.SetState(t.Context(), s.SegmentID, camera.StateStored); err != nil {
			t.Fatal(err)
		}
	}
	before := h.number(t, `SELECT sum(version) FROM hours`)
	var gaps []camera.Gap
	for i := range 5 {
		g := camera.Gap{Camera: mine, Start: start.AddDate(-9, 0, -i), End: start.AddDate(0, 0, -5), Cause: camera.CauseOverwritten}
		gaps = append(gaps, g)
	}
	accept(t, h.Index, nil, gaps...)
	left := 0
	for i, state := range strings.Fields(states(t, h.Index, segs)) {
		if wanted := i >= 20; wanted != (state == "expired") {
			t.Errorf("segment of %d days ago is %s", i, state)
		} else if wanted {
			left++
		}
	}
	if n := h.number(t, `SELECT sum(version) FROM hours`) - before; n != int64(left) {
		t.Errorf("%d hours were written for %d segments", n, left)
	}
	before = h.number(t, `SELECT sum(version) FROM hours`)
	accept(t, h.Index, nil, gaps...)
	if n := h.number(t, `SELECT sum(version) FROM hours`); n != before {
		t.Errorf("the same gaps again wrote %d hours", n-before)
	}
}

// TestAFoldedGapIsKnown: what is announced again of it changes nothing unless it is
// longer, and then it is one gap as before, with its new cause.
func TestAFoldedGapIsKnown(t *testing.T) {
	h := stand(t)
	paused, other := gap(600, 700), gap(600, 650)
	paused.Cause, other.Stream = camera.CausePaused, camera.StreamSub
	accept(t, h.Index, segments(1), paused, other, gap(900, 950))
	h.fold(t)
	shorter := gap(600, 690)
	shorter.Cause = camera.CauseDisk
	accept(t, h.Index, nil, paused, shorter, other)
	if n := h.number(t, `SELECT count(*) FROM gaps`); n != 0 {
		t.Errorf("%d gaps of a closed hour are in the table again", n)
	}
	longer := gap(600, 2*3600-4000) // still in its hour
	accept(t, h.Index, nil, longer, longer)
	check := func(when string) {
		t.Helper()
		_, gaps := window(t, h.Index, start, clock())
		got := ""
		for _, g := range gaps {
			got += string(g.Cause) + string(g.Stream) + " " + g.End.Sub(start).String() + " "
		}
		if got != "camera-off 53m20s camera-offsub 10m50s camera-off 15m50s " && got != "camera-offsub 10m50s camera-off 53m20s camera-off 15m50s " {
			t.Errorf("%s: %s", when, got)
		}
	}
	check("grown")
	late := segment(5)
	accept(t, h.Index, []camera.Segment{late})
	h.fold(t)
	check("folded again")
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

// TestGapsHaveAQuota: a box that tells of thousands of gaps does not fill the hour that
// everybody reads.
func TestGapsHaveAQuota(t *testing.T) {
	h := stand(t)
	gaps := make([]camera.Gap, index.GapsMost+10)
	for i := range gaps {
		gaps[i] = gap(0, 10)
		gaps[i].Start = start.Add(time.Duration(i) * time.Millisecond)
	}
	accept(t, h.Index, segments(1))
	refused := 0
	for part := range slices.Chunk(gaps, camera.AnnounceMost) {
		r := put(t, h.Index, nil, part...)
		for _, why := range r.RefusedGaps {
			if refused++; why.Code != camera.CodeTooMany {
				t.Errorf("%+v", why)
			}
		}
	}
	h.fold(t)
	if r := put(t, h.Index, nil, gaps[index.GapsMost+5:]...); len(r.RefusedGaps) != 5 || refused != 10 {
		t.Errorf("%d gaps are refused, and %d of 5 after the fold", refused, len(r.RefusedGaps))
	}
	grown := gaps[0]
	grown.End = grown.End.Add(time.Second)
	accept(t, h.Index, nil, grown) // what is known may go on
}

// TestLateFactsWait: an hour that gets one late fact after the other is not folded again
// for each of them.
func TestLateFactsWait(t *testing.T) {
	h := stand(t)
	accept(t, h.Index, segments(1))
	h.at = start.Add(3 * time.Hour)
	folds := 0
	for i := range 40 {
		accept(t, h.Index, segments(i + 1)[i:])
		n, err := h.Fold(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		folds += n
		h.at = h.at.Add(time.Minute)
	}
	if folds < 8 || folds > 11 {
		t.Errorf("%d folds of 40 minutes", folds)
	}
	h.at = h.at.Add(24 * time.Hour)
	foldOnce(t, h, 1)
}

// TestOneDamagedRow: it does not keep other hours from being folded.
func TestOneDamagedRow(t *testing.T) {
	h := stand(t)
	accept(t, h.Index, segments(1))
	h.fold(t)
	h.writeOne(t, `UPDATE hours SET body = $1`, []byte("a bad disk"))
	later := segment(601)
	later.Prev = hashOf(600)
	h.at = start.Add(4 * time.Hour)
	accept(t, h.Index, append([]camera.Segment{later}, segments(2)[1:]...))
	foldOnce(t, h, 1)
}
