package link_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/link"
)

var gateCam = camera.NewCameraID("household-1", "serial-1", 1)

func TestRequests(t *testing.T) {
	id := identity(t)
	hub := newHub(t, id.Device())
	seg := camera.SegmentID{Camera: gateCam, Run: "00112233aabbccdd", Seq: 7}
	received := make(chan camera.Announce, 1)
	hub.on(camera.VerbAnnounce, func(b []byte) any {
		var got camera.Announce
		if err := json.Unmarshal(b, &got); err != nil {
			t.Error(err)
		}
		received <- got
		return camera.AnnounceReply{V: 1, RefusedSegments: map[int]camera.Refusal{0: {Code: camera.CodeFutureClaim}}}
	})
	slot := camera.SlotReply{V: 1, Slot: camera.Slot{URL: "/o/x", Header: map[string]string{"If-None-Match": "*"}}}
	hub.on(camera.VerbSlot, func([]byte) any { return slot })
	hub.on(camera.VerbStored, func([]byte) any {
		return camera.StoredReply{V: 1, Refusal: camera.Refusal{Code: camera.CodeNotFound}}
	})
	hub.on(camera.VerbStatus, func([]byte) any {
		return camera.Ack{V: 1, Refusal: camera.Refusal{Code: camera.CodeBadClaim, Message: "no"}}
	})
	l, _, _ := started(t, link.Config{HubURL: hub.front.URL, Identity: id}, time.Now)
	until(t, "connected", l.Connected)

	reply, err := l.Announce(t.Context(), camera.Announce{Segments: []camera.Segment{{SegmentID: seg}}})
	if err != nil || reply.RefusedSegments[0].Code != camera.CodeFutureClaim {
		t.Errorf("announce: %v %v", reply, err)
	}
	got := receive(t, "announcement", received)
	if got.V != camera.LinkVersion || len(got.Segments) != 1 || got.Segments[0].SegmentID != seg {
		t.Errorf("hub received %v", got)
	}
	if r, err := l.Slot(t.Context(), seg); err != nil || !reflect.DeepEqual(r, slot) {
		t.Errorf("slot: %v %v", r, err)
	}
	if r, err := l.Stored(t.Context(), seg); err != nil || r.Code != camera.CodeNotFound {
		t.Errorf("stored: %v %v", r, err)
	}
	if err := l.Status(t.Context(), camera.Status{}); camera.CodeOf(err) != camera.CodeBadClaim {
		t.Errorf("status: %v", err)
	}
}

func TestBadAnswers(t *testing.T) {
	id := identity(t)
	hub := newHub(t, id.Device())
	l, _, _ := started(t, link.Config{HubURL: hub.front.URL, Identity: id}, time.Now)
	until(t, "connected", l.Connected)
	called := make(chan struct{}, 10)
	cases := []struct {
		name   string
		answer any
		code   camera.Code
	}{
		{"another version", camera.AnnounceReply{V: 2}, camera.CodeBadVersion},
		{"no version", struct{}{}, camera.CodeBadVersion},
		{"not an object", "hello", camera.CodeBadRequest},
		{"wrong type inside", map[string]any{"v": 1, "refused_segments": "x"}, camera.CodeBadRequest},
	}
	for _, c := range cases {
		hub.on(camera.VerbAnnounce, func([]byte) any { called <- struct{}{}; return c.answer })
		if _, err := l.Announce(t.Context(), camera.Announce{}); camera.CodeOf(err) != c.code {
			t.Errorf("%s: %v", c.name, err)
		}
		receive(t, "request", called)
	}
	if !l.Connected() {
		t.Error("a bad answer ended the connection")
	}
	large := camera.Announce{Gaps: []camera.Gap{{Camera: camera.CameraID(strings.Repeat("x", camera.MessageLargest))}}}
	if _, err := l.Announce(t.Context(), large); camera.CodeOf(err) != camera.CodeTooLarge {
		t.Errorf("oversize: %v", err)
	}
	if len(called) > 0 {
		t.Error("the oversize message was sent")
	}
	if !l.Connected() {
		t.Error("an oversize message ended the connection")
	}
}

