package spool_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/spool"
)

// TestSalvageRefuses: what cannot become a segment by the rules is not lost sight of.
func TestSalvageRefuses(t *testing.T) {
	seg, body := made(gateCam, 0, 1000)
	final := filepath.Base(seg.Key().String())
	tell := func(change func(*camera.Segment)) spool.Salvage {
		return func(camera.CameraID, io.Reader, int64) (camera.Segment, error) {
			seg := seg
			change(&seg)
			return seg, nil
		}
	}
	broken := func(camera.CameraID, io.Reader, int64) (camera.Segment, error) {
		return camera.Segment{}, errors.New("nothing in it")
	}
	same := func(*camera.Segment) {}
	cases := []struct {
		name        string
		salvage     spool.Salvage
		file        string
		content     []byte
		segments    int
		quarantined int
	}{
		{"whole", salvage, "1-1.part", body, 1, 0},
		{"whole under its name", salvage, final, body, 1, 0},
		{"nobody salvages", nil, "1-1.part", body, 0, 0},
		{"nobody salvages it under its name", nil, final, body, 0, 1},
		{"nothing in a large file", broken, "1-1.part", make([]byte, camera.KeyLargest+1), 0, 1},
		{"nothing in it under a name", broken, final, body, 0, 1},
		{"more under its name", salvage, final, append(slices.Clone(body), 0), 0, 1},
		{"less under its name", salvage, final, body[:900], 0, 1},
		{"another's name", salvage, strings.Replace(final, "-0.mp4", "-1.mp4", 1), body, 0, 1},
		{"no name of ours", salvage, "0" + final, body, 0, 1},
		{"of another camera", tell(func(s *camera.Segment) { s.Camera = yardCam }), "1-1.part", body, 0, 1},
		{"more than there is", tell(same), "1-1.part", body[:999], 0, 1},
		{"not well-formed", tell(func(s *camera.Segment) { s.InitSize = 0 }), "1-1.part", body, 0, 1},
		{"a start that is known better", tell(func(s *camera.Segment) { s.Start = s.Start.Add(time.Millisecond) }), final, body, 1, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			folder := filepath.Join(dir, "segments", string(gateCam))
			if err := os.MkdirAll(folder, 0o700); err != nil {
				t.Fatal(err)
			}
			overwrite(t, filepath.Join(folder, c.file), c.content)
			s, err := spool.Open(dir, roomy, c.salvage, clock, quiet)
			if err != nil {
				t.Fatal(err)
			}
			segs, _ := s.Unannounced(10)
			if len(segs) != c.segments || c.segments > 0 && segs[0] != seg {
				t.Errorf("segments %v", segs)
			}
			if q := names(t, dir, "quarantine/*"); len(q) != c.quarantined {
				t.Errorf("in quarantine %v", q)
			}
			if left := names(t, dir, "segments/*/*"); len(left) != c.segments {
				t.Errorf("left %v", left)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestSalvagedTwice(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, roomy)
	seg := mustPut(t, s, gateCam, 0, 1000)
	announceAll(t, s)
	_, body := made(gateCam, 0, 1000)
	folder := filepath.Join(dir, "segments", string(gateCam))
	overwrite(t, filepath.Join(folder, "1-1.part"), body)
	_, other := made(gateCam, 0, 1200)
	overwrite(t, filepath.Join(folder, "1-2.part"), other)
	s = reopen(t, s, dir, roomy)
	if segs, _ := s.Unannounced(10); len(segs) > 0 {
		t.Errorf("announced again: %v", segs)
	}
	if got := readSegment(t, s, seg.SegmentID); !bytes.Equal(got, body) {
		t.Error("other bytes")
	}
	if left, q := names(t, dir, "segments/*/*"), names(t, dir, "quarantine/*.part"); len(left) != 1 || len(q) != 1 {
		t.Errorf("left %v, in quarantine %v", left, q)
	}
}

// TestSalvagedGap: whoever recorded what was not closed did not live to tell the
// gap before it.
func TestSalvagedGap(t *testing.T) {
	off := camera.Gap{Camera: gateCam, Start: t0.Add(6 * time.Second), End: t0.Add(9 * time.Second), Cause: camera.CauseCameraOff}
	cases := []struct {
		name   string
		begin  bool // the agent begins anew after segment 0
		told   bool // of a part of the gap
		stream camera.Stream
		number int // of the segment that is not closed
		cause  camera.GapCause
	}{
		{"the agent was off", true, false, camera.StreamMain, 2, camera.CauseAgentOff},
		{"between sessions", false, false, camera.StreamMain, 2, camera.CauseReconnect},
		{"a gap was growing", false, true, camera.StreamMain, 2, camera.CauseCameraOff},
		{"a gap was growing after a start", true, true, camera.StreamMain, 2, camera.CauseCameraOff},
		{"no gap", false, false, camera.StreamMain, 1, ""},
		{"small stream", true, false, camera.StreamSub, 2, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			s := mustOpen(t, dir, roomy)
			mustPut(t, s, gateCam, 0, 500)
			if c.begin {
				s = reopen(t, s, dir, roomy)
			}
			if c.told {
				if err := s.AddGap(off); err != nil {
					t.Fatal(err)
				}
				announceAll(t, s)
			}
			f, err := s.Create(gateCam)
			if err != nil {
				t.Fatal(err)
			}
			_, parts := film(gateCam, c.stream, c.number, 500)
			if _, err := f.Write(parts[0]); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				s = reopen(t, s, dir, roomy)
				_, gaps := s.Unannounced(10)
				want := []camera.Gap{{Camera: gateCam, Start: t0.Add(6 * time.Second), End: t0.Add(12 * time.Second), Cause: c.cause}}
				if c.cause == "" {
					want = nil
				}
				if !slices.Equal(gaps, want) {
					t.Errorf("gaps %v, want %v", gaps, want)
				}
			}
		})
	}
}

// TestCutIntent: the journal knows more of a file than the file itself.
func TestCutIntent(t *testing.T) {
	d := &faulty{Disk: lazy{spool.RealDisk}, err: syscall.EIO}
	dir := t.TempDir()
	s, err := spool.OpenOn(d, dir, roomy, salvage, clock, quiet)
	if err != nil {
		t.Fatal(err)
	}
	f, err := s.Create(gateCam)
	if err != nil {
		t.Fatal(err)
	}
	seg, body := made(gateCam, 0, 1000)
	if _, err := f.Write(body); err != nil {
		t.Fatal(err)
	}
	seg.Activity = "\x01\x02\x03"
	seg.Clock.Synchronised = true
	part := names(t, dir, "segments/*/*.part")[0]
	d.at = d.calls + 4 // close, write and sync of the intent, rename
	if err := f.Commit(seg); err == nil || d.fired != "rename" {
		t.Fatalf("fault at %s: %v", d.fired, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	overwrite(t, part, body) // as if it had crashed there
	s = mustOpen(t, dir, roomy)
	if segs, _ := s.Unannounced(10); len(segs) != 1 || segs[0] != seg {
		t.Errorf("%v, want %v", segs, seg)
	}
}

// TestReleasedJournal reads what the first release wrote: no streams, no
// signatures, no wants.
func TestReleasedJournal(t *testing.T) {
	journal, err := os.ReadFile("testdata/journal-1.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	folder := filepath.Join(dir, "segments", string(gateCam))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	overwrite(t, filepath.Join(dir, "journal.jsonl"), journal)
	for n := range 5 {
		seg, _ := made(gateCam, n, 1000)
		overwrite(t, filepath.Join(folder, filepath.Base(seg.Key().String())), make([]byte, 1000))
	}
	for range 2 {
		s := mustOpen(t, dir, roomy)
		segs, gaps := s.Unannounced(10)
		want := camera.Gap{Camera: yardCam, Start: t0, End: t0.Add(time.Minute), Cause: camera.CauseCameraOff}
		if len(segs) != 2 || segs[0].Seq != 3 || segs[1].Seq != 4 || segs[0].Codec != "avc1.64001f" || !slices.Equal(gaps, []camera.Gap{want}) {
			t.Errorf("%v %v", segs, gaps)
		}
		if got := seqs(s); !slices.Equal(got, []int{2}) { // 0 is stored, 1 refused
			t.Errorf("waiting %v", got)
		}
		if u := s.Usage(); u.Used != 5000 {
			t.Errorf("used %d", u.Used)
		}
		if end, _ := s.Last(gateCam); !end.Equal(t0.Add(30 * time.Second)) {
			t.Errorf("last %v", end)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestClosedSpool: who still writes when the spool is closed loses nothing, and
// does nothing to the next one.
func TestClosedSpool(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, spool.Limits{Bytes: 1000})
	mustPut(t, s, gateCam, 0, 900)
	seg, parts := film(gateCam, camera.StreamMain, 1, 900)
	var open []*spool.File
	for range 2 {
		f, err := s.Create(gateCam)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range parts {
			if _, err := f.Write(part); err != nil {
				t.Fatal(err)
			}
		}
		open = append(open, f)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := open[0].Write(parts[0]); err == nil {
		t.Error("written after the end")
	}
	if err := open[0].Commit(seg); err == nil {
		t.Error("committed after the end")
	}
	open[1].Discard()
	if err := s.SetWants([]camera.Want{window(gateCam, 0, 1, false)}); err == nil {
		t.Error("wanted after the end")
	}
	s.SetPolicy(nil)
	if files := names(t, dir, "segments/*/*"); len(files) != 3 {
		t.Errorf("left: %v", files)
	}
	s = mustOpen(t, dir, roomy)
	if segs, _ := s.Unannounced(10); len(segs) != 2 || segs[1] != seg {
		t.Errorf("segments %v", segs)
	}
}
