package agent

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/live"
	"xulang.vn/camera/agent/media"
)

// view makes the bench's camera publish to a hub that answers each offer, after it
// has called asked.
func view(t *testing.T, b *bench, asked func()) error {
	t.Helper()
	hub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			return
		}
		asked()
		offer, _ := io.ReadAll(r.Body)
		pc, err := webrtc.NewPeerConnection(webrtc.Configuration{})
		if err != nil {
			t.Error(err)
			return
		}
		t.Cleanup(func() { pc.GracefulClose() })
		if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: string(offer)}); err != nil {
			t.Error(err)
		}
		answer, err := pc.CreateAnswer(nil)
		if err != nil {
			t.Error(err)
		}
		gathered := webrtc.GatheringCompletePromise(pc)
		if err := pc.SetLocalDescription(answer); err != nil {
			t.Error(err)
		}
		<-gathered
		w.Header().Set("Location", "/whip/1")
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, pc.LocalDescription().SDP)
	}))
	t.Cleanup(hub.Close)
	b.agent.publisher = live.New(live.Config{HubURL: hub.URL, Client: hub.Client(), Log: slog.New(slog.DiscardHandler)}, b.agent.now)
	t.Cleanup(b.agent.publisher.Close)
	b.agent.cameras.set([]*recorder{b.recorder})
	b.share(camera.Consent{Level: camera.ConsentLive, Until: noon.Add(time.Hour)})
	b.start()
	return b.agent.goLive(t.Context(), camera.LiveCommand{V: camera.LinkVersion, Camera: b.id, Start: true, Path: "/whip", Token: "x", Purpose: camera.PurposeCriminal})
}

// TestConsentEndsDuringLiveView: not one picture leaves after that.
func TestConsentEndsDuringLiveView(t *testing.T) {
	b := newBench(t)
	b.must(view(t, b, func() {}))
	b.must(b.film(time.Second))
	if !b.agent.publisher.Publishing(b.id) {
		t.Fatal("no live view while consent lasts")
	}
	b.now = noon.Add(time.Hour)
	b.must(b.Unit(media.Unit{NALUs: [][]byte{{0x41, 1, 2}}, Received: b.now, PTS: b.media, DTS: b.media}))
	if b.agent.publisher.Publishing(b.id) {
		t.Error("the live view goes on without consent")
	}
}

// TestCameraGoesWhileLiveViewBegins: no view stays that would show nothing.
func TestCameraGoesWhileLiveViewBegins(t *testing.T) {
	b := newBench(t)
	err := view(t, b, func() { b.Stop(camera.CauseReconnect, "connection broken") })
	if camera.CodeOf(err) != camera.CodeUnreachable {
		t.Errorf("%v, want %s", err, camera.CodeUnreachable)
	}
	if b.agent.publisher.Publishing(b.id) {
		t.Error("a live view of a camera that is gone")
	}
}
