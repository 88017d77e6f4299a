package spool_test

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/spool"
)

// tight has room for most of the story: some free footage has to leave.
var tight = spool.Limits{Bytes: 10_000}

// yardFree lets the bytes of the yard's camera stay at home.
func yardFree(c camera.CameraID, _ camera.Stream) bool { return c != yardCam }

// wanted is a want of exactly one segment.
func wanted(seg camera.Segment, fetch bool) camera.Want {
	return camera.Want{Camera: seg.Camera, From: seg.Start, To: seg.End, Fetch: fetch}
}

// story uses the spool in every way and notes what it was promised.
type story struct {
	kept   map[camera.SegmentID][]byte // must be there: required or held
	free   []camera.Segment            // there, or a gap says that it was overwritten
	stored map[camera.SegmentID]bool
	gaps   map[int64]camera.Gap
	wants  [][]camera.Want // any of these may stand
	errs   []error
	reads  []error
}

// begin is a life on a sound disk: required, free and held footage, one file that
// was not closed and one whose line of the journal is lost.
func begin(t *testing.T, dir string) *story {
	t.Helper()
	st := &story{kept: map[camera.SegmentID][]byte{}, stored: map[camera.SegmentID]bool{}, gaps: map[int64]camera.Gap{}}
	s := mustOpen(t, dir, tight)
	s.SetPolicy(yardFree)
	st.keep(mustPut(t, s, gateCam, 0, 600), 600)
	for n := range 3 {
		seg := mustPut(t, s, yardCam, n, 1500)
		if n == 1 {
			st.keep(seg, 1500)
			st.wants = [][]camera.Want{{wanted(seg, false)}}
		} else {
			st.free = append(st.free, seg)
		}
	}
	announceAll(t, s)
	if err := s.SetWants(st.wants[0]); err != nil {
		t.Fatal(err)
	}
	f, err := s.Create(gateCam)
	if err != nil {
		t.Fatal(err)
	}
	_, parts := film(gateCam, camera.StreamMain, 1, 900)
	for _, part := range parts[:3] {
		if _, err := f.Write(part); err != nil {
			t.Fatal(err)
		}
	}
	st.kept[fingerprint(gateCam, camera.StreamMain, 1, parts[:3]).SegmentID] = slices.Concat(parts[:3]...)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	lost, body := made(yardCam, 3, 500)
	overwrite(t, filepath.Join(dir, "segments", string(yardCam), filepath.Base(lost.Key().String())), body)
	st.free = append(st.free, lost)
	return st
}

func (st *story) keep(seg camera.Segment, size int) {
	_, body := made(seg.Camera, int(seg.Seq), size)
	st.kept[seg.SegmentID] = body
}

func (st *story) failed(err error) bool {
	if err != nil {
		st.errs = append(st.errs, err)
	}
	return err != nil
}

func (st *story) tell(s *spool.Spool) {
	s.SetPolicy(yardFree)
	for n := 2; n < 6; n++ {
		if seg, err := put(s, gateCam, n, 1700); !st.failed(err) {
			st.keep(seg, 1700)
		}
	}
	gap := camera.Gap{Camera: yardCam, Start: t0.Add(-time.Hour), End: t0.Add(-time.Hour + 1e9), Cause: camera.CauseCameraOff}
	for range 2 {
		gap.End = gap.End.Add(1e9)
		if !st.failed(s.AddGap(gap)) {
			st.gaps[gap.Start.UnixMilli()] = gap
		}
	}
	first, _ := made(gateCam, 0, 600)
	held, _ := made(yardCam, 1, 1500)
	wants := []camera.Want{wanted(held, false), wanted(first, true)}
	if st.failed(s.SetWants(wants)) {
		st.wants = append(st.wants, wants)
	} else {
		st.wants = [][]camera.Want{wants}
	}
	if b, err := s.ReadKey(first.SegmentID); err != nil {
		st.reads = append(st.reads, err)
	} else if int64(len(b)) != first.KeySize {
		st.reads = append(st.reads, fmt.Errorf("%d bytes of a key frame", len(b)))
	}
	segs, _ := s.UnannouncedBut(2, func(c camera.CameraID) bool { return c == yardCam })
	for _, seg := range segs {
		if st.failed(s.Announced([]camera.SegmentID{seg.SegmentID}, nil)) || st.failed(s.Stored(seg.SegmentID)) {
			continue
		}
		st.stored[seg.SegmentID] = true
	}
}

