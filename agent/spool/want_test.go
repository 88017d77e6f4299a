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
	d := &faulty{Disk: lazy{spool.RealDisk}, err: syscall.ENOSPC}
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
