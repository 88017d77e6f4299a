package live_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/live"
)

func TestMostViewers(t *testing.T) {
	a := newAgents()
	l := open(t, live.Config{MostViewers: 2, MostTotal: 3}, a)
	sources := map[camera.CameraID]*source{camA: newSource(t, nil), camB: newSource(t, nil)}
	a.start = func(_ context.Context, cam camera.CameraID, _, token string) error {
		return sources[cam].publish(t, l, cam, token)
	}
	one := watch(t, l, camA)
	watch(t, l, camA)
	wantCode(t, newWatcher(t, nil).view(t, l, camA), camera.CodeTooMany)
	watch(t, l, camB)
	wantCode(t, newWatcher(t, nil).view(t, l, camB), camera.CodeTooMany) // the hub's limit
	if err := l.Leave(one.id); err != nil {
		t.Fatal(err)
	}
	watch(t, l, camA)
}

func TestBadOffers(t *testing.T) {
	a := newAgents()
	a.start = func(context.Context, camera.CameraID, string, string) error {
		return camera.Errorf(camera.CodeUnreachable, "a good offer got this far")
	}
	l := open(t, live.Config{}, a)
	good := offerOf(t, newWatcher(t, nil).pc)
	sending := offerOf(t, newSource(t, nil).pc)
	data, err := peerAPI(t, nil).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { data.Close() })
	if _, err := data.CreateDataChannel("x", nil); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		offer string
		code  camera.Code
	}{
		"good":        {good, camera.CodeUnreachable},
		"empty":       {"", camera.CodeBadRequest},
		"no SDP":      {"{\"type\":\"offer\"}", camera.CodeBadRequest},
		"too large":   {good + strings.Repeat("a=x\r\n", 20000), camera.CodeTooLarge},
		"sends":       {sending, camera.CodeBadRequest},
		"data":        {offerOf(t, data), camera.CodeBadRequest},
		"two videos":  {good + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n", camera.CodeBadRequest},
		"only VP8":    {strings.ReplaceAll(good, "H264/", "VP8/"), camera.CodeBadRequest},
		"mode 0 only": {strings.ReplaceAll(good, "packetization-mode=1", "packetization-mode=0"), camera.CodeBadRequest},
		"no sections": {good[:strings.Index(good, "m=")], camera.CodeBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := l.View(t.Context(), camA, test.offer, camera.PurposeCriminal)
			wantCode(t, err, test.code)
		})
	}
	_, _, err = l.View(t.Context(), "no camera", good, camera.PurposeCriminal)
	wantCode(t, err, camera.CodeNotFound)
}

// An offer that reads well and that pion cannot take, after the publisher is there.
func TestOfferThatCannotBeAnswered(t *testing.T) {
	a := newAgents()
	l := open(t, live.Config{}, a)
	s := newSource(t, nil)
	a.start = onStart(t, func() *live.Live { return l }, s)
	good := offerOf(t, newWatcher(t, nil).pc)
	for name, offer := range map[string]string{
		"no fingerprint": strings.ReplaceAll(good, "a=fingerprint", "a=finger"),
		"no credentials": strings.ReplaceAll(good, "a=ice-", "a=ace-"),
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := l.View(t.Context(), camA, offer, camera.PurposeCriminal)
			wantCode(t, err, camera.CodeBadRequest)
		})
	}
	if n := l.Viewers(camA); n != 0 {
		t.Errorf("%d viewers", n)
	}
}

func TestBadPublicationIsToldToTheViewer(t *testing.T) {
	a := newAgents()
	l := open(t, live.Config{Patience: soon}, a)
	told := make(chan error, 1)
	a.start = func(ctx context.Context, cam camera.CameraID, _, token string) error {
		_, _, err := l.Publish(ctx, cam, token, "rubbish")
		told <- err
		return nil
	}
	wantCode(t, newWatcher(t, nil).view(t, l, camA), camera.CodeUnavailable)
	wantCode(t, wait(t, told, "Publish"), camera.CodeBadRequest)
}

func TestAnnouncedAddresses(t *testing.T) {
	a := newAgents()
	l := open(t, live.Config{HostIPs: []string{"192.0.2.7", "2001:db8::7"}}, a)
	s := newSource(t, nil)
	a.start = func(ctx context.Context, cam camera.CameraID, path, token string) error {
		if want := "/api/v1/live/" + string(cam) + "/whip"; path != want {
			t.Errorf("path %q, want %q", path, want)
		}
		_, answer, err := l.Publish(ctx, cam, token, offerOf(t, s.pc))
		if err != nil {
			return err
		}
		var lines []string
		for line := range strings.Lines(answer) {
			if strings.HasPrefix(line, "a=candidate:") {
				lines = append(lines, line)
			}
		}
		if len(lines) != 4 || strings.Count(answer, " 192.0.2.7 ") != 2 || strings.Count(answer, " 2001:db8::7 ") != 2 ||
			strings.Count(answer, "tcptype passive") != 2 || !strings.Contains(answer, "a=ice-lite") {
			t.Errorf("candidates %q", lines)
		}
		return camera.Errorf(camera.CodeUnreachable, "seen enough")
	}
	wantCode(t, newWatcher(t, nil).view(t, l, camA), camera.CodeUnreachable)
	if _, err := live.New(live.Config{UDPAddr: ":0", TCPAddr: ":0", HostIPs: []string{"hub"}}, a, time.Now); err == nil {
		t.Error("took a name for an address")
	}
}

func FuzzOffer(f *testing.F) {
	a := newAgents()
	a.start = func(context.Context, camera.CameraID, string, string) error {
		return camera.Errorf(camera.CodeUnreachable, "well-formed")
	}
	l, err := live.New(live.Config{UDPAddr: "127.0.0.1:0", TCPAddr: "127.0.0.1:0"}, a, time.Now)
	if err != nil {
		f.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- l.Run(ctx) }()
	f.Cleanup(func() { cancel(); <-done })
	f.Add("v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 102\r\na=recvonly\r\n" +
		"a=rtpmap:102 H264/90000\r\na=fmtp:102 packetization-mode=1\r\n")
	f.Fuzz(func(t *testing.T, offer string) {
		_, _, err := l.View(t.Context(), camA, offer, camera.PurposeCriminal)
		for len(a.started) > 0 {
			<-a.started
		}
		switch camera.CodeOf(err) {
		case camera.CodeBadRequest, camera.CodeTooLarge, camera.CodeUnreachable:
		default:
			t.Fatalf("got %v", err)
		}
	})
}
