package agent

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/home"
	"xulang.vn/camera/agent/onvif"
)

func newBox(t *testing.T, log slog.Handler) *box {
	t.Helper()
	cfg := Default()
	cfg.Data, cfg.Metrics, cfg.Simulated, cfg.Page = t.TempDir(), "", true, ""
	b, err := openBox(cfg, Outside{Log: slog.New(log), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *box) join(t *testing.T) {
	t.Helper()
	if err := writeMembership(filepath.Join(b.cfg.Data, memberFile), Membership{Household: "h", Label: "Nhà", Hub: "http://127.0.0.1:1"}); err != nil {
		t.Fatal(err)
	}
}

func (b *box) awaitAgent(t *testing.T) {
	t.Helper()
	for {
		if _, err := b.working(); err == nil {
			return
		}
		if t.Context().Err() != nil {
			t.Fatal("no agent works")
		}
	}
}

// TestLeaveThoughTheBrowserIsGone: the leaving goes on to its end, and the box can join
// another time.
func TestLeaveThoughTheBrowserIsGone(t *testing.T) {
	b := newBox(t, slog.DiscardHandler)
	b.join(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.live(ctx) }()
	b.awaitAgent(t)
	gone, left := context.WithCancel(t.Context())
	left()
	if err := b.Leave(gone, false, true); err != nil {
		t.Error(err)
	}
	for _, name := range []string{memberFile, seedFile, policyFile, "spool"} {
		if _, err := os.Stat(filepath.Join(b.cfg.Data, name)); !errors.Is(err, os.ErrNotExist) && name != seedFile {
			t.Errorf("%s is still there: %v", name, err)
		}
	}
	if _, err := b.working(); err == nil {
		t.Error("the agent works on")
	}
	if err := b.Apply(t.Context()); err != nil {
		t.Error(err)
	}
	b.join(t)
	b.turn()
	b.awaitAgent(t)
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestLeaveWhileTheAgentBegins: there is no agent of a membership that is gone.
func TestLeaveWhileTheAgentBegins(t *testing.T) {
	b := newBox(t, slog.DiscardHandler)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.live(ctx) }()
	for range 20 {
		b.turning.Lock()
		b.join(t)
		b.turning.Unlock()
		b.turn()
		if err := b.Leave(t.Context(), false, true); err != nil {
			t.Fatal(err)
		}
		b.turning.Lock()
		if _, err := b.working(); err == nil {
			t.Fatal("an agent works, and nobody is a member")
		}
		b.turning.Unlock()
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestUsedCodeInTheConfig does not keep the household from its page.
func TestUsedCodeInTheConfig(t *testing.T) {
	hub := httptest.NewServer(http.NotFoundHandler())
	defer hub.Close()
	cfg := Default()
	cfg.Data, cfg.Metrics, cfg.Simulated, cfg.Page = t.TempDir(), "", true, "127.0.0.1:0"
	cfg.Hub, cfg.Code = hub.URL, "ABCD-EFGH-IJKL-MNOP-QRST-UVWX-YZ"
	log := heard{lines: make(chan string, 1000)}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- Run(ctx, cfg, Outside{Page: http.NotFoundHandler(), Log: slog.New(log), Now: time.Now})
		close(ended)
	}()
	served := make(chan struct{})
	go func() { log.await(t, "household's page"); close(served) }()
	select {
	case <-served:
	case err := <-ended:
		t.Fatalf("the program ended: %v", err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestWhatIsLost: a recorder whose shared cameras are all away, paused ones aside, and
// that can be known again.
func TestWhatIsLost(t *testing.T) {
	for name, c := range map[string]struct {
		serial string
		paused bool
		away   []camera.GapCause
		lost   bool
	}{
		"all are away":        {"NVR-1", false, []camera.GapCause{camera.CauseCameraOff, camera.CauseWrongPassword}, true},
		"one is there":        {"NVR-1", false, []camera.GapCause{camera.CauseCameraOff, camera.CauseBadCodec}, false},
		"one is paused":       {"NVR-1", true, []camera.GapCause{camera.CausePaused, camera.CauseCameraOff}, true},
		"it has no own name":  {"BOX-ABCDEFGHIJKL", false, []camera.GapCause{camera.CauseCameraOff, camera.CauseCameraOff}, false},
		"it is away for long": {"NVR-1", false, []camera.GapCause{camera.CauseCameraOff, camera.CauseCameraOff}, true},
	} {
		h := newHouse(t, func(b *home.Book) {
			b.Recorders[0].Serial = c.serial
			for i := range b.Cameras {
				b.Cameras[i].ID = camera.NewCameraID("h", c.serial, i)
			}
			b.Cameras[0].Consent.Paused = c.paused
		})
		later := time.Now().Add(time.Hour)
		b := &box{store: h.store, agent: h.agent, out: Outside{Now: func() time.Time { return later }}}
		var list []*recorder
		order, all := h.chosen()
		for i, id := range order {
			r := newRecorder(h.agent, id, all[id], camera.CauseAgentOff)
			r.lost(c.away[i], "")
			list = append(list, r)
		}
		h.cameras.set(list)
		if got := b.lost(); (len(got) == 1) != c.lost {
			t.Errorf("%s: lost %v", name, got)
		}
	}
}

// TestAwayInManyWords: what a camera that is away looks like changes from dial to dial.
func TestAwayInManyWords(t *testing.T) {
	b := newBench(t)
	b.lost(camera.CauseCameraOff, "no route to host")
	b.advance(40 * time.Second)
	b.lost(camera.CauseCameraOff, "i/o timeout")
	b.advance(40 * time.Second)
	if got := b.away(b.now); got != 80*time.Second {
		t.Errorf("away for %s", got)
	}
	b.start()
	if got := b.away(b.now); got != 0 {
		t.Errorf("recording, and away for %s", got)
	}
}

// TestRecorderMoves with its addresses, also to other ports; what a search did not find
// stays as it was.
func TestRecorderMoves(t *testing.T) {
	b := home.Book{Recorders: []home.Recorder{{
		ID: "r", Address: "192.168.1.9", HTTPPort: 80, RTSPPort: 554, XAddr: "http://192.168.1.9/onvif/device_service",
		Channels: []home.Channel{{MainURL: "rtsp://192.168.1.9:554/1", SubURL: "rtsp://192.168.1.9/2", SnapshotURL: "http://192.168.1.9/jpg?1"}},
	}}}
	now := onvif.Found{RTSPPort: 8554}
	for _, c := range []struct {
		at              string
		http, rtsp      int
		main, sub, snap string
	}{
		{"192.168.1.20", 0, 8554, "rtsp://192.168.1.20:8554/1", "rtsp://192.168.1.20:8554/2", "http://192.168.1.20/jpg?1"},
		{"192.168.1.20", 8080, 0, "rtsp://192.168.1.20:8554/1", "rtsp://192.168.1.20:8554/2", "http://192.168.1.20:8080/jpg?1"},
	} {
		now.Address, now.HTTPPort, now.RTSPPort = netip.MustParseAddr(c.at), c.http, c.rtsp
		if err := readdress(&b, "r", now); err != nil {
			t.Fatal(err)
		}
		r := b.Recorders[0]
		if ch := r.Channels[0]; ch.MainURL != c.main || ch.SubURL != c.sub || ch.SnapshotURL != c.snap {
			t.Errorf("%s, %s, %s", ch.MainURL, ch.SubURL, ch.SnapshotURL)
		}
		if r.RTSPPort != 8554 || r.HTTPPort == 0 || r.XAddr == "" {
			t.Errorf("recorder %d, %d, %q", r.RTSPPort, r.HTTPPort, r.XAddr)
		}
	}
}
