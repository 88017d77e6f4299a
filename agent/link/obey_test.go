package link_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/link"
)

// command sends one of the hub's commands and reads the answer.
func command[Reply any](t *testing.T, hub *fakeHub, verb string, cmd any) Reply {
	t.Helper()
	body, err := json.Marshal(cmd)
	if err != nil {
		t.Fatal(err)
	}
	msg, err := hub.inside.Request(camera.DownSubject(hub.known, verb), body, patience)
	if err != nil {
		t.Fatal(err)
	}
	if ack := parsed[camera.Ack](t, msg.Data); ack.V != camera.LinkVersion {
		t.Fatalf("answer of version %d", ack.V)
	}
	return parsed[Reply](t, msg.Data)
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
	order := camera.LiveCommand{V: camera.LinkVersion, Camera: gateCam, Start: true, Path: "/whip", Token: "token-of-the-publication"}
	send := func(cmd any) camera.Ack { t.Helper(); return command[camera.Ack](t, hub, camera.VerbLive, cmd) }
	go func() { let <- struct{}{} }()
	if ack := send(order); ack.Code != camera.CodeLiveCodec || ack.Message != "not H.264" {
		t.Errorf("ack %v", ack)
	}
	if cmd := receive(t, "command", got); cmd != order {
		t.Errorf("command %v", cmd)
	}
	if ack := send(camera.LiveCommand{V: 9}); ack.Code != camera.CodeBadVersion {
		t.Errorf("another version: %v", ack)
	}
	if ack := send([]int{1}); ack.Code != camera.CodeBadRequest {
		t.Errorf("not a command: %v", ack)
	}
	body, _ := json.Marshal(order)
	for range 4 {
		if err := hub.inside.Publish(subject, body); err != nil {
			t.Fatal(err)
		}
	}
	for range 4 {
		receive(t, "command in hand", got)
	}
	if ack := send(order); ack.Code != camera.CodeTooMany {
		t.Errorf("a fifth at once: %v", ack)
	}
	stop() // ends the four
	if strings.Contains(logs.String(), order.Token) {
		t.Error("the token is in the log")
	}
}

func TestLook(t *testing.T) {
	id := identity(t)
	hub := newHub(t, id.Device())
	wants := []camera.Want{
		{Camera: gateCam, From: noon, To: noon.Add(time.Hour), Fetch: true},
		{Camera: gateCam, From: noon, To: noon}, // makes no sense, and does not cost the other its hold
		{Camera: gateCam, From: noon.Add(-time.Hour), To: noon},
	}
	hub.on(camera.VerbWants, func([]byte) any { return camera.WantsReply{V: camera.LinkVersion, Wants: wants} })
	var l *link.Link
	got := make(chan []camera.Want, 10)
	l, logs, _ := started(t, link.Config{HubURL: hub.front.URL, Identity: id, Look: func(ctx context.Context) camera.Ack {
		reply, err := l.Wants(ctx)
		got <- reply.Wants
		return camera.Ack{Refusal: camera.Refuse(err)}
	}}, time.Now)
	until(t, "connected", l.Connected)
	look := camera.LookCommand{V: camera.LinkVersion}
	if ack := command[camera.Ack](t, hub, camera.VerbLook, look); ack.Err() != nil {
		t.Errorf("look: %v", ack)
	}
	if w := receive(t, "wants", got); len(w) != 2 || w[0] != wants[0] || w[1] != wants[2] || !strings.Contains(logs.String(), "no sense") {
		t.Errorf("wants %v", w)
	}
	for name, bad := range map[string]any{
		"refused":  camera.WantsReply{V: camera.LinkVersion, Refusal: camera.Refusal{Code: camera.CodeInternal}},
		"too many": camera.WantsReply{V: camera.LinkVersion, Wants: make([]camera.Want, camera.WantsMost+1)},
		"version":  camera.WantsReply{V: 1},
	} {
		hub.on(camera.VerbWants, func([]byte) any { return bad })
		if ack := command[camera.Ack](t, hub, camera.VerbLook, look); ack.Err() == nil {
			t.Errorf("%s: taken for nothing is wanted", name)
		}
	}
	if ack := command[camera.Ack](t, hub, camera.VerbLook, camera.LookCommand{V: 1}); ack.Code != camera.CodeBadVersion {
		t.Errorf("another version: %v", ack)
	}
}

