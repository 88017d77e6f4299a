package upload_test

import (
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	camera "xulang.vn/camera"
)

// TestConsent: what the household does not allow stays at home, asks for no slot
// and blocks nobody; when it is allowed again it goes.
func TestConsent(t *testing.T) {
	w := newWorld(t)
	kept := []camera.Segment{w.add(gateCam, 0, 100), w.add(gateCam, 1, 100), w.add(gateCam, 2, 100)}
	free := []camera.Segment{w.add(yardCam, 0, 100), w.add(yardCam, 1, 100)}
	var paused atomic.Bool
	paused.Store(true)
	allow := func(c camera.CameraID) error {
		if c == gateCam && paused.Load() {
			return camera.Errorf(camera.CodePaused, "paused")
		}
		return nil
	}
	w.run(allow, nil)
	w.until("the other camera's stored", w.all("stored", free...))
	w.mu.Lock()
	if len(w.puts) != 2 || w.slots != 2 || !w.all("announced", kept...)() {
		t.Errorf("puts %v, %d slots, %v", w.puts, w.slots, w.state)
	}
	w.mu.Unlock()
	paused.Store(false)
	w.until("all stored", w.all("stored", kept...))
	w.verify(append(kept, free...)...)
}

// TestPauseWhileBytesFlow: the pause cuts a put that is under way.
func TestPauseWhileBytesFlow(t *testing.T) {
	w := newWorld(t)
	seg := w.add(gateCam, 0, 40<<20)
	other := w.add(yardCam, 0, 100)
	var paused atomic.Bool
	got := make(chan int64, 1)
	w.onPut = func(_ http.ResponseWriter, r *http.Request, _ int) bool {
		if r.ContentLength != seg.Size {
			return false
		}
		n, _ := io.ReadFull(r.Body, make([]byte, 1000))
		paused.Store(true)
		rest, err := io.Copy(io.Discard, r.Body)
		if err == nil {
			t.Error("the whole body came")
		}
		got <- int64(n) + rest
		panic(http.ErrAbortHandler)
	}
	stop := w.run(func(c camera.CameraID) error {
		if c == gateCam && paused.Load() {
			return camera.Errorf(camera.CodePaused, "paused")
		}
		return nil
	}, nil)
	select {
	case n := <-got:
		if n >= seg.Size {
			t.Errorf("%d bytes left the house", n)
		}
	case <-time.After(patience):
		t.Fatal("no put")
	}
	w.until("the other stored", w.all("stored", other))
	stop()
	if w.state[seg.SegmentID] != "announced" {
		t.Errorf("state %q", w.state[seg.SegmentID])
	}
}

// TestYesTakenBack: of a camera that is shared in part only, what was planned and what
// is under way stays at home when the household takes its yes to it back.
func TestYesTakenBack(t *testing.T) {
	w := newWorld(t)
	seg, later := w.add(gateCam, 0, 40<<20), w.add(gateCam, 1, 1000)
	other := w.add(yardCam, 0, 100)
	var back atomic.Bool
	w.leaves = func(s camera.Segment) error {
		if s.Camera == gateCam && back.Load() {
			return camera.Errorf(camera.CodeAskOwner, "taken back")
		}
		return nil
	}
	got := make(chan int64, 1)
	w.onPut = func(_ http.ResponseWriter, r *http.Request, _ int) bool {
		if r.ContentLength != seg.Size {
			return false
		}
		n, _ := io.ReadFull(r.Body, make([]byte, 1000))
		back.Store(true)
		rest, _ := io.Copy(io.Discard, r.Body)
		got <- int64(n) + rest
		panic(http.ErrAbortHandler)
	}
	stop := w.run(nil, nil)
	select {
	case n := <-got:
		if n >= seg.Size {
			t.Errorf("%d bytes left the house", n)
		}
	case <-time.After(patience):
		t.Fatal("no put")
	}
	w.until("the other stored", w.all("stored", other))
	stop()
	if w.state[seg.SegmentID] != "announced" {
		t.Errorf("state %q, of the next one %q", w.state[seg.SegmentID], w.state[later.SegmentID])
	}
}

// TestCameraShut: when the hub takes nothing from a camera it is asked once a
// minute, and then all goes in order.
func TestCameraShut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newSimulated(t)
		var segs []camera.Segment
		for n := range 100 {
			segs = append(segs, w.add(gateCam, n, 1000))
		}
		free := w.add(yardCam, 200, 1000)
		began := time.Now()
		refused := 0
		w.onSlot = func(id camera.SegmentID, _ int) (camera.SlotAnswer, error, bool) {
			if id.Camera != gateCam || time.Since(began) > 90*time.Second {
				return camera.SlotAnswer{}, nil, false
			}
			refused++
			return camera.SlotAnswer{Refusal: camera.Refusal{Code: camera.CodeNoConsent}}, nil, true
		}
		stop := w.run(nil, nil)
		w.until("the other camera's stored", w.all("stored", free))
		w.until("all stored", w.all("stored", segs...))
		took := time.Since(began)
		stop()
		w.verify(append(segs, free)...)
		if refused > 2*24 || took > 3*time.Minute {
			t.Errorf("%d refusals, took %s", refused, took)
		}
	})
}
