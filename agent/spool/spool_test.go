package spool_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/spool"
)

func TestLifeOfASegment(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, roomy)
	<-s.Changed() // Open wakes: something may be left from before
	seg := mustPut(t, s, gateCam, 0, 5000)
	<-s.Changed()
	if u := s.Usage(); u != (spool.Usage{Used: 5000, Most: 1 << 30, Waiting: 1}) {
		t.Errorf("usage %+v", u)
	}
	if got := s.Uploads(1, nil); len(got) > 0 {
		t.Error("upload before the announcement")
	}
	segs, gaps := s.Unannounced(10)
	if len(segs) != 1 || segs[0] != seg || len(gaps) != 0 {
		t.Fatalf("unannounced %v %v", segs, gaps)
	}
	announceAll(t, s)
	<-s.Changed()
	if got := s.Uploads(10, nil); len(got) != 1 || got[0] != (spool.Upload{Segment: seg, Priority: spool.Continuous}) {
		t.Fatalf("uploads %v", got)
	}
	if got := s.Uploads(1, func(id camera.SegmentID) bool { return id == seg.SegmentID }); len(got) > 0 {
		t.Error("the skipped one came")
	}
	s = reopen(t, s, dir, roomy)
	if segs, _ := s.Unannounced(10); len(segs) != 0 {
		t.Error("announced is forgotten by a restart")
	}
	if err := s.Stored(seg.SegmentID); err != nil {
		t.Fatal(err)
	}
	s = reopen(t, s, dir, roomy)
	if len(s.Uploads(1, nil)) > 0 {
		t.Error("stored is forgotten by a restart")
	}
	if u := s.Usage(); u.Waiting != 0 {
		t.Errorf("%d waiting", u.Waiting)
	}
	_, body := made(gateCam, 0, 5000)
	if got := readSegment(t, s, seg.SegmentID); string(got) != string(body) {
		t.Error("other bytes")
	}
}

func TestCommitRefuses(t *testing.T) {
	s := mustOpen(t, t.TempDir(), roomy)
	mustPut(t, s, gateCam, 0, 1000)
	cases := []struct {
		name   string
		change func(*camera.Segment)
		code   camera.Code
	}{
		{"twice", func(*camera.Segment) {}, camera.CodeConflict},
		{"another size", func(s *camera.Segment) { s.Size++ }, camera.CodeBadClaim},
		{"another camera", func(s *camera.Segment) { s.Camera = yardCam }, camera.CodeBadClaim},
		{"no hash", func(s *camera.Segment) { s.SHA256 = camera.Hash{} }, camera.CodeBadClaim},
		{"run with a path", func(s *camera.Segment) { s.Run = "../../../../../a" }, camera.CodeBadClaim},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			seg, body := made(gateCam, 0, 1000)
			f, err := s.Create(gateCam)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.Write(body); err != nil {
				t.Fatal(err)
			}
			c.change(&seg)
			if err := f.Commit(seg); camera.CodeOf(err) != c.code {
				t.Errorf("%v, want %s", err, c.code)
			}
			f.Discard() // harmless
			if err := f.Commit(seg); err == nil {
				t.Error("committed after the end")
			}
		})
	}
	if _, err := s.Create("../x"); camera.CodeOf(err) != camera.CodeBadRequest {
		t.Errorf("camera id with a path: %v", err)
	}
	if u := s.Usage(); u.Used != 1000 {
		t.Errorf("used %d", u.Used)
	}
}

func TestRefused(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, roomy)
	early, late := mustPut(t, s, gateCam, 0, 1000), mustPut(t, s, gateCam, 1, 1000)
	mustPut(t, s, gateCam, 2, 1000)
	if err := s.Refused(early.SegmentID, camera.CodeFutureClaim); err != nil {
		t.Fatal(err)
	}
	announceAll(t, s)
	if err := s.Refused(late.SegmentID, camera.CodeTooLarge); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got := seqs(s); !slices.Equal(got, []int{2}) {
			t.Errorf("waiting %v", got)
		}
		if segs, _ := s.Unannounced(10); len(segs) != 0 {
			t.Errorf("to announce %v", segs)
		}
		s = reopen(t, s, dir, roomy)
	}
}