func TestStill(t *testing.T) {
	id := identity(t)
	hub := newHub(t, id.Device())
	picture := bytes.Repeat([]byte{7}, camera.StillLargest)
	got := make(chan camera.SegmentID, 20)
	let := make(chan struct{})
	l, _, stop := started(t, link.Config{HubURL: hub.front.URL, Identity: id,
		Still: func(ctx context.Context, cmd camera.StillCommand) camera.StillReply {
			got <- cmd.SegmentID
			switch cmd.Seq {
			case 0:
				return camera.StillReply{Data: picture}
			case 1:
				return camera.StillReply{Data: append(picture, 7)}
			case 2:
				return camera.StillReply{Refusal: camera.Refusal{Code: camera.CodeNotFound}}
			case 3: // what is refused may be long as well
				return camera.StillReply{Refusal: camera.Refusal{Code: camera.CodeNotFound, Message: strings.Repeat("x", camera.MessageLargest)}}
			}
			select {
			case <-let:
			case <-ctx.Done():
			}
			return camera.StillReply{}
		}}, time.Now)
	until(t, "connected", l.Connected)
	ask := func(seq uint32) camera.StillReply {
		t.Helper()
		return command[camera.StillReply](t, hub, camera.VerbStill, camera.StillCommand{V: camera.LinkVersion,
			SegmentID: camera.SegmentID{Camera: gateCam, Run: "00112233aabbccdd", Seq: seq}})
	}
	if r := ask(0); r.Err() != nil || !bytes.Equal(r.Data, picture) {
		t.Errorf("the largest picture: %v, %d bytes", r.Refusal, len(r.Data))
	}
	for seq, want := range map[uint32]camera.Code{1: camera.CodeTooLarge, 2: camera.CodeNotFound, 3: camera.CodeTooLarge} {
		if r := ask(seq); r.Code != want || len(r.Data) > 0 {
			t.Errorf("%d: %v, %d bytes", seq, r.Code, len(r.Data))
		}
	}
	for range 4 {
		receive(t, "still", got)
	}
	body, _ := json.Marshal(camera.StillCommand{V: camera.LinkVersion, SegmentID: camera.SegmentID{Camera: gateCam, Seq: 9}})
	for range 4 {
		if err := hub.inside.Publish(camera.DownSubject(id.Device(), camera.VerbStill), body); err != nil {
			t.Fatal(err)
		}
	}
	for range 4 {
		receive(t, "still in hand", got)
	}
	if r := ask(9); r.Code != camera.CodeTooMany {
		t.Errorf("a fifth at once: %v", r.Code)
	}
	// Another verb is not held up by these, and one that is not done here says so.
	if ack := command[camera.Ack](t, hub, camera.VerbLook, camera.LookCommand{V: camera.LinkVersion}); ack.Code != camera.CodeUnavailable {
		t.Errorf("look: %v", ack)
	}
	stop()
}

// TestGreeted: the hub's answer is handed on after each acknowledged hello, when
// requests may already be made, and not after a refused one.
func TestGreeted(t *testing.T) {
	id := identity(t)
	hub := newHub(t, id.Device())
	hub.on(camera.VerbWants, func([]byte) any { return camera.WantsReply{V: camera.LinkVersion} })
	replies := make(chan camera.HelloReply, 3)
	replies <- camera.HelloReply{V: camera.LinkVersion, Uplink: camera.UplinkSub}
	hub.on(camera.VerbHello, func([]byte) any { return <-replies })
	var l *link.Link
	got := make(chan camera.Uplink, 10)
	ready := make(chan struct{})
	l, logs, _ := started(t, link.Config{HubURL: hub.front.URL, Identity: id, Greeted: func(ctx context.Context, r camera.HelloReply) {
		<-ready
		if _, err := l.Wants(ctx); err != nil {
			t.Errorf("wants: %v", err)
		}
		got <- r.Uplink
	}}, time.Now)
	close(ready)
	if u := receive(t, "first", got); u != camera.UplinkSub {
		t.Errorf("uplink %q", u)
	}
	replies <- camera.HelloReply{V: camera.LinkVersion, Refusal: camera.Refusal{Code: camera.CodeInternal}}
	l.Refresh()
	until(t, "refused", func() bool { return strings.Contains(logs.String(), "hello not accepted") })
	replies <- camera.HelloReply{V: camera.LinkVersion, Uplink: camera.UplinkRequest}
	l.Refresh()
	if u := receive(t, "second", got); u != camera.UplinkRequest || len(got) > 0 {
		t.Errorf("uplink %q", u)
	}
}