// verify opens the folder on a sound disk and compares it with the promises.
func (st *story) verify(t *testing.T, dir string, d *faulty) {
	t.Helper()
	s := mustOpen(t, dir, tight)
	segs, gaps := s.Unannounced(100)
	st.verifyOrder(t, segs)
	for key, want := range st.gaps {
		if !slices.ContainsFunc(gaps, func(g camera.Gap) bool { return g.Start.UnixMilli() == key && !g.End.Before(want.End) }) {
			t.Errorf("gap lost: %v", want)
		}
	}
	quarantined := len(names(t, dir, "quarantine/*"))
	for id, body := range st.kept {
		r, err := s.OpenSegment(id)
		switch salvaged := id.Seq == 1 && id.Camera == gateCam; {
		case err != nil && st.stored[id] && d.err == syscall.ENOSPC: // made room
		case err != nil && salvaged && quarantined > 0: // could not be read
			quarantined--
		case err != nil:
			t.Errorf("fault at %s: %v", d.fired, err)
		default:
			_ = r.Close()
			if got := readSegment(t, s, id); !bytes.Equal(got, body) {
				t.Errorf("%s: %d other bytes", id, len(got))
			}
		}
	}
	for _, seg := range st.free {
		covered := slices.ContainsFunc(gaps, func(g camera.Gap) bool {
			return g.Camera == yardCam && !g.Start.After(seg.Start) && !g.End.Before(seg.End) &&
				(g.Cause == camera.CauseOverwritten || g.Cause == camera.CauseDisk && d.err == syscall.ENOSPC)
		})
		if r, err := s.OpenSegment(seg.SegmentID); err == nil {
			_ = r.Close()
		} else if !covered && (seg.Seq != 3 || quarantined == 0) {
			t.Errorf("fault at %s: %s has left: %v", d.fired, seg.SegmentID, gaps)
		}
	}
	if got := s.Wants(); !slices.ContainsFunc(st.wants, func(w []camera.Want) bool { return slices.Equal(got, w) }) {
		t.Errorf("wants %v, not one of %v", got, st.wants)
	}
	if u := s.Usage(); u.Used > tight.Bytes || u.Held < 1500 {
		t.Errorf("usage %+v", u)
	}
}

func (st *story) verifyOrder(t *testing.T, segs []camera.Segment) {
	t.Helper()
	last := map[camera.CameraID]uint32{}
	for _, seg := range segs {
		if before, ok := last[seg.Camera]; ok && seg.Seq <= before {
			t.Errorf("seq %d after %d", seg.Seq, before)
		}
		last[seg.Camera] = seg.Seq
		if st.stored[seg.SegmentID] {
			t.Errorf("%s is stored and would be sent again", seg.SegmentID)
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
				d := &faulty{Disk: lazy{spool.RealDisk}, at: n, err: fault.err, short: fault.short}
				fired := t.Run(fmt.Sprint(n), func(t *testing.T) { oneFault(t, d) })
				if !fired || d.fired == "" {
					break
				}
				sites[d.fired]++
			}
			for _, site := range []string{"mkdir", "create", "open", "rename", "remove", "truncate", "list", "syncdir", "read", "write", "sync", "close"} {
				if sites[site] == 0 {
					t.Errorf("no fault at %s: %v", site, sites)
				}
			}
		})
	}
}

func oneFault(t *testing.T, d *faulty) {
	dir := t.TempDir()
	st := begin(t, dir)
	s, err := spool.OpenOn(d, dir, tight, salvage, clock, quiet)
	if !st.failed(err) {
		st.tell(s)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, err := range slices.Concat(st.errs, st.reads) {
		if d.fired == "" {
			t.Errorf("error without a fault: %v", err)
		} else if !d.short && !errors.Is(err, d.err) {
			t.Errorf("fault at %s: error %v does not name %v", d.fired, err, d.err)
		}
	}
	for _, err := range st.errs {
		if d.err == syscall.ENOSPC && !errors.Is(err, spool.ErrFull) {
			t.Errorf("fault at %s: %v is not ErrFull", d.fired, err)
		}
	}
	if len(st.errs) > 2 {
		t.Errorf("one fault at %s made %d errors: %v", d.fired, len(st.errs), st.errs)
	}
	st.verify(t, dir, d)
}

func TestFullDiskMakesRoomForTheNext(t *testing.T) {
	dir := t.TempDir()
	d := &faulty{Disk: lazy{spool.RealDisk}, err: syscall.ENOSPC}
	s, err := spool.OpenOn(d, dir, roomy, salvage, clock, quiet)
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
	d := &faulty{Disk: lazy{spool.RealDisk}, err: syscall.ENOSPC}
	s, err := spool.OpenOn(d, t.TempDir(), roomy, salvage, clock, quiet)
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
