package spool_test

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/spool"
)

var (
	t0      = time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC)
	gateCam = camera.NewCameraID("household-1", "serial-1", 1)
	yardCam = camera.NewCameraID("household-1", "serial-1", 2)
	quiet   = slog.New(slog.DiscardHandler)
	roomy   = spool.Limits{Bytes: 1 << 30}
)

func clock() time.Time { return t0.Add(24 * time.Hour) }

func mustOpen(t *testing.T, dir string, limits spool.Limits) *spool.Spool {
	t.Helper()
	s, err := spool.OpenOn(lazy{spool.RealDisk}, dir, limits, salvage, clock, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func reopen(t *testing.T, s *spool.Spool, dir string, limits spool.Limits) *spool.Spool {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return mustOpen(t, dir, limits)
}

func put(s *spool.Spool, c camera.CameraID, n, size int) (camera.Segment, error) {
	return putAs(s, c, camera.StreamMain, n, size)
}

func putAs(s *spool.Spool, c camera.CameraID, stream camera.Stream, n, size int) (camera.Segment, error) {
	seg, parts := film(c, stream, n, size)
	f, err := s.Create(c)
	if err != nil {
		return seg, err
	}
	for _, part := range parts {
		if _, err := f.Write(part); err != nil {
			f.Discard()
			return seg, err
		}
	}
	return seg, f.Commit(seg)
}

func mustPut(t *testing.T, s *spool.Spool, c camera.CameraID, n, size int) camera.Segment {
	t.Helper()
	seg, err := put(s, c, n, size)
	if err != nil {
		t.Fatal(err)
	}
	return seg
}

func announceAll(t *testing.T, s *spool.Spool) {
	t.Helper()
	segs, gaps := s.Unannounced(1 << 20)
	var ids []camera.SegmentID
	for _, seg := range segs {
		ids = append(ids, seg.SegmentID)
	}
	if err := s.Announced(ids, gaps); err != nil {
		t.Fatal(err)
	}
}

// seqs are the sequence numbers that wait for an upload, in order.
func seqs(s *spool.Spool) []int {
	list := []int{}
	for _, u := range s.Uploads(1<<20, nil) {
		list = append(list, int(u.Seq))
	}
	return list
}

func readSegment(t *testing.T, s *spool.Spool, id camera.SegmentID) []byte {
	t.Helper()
	r, err := s.OpenSegment(id)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return b
}

func names(t *testing.T, dir, pattern string) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func overwrite(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
