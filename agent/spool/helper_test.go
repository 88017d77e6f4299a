package spool_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
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
	s, err := spool.Open(dir, limits, clock, quiet)
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

// made is segment number n of a camera's only run, 6 s long, and its bytes.
func made(c camera.CameraID, n, size int) (camera.Segment, []byte) {
	body := bytes.Repeat([]byte(fmt.Sprintf("%s/%06d.", c, n)), size/25+1)[:size]
	start := t0.Add(time.Duration(n) * 6 * time.Second)
	seg := camera.Segment{
		SegmentID: camera.SegmentID{Camera: c, Run: "00112233aabbccdd", Seq: uint32(n)},
		Start:     start, End: start.Add(6 * time.Second), Media: camera.Millis(6 * time.Second),
		Size: int64(size), InitSize: 10, SHA256: sha256.Sum256(body), Codec: "avc1.64001f", Width: 640, Height: 360,
	}
	if n > 0 {
		seg.Prev = camera.Hash{1}
	}
	return seg, body
}

func put(s *spool.Spool, c camera.CameraID, n, size int) (camera.Segment, error) {
	seg, body := made(c, n, size)
	f, err := s.Create(c)
	if err != nil {
		return seg, err
	}
	for part := range slices.Chunk(body, size/2+1) {
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
	taken := map[camera.SegmentID]bool{}
	list := []int{}
	for {
		seg, ok := s.NextUpload(func(id camera.SegmentID) bool { return taken[id] })
		if !ok {
			return list
		}
		taken[seg.SegmentID] = true
		list = append(list, int(seg.Seq))
	}
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

// faulty fails the n-th call, with err; a failing write writes half.
type faulty struct {
	spool.Disk
	mu    sync.Mutex
	at    int // 0: never
	calls int
	err   error
	short bool // the failing write reports no error, only a short count
	fired string
}

func (d *faulty) fails(site string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls++
	if d.calls == d.at {
		d.fired = site
		return true
	}
	return false
}

func (d *faulty) MkdirAll(dir string) error {
	if d.fails("mkdir") {
		return d.err
	}
	return d.Disk.MkdirAll(dir)
}

func (d *faulty) Create(name string) (spool.DFile, error) {
	if d.fails("create") {
		return nil, d.err
	}
	f, err := d.Disk.Create(name)
	if err != nil {
		return nil, err
	}
	return &faultyFile{f, d}, nil
}

func (d *faulty) Open(name string) (io.ReadCloser, error) {
	if d.fails("open") {
		return nil, d.err
	}
	return d.Disk.Open(name)
}

func (d *faulty) Rename(from, to string) error {
	if d.fails("rename") {
		return d.err
	}
	return d.Disk.Rename(from, to)
}

func (d *faulty) Remove(name string) error {
	if d.fails("remove") {
		return d.err
	}
	return d.Disk.Remove(name)
}

func (d *faulty) List(dir string) ([]spool.Listed, error) {
	if d.fails("list") {
		return nil, d.err
	}
	return d.Disk.List(dir)
}

func (d *faulty) SyncDir(dir string) error {
	if d.fails("syncdir") {
		return d.err
	}
	return d.Disk.SyncDir(dir)
}

type faultyFile struct {
	spool.DFile
	d *faulty
}

func (f *faultyFile) Write(b []byte) (int, error) {
	if f.d.fails("write") {
		n, err := f.DFile.Write(b[:len(b)/2])
		if err == nil && !f.d.short {
			err = f.d.err
		}
		return n, err
	}
	return f.DFile.Write(b)
}

func (f *faultyFile) Sync() error {
	if f.d.fails("sync") {
		return f.d.err
	}
	return f.DFile.Sync()
}

func (f *faultyFile) Close() error {
	err := f.DFile.Close()
	if f.d.fails("close") {
		return f.d.err
	}
	return err
}