func TestForgotten(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, roomy)
	stored, known, forgotten := mustPut(t, s, gateCam, 0, 1000), mustPut(t, s, gateCam, 1, 1000), mustPut(t, s, gateCam, 2, 1000)
	announceAll(t, s)
	if err := s.Stored(stored.SegmentID); err != nil {
		t.Fatal(err)
	}
	for _, id := range []camera.SegmentID{forgotten.SegmentID, stored.SegmentID, {Camera: gateCam, Run: "00000000000000ff"}} {
		if err := s.Forgotten(id); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		segs, _ := s.Unannounced(10)
		if len(segs) != 1 || segs[0].SegmentID != forgotten.SegmentID {
			t.Errorf("to announce %v", segs)
		}
		if got := seqs(s); !slices.Equal(got, []int{int(known.Seq)}) {
			t.Errorf("waiting %v", got)
		}
		s = reopen(t, s, dir, roomy)
	}
	announceAll(t, s)
	if got := seqs(s); !slices.Equal(got, []int{int(known.Seq), int(forgotten.Seq)}) {
		t.Errorf("announced again, waiting %v", got)
	}
}

func TestEviction(t *testing.T) {
	dir := t.TempDir()
	limits := spool.Limits{Bytes: 4000}
	s := mustOpen(t, dir, limits)
	for n := range 4 {
		mustPut(t, s, gateCam, n, 1000)
	}
	announceAll(t, s)
	seg2, _ := made(gateCam, 2, 1000)
	if err := s.Stored(seg2.SegmentID); err != nil {
		t.Fatal(err)
	}
	mustPut(t, s, gateCam, 4, 1000) // the stored one goes, though it is not the oldest
	if _, gaps := s.Unannounced(10); len(gaps) != 0 {
		t.Fatalf("gaps of a stored segment: %v", gaps)
	}
	if got := seqs(s); !slices.Equal(got, []int{0, 1, 3}) {
		t.Fatalf("waiting %v", got)
	}
	mustPut(t, s, gateCam, 5, 1000) // the oldest unsent goes, with a gap
	mustPut(t, s, gateCam, 6, 1000) // the next too: the gap grows
	for range 2 {
		_, gaps := s.Unannounced(10)
		want := camera.Gap{Camera: gateCam, Start: t0, End: t0.Add(12 * time.Second), Cause: camera.CauseDisk}
		if len(gaps) != 1 || gaps[0] != want {
			t.Fatalf("gaps %v, want %v", gaps, want)
		}
		if u := s.Usage(); u.Used != 4000 {
			t.Errorf("used %d", u.Used)
		}
		if files := names(t, dir, "segments/*/*.mp4"); len(files) != 4 {
			t.Errorf("%d files: %v", len(files), files)
		}
		if got := seqs(s); !slices.Equal(got, []int{3}) {
			t.Errorf("waiting %v", got)
		}
		s = reopen(t, s, dir, limits)
	}
	if _, err := put(s, gateCam, 7, 4001); !errors.Is(err, spool.ErrFull) {
		t.Errorf("larger than the spool: %v", err)
	}
	if end, _ := s.Last(gateCam); !end.Equal(t0.Add(42 * time.Second)) {
		t.Errorf("last %v", end)
	}
	s = reopen(t, s, dir, spool.Limits{Bytes: 1500}) // the household takes room away
	if u := s.Usage(); u.Used != 1000 {
		t.Errorf("used %d after the limit was lowered", u.Used)
	}
}

