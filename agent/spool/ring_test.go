package spool_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/spool"
)

// TestFreeLeavesFirst: the policy is remembered, so that the next start knows it
// before anybody tells.
func TestFreeLeavesFirst(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, roomy)
	s.SetPolicy(yardFree)
	for n := range 2 {
		mustPut(t, s, gateCam, n, 1000)
		mustPut(t, s, yardCam, n, 1000)
	}
	announceAll(t, s)
	mustPut(t, s, yardCam, 2, 1000) // not announced
	s = reopen(t, s, dir, spool.Limits{Bytes: 3000})
	if g, y := here(s, gateCam, 2), here(s, yardCam, 3); !slices.Equal(g, []int{0, 1}) || !slices.Equal(y, []int{2}) {
		t.Errorf("here %v %v", g, y)
	}
	gap := func(c camera.CameraID, from, to int, cause camera.GapCause) camera.Gap {
		return camera.Gap{Camera: c, Start: t0.Add(time.Duration(from) * time.Second), End: t0.Add(time.Duration(to) * time.Second), Cause: cause}
	}
	if _, gaps := s.Unannounced(10); !slices.Equal(gaps, []camera.Gap{gap(yardCam, 0, 12, camera.CauseOverwritten)}) {
		t.Errorf("gaps %v", gaps)
	}
	s = reopen(t, s, dir, spool.Limits{Bytes: 1000})
	_, gaps := s.Unannounced(10)
	want := []camera.Gap{gap(yardCam, 0, 18, camera.CauseOverwritten), gap(gateCam, 0, 6, camera.CauseDisk)}
	if !slices.Equal(gaps, want) {
		t.Errorf("gaps %v, want %v", gaps, want)
	}
}

// TestTurningRing: what follows the footage that leaves is one gap, also while it
// is announced again and again.
func TestTurningRing(t *testing.T) {
	dir := t.TempDir()
	limits := spool.Limits{Bytes: 4000}
	s := mustOpen(t, dir, limits)
	s.SetPolicy(yardFree)
	starts := map[int64]bool{}
	for n := range 60 {
		mustPut(t, s, yardCam, n, 1000)
		if n%7 == 0 {
			s = reopen(t, s, dir, limits)
		}
		segs, gaps := s.Unannounced(10)
		for _, g := range gaps {
			starts[g.Start.UnixMilli()] = true
			if g.Cause != camera.CauseOverwritten || !g.End.Equal(t0.Add(time.Duration(n-3)*6*time.Second)) {
				t.Fatalf("gap %v", g)
			}
			g.Signature = camera.Signature{1} // as it went out
			if err := s.Announced(nil, []camera.Gap{g}); err != nil {
				t.Fatal(err)
			}
		}
		for _, seg := range segs {
			if err := s.Announced([]camera.SegmentID{seg.SegmentID}, nil); err != nil {
				t.Fatal(err)
			}
		}
		if again, _ := s.Unannounced(10); len(again) > 0 {
			t.Fatalf("announced again: %v", again)
		}
	}
	if len(starts) != 1 {
		t.Errorf("%d gaps", len(starts))
	}
}