func TestTimeOut(t *testing.T) {
	id := identity(t)
	hub := newHub(t, id.Device())
	l := link.New(link.Config{Log: quiet}, time.Now)
	if _, err := l.Slot(t.Context(), camera.SegmentID{}); camera.CodeOf(err) != camera.CodeUnreachable {
		t.Errorf("without a connection: %v", err)
	}
	l, _, _ = started(t, link.Config{HubURL: hub.front.URL, Identity: id}, time.Now)
	until(t, "connected", l.Connected)
	hub.on(camera.VerbSlot, func([]byte) any { return nil })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := l.Slot(ctx, camera.SegmentID{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the caller's time-out: %v", err)
	}
	if !l.Connected() {
		t.Error("a time-out ended the connection")
	}
}

func TestOwnTimeOut(t *testing.T) {
	id := identity(t)
	hub := newHub(t, id.Device())
	hub.on(camera.VerbClock, nil)
	hub.on(camera.VerbSlot, nil)
	l := link.New(link.Config{HubURL: hub.front.URL, Identity: id, Log: quiet,
		Hello: func() camera.Hello { return camera.Hello{} }}, time.Now)
	link.SetPace(l, 500*time.Millisecond, time.Millisecond)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	until(t, "connected", l.Connected)
	_, err := l.Slot(t.Context(), camera.SegmentID{})
	if !errors.Is(err, context.DeadlineExceeded) || camera.CodeOf(err) != camera.CodeUnreachable {
		t.Errorf("silence: %v", err)
	}
	if c := l.Clock(); c.Synchronised {
		t.Errorf("clock without an answer: %v", c)
	}
	cancel()
	if err := receive(t, "end", done); err != nil {
		t.Error(err)
	}
}

// TestHelloFirst: a segment that is sent before the hub knows its camera would be
// refused for good.
func TestHelloFirst(t *testing.T) {
	id := identity(t)
	hub := newHub(t, id.Device())
	hellos := make(chan camera.Hello, 10)
	let := make(chan struct{})
	hub.on(camera.VerbHello, func(b []byte) any {
		var h camera.Hello
		if err := json.Unmarshal(b, &h); err != nil {
			t.Error(err)
		}
		hellos <- h
		<-let
		return camera.HelloReply{V: 1, Refused: map[camera.CameraID]camera.Refusal{gateCam: {Code: camera.CodeForeignCamera}}}
	})
	l, logs, _ := started(t, link.Config{HubURL: hub.front.URL, Identity: id}, time.Now)
	if h := receive(t, "hello", hellos); h.V != camera.LinkVersion || h.Version != "test" {
		t.Errorf("hello %v", h)
	}
	if _, err := l.Announce(t.Context(), camera.Announce{}); camera.CodeOf(err) != camera.CodeUnreachable || l.Connected() {
		t.Errorf("announce before the hello was acknowledged: %v", err)
	}
	let <- struct{}{}
	until(t, "connected", l.Connected)
	if !strings.Contains(logs.String(), "foreign-camera") {
		t.Error("the refused camera is not in the log")
	}
	l.Refresh()
	if l.Connected() {
		t.Error("connected before the new hello was acknowledged")
	}
	receive(t, "hello after Refresh", hellos)
	let <- struct{}{}
	until(t, "connected again", l.Connected)
}

func TestReconnect(t *testing.T) {
	id := identity(t)
	hub := newHub(t, id.Device())
	hellos := make(chan struct{}, 100)
	hub.on(camera.VerbHello, func([]byte) any {
		hellos <- struct{}{}
		return camera.HelloReply{V: 1}
	})
	l, _, stop := started(t, link.Config{HubURL: hub.front.URL, Identity: id}, time.Now)
	for range 2 {
		receive(t, "hello", hellos)
		until(t, "connected", l.Connected)
		hub.stop()
		until(t, "disconnected", func() bool { return !l.Connected() })
		if _, err := l.Slot(t.Context(), camera.SegmentID{}); camera.CodeOf(err) != camera.CodeUnreachable {
			t.Errorf("request without a hub: %v", err)
		}
		hub.start()
	}
	receive(t, "hello after reconnect", hellos)
	until(t, "connected", l.Connected)
	stop()
	if l.Connected() {
		t.Error("connected after Run")
	}
}

func TestHubComesLater(t *testing.T) {
	id := identity(t)
	hub := newHub(t, id.Device())
	hub.stop()
	l, logs, _ := started(t, link.Config{HubURL: hub.front.URL, Identity: id}, time.Now)
	until(t, "one try", func() bool { return strings.Contains(logs.String(), "hub not reached") })
	hub.start()
	until(t, "connected", l.Connected)
}

func TestWrongIdentity(t *testing.T) {
	id, stranger := identity(t), identity(t)
	hub := newHub(t, id.Device())
	hellos := make(chan struct{}, 10)
	hub.on(camera.VerbHello, func([]byte) any { hellos <- struct{}{}; return camera.HelloReply{V: 1} })
	l, logs, stop := started(t, link.Config{HubURL: hub.front.URL, Identity: stranger}, time.Now)
	until(t, "four refusals", func() bool { return hub.refused.Load() >= 4 }) // it goes on trying
	if l.Connected() || len(hellos) > 0 {
		t.Error("a stranger came in")
	}
	stop()
	if !strings.Contains(strings.ToLower(logs.String()), "authorization") {
		t.Errorf("the log does not say why: %s", logs)
	}
}

func TestLive(t *testing.T) {
	id := identity(t)
	hub := newHub(t, id.Device())
	got := make(chan camera.LiveCommand, 10)
	let := make(chan struct{})
	l, logs, stop := started(t, link.Config{HubURL: hub.front.URL, Identity: id,
		Live: func(ctx context.Context, cmd camera.LiveCommand) camera.Ack {
			got <- cmd
			select {
			case <-let:
			case <-ctx.Done():
			}
			return camera.Ack{Refusal: camera.Refusal{Code: camera.CodeLiveCodec, Message: "not H.264"}}
		}}, time.Now)
	until(t, "connected", l.Connected)
	subject := camera.DownSubject(id.Device(), camera.VerbLive)
	command := camera.LiveCommand{V: 1, Camera: gateCam, Start: true, Path: "/whip", Token: "token-of-the-publication"}
	send := func(cmd any) camera.Ack {
		t.Helper()
		body, err := json.Marshal(cmd)
		if err != nil {
			t.Fatal(err)
		}
		msg, err := hub.inside.Request(subject, body, patience)
		if err != nil {
			t.Fatal(err)
		}
		var ack camera.Ack
		if err := json.Unmarshal(msg.Data, &ack); err != nil || ack.V != camera.LinkVersion {
			t.Fatalf("ack %q %v", msg.Data, err)
		}
		return ack
	}
	go func() { let <- struct{}{} }()
	if ack := send(command); ack.Code != camera.CodeLiveCodec || ack.Message != "not H.264" {
		t.Errorf("ack %v", ack)
	}
	if cmd := receive(t, "command", got); cmd != command {
		t.Errorf("command %v", cmd)
	}
	if ack := send(camera.LiveCommand{V: 9}); ack.Code != camera.CodeBadVersion {
		t.Errorf("another version: %v", ack)
	}
	if ack := send([]int{1}); ack.Code != camera.CodeBadRequest {
		t.Errorf("not a command: %v", ack)
	}
	body, _ := json.Marshal(command)
	for range 4 {
		if err := hub.inside.Publish(subject, body); err != nil {
			t.Fatal(err)
		}
	}
	for range 4 {
		receive(t, "command in hand", got)
	}
	if ack := send(command); ack.Code != camera.CodeTooMany {
		t.Errorf("a fifth at once: %v", ack)
	}
	stop() // ends the four
	if strings.Contains(logs.String(), command.Token) {
		t.Error("the token is in the log")
	}
}

func TestNoSecretsInLogs(t *testing.T) {
	l := link.New(link.Config{HubURL: "http://user:word@hub.example", Log: quiet}, time.Now)
	if err := l.Run(t.Context()); err == nil || strings.Contains(err.Error(), "word") {
		t.Errorf("address with a password: %v", err)
	}
}
