package ingest_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/media"
)

// finder answers where the camera is, and counts how often it was asked.
type finder struct {
	mu    sync.Mutex
	at    string
	asked int
}

func (f *finder) find(context.Context) (string, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	return f.at, f.at != ""
}

func (f *finder) tell(at string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at = at
}

func (f *finder) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked
}

func TestCameraIsFoundAtItsNewAddress(t *testing.T) {
	t.Parallel()
	f := start(t, "127.0.0.2:0", video264())
	f.roll(t.Context(), media.H264, nil)
	find := &finder{}
	cfg := config(f)
	cfg.Find = find.find
	r := pull(t, cfg, nil)
	r.until(t, "video", func(es []event) bool { return len(units(es)) > 5 })
	if find.count() != 0 {
		t.Error("asked where a camera is that answers")
	}
	moved := start(t, "127.0.0.3:0", video264()) // another address and port
	moved.roll(t.Context(), media.H264, nil)
	find.tell("rtsp://" + moved.address + "/live")
	f.close()
	r.until(t, "video from the new address", func(es []event) bool { return len(sessions(es)) == 2 && es[len(es)-1].unit != nil })
	asked := find.count()
	if asked == 0 || moved.connections() != 1 {
		t.Errorf("asked %d times, %d connections", asked, moved.connections())
	}
	again := start(t, f.address, video264()) // back at the old one, and nobody knows better
	again.roll(t.Context(), media.H264, nil)
	find.tell("")
	moved.close()
	r.until(t, "video from the old address", func(es []event) bool { return len(sessions(es)) == 3 && es[len(es)-1].unit != nil })
}

// TestFoundAddressIsChecked as the first one was.
func TestFoundAddressIsChecked(t *testing.T) {
	t.Parallel()
	trap := start(t, "127.0.0.9:0", video264())
	trap.roll(t.Context(), media.H264, nil)
	for name, at := range map[string]string{
		"credentials":    "rtsp://" + "u:hush@" + trap.address + "/live",
		"no RTSP":        "http://" + trap.address + "/live",
		"no host":        "rtsp:///live",
		"other network":  "rtsp://" + trap.address + "/live",
		"not an address": "rtsp://h:hush hush/",
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t, "127.0.0.2:0", video264())
			f.close()
			find := &finder{at: at}
			cfg := config(f)
			cfg.Find, cfg.Control = find.find, only("127.0.0.0/29")
			r := pull(t, cfg, nil)
			eventually(t, "it was asked and tried", func() bool { return find.count() >= 2 })
			r.stop()
			if n := trap.connections(); n != 0 {
				t.Errorf("%d connections to what was found", n)
			}
			if strings.Contains(r.logs.String(), "hush") {
				t.Errorf("the log holds what may be a password:\n%s", r.logs)
			}
		})
	}
}

// TestUnreachableIsDialledOnAndOn counts dials by how often it is asked where the
// camera is: the pauses between them do not grow (TestPauseOfUnreachable).
func TestUnreachableIsDialledOnAndOn(t *testing.T) {
	t.Parallel()
	f := start(t, "", video264())
	f.close()
	find := &finder{}
	cfg := config(f)
	cfg.Find = find.find
	r := pull(t, cfg, nil)
	events := r.until(t, "five tries", func(es []event) bool { return len(stops(es)) >= 5 })
	for _, e := range stops(events) {
		if e.cause != camera.CauseCameraOff {
			t.Errorf("%+v", e)
		}
	}
	eventually(t, "asked before each dial but the first", func() bool { return find.count() >= 4 })
	back := start(t, f.address, video264())
	back.roll(t.Context(), media.H264, nil)
	r.until(t, "video", func(es []event) bool { return len(units(es)) > 0 })
}