func TestDaysOfEachKind(t *testing.T) {
	dir := t.TempDir()
	limits := spool.Limits{Bytes: 1 << 20, Days: 1}
	now := clock()
	open := func() *spool.Spool {
		s, err := spool.Open(dir, limits, salvage, func() time.Time { return now }, quiet)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := open()
	s.SetPolicy(yardFree)
	for n := range 3 {
		mustPut(t, s, gateCam, n, 1000)
		mustPut(t, s, yardCam, n, 1000)
	}
	announceAll(t, s)
	mustPut(t, s, yardCam, 3, 1000) // not announced
	mustWant(t, s, window(yardCam, 1, 1, false))
	now = now.Add(time.Hour)
	beat := camera.Gap{Camera: gateCam, Start: t0.Add(time.Hour), End: t0.Add(2 * time.Hour), Cause: camera.CauseCameraOff}
	if err := s.AddGap(beat); err != nil { // nothing is recorded, and still days pass
		t.Fatal(err)
	}
	if g, y := here(s, gateCam, 3), here(s, yardCam, 4); !slices.Equal(g, []int{0, 1, 2}) || !slices.Equal(y, []int{1}) {
		t.Errorf("here %v %v", g, y)
	}
	_, gaps := s.Unannounced(10)
	overwritten := slices.DeleteFunc(gaps, func(g camera.Gap) bool { return g.Cause != camera.CauseOverwritten })
	if len(overwritten) != 2 || overwritten[0].End != t0.Add(6*time.Second) || overwritten[1].Start != t0.Add(12*time.Second) || overwritten[1].End != t0.Add(24*time.Second) {
		t.Errorf("gaps %v", overwritten)
	}
	mustWant(t, s)
	if y := here(s, yardCam, 4); len(y) > 0 {
		t.Errorf("here %v after the want has ended", y)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestDaysLeft(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, roomy)
	for n := range 600 {
		mustPut(t, s, gateCam, n, 1000)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		days    int
		wants   []camera.Want
		at      time.Duration
		atLeast float64
		atMost  float64
	}{
		{0, nil, time.Hour, 1.38, 1.4}, // 600 kB an hour
		{1, nil, time.Hour, 1, 1},
		{0, []camera.Want{window(gateCam, 0, 600, false)}, time.Hour, 1.34, 1.36},
		{0, nil, 48 * time.Hour, 0, 0}, // nothing of late
	} {
		now := t0.Add(c.at)
		s, err := spool.Open(dir, spool.Limits{Bytes: 20_000_000, Days: c.days}, salvage, func() time.Time { return now }, quiet)
		if err != nil {
			t.Fatal(err)
		}
		mustWant(t, s, c.wants...)
		if u := s.Usage(); u.Days < c.atLeast || u.Days > c.atMost {
			t.Errorf("%+v: %+v", c, u)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSubStream: its gaps are its own, and the past of a camera is its main stream's.
func TestSubStream(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, spool.Limits{Bytes: 4000})
	mustPut(t, s, gateCam, 0, 1000)
	for n := range 5 {
		if _, err := putAs(s, gateCam, camera.StreamSub, n, 1000); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		_, gaps := s.Unannounced(10)
		main := camera.Gap{Camera: gateCam, Start: t0, End: t0.Add(6 * time.Second), Cause: camera.CauseDisk}
		sub := main
		sub.Stream = camera.StreamSub
		if !slices.Equal(gaps, []camera.Gap{main, sub}) {
			t.Errorf("gaps %v", gaps)
		}
		if end, ok := s.Last(gateCam); !ok || !end.Equal(t0.Add(6*time.Second)) {
			t.Errorf("last %v", end)
		}
		s = reopen(t, s, dir, spool.Limits{Bytes: 4000})
	}
}

// TestDiskSmallerThanTheLimit: the ring turns at the size that the disk has.
func TestDiskSmallerThanTheLimit(t *testing.T) {
	d := newMemory()
	d.quota = 500_000
	s, err := spool.OpenOn(d, t.TempDir(), roomy, salvage, clock, quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }() // of no more interest
	s.SetPolicy(yardFree)
	var put []camera.Segment
	failed := 0
	for n := range 200 {
		seg, parts := film(yardCam, camera.StreamMain, n, 20_000)
		f, err := s.Create(yardCam)
		for _, part := range parts {
			if err == nil {
				_, err = f.Write(part)
			}
		}
		if err == nil {
			err = f.Commit(seg)
		} else if f != nil {
			f.Discard()
		}
		switch {
		case err == nil:
			put, failed = append(put, seg), 0
		case !errors.Is(err, spool.ErrFull) || errors.Is(err, spool.ErrHeld):
			t.Fatal(err)
		default:
			if failed++; failed == 3 {
				t.Fatalf("number %d: %v", n, err)
			}
		}
	}
	_, gaps := s.Unannounced(1000)
	for _, seg := range put {
		if r, err := s.OpenSegment(seg.SegmentID); err == nil {
			_ = r.Close()
		} else if !slices.ContainsFunc(gaps, func(g camera.Gap) bool {
			return g.Cause == camera.CauseOverwritten && !g.Start.After(seg.Start) && !g.End.Before(seg.End)
		}) {
			t.Errorf("%s has left without a gap", seg.SegmentID)
		}
	}
}

// TestFullDiskOfHeldFootage says what is in the way, and ends with the want.
func TestFullDiskOfHeldFootage(t *testing.T) {
	d := newMemory()
	d.quota = 100_000
	s, err := spool.OpenOn(d, t.TempDir(), roomy, salvage, clock, quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }() // of no more interest
	s.SetPolicy(yardFree)
	mustWant(t, s, window(yardCam, 0, 1000, false))
	n := 0
	for ; err == nil && n < 10; n++ {
		_, err = put(s, yardCam, n, 20_000)
	}
	if !errors.Is(err, spool.ErrHeld) || !errors.Is(err, spool.ErrFull) {
		t.Fatalf("number %d: %v", n, err)
	}
	if got := here(s, yardCam, n); len(got) != n-1 {
		t.Errorf("of %d held segments %v are left", n-1, got)
	}
	mustWant(t, s)
	_, err = put(s, yardCam, n, 20_000)
	if err != nil {
		_, err = put(s, yardCam, n+1, 20_000) // the first one made room
	}
	if err != nil {
		t.Errorf("after the want has ended: %v", err)
	}
}

// TestDaysWaitForTheClock: nothing leaves for its age while the clock may be wrong.
func TestDaysWaitForTheClock(t *testing.T) {
	sure, now := false, clock()
	limits := spool.Limits{Bytes: 1 << 20, Days: 1, Sure: func() bool { return sure }}
	s, err := spool.Open(t.TempDir(), limits, salvage, func() time.Time { return now }, quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.SetPolicy(func(camera.CameraID, camera.Stream) bool { return false })
	seg := mustPut(t, s, gateCam, 0, 1000)
	aged := func() bool {
		t.Helper()
		now = now.AddDate(1, 0, 0)
		if err := s.AddGap(camera.Gap{Camera: gateCam, Start: now.Add(-time.Minute), End: now, Cause: camera.CauseCameraOff}); err != nil {
			t.Fatal(err)
		}
		f, err := s.OpenSegment(seg.SegmentID)
		if err == nil {
			f.Close()
		}
		return camera.CodeOf(err) == camera.CodeNotFound
	}
	if aged() {
		t.Error("a clock that jumped by a year emptied the ring")
	}
	sure = true
	if !aged() {
		t.Error("the day limit is forgotten")
	}
}
