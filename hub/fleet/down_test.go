package fleet_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/fleet"
)

// listen answers a verb as a device.
func listen(t *testing.T, a *agent, verb string, answer func([]byte) []byte) {
	t.Helper()
	if _, err := a.Subscribe(camera.DownSubject(a.id, verb), func(m *nats.Msg) {
		if err := m.Respond(answer(m.Data)); err != nil {
			t.Errorf("answer: %v", err)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if err := a.Flush(); err != nil {
		t.Fatal(err)
	}
}

// acks are plain answers of a device and what the hub makes of them.
var acks = []struct {
	name, answer string
	code         camera.Code
}{
	{"agreed", `{"v":2}`, ""},
	{"refused", `{"v":2,"code":"live-codec","message":"H.265"}`, camera.CodeLiveCodec},
	{"paused", `{"v":2,"code":"paused","message":"a\nb"}`, camera.CodePaused},
	{"garbage", `{`, camera.CodeBadRequest},
	{"empty", ``, camera.CodeBadRequest},
	{"version", `{"v":9}`, camera.CodeBadVersion},
	{"bad code", `{"v":2,"code":"A B\n"}`, camera.CodeBadRequest},
	{"no code", `{"v":2,"message":"no"}`, camera.CodeBadRequest},
	{"long", `{"v":2,"code":"paused","message":"` + strings.Repeat("x", 100_000) + `"}`, camera.CodePaused},
}

func TestLive(t *testing.T) {
	h := start(t, newFacts(), fleet.Config{}, time.Now)
	a, _ := h.join(t)
	got := make(chan camera.LiveCommand, 10)
	answers := make(chan string, 10)
	listen(t, a, camera.VerbLive, func(payload []byte) []byte {
		var cmd camera.LiveCommand
		if err := json.Unmarshal(payload, &cmd); err != nil {
			t.Errorf("read command: %v", err)
		}
		got <- cmd
		return []byte(<-answers)
	})
	for _, c := range acks {
		t.Run(c.name, func(t *testing.T) {
			answers <- c.answer
			cmd := camera.LiveCommand{Camera: segment.Camera, Start: true, Path: "/whip", Token: "token"}
			err := h.Live(t.Context(), a.id, cmd)
			if camera.CodeOf(err) != c.code {
				t.Fatalf("%v, want %q", err, c.code)
			}
			if err != nil && (len(err.Error()) > 400 || strings.Contains(err.Error(), "\n")) {
				t.Fatalf("an error of %d bytes: %.80s", len(err.Error()), err)
			}
			cmd.V = camera.LinkVersion
			if sent := next(t, got); sent != cmd {
				t.Fatalf("sent %+v", sent)
			}
		})
	}
	if strings.Contains(h.log.String(), "token") {
		t.Fatal("the token is in the log")
	}
}

func TestLook(t *testing.T) {
	h := start(t, newFacts(), fleet.Config{}, time.Now)
	a, _ := h.join(t)
	answers := make(chan string, 1)
	listen(t, a, camera.VerbLook, func(payload []byte) []byte {
		if string(payload) != `{"v":2}` {
			t.Errorf("asked %s", payload)
		}
		return []byte(<-answers)
	})
	for _, c := range acks {
		answers <- c.answer
		if err := h.Look(t.Context(), a.id); camera.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want %q", c.name, err, c.code)
		}
	}
}

func TestStill(t *testing.T) {
	h := start(t, newFacts(), fleet.Config{}, time.Now)
	a, _ := h.join(t)
	answers := make(chan []byte, 1)
	listen(t, a, camera.VerbStill, func(payload []byte) []byte {
		var cmd camera.StillCommand
		if err := json.Unmarshal(payload, &cmd); err != nil || cmd != (camera.StillCommand{V: camera.LinkVersion, SegmentID: segment, Purpose: camera.PurposeMissing}) {
			t.Errorf("asked %s", payload)
		}
		return <-answers
	})
	picture := func(size int) string {
		text, err := json.Marshal(camera.StillReply{V: camera.LinkVersion, Data: bytes.Repeat([]byte{7}, size)})
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for _, c := range []struct {
		name, answer string
		code         camera.Code
		size         int
	}{
		{"one byte", picture(1), "", 1},
		{"largest", picture(camera.StillLargest), "", camera.StillLargest},
		{"larger", picture(camera.StillLargest + 1), camera.CodeTooLarge, 0},
		{"gone", `{"v":2,"code":"not-found","message":"overwritten"}`, camera.CodeNotFound, 0},
		{"nothing", `{"v":2}`, camera.CodeBadRequest, 0},
		{"both", `{"v":2,"code":"paused","data":"AAAA"}`, camera.CodeBadRequest, 0},
		{"picture and words", `{"v":2,"message":"here","data":"AAAA"}`, camera.CodeBadRequest, 0},
		{"no base64", `{"v":2,"data":"/"}`, camera.CodeBadRequest, 0},
		{"bad code", `{"v":2,"code":"A B\n"}`, camera.CodeBadRequest, 0},
		{"version", `{"v":1,"data":"AAAA"}`, camera.CodeBadVersion, 0},
		{"garbage", `{`, camera.CodeBadRequest, 0},
	} {
		answers <- []byte(c.answer)
		data, err := h.Still(t.Context(), a.id, segment, camera.PurposeMissing)
		if camera.CodeOf(err) != c.code || !bytes.Equal(data, bytes.Repeat([]byte{7}, c.size)) {
			t.Errorf("%s: %d bytes, %v, want %d and %q", c.name, len(data), err, c.size, c.code)
		}
	}
}

// TestCommandsUnreachable: nobody waits for a device without a link.
func TestCommandsUnreachable(t *testing.T) {
	h := start(t, newFacts(), fleet.Config{}, time.Now)
	_, nobody := newKey(t)
	deaf, _ := h.join(t)
	for name, id := range map[string]camera.DeviceID{"not linked": nobody, "linked and deaf": deaf.id} {
		if err := h.Look(t.Context(), id); camera.CodeOf(err) != camera.CodeUnreachable {
			t.Errorf("look, %s: %v", name, err)
		}
		if data, err := h.Still(t.Context(), id, segment, camera.PurposeCriminal); camera.CodeOf(err) != camera.CodeUnreachable || data != nil {
			t.Errorf("still, %s: %v", name, err)
		}
	}
}

func TestLiveUnreachable(t *testing.T) {
	h := start(t, newFacts(), fleet.Config{}, time.Now)
	_, nobody := newKey(t)
	if err := h.Live(t.Context(), nobody, camera.LiveCommand{}); camera.CodeOf(err) != camera.CodeUnreachable {
		t.Fatalf("not linked: %v", err)
	}
	a, _ := h.join(t)
	if err := h.Live(t.Context(), a.id, camera.LiveCommand{}); camera.CodeOf(err) != camera.CodeUnreachable {
		t.Fatalf("linked and deaf: %v", err)
	}
	asked := make(chan *nats.Msg, 1)
	if _, err := a.ChanSubscribe(camera.DownSubject(a.id, ">"), asked); err != nil {
		t.Fatal(err)
	}
	if err := a.Flush(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.Live(ctx, a.id, camera.LiveCommand{}) }()
	late := next(t, asked)
	cancel()
	if err := next(t, done); !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled: %v", err)
	}
	// One answer is allowed, late or not; a second one is not.
	for range 2 {
		if err := late.Respond([]byte(`{"v":2}`)); err != nil {
			t.Fatal(err)
		}
	}
	if err := next(t, a.errs); !errors.Is(err, nats.ErrPermissionViolation) {
		t.Fatalf("second answer: %v", err)
	}
}

func FuzzAnswers(f *testing.F) {
	for _, c := range acks {
		f.Add([]byte(c.answer))
	}
	f.Add([]byte(`{"v":2,"data":"AAAA"}`))
	f.Add([]byte(`{"v":2,"code":"not-found","data":null}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		data, err := fleet.ReadStill(payload)
		if (len(data) == 0) == (err == nil) || len(data) > camera.StillLargest {
			t.Fatalf("%d bytes and %v", len(data), err)
		}
		for _, err := range []error{err, fleet.ReadAck(payload)} {
			if err != nil && (len(err.Error()) > 1200 || strings.Contains(err.Error(), "\n")) {
				t.Fatalf("an error of %d bytes: %.80q", len(err.Error()), err)
			}
		}
	})
}
