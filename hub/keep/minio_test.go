package keep_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"iter"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db/dbtest"
	"xulang.vn/camera/hub/keep"
	"xulang.vn/camera/hub/store"
)

// startMinIO gives the address of a real MinIO and what ends it.
func startMinIO(t *testing.T) (address string, stop func()) {
	t.Helper()
	path := os.Getenv("XULANG_MINIO")
	if path == "" {
		path = "../../.build/bin/minio"
	}
	path, err := filepath.Abs(path)
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		t.Fatalf("the MinIO server is not built: run make test, or scripts/minio build: %v", err)
	}
	dir := t.TempDir()
	for range 3 { // another program may take the free port first
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address = l.Addr().String()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(path, "server", "--quiet", "--address", address, dir)
		cmd.Env = append(os.Environ(), "MINIO_ROOT_USER=test-access", "MINIO_ROOT_PASSWORD=test-secret-0001", "MINIO_BROWSER=off", "MINIO_UPDATE=off", "HOME="+dir)
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		gone := make(chan struct{})
		go func() { _ = cmd.Wait(); close(gone) }()
		stop = func() { _ = cmd.Process.Kill(); <-gone }
		t.Cleanup(stop)
		if ready(t.Context(), address, gone) {
			return address, stop
		}
	}
	t.Fatal("the MinIO server does not get ready")
	return "", nil
}

func ready(ctx context.Context, address string, gone <-chan struct{}) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/minio/health/ready", nil)
		if err != nil {
			return false
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return true
			}
		}
		select {
		case <-tick.C:
		case <-gone:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

// footage hands the real store over, as the hub does.
type footage struct{ *store.Store }

func (f footage) Objects(ctx context.Context, prefix string) iter.Seq2[keep.Object, error] {
	return func(yield func(keep.Object, error) bool) {
		for o, err := range f.Store.Objects(ctx, prefix) {
			if !yield(keep.Object(o), err) || err != nil {
				return
			}
		}
	}
}

// upload puts bytes as an agent does.
func (f footage) upload(t *testing.T, key camera.Key, body []byte) {
	t.Helper()
	slot, err := f.Slot(t.Context(), key, int64(len(body)), sha256.Sum256(body), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, slot.URL, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range slot.Header {
		req.Header.Set(k, v)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("upload: %s, %v\n%s", resp.Status, err, text)
	}
}

// TestWithMinIO is the whole life of bytes over a real object store and a real index.
func TestWithMinIO(t *testing.T) {
	address, stop := startMinIO(t)
	s, err := store.Open(store.Config{Endpoint: address, AccessKey: "test-access", SecretKey: "test-secret-0001", Bucket: "footage", Public: "http://" + address})
	if err != nil {
		t.Fatal(err)
	}
	shelf, f := s.Shelf("index"), footage{s}
	if err := errors.Join(s.Ensure(t.Context()), shelf.Ensure(t.Context())); err != nil {
		t.Fatal(err)
	}
	c := &clock{at: time.Now().UTC()}
	w := newWorld(t, dbtest.Open(t), shelf, c.now)
	w.parts.Footage = f
	w.keep = keep.New(w.parts)
	w.homes[cameraOf(1)] = 3
	film := func(ago time.Duration) (all []camera.Segment) {
		all, bodies := newReel(cameraOf(1), c.now().Add(-ago)).film(10)
		if err := w.announce(t.Context(), all); err != nil {
			t.Fatal(err)
		}
		for i := range all {
			f.upload(t, all[i].Key(), bodies[i])
		}
		if err := w.store(t.Context(), all, bodies); err != nil {
			t.Fatal(err)
		}
		return all
	}
	old, recent := film(8*day), film(4*time.Hour)
	w.foldAll(t)
	check := func(wish keep.Wish, want string) keep.Report {
		t.Helper()
		report, err := w.keep.Check(t.Context(), wish, nil)
		if err != nil || counts(report) != want {
			t.Fatalf("found %q, want %q, %v\n%s", counts(report), want, err, keep.Explain(report, keep.Vietnamese))
		}
		return report
	}
	if r := check(keep.Wish{Depth: keep.Bytes}, ""); r.Stored != 20 || r.Objects != 20 || r.Read != r.Size {
		t.Errorf("report %+v", r)
	}
	// What its time is over for goes, but for what a case holds.
	if err := w.hold(t.Context(), "w", cameraOf(1), old[4].Start, old[5].End); err != nil {
		t.Fatal(err)
	}
	if round, err := w.keep.Expire(t.Context()); err != nil || round != (keep.Round{Segments: 8, Proved: 1}) {
		t.Fatalf("round %+v, %v", round, err)
	}
	if left, err := s.Left(t.Context(), []camera.Key{old[3].Key(), old[4].Key(), old[5].Key(), old[6].Key()}); err != nil || len(left) != 2 {
		t.Errorf("left are %v, %v", left, err)
	}
	w.damage(t, f, old, recent)
	check(keep.Wish{Depth: keep.Names, Repair: true, DeleteOrphans: true}, "leftover 1/1, missing 1/1") // the orphan is young
	c.move(2 * time.Hour)
	check(keep.Wish{Depth: keep.Checksums, Repair: true, DeleteOrphans: true}, "orphan 1/1, wrong-checksum 0/1")
	check(keep.Wish{Depth: keep.Bytes, Repair: true}, "wrong-bytes 0/1")
	if _, _, err := w.keep.Snapshot(t.Context()); err != nil {
		t.Fatal(err)
	}
	// The database is lost, and comes back.
	again := newWorld(t, dbtest.Open(t), shelf, c.now)
	r, err := keep.Lost{Database: again.db, Index: &again.joined, Footage: f, Shelf: shelf, Now: c.now}.Restore(t.Context(), nil)
	if err != nil || r.Index.Segments != 20 || r.Index.Stored != 11 {
		t.Fatalf("restored %+v, %v", r, err)
	}
	if held, err := again.Held(t.Context(), cameraOf(1), old[4].Start, old[5].End); err != nil || len(held) != 1 {
		t.Errorf("held %v, %v", held, err)
	}
	w = again
	w.parts.Footage = f
	w.keep = keep.New(w.parts)
	check(keep.Wish{Depth: keep.Names}, "")
	// Without its object store a round stops, and says so.
	stop()
	c.move(30 * day)
	if _, err := w.keep.Expire(t.Context()); camera.CodeOf(err) != camera.CodeUnavailable {
		t.Errorf("the store is away: %v", err)
	}
}

// damage does one of each to what a village has.
func (w *world) damage(t *testing.T, f footage, old, recent []camera.Segment) {
	t.Helper()
	if err := f.Delete(t.Context(), []camera.Key{recent[2].Key(), recent[7].Key()}); err != nil {
		t.Fatal(err)
	}
	f.upload(t, recent[7].Key(), bytes.Repeat([]byte("x"), int(recent[7].Size))) // other bytes of the same size
	f.upload(t, old[0].Key(), []byte("back again"))
	stranger, body := segmentOf(cameraOf(9), recent[0].Start, 0)
	f.upload(t, stranger.Key(), body)
}
