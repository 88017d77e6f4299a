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

var (
	gateCam = camera.NewCameraID("household-1", "serial-1", 1)
	one     = []camera.SegmentID{{Camera: gateCam, Run: "00112233aabbccdd", Seq: 7}}
)

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
		return camera.AnnounceReply{V: camera.LinkVersion, RefusedSegments: map[int]camera.Refusal{0: {Code: camera.CodeFutureClaim}}}
	})
	slots := camera.SlotsReply{V: camera.LinkVersion, Slots: []camera.SlotAnswer{
		{Slot: camera.Slot{URL: "/o/x", Header: map[string]string{"If-None-Match": "*"}, Expires: noon}},
		{Stored: true}, {Refusal: camera.Refusal{Code: camera.CodePaused}}}}
	asked := make(chan camera.SlotsRequest, 1)
	hub.on(camera.VerbSlots, func(b []byte) any { asked <- parsed[camera.SlotsRequest](t, b); return slots })
	told := make(chan camera.StoredNotice, 1)
	hub.on(camera.VerbStored, func(b []byte) any {
		told <- parsed[camera.StoredNotice](t, b)
		return camera.StoredReply{V: camera.LinkVersion, Refused: map[int]camera.Refusal{1: {Code: camera.CodeNotFound}}}
	})
	hub.on(camera.VerbStatus, func([]byte) any {
		return camera.Ack{V: camera.LinkVersion, Refusal: camera.Refusal{Code: camera.CodeBadClaim, Message: "no"}}
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
	three := []camera.SegmentID{seg, {Camera: gateCam, Run: seg.Run, Seq: 8}, {Camera: gateCam, Run: seg.Run, Seq: 9}}
	if r, err := l.Slots(t.Context(), three); err != nil || !reflect.DeepEqual(r, slots) {
		t.Errorf("slots: %v %v", r, err)
	}
	if q := receive(t, "question", asked); q.V != camera.LinkVersion || !reflect.DeepEqual(q.Segments, three) {
		t.Errorf("hub was asked %v", q)
	}
	if r, err := l.Stored(t.Context(), three[:2]); err != nil || r.Err() != nil || r.Refused[1].Code != camera.CodeNotFound {
		t.Errorf("stored: %v %v", r, err)
	}
	if n := receive(t, "notice", told); n.V != camera.LinkVersion || !reflect.DeepEqual(n.Segments, three[:2]) {
		t.Errorf("hub was told %v", n)
	}
	for _, n := range []int{0, camera.SlotsMost + 1} {
		many := make([]camera.SegmentID, n)
		if _, err := l.Slots(t.Context(), many); camera.CodeOf(err) != camera.CodeTooLarge {
			t.Errorf("%d slots: %v", n, err)
		}
		if _, err := l.Stored(t.Context(), many); camera.CodeOf(err) != camera.CodeTooLarge {
			t.Errorf("%d notices: %v", n, err)
		}
	}
	if len(asked)+len(told) > 0 {
		t.Error("a question out of bounds was sent")
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
		{"another version", camera.AnnounceReply{V: 1}, camera.CodeBadVersion},
		{"no version", struct{}{}, camera.CodeBadVersion},
		{"not an object", "hello", camera.CodeBadRequest},
		{"wrong type inside", map[string]any{"v": camera.LinkVersion, "refused_segments": "x"}, camera.CodeBadRequest},
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
	if _, err := l.Slots(t.Context(), one); camera.CodeOf(err) != camera.CodeUnreachable {
		t.Errorf("without a connection: %v", err)
	}
	l, _, _ = started(t, link.Config{HubURL: hub.front.URL, Identity: id}, time.Now)
	until(t, "connected", l.Connected)
	hub.on(camera.VerbSlots, func([]byte) any { return nil })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := l.Slots(ctx, one); !errors.Is(err, context.DeadlineExceeded) {
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
	hub.on(camera.VerbSlots, nil)
	l := link.New(link.Config{HubURL: hub.front.URL, Identity: id, Log: quiet,
		Hello: func() camera.Hello { return camera.Hello{} }}, time.Now)
	link.SetPace(l, 500*time.Millisecond, time.Millisecond)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	until(t, "connected", l.Connected)
	_, err := l.Slots(t.Context(), one)
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
		return camera.HelloReply{V: camera.LinkVersion, Refused: map[camera.CameraID]camera.Refusal{gateCam: {Code: camera.CodeForeignCamera}}}
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
		return camera.HelloReply{V: camera.LinkVersion}
	})
	l, _, stop := started(t, link.Config{HubURL: hub.front.URL, Identity: id}, time.Now)
	for range 2 {
		receive(t, "hello", hellos)
		until(t, "connected", l.Connected)
		hub.stop()
		until(t, "disconnected", func() bool { return !l.Connected() })
		if _, err := l.Slots(t.Context(), one); camera.CodeOf(err) != camera.CodeUnreachable {
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
	hub.on(camera.VerbHello, func([]byte) any { hellos <- struct{}{}; return camera.HelloReply{V: camera.LinkVersion} })
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

func TestNoSecretsInLogs(t *testing.T) {
	l := link.New(link.Config{HubURL: "http://user:word@hub.example", Log: quiet}, time.Now)
	if err := l.Run(t.Context()); err == nil || strings.Contains(err.Error(), "word") {
		t.Errorf("address with a password: %v", err)
	}
}
