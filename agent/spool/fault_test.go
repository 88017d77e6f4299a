package spool_test

import (
	"errors"
	"fmt"
	"syscall"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/spool"
)

// story uses the spool in every way and notes what it was promised.
type story struct {
	committed map[camera.SegmentID][]byte
	order     []camera.SegmentID
	stored    map[camera.SegmentID]bool
	gaps      map[int64]camera.Gap
	errs      []error
}

func (st *story) tell(s *spool.Spool) {
	for n := firstLife + 1; n < 5; n++ {
		seg, err := put(s, gateCam, n, 3000)
		if err != nil {
			st.errs = append(st.errs, err)
			continue
		}
		_, body := made(gateCam, n, 3000)
		st.committed[seg.SegmentID] = body
		st.order = append(st.order, seg.SegmentID)
	}
	gap := camera.Gap{Camera: yardCam, Start: t0, End: t0.Add(1e9), Cause: camera.CauseCameraOff}
	for range 2 {
		gap.End = gap.End.Add(1e9)
		if err := s.AddGap(gap); err != nil {
			st.errs = append(st.errs, err)
			continue
		}
		st.gaps[gap.Start.UnixMilli()] = gap
	}
	segs, _ := s.Unannounced(2)
	for _, seg := range segs {
		if err := s.Announced([]camera.SegmentID{seg.SegmentID}, nil); err != nil {
			st.errs = append(st.errs, err)
			continue
		}
		if err := s.Stored(seg.SegmentID); err != nil {
			st.errs = append(st.errs, err)
			continue
		}
		st.stored[seg.SegmentID] = true
	}
}

// firstLife is the number of a segment that was there before the faults.
const firstLife = 0

// verify opens the folder on a sound disk and compares it with the promises.
func (st *story) verify(t *testing.T, dir string) {
	t.Helper()
	s := mustOpen(t, dir, roomy)
	segs, gaps := s.Unannounced(100)
	for _, g := range gaps {
		if want, ok := st.gaps[g.Start.UnixMilli()]; ok && !g.End.Before(want.End) {
			delete(st.gaps, g.Start.UnixMilli())
		}
	}
	if len(st.gaps) > 0 {
		t.Errorf("gaps lost: %v", st.gaps)
	}
	seen := map[camera.SegmentID]int{}
	var last uint32
	for i, seg := range segs {
		seen[seg.SegmentID]++
		if i > 0 && seg.Seq <= last {
			t.Errorf("seq %d after %d", seg.Seq, last)
		}
		last = seg.Seq
		if st.stored[seg.SegmentID] {
			t.Errorf("%s is stored and would be sent again", seg.SegmentID)
		}
	}
	for _, id := range st.order {
		if got := readSegment(t, s, id); string(got) != string(st.committed[id]) {
			t.Errorf("%s: %d other bytes", id, len(got))
		}
		if seen[id] > 1 {
			t.Errorf("%s is there %d times", id, seen[id])
		}
	}
}

func TestEveryFaultOfTheDisk(t *testing.T) {
	faults := []struct {
		name  string
		err   error
		short bool
	}{
		{"no space", syscall.ENOSPC, false},
		{"input/output error", syscall.EIO, false},
		{"short write", syscall.EIO, true},
	}
	for _, fault := range faults {
		t.Run(fault.name, func(t *testing.T) {
			sites := map[string]int{}
			for n := 1; ; n++ {
				d := &faulty{Disk: spool.RealDisk, at: n, err: fault.err, short: fault.short}
				fired := t.Run(fmt.Sprint(n), func(t *testing.T) { oneFault(t, d) })
				if !fired || d.fired == "" {
					break
				}
				sites[d.fired]++
			}
			for _, site := range []string{"mkdir", "create", "open", "rename", "remove", "list", "syncdir", "write", "sync", "close"} {
				if sites[site] == 0 {
					t.Errorf("no fault at %s: %v", site, sites)
				}
			}
		})
	}
}

func oneFault(t *testing.T, d *faulty) {
	dir := t.TempDir()
	first := mustOpen(t, dir, roomy) // so that the faulty one finds something to recover
	seg, body := made(gateCam, firstLife, 500)
	mustPut(t, first, gateCam, firstLife, 500)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	st := &story{
		committed: map[camera.SegmentID][]byte{seg.SegmentID: body},
		order:     []camera.SegmentID{seg.SegmentID},
		stored:    map[camera.SegmentID]bool{},
		gaps:      map[int64]camera.Gap{},
	}
	s, err := spool.OpenOn(d, dir, roomy, clock, quiet)
	if err != nil {
		st.errs = append(st.errs, err)
	} else {
		st.tell(s)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, err := range st.errs {
		if d.fired == "" {
			t.Errorf("error without a fault: %v", err)
		} else if !d.short && !errors.Is(err, d.err) {
			t.Errorf("fault at %s: error %v does not name %v", d.fired, err, d.err)
		}
		if d.err == syscall.ENOSPC && !errors.Is(err, spool.ErrFull) {
			t.Errorf("fault at %s: %v is not ErrFull", d.fired, err)
		}
	}
	if len(st.errs) > 2 {
		t.Errorf("one fault at %s made %d errors: %v", d.fired, len(st.errs), st.errs)
	}
	st.verify(t, dir)
}

func TestFullDiskMakesRoomForTheNext(t *testing.T) {
	dir := t.TempDir()
	d := &faulty{Disk: spool.RealDisk, err: syscall.ENOSPC}
	s, err := spool.OpenOn(d, dir, roomy, clock, quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }() // closed below when all is well
	old := mustPut(t, s, gateCam, 0, 1000)
	kept := mustPut(t, s, gateCam, 1, 1000)
	announceAll(t, s)
	if err := s.Stored(old.SegmentID); err != nil {
		t.Fatal(err)
	}
	d.at = d.calls + 2 // the first write after Create
	if _, err := put(s, gateCam, 2, 1000); !errors.Is(err, spool.ErrFull) {
		t.Fatalf("write on a full disk: %v", err)
	}
	if _, err := s.OpenSegment(old.SegmentID); camera.CodeOf(err) != camera.CodeNotFound {
		t.Errorf("what is stored should have made room: %v", err)
	}
	readSegment(t, s, kept.SegmentID)
	if left := names(t, dir, "segments/*/*.part"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestFullDiskMakesRoomForAGap: a gap is written by the next try.
func TestFullDiskMakesRoomForAGap(t *testing.T) {
	d := &faulty{Disk: spool.RealDisk, err: syscall.ENOSPC}
	s, err := spool.OpenOn(d, t.TempDir(), roomy, clock, quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	old := mustPut(t, s, gateCam, 0, 1000)
	announceAll(t, s)
	if err := s.Stored(old.SegmentID); err != nil {
		t.Fatal(err)
	}
	gap := camera.Gap{Camera: gateCam, Start: t0.Add(time.Hour), End: t0.Add(2 * time.Hour), Cause: camera.CauseCameraOff}
	d.at = d.calls + 1
	if err := s.AddGap(gap); !errors.Is(err, spool.ErrFull) {
		t.Fatalf("gap on a full disk: %v", err)
	}
	if _, err := s.OpenSegment(old.SegmentID); camera.CodeOf(err) != camera.CodeNotFound {
		t.Errorf("what is stored should have made room: %v", err)
	}
	if err := s.AddGap(gap); err != nil {
		t.Error(err)
	}
}
