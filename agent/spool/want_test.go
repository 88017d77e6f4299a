package spool_test

import (
	"errors"
	"slices"
	"syscall"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/spool"
)

// window is a want of so many segments of a camera, from number n on.
func window(c camera.CameraID, n, count int, fetch bool) camera.Want {
	from := t0.Add(time.Duration(n) * 6 * time.Second)
	return camera.Want{Camera: c, From: from, To: from.Add(time.Duration(count) * 6 * time.Second), Fetch: fetch}
}

func mustWant(t *testing.T, s *spool.Spool, wants ...camera.Want) {
	t.Helper()
	if err := s.SetWants(wants); err != nil {
		t.Fatal(err)
	}
}

// here are the numbers of a camera's main segments that the spool has.
func here(s *spool.Spool, c camera.CameraID, most int) []int {
	var list []int
	for n := range most {
		seg, _ := made(c, n, 1000)
		if r, err := s.OpenSegment(seg.SegmentID); err == nil {
			_ = r.Close()
			list = append(list, n)
		}
	}
	return list
}

// TestHeldNeverLeaves: with only held footage left, recording stops at once and
// goes on as soon as the want ends.
func TestHeldNeverLeaves(t *testing.T) {
	dir := t.TempDir()
	limits := spool.Limits{Bytes: 4000, Days: 1}
	s := mustOpen(t, dir, limits)
	for n := range 4 {
		mustPut(t, s, gateCam, n, 1000)
	}
	mustWant(t, s, window(gateCam, 0, 2, false))
	s = reopen(t, s, dir, limits)
	if u := s.Usage(); u.Held != 2000 {
		t.Errorf("held %d", u.Held)
	}
	mustPut(t, s, gateCam, 4, 1000)
	if got := here(s, gateCam, 6); !slices.Equal(got, []int{0, 1, 3, 4}) {
		t.Errorf("here %v", got)
	}
	f, err := s.Create(gateCam)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Discard()
	all := []camera.Want{window(gateCam, 0, 2, true), window(gateCam, 3, 4, false)}
	mustWant(t, s, all...)
	for range 2 { // and as the first thing after a start
		if _, err := s.Create(gateCam); !errors.Is(err, spool.ErrHeld) || !errors.Is(err, spool.ErrFull) {
			t.Fatalf("create: %v", err)
		}
		if got := s.Wants(); !slices.Equal(got, all) {
			t.Errorf("wants %v", got)
		}
		seg, body := made(gateCam, 5, 1000)
		if _, err := f.Write(body); err == nil { // of the first round
			if err := f.Commit(seg); !errors.Is(err, spool.ErrHeld) {
				t.Errorf("commit: %v", err)
			}
			s = reopen(t, s, dir, limits)
		}
	}
	if got := here(s, gateCam, 6); !slices.Equal(got, []int{0, 1, 3, 4}) {
		t.Errorf("here %v", got)
	}
	mustWant(t, s)
	mustPut(t, s, gateCam, 6, 1000)
}

// TestWantCovers: another camera does not count, and neither does what only touches.
func TestWantCovers(t *testing.T) {
	s := mustOpen(t, t.TempDir(), roomy)
	for n := range 6 {
		mustPut(t, s, gateCam, n, 1000)
	}
	mustPut(t, s, yardCam, 0, 1000)
	at := func(seconds int) time.Time { return t0.Add(time.Duration(seconds) * time.Second) }
	cases := []struct {
		wants []camera.Want
		held  int64
	}{
		{nil, 0},
		{[]camera.Want{window(gateCam, 1, 1, false)}, 1000},
		{[]camera.Want{{Camera: gateCam, From: at(11), To: at(13)}}, 2000},
		{[]camera.Want{{Camera: gateCam, From: at(12), To: at(18)}, {Camera: gateCam, From: at(18), To: at(24)}}, 2000},
		{[]camera.Want{{Camera: gateCam, From: at(-9), To: at(0)}, {Camera: gateCam, From: at(36), To: at(60)}}, 0},
		{[]camera.Want{{Camera: gateCam, From: at(30), To: at(31)}, {Camera: gateCam, From: at(1), To: at(2)}, {Camera: gateCam, From: at(0), To: at(3)}}, 2000},
		{[]camera.Want{{Camera: yardCam, From: at(-100), To: at(100)}}, 1000},
		{[]camera.Want{{Camera: gateCam, From: at(0).Add(-time.Microsecond), To: at(0).Add(time.Microsecond)}}, 1000},
	}
	for i, c := range cases {
		mustWant(t, s, c.wants...)
		if u := s.Usage(); u.Held != c.held {
			t.Errorf("%d: held %d, want %d", i, u.Held, c.held)
		}
	}
	if err := s.SetWants([]camera.Want{{Camera: "x", From: at(0), To: at(1)}}); camera.CodeOf(err) != camera.CodeBadRequest {
		t.Errorf("a want of nobody: %v", err)
	}
	if err := s.SetWants(slices.Repeat([]camera.Want{window(gateCam, 0, 1, false)}, camera.WantsMost+1)); camera.CodeOf(err) != camera.CodeTooLarge {
		t.Errorf("too many wants: %v", err)
	}
}