func TestDays(t *testing.T) {
	dir := t.TempDir()
	limits := spool.Limits{Bytes: 1 << 20, Days: 1} // the tests' clock is a day after t0
	s := mustOpen(t, dir, limits)
	for n := range 3 {
		mustPut(t, s, gateCam, n, 1000)
	}
	announceAll(t, s)
	later := func() time.Time { return clock().Add(time.Minute) }
	seg, _ := made(gateCam, 1, 1000)
	if err := s.Stored(seg.SegmentID); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := spool.Open(dir, limits, salvage, later, quiet)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.OpenSegment(seg.SegmentID); camera.CodeOf(err) != camera.CodeNotFound {
		t.Errorf("stored and too old: %v", err)
	}
	if got := seqs(s); !slices.Equal(got, []int{0, 2}) {
		t.Errorf("waiting %v: what the hub does not have stays", got)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestGaps(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, roomy)
	gap := func(from, to int, cause camera.GapCause) camera.Gap {
		return camera.Gap{Camera: gateCam, Start: t0.Add(time.Duration(from) * time.Second),
			End: t0.Add(time.Duration(to) * time.Second), Cause: cause}
	}
	add := func(g camera.Gap) {
		t.Helper()
		if err := s.AddGap(g); err != nil {
			t.Fatal(err)
		}
	}
	add(gap(0, 10, camera.CauseCameraOff))
	_, sent := s.Unannounced(10)
	add(gap(0, 20, camera.CauseCameraOff)) // grows while its announcement is on the way
	if err := s.Announced(nil, sent); err != nil {
		t.Fatal(err)
	}
	if _, gaps := s.Unannounced(10); len(gaps) != 1 || gaps[0] != gap(0, 20, camera.CauseCameraOff) {
		t.Fatalf("after growing: %v", gaps)
	}
	announceAll(t, s)
	s = reopen(t, s, dir, roomy)
	add(gap(0, 15, camera.CauseCameraOff)) // nothing new
	if _, gaps := s.Unannounced(10); len(gaps) != 0 {
		t.Fatalf("announced again: %v", gaps)
	}
	add(gap(0, 30, camera.CauseCameraOff))
	s = reopen(t, s, dir, roomy)
	if _, gaps := s.Unannounced(10); len(gaps) != 1 || gaps[0] != gap(0, 30, camera.CauseCameraOff) {
		t.Fatalf("grown after it was announced: %v", gaps)
	}
	if end, ok := s.Last(gateCam); !ok || !end.Equal(t0.Add(30*time.Second)) {
		t.Errorf("last %v %v", end, ok)
	}
	if _, ok := s.Last(yardCam); ok {
		t.Error("last of a camera without facts")
	}
	bad := []camera.Gap{gap(5, 5, camera.CauseDisk), gap(0, 40, camera.CauseLost), {Camera: "x", Start: t0, End: t0.Add(1), Cause: camera.CauseDisk}}
	for _, g := range bad {
		if err := s.AddGap(g); camera.CodeOf(err) != camera.CodeBadClaim {
			t.Errorf("%v: %v", g, err)
		}
	}
	tiny := camera.Gap{Camera: yardCam, Start: t0.Add(300), End: t0.Add(400), Cause: camera.CauseReconnect}
	add(tiny)
	if end, _ := s.Last(yardCam); !end.Equal(t0.Add(time.Millisecond)) {
		t.Errorf("a gap of 100 ns ends at %v", end)
	}
}

func TestUnannouncedMixesInOrder(t *testing.T) {
	s := mustOpen(t, t.TempDir(), roomy)
	mustPut(t, s, gateCam, 0, 100)
	if err := s.AddGap(camera.Gap{Camera: yardCam, Start: t0, End: t0.Add(time.Second), Cause: camera.CauseCameraOff}); err != nil {
		t.Fatal(err)
	}
	mustPut(t, s, gateCam, 1, 100)
	for most, want := range [][2]int{{0, 0}, {1, 0}, {1, 1}, {2, 1}, {2, 1}} {
		segs, gaps := s.Unannounced(most)
		if len(segs) != want[0] || len(gaps) != want[1] {
			t.Errorf("most %d: %d segments, %d gaps", most, len(segs), len(gaps))
		}
	}
}

func TestOneProcess(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, roomy)
	if _, err := spool.Open(dir, roomy, salvage, clock, quiet); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("second opening: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Create(gateCam); err == nil {
		t.Error("create after close")
	}
	if _, err := spool.Open(dir, spool.Limits{}, salvage, clock, quiet); err == nil {
		t.Error("no limit was accepted")
	}
}

func TestThousandsOfSegments(t *testing.T) {
	dir := t.TempDir()
	const n = 3000
	var journal []byte
	s := mustOpen(t, dir, roomy)
	mustPut(t, s, gateCam, 0, 100)
	s = reopen(t, s, dir, roomy) // compacts: the first line is a "segment" record
	line, err := os.ReadFile(filepath.Join(dir, "journal.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(line), "\n")
	folder := filepath.Join(dir, "segments", string(gateCam))
	for i := range n {
		seg, body := made(gateCam, i, 100)
		journal = append(journal, spool.SegmentLine(seg)...)
		overwrite(t, filepath.Join(folder, filepath.Base(seg.Key().String())), body)
	}
	if !strings.HasPrefix(string(journal), first) {
		t.Fatalf("lines differ:\n%s\n%s", first, journal[:len(first)])
	}
	overwrite(t, filepath.Join(dir, "journal.jsonl"), journal)
	s = mustOpen(t, dir, roomy)
	if u := s.Usage(); u.Used != n*100 || u.Waiting != n {
		t.Errorf("used %d, %d waiting", u.Used, u.Waiting)
	}
	segs, _ := s.Unannounced(n)
	for i, seg := range segs {
		if int(seg.Seq) != i {
			t.Fatalf("%d at place %d", seg.Seq, i)
		}
	}
	announceAll(t, s)
	if got := s.Uploads(n, nil); len(got) != n {
		t.Errorf("%d to upload", len(got))
	}
}
