package spool_test

import (
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/spool"
)

// copied is segment n of what was fetched from the recorder.
func copied(c camera.CameraID, n, size int) (camera.Segment, [][]byte) {
	seg, parts := film(c, camera.StreamMain, n, size)
	seg.Run, seg.Origin = "c0c0c0c0c0c0c0c0", camera.OriginRecorder
	seg.RecorderOffset, seg.RecorderBound = camera.Millis(-7*time.Minute), camera.Millis(time.Second)
	return seg, parts
}

// salvageCopy reads a film as one that came from the recorder.
func salvageCopy(c camera.CameraID, r io.Reader, size int64) (camera.Segment, error) {
	seg, err := salvage(c, r, size)
	of, _ := copied(c, int(seg.Seq), filmHead+200)
	seg.Run, seg.Origin, seg.RecorderOffset, seg.RecorderBound = of.Run, of.Origin, of.RecorderOffset, of.RecorderBound
	return seg, err
}

func putCopy(t *testing.T, s *spool.Spool, c camera.CameraID, n, size int) (camera.Segment, error) {
	t.Helper()
	seg, parts := copied(c, n, size)
	f, err := s.Create(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range parts {
		if _, err := f.Write(part); err != nil {
			t.Fatal(err)
		}
	}
	return seg, f.Commit(seg)
}

func mustCopy(t *testing.T, s *spool.Spool, c camera.CameraID, n, size int) camera.Segment {
	t.Helper()
	seg, err := putCopy(t, s, c, n, size)
	if err != nil {
		t.Fatal(err)
	}
	return seg
}

func spanOf(from, to int) camera.Interval {
	return camera.Interval{From: t0.Add(time.Duration(from) * time.Second), To: t0.Add(time.Duration(to) * time.Second)}
}

// TestCopyIsRemembered: the origin goes through journal, rewritten journal and
// salvage, and nothing of a copy is taken for what is recorded now.
func TestCopyIsRemembered(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, roomy)
	mustPut(t, s, gateCam, 0, 300)
	want := mustCopy(t, s, gateCam, 50, 300)
	unclosed, parts := copied(gateCam, 60, 300)
	f, err := s.Create(gateCam)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parts[:3] {
		if _, err := f.Write(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // as it was written, and as it was rewritten
		s, err = spool.OpenOn(lazy{spool.RealDisk}, dir, roomy, salvageCopy, clock, quiet)
		if err != nil {
			t.Fatal(err)
		}
		segs, gaps := s.Unannounced(10)
		if len(segs) != 3 || segs[1] != want || len(gaps) != 0 {
			t.Fatalf("segments %+v, gaps %v", segs, gaps)
		}
		if g := segs[2]; g.Seq != unclosed.Seq || g.Origin != camera.OriginRecorder || g.RecorderOffset != want.RecorderOffset || g.RecorderBound != want.RecorderBound {
			t.Errorf("salvaged %+v", g)
		}
		if end, ok := s.Last(gateCam); !ok || !end.Equal(t0.Add(6*time.Second)) {
			t.Errorf("last %v", end)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLastWithoutFootageFromTheCamera(t *testing.T) {
	s := mustOpen(t, t.TempDir(), roomy)
	mustCopy(t, s, gateCam, 5, 300)
	if end, ok := s.Last(gateCam); ok {
		t.Errorf("last %v of nothing", end)
	}
	if d := s.Usage().Days; d != 0 {
		t.Errorf("%v days at the rate of a copy", d)
	}
}

// TestCopiesLeaveFirst: before what exists nowhere else, though it is older; and no
// copy pushes out what the hub waits for.
func TestCopiesLeaveFirst(t *testing.T) {
	s := mustOpen(t, t.TempDir(), spool.Limits{Bytes: 4000})
	s.SetPolicy(yardFree)
	mustPut(t, s, yardCam, 0, 1000)
	mustPut(t, s, gateCam, 0, 1000)
	mustCopy(t, s, yardCam, 30, 1000)
	mustCopy(t, s, gateCam, 30, 1000)
	announceAll(t, s)
	mustPut(t, s, gateCam, 1, 1000)
	mustPut(t, s, gateCam, 2, 1000)
	_, gaps := s.Unannounced(10)
	slices.SortFunc(gaps, func(a, b camera.Gap) int { return a.Start.Compare(b.Start) })
	if len(gaps) != 2 || gaps[0].Cause != camera.CauseOverwritten || gaps[1].Cause != camera.CauseOverwritten || !gaps[0].Start.Equal(t0.Add(180*time.Second)) {
		t.Errorf("gaps %v", gaps)
	}
	if y, g := here(s, yardCam, 31), here(s, gateCam, 31); !slices.Equal(y, []int{0}) || !slices.Equal(g, []int{0, 1, 2}) {
		t.Errorf("here %v %v", y, g)
	}
	mustCopy(t, s, gateCam, 31, 1000) // the free footage of the yard goes
	if _, err := putCopy(t, s, gateCam, 32, 2000); !errors.Is(err, spool.ErrFull) || errors.Is(err, spool.ErrHeld) {
		t.Errorf("a copy in the place of what the hub waits for: %v", err)
	}
	if g := here(s, gateCam, 33); !slices.Equal(g, []int{0, 1, 2}) {
		t.Errorf("here %v", g)
	}
}

// TestWantedCopyStays, and goes when it is not wanted any more and is older than the
// days, though the policy would have it uploaded.
func TestWantedCopyStays(t *testing.T) {
	s := mustOpen(t, t.TempDir(), spool.Limits{Bytes: 3000, Days: 1})
	w := camera.Want{Camera: gateCam, From: t0.Add(-time.Hour), To: t0.Add(6 * time.Second), Ask: &camera.Ask{Unit: "u", Case: "1"}}
	if err := s.SetWants([]camera.Want{w}); err != nil {
		t.Fatal(err)
	}
	seg, parts := copied(gateCam, 0, 1000)
	seg.Start, seg.End = seg.Start.Add(-30*time.Minute), seg.End.Add(-30*time.Minute) // older than a day
	f, err := s.Create(gateCam)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		if _, err := f.Write(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Commit(seg); err != nil {
		t.Fatal(err)
	}
	for n := range 5 {
		mustPut(t, s, gateCam, 100+n, 1000)
	}
	if got := s.Covered(gateCam, t0.Add(-time.Hour), t0); len(got) != 1 {
		t.Errorf("the wanted copy left: %v", got)
	}
	if got := s.Wants(); len(got) != 1 || got[0].Ask == nil || got[0].Ask.Case != "1" {
		t.Errorf("wants %+v", got)
	}
	if err := s.SetWants(nil); err != nil {
		t.Fatal(err)
	}
	if got := s.Covered(gateCam, t0.Add(-time.Hour), t0); len(got) != 0 {
		t.Errorf("a copy of more than a day ago stayed: %v", got)
	}
}

// TestCoveredOfMonths also where an int has 32 bits (GOARCH=386): 25 days are more
// milliseconds than that.
func TestCoveredOfMonths(t *testing.T) {
	s := mustOpen(t, t.TempDir(), roomy)
	const days = 24 * 3600 / 6 // segments
	for _, n := range []int{60 * days, 0, 30 * days, 90 * days} {
		mustPut(t, s, gateCam, n, 300)
	}
	got := s.Covered(gateCam, t0.AddDate(0, 0, -1), t0.AddDate(0, 0, 100))
	if len(got) != 4 || !slices.IsSortedFunc(got, func(a, b camera.Interval) int { return a.From.Compare(b.From) }) {
		t.Errorf("%v", got)
	}
}

func TestCovered(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, roomy)
	for _, n := range []int{0, 1, 5} {
		mustPut(t, s, gateCam, n, 300)
	}
	mustCopy(t, s, gateCam, 2, 300)
	mustCopy(t, s, gateCam, 5, 300)
	if _, err := putAs(s, gateCam, camera.StreamSub, 3, 300); err != nil {
		t.Fatal(err)
	}
	mustPut(t, s, yardCam, 3, 300)
	for _, open := range []*spool.Spool{s, reopen(t, s, dir, roomy)} {
		for _, c := range []struct {
			from, to int
			want     []camera.Interval
		}{
			{-100, 100, []camera.Interval{spanOf(0, 18), spanOf(30, 36)}},
			{3, 33, []camera.Interval{spanOf(3, 18), spanOf(30, 33)}},
			{18, 30, []camera.Interval{}},
			{35, 36, []camera.Interval{spanOf(35, 36)}},
		} {
			if got := open.Covered(gateCam, t0.Add(time.Duration(c.from)*time.Second), t0.Add(time.Duration(c.to)*time.Second)); !slices.Equal(got, c.want) {
				t.Errorf("%d to %d: %v, want %v", c.from, c.to, got, c.want)
			}
		}
	}
}
