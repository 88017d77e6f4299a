package agent

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
)

// heard is a log that tells when every line of a list has come.
type heard struct {
	slog.Handler
	lines chan string
}

func (h heard) Enabled(context.Context, slog.Level) bool { return true }
func (h heard) WithAttrs([]slog.Attr) slog.Handler       { return h }
func (h heard) Handle(_ context.Context, r slog.Record) error {
	select {
	case h.lines <- r.Message:
	default: // nobody listens any more
	}
	return nil
}

func (h heard) await(t *testing.T, line string) {
	t.Helper()
	for {
		select {
		case got := <-h.lines:
			if got == line {
				return
			}
		case <-t.Context().Done():
			t.Fatalf("never heard %q", line)
		}
	}
}

// TestRunAgainInOneProcess with a hub that is gone: without cameras, and with one
// that is dead.
func TestRunAgainInOneProcess(t *testing.T) {
	hub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"household":"h1","label":"Nhà 1"}`)
	}))
	cfg := Default()
	cfg.Data, cfg.Hub, cfg.Code, cfg.Networks = t.TempDir(), hub.URL, "ABCD-EFGH-IJKL-MNOP-QRST-UVWX-YZ", []string{"127.0.0.0/8"}
	cfg.Simulated, cfg.Metrics = true, ""
	if _, err := Join(t.Context(), cfg, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	hub.Close()
	cfg.Hub = "" // the one of the membership
	dead := Camera{Serial: "A", Label: "chết", URL: strings.Replace(hub.URL, "http", "rtsp", 1) + "/x",
		View: camera.View{Heading: 1, FOV: 90, Range: 50}, Consent: camera.Consent{Level: camera.ConsentClip}}
	secret := dead
	secret.Serial, secret.Consent.Level = "B", camera.ConsentNone
	for _, cameras := range [][]Camera{nil, {dead, secret}, {dead}} {
		cfg.Cameras = cameras
		log := heard{lines: make(chan string, 1000)}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- Run(ctx, cfg, Outside{Log: slog.New(log), Now: time.Now}) }()
		if cameras != nil {
			log.await(t, "no footage")
		}
		log.await(t, "hub not reached")
		if err := Run(ctx, cfg, Outside{Log: slog.New(slog.DiscardHandler), Now: time.Now}); err == nil || !strings.Contains(err.Error(), "another agent") {
			t.Errorf("a second agent on the same folder: %v", err)
		}
		stop()
		if err := <-ended; err != nil {
			t.Errorf("%d cameras: %v", len(cameras), err)
		}
	}
}

// TestCameraIsRemoved from the config and comes back: what it left in the spool
// stays at home meanwhile, and is in nobody's way.
func TestCameraIsRemoved(t *testing.T) {
	b := newBench(t)
	b.start()
	b.must(b.film(20 * time.Second))
	b.Stop(camera.CauseReconnect, "connection broken")
	other := newRecorder(b.agent, camera.NewCameraID("h", "S", 1), Camera{Consent: camera.Consent{Level: camera.ConsentRegistry}}, camera.CauseReconnect)
	b.advance(time.Minute)
	other.extendGap()
	shared := sharedSpool{b.agent.spool, b.agent}

	b.agent.cameras.set([]*recorder{other})
	segments, gaps := shared.Unannounced(1)
	if len(segments) != 0 || len(gaps) != 1 || gaps[0].Camera != other.id {
		t.Errorf("removed: %d segments, gaps %v", len(segments), gaps)
	}
	if camera.CodeOf(b.agent.mayUploadSome(b.id)) != camera.CodeNoConsent || camera.CodeOf(b.agent.mayUploadSome(other.id)) != camera.CodeNoConsent {
		t.Error("bytes of a removed camera, or of one that is only on the map, may leave")
	}

	b.share(camera.Consent{Level: camera.ConsentClip, Until: b.now.Add(time.Hour)})
	b.agent.cameras.set([]*recorder{other, b.recorder})
	if segments, _ := shared.Unannounced(10); len(segments) != 4 {
		t.Errorf("back again: %d segments, want 4", len(segments))
	}
	if err := b.agent.mayUploadSome(b.id); err != nil {
		t.Error(err)
	}
	b.advance(2 * time.Hour)
	if segments, _ := shared.Unannounced(10); len(segments) != 0 {
		t.Errorf("after the consent's end: %d segments", len(segments))
	}
}
