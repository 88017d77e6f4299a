package main_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/segment"
	"xulang.vn/camera/agent/spool"
	"xulang.vn/camera/cmd/xulang-village/scene"
	"xulang.vn/camera/hub/db"
	"xulang.vn/camera/hub/index"
	"xulang.vn/camera/hub/store"
)

// rider: where the truth says that the rider passed, the recording of that time
// holds the very pictures of the rider that the camera sent.
func rider(t *testing.T, v *story) {
	seen := func(p pass) bool { // the main road's homes since they have joined; the agent of home-06 was killed, perhaps just then
		return p.Enter.After(v.joined) && slices.Contains([]string{"home-07", "home-08", "home-09"}, p.Home) && p.Leave.Before(time.Now())
	}
	var last pass
	v.await("two passes of the rider that are stored", 4*time.Minute, func() error {
		passes := slices.DeleteFunc(v.truth(t), func(p pass) bool { return !seen(p) })
		if len(passes) < 2 {
			return fmt.Errorf("%d passes so far", len(passes))
		}
		last = passes[1]
		return v.allStored(last.Enter, last.Leave.Add(2*time.Second))
	})
	proved := 0
	for _, p := range v.truth(t) {
		if !seen(p) || p.Leave.After(last.Leave) {
			continue
		}
		home, err := scene.Load(p.Home)
		if err != nil {
			t.Fatal(err)
		}
		clip := home.Clip(scene.Rider, scene.Direction(p.Way))
		picture := clip[len(clip)/2].NALUs
		if v.recordingHolds(t, p, picture[len(picture)-1]) {
			proved++
		} else {
			t.Errorf("the recording of %s at %s does not show the rider", p.Home, p.Enter.Format(time.TimeOnly))
		}
	}
	t.Logf("%d passes of the rider found in the recordings", proved)
}

// recordingHolds looks for a picture's bytes in what was recorded around a pass.
func (v *story) recordingHolds(t *testing.T, p pass, nalu []byte) bool {
	t.Helper()
	got, err := v.ask(p.Enter.Add(-2*time.Second), p.Leave.Add(2*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range got.Cameras {
		if c.Camera.Label != "Nhà "+strings.TrimPrefix(p.Home, "home-") || c.Playlist == nil {
			continue
		}
		var list []byte
		if err := v.get(*c.Playlist, &list); err != nil {
			t.Fatal(err)
		}
		for _, link := range segmentLinks(t, *c.Playlist, list) {
			var file []byte
			if err := v.get(link, &file); err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(file, nalu) {
				return true
			}
		}
	}
	return false
}

// books stops everything and compares what the agents have on disk with what the
// hub's index says: every acknowledged segment is there once, with its hash. Of the ten
// seconds before the database was lost some may be missing.
func books(t *testing.T, v *story) {
	v.village.end(syscall.SIGTERM)
	v.hub.end(syscall.SIGTERM)
	d, err := db.Open(t.Context(), v.path("hub/hub.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	objects, err := store.Open(store.Config{
		Endpoint: fmt.Sprintf("127.0.0.1:%d", v.minioPort), Bucket: "footage", AccessKey: "village-test", SecretKey: strings.Repeat("k", 40),
	})
	if err != nil {
		t.Fatal(err)
	}
	idx, err := index.Open(t.Context(), d, objects.Shelf("index"), slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	acknowledged := 0
	for _, home := range homes {
		dir := v.path("village/" + home + "/spool")
		s, err := spool.Open(dir, spool.Limits{Bytes: 1 << 30, Days: 2}, segment.Salvage, time.Now, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		unknown := map[camera.SegmentID]bool{}
		segments, _ := s.Unannounced(camera.AnnounceMost)
		for _, seg := range segments {
			unknown[seg.SegmentID] = true
		}
		if len(unknown) > 3 {
			t.Errorf("%s: %d segments were never announced", home, len(unknown))
		}
		acknowledged += compare(t, v, idx, dir, unknown)
		s.Close()
	}
	t.Logf("%d acknowledged segments compared", acknowledged)
	if acknowledged < 60 {
		t.Errorf("only %d segments to compare", acknowledged)
	}
}

// compare holds the files of one spool against the index.
func compare(t *testing.T, v *story, idx *index.Index, dir string, unknown map[camera.SegmentID]bool) int {
	t.Helper()
	cameras := map[camera.CameraID]map[camera.Hash]bool{}
	excused := map[camera.Hash]bool{}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Ext(path) != ".mp4" {
			return err
		}
		if strings.Contains(path, "quarantine") {
			t.Errorf("quarantined: %s", path)
			return nil
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		h := sha256.New()
		if _, err := io.Copy(h, f); err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		if at := info.ModTime(); at.After(v.lost.Add(-10*time.Second)) && at.Before(v.lost) {
			excused[camera.Hash(h.Sum(nil))] = true
		}
		for _, part := range strings.Split(path, "/") {
			if id := camera.CameraID(part); id.Valid() {
				if cameras[id] == nil {
					cameras[id] = map[camera.Hash]bool{}
				}
				cameras[id][camera.Hash(h.Sum(nil))] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for id, hashes := range cameras {
		entries, _, err := idx.Window(t.Context(), id, v.began.Add(-time.Hour), time.Now().Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		known := map[camera.Hash]int{}
		for _, e := range entries {
			whole, err := idx.Segment(t.Context(), e.SegmentID)
			if err != nil {
				t.Fatal(err)
			}
			known[whole.SHA256]++
			if !hashes[whole.SHA256] {
				t.Errorf("the index has %s, the home has not", e.SegmentID)
			}
		}
		for hash, times := range known {
			if times != 1 {
				t.Errorf("%s is in the index %d times", hash, times)
			}
		}
		missing := 0
		for hash := range hashes {
			if known[hash] == 0 && !excused[hash] {
				missing++
			}
		}
		if missing > len(unknown) {
			t.Errorf("%s: the index lacks %d segments, only %d were not acknowledged", id, missing, len(unknown))
		}
		n += len(known)
	}
	return n
}
