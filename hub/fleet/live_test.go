package fleet_test

import (
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

func TestLive(t *testing.T) {
	h := start(t, newFacts(), fleet.Config{}, time.Now)
	a, _ := h.join(t)
	got := make(chan camera.LiveCommand, 10)
	answers := make(chan string, 10)
	if _, err := a.Subscribe(camera.DownSubject(a.id, camera.VerbLive), func(m *nats.Msg) {
		var cmd camera.LiveCommand
		if err := json.Unmarshal(m.Data, &cmd); err != nil {
			t.Errorf("read command: %v", err)
		}
		got <- cmd
		if err := m.Respond([]byte(<-answers)); err != nil {
			t.Errorf("answer: %v", err)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if err := a.Flush(); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name, answer string
		code         camera.Code
	}{
		{"agreed", `{"v":1}`, ""},
		{"refused", `{"v":1,"code":"live-codec","message":"H.265"}`, camera.CodeLiveCodec},
		{"paused", `{"v":1,"code":"paused","message":"a\nb"}`, camera.CodePaused},
		{"garbage", `{`, camera.CodeBadRequest},
		{"empty", ``, camera.CodeBadRequest},
		{"version", `{"v":9}`, camera.CodeBadVersion},
		{"bad code", `{"v":1,"code":"A B\n"}`, camera.CodeBadRequest},
		{"no code", `{"v":1,"message":"no"}`, camera.CodeBadRequest},
		{"long", `{"v":1,"code":"paused","message":"` + strings.Repeat("x", 100_000) + `"}`, camera.CodePaused},
	}
	for _, c := range cases {
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
		if err := late.Respond([]byte(`{"v":1}`)); err != nil {
			t.Fatal(err)
		}
	}
	if err := next(t, a.errs); !errors.Is(err, nats.ErrPermissionViolation) {
		t.Fatalf("second answer: %v", err)
	}
}