// TestFailedWants: what was wanted and what is wanted are both held until the disk
// tells which stands, also when room has to be made for the journal.
func TestFailedWants(t *testing.T) {
	d := &faulty{Disk: spool.RealDisk, err: syscall.ENOSPC}
	dir := t.TempDir()
	s, err := spool.OpenOn(d, dir, roomy, salvage, clock, quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }() // closed below when all is well
	s.SetPolicy(func(camera.CameraID, camera.Stream) bool { return false })
	for n := range 3 {
		mustPut(t, s, gateCam, n, 1000)
	}
	announceAll(t, s)
	mustWant(t, s, window(gateCam, 0, 1, false))
	d.at = d.calls + 1
	if err := s.SetWants([]camera.Want{window(gateCam, 1, 1, false)}); !errors.Is(err, spool.ErrFull) {
		t.Fatalf("wants on a full disk: %v", err)
	}
	if got := here(s, gateCam, 3); !slices.Equal(got, []int{0, 1}) {
		t.Errorf("here %v", got)
	}
	if u := s.Usage(); u.Held != 2000 {
		t.Errorf("held %d", u.Held)
	}
	mustWant(t, s, window(gateCam, 0, 1, false)) // as before: that is news now
	if u := s.Usage(); u.Held != 1000 {
		t.Errorf("held %d", u.Held)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, dir, roomy)
	if got := s.Wants(); !slices.Equal(got, []camera.Want{window(gateCam, 0, 1, false)}) {
		t.Errorf("wants %v", got)
	}
}

func TestPriorities(t *testing.T) {
	s := mustOpen(t, t.TempDir(), roomy)
	s.SetPolicy(yardFree)
	for n := range 4 {
		mustPut(t, s, gateCam, n, 1000)
		mustPut(t, s, yardCam, n, 1000)
	}
	if _, err := putAs(s, yardCam, camera.StreamSub, 3, 1000); err != nil {
		t.Fatal(err)
	}
	announceAll(t, s)
	type want struct {
		c        camera.CameraID
		n        int
		priority spool.Priority
	}
	check := func(name string, wants ...want) {
		t.Helper()
		var got []want
		for _, u := range s.Uploads(100, nil) {
			got = append(got, want{u.Camera, int(u.Seq), u.Priority})
		}
		if !slices.Equal(got, wants) {
			t.Errorf("%s: %v, want %v", name, got, wants)
		}
		if u := s.Usage(); u.Waiting != len(wants) {
			t.Errorf("%s: %d waiting", name, u.Waiting)
		}
	}
	check("required", want{gateCam, 0, 0}, want{gateCam, 1, 0}, want{gateCam, 2, 0}, want{gateCam, 3, 0})
	mustWant(t, s, window(yardCam, 2, 2, true), window(gateCam, 3, 1, false), window(yardCam, 0, 1, false))
	check("wanted", want{yardCam, 2, spool.Asked}, want{yardCam, 3, spool.Asked}, want{gateCam, 3, spool.Held},
		want{gateCam, 0, spool.Continuous}, want{gateCam, 1, spool.Continuous}, want{gateCam, 2, spool.Continuous})
	if got := s.Uploads(2, func(id camera.SegmentID) bool { return id.Seq == 2 }); len(got) != 2 || got[0].Seq != 3 || got[1].Camera != gateCam {
		t.Errorf("two of them: %v", got)
	}
	mustWant(t, s)
	s.SetPolicy(func(c camera.CameraID, st camera.Stream) bool { return st == camera.StreamSub })
	check("sub", want{yardCam, 3, spool.Continuous})
	s.SetPolicy(nil)
	if got := s.Uploads(100, nil); len(got) != 9 {
		t.Errorf("%d of 9 when all is required", len(got))
	}
}

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

func TestReadKey(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, roomy)
	seg := mustPut(t, s, gateCam, 0, 1000)
	_, parts := film(gateCam, camera.StreamMain, 0, 1000)
	if b, err := s.ReadKey(seg.SegmentID); err != nil || string(b) != string(parts[0]) {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	large := mustPut(t, s, gateCam, 1, 6*(camera.StillLargest+100))
	plain, body := made(gateCam, 2, 1000)
	plain.KeySize, plain.KeySHA256 = 0, camera.Hash{}
	f, err := s.Create(gateCam)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := f.Commit(plain); err != nil {
		t.Fatal(err)
	}
	nobody, _ := made(yardCam, 0, 1000)
	for _, c := range []struct {
		id   camera.SegmentID
		code camera.Code
	}{{large.SegmentID, camera.CodeTooLarge}, {plain.SegmentID, camera.CodeNotFound}, {nobody.SegmentID, camera.CodeNotFound}} {
		if _, err := s.ReadKey(c.id); camera.CodeOf(err) != c.code {
			t.Errorf("%s: %v", c.id, err)
		}
	}
	overwrite(t, names(t, dir, "segments/*/*-0.mp4")[0], make([]byte, 1000))
	if b, err := s.ReadKey(seg.SegmentID); err == nil {
		t.Errorf("%d bytes of a damaged file", len(b))
	}
}

func TestDaysLeft(t *testing.T) {
	dir := t.TempDir()
	now := t0.Add(time.Hour)
	s, err := spool.Open(dir, spool.Limits{Bytes: 20_000_000}, salvage, func() time.Time { return now }, quiet)
	if err != nil {
		t.Fatal(err)
	}
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
		now = t0.Add(c.at)
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
