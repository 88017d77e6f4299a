package live_test

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/live"
)

type parting struct {
	viewer string
	cam    camera.CameraID
	cause  error
}

func partings(cfg *live.Config) chan parting {
	c := make(chan parting, 1000)
	cfg.Gone = func(viewer string, cam camera.CameraID, cause error) { c <- parting{viewer, cam, cause} }
	return c
}

func TestLastViewerStopsThePublisherAndTheNextStartsItAgain(t *testing.T) {
	a := newAgents()
	l := open(t, live.Config{Linger: 20 * time.Millisecond}, a)
	for range 3 {
		s := newSource(t, nil)
		a.start = onStart(t, func() *live.Live { return l }, s)
		one, two := watch(t, l, camA), watch(t, l, camA)
		stop := s.film(t)
		sameAsSent(t, one, s, 20)
		if err := l.Leave(one.id); err != nil {
			t.Fatal(err)
		}
		wantCode(t, l.Leave(one.id), camera.CodeNotFound)
		sameAsSent(t, two, s, 20) // still there
		if len(a.stopped) != 0 {
			t.Fatal("publisher was stopped while someone watches")
		}
		two.pc.Close() // a closed tab says no DELETE
		if got := wait(t, a.stopped, "StopLive"); got != camA {
			t.Fatalf("stopped %s", got)
		}
		stop()
		wait(t, a.started, "nothing")
		if len(a.started) != 0 {
			t.Fatal("publisher was started twice")
		}
	}
}

func TestViewersEndWithTheirPublisher(t *testing.T) {
	t.Run("killed", func(t *testing.T) {
		cfg := live.Config{Silence: time.Second}
		gone := partings(&cfg)
		a := newAgents()
		l := open(t, cfg, a)
		socket, own := ownSocket(t)
		s := newSource(t, own)
		a.start = onStart(t, func() *live.Live { return l }, s)
		w := watch(t, l, camA)
		stop := s.film(t)
		sameAsSent(t, w, s, 20)
		socket.Close() // not a word more
		ended(t, gone, w, "peer is silent")
		stop()
	})
	t.Run("closed", func(t *testing.T) {
		cfg := live.Config{}
		gone := partings(&cfg)
		a := newAgents()
		l := open(t, cfg, a)
		s := newSource(t, nil)
		a.start = onStart(t, func() *live.Live { return l }, s)
		w := watch(t, l, camA)
		s.film(t)
		wait(t, w.packets, "a packet")
		s.pc.Close()
		ended(t, gone, w, "peer left")
	})
	t.Run("unpublished", func(t *testing.T) {
		cfg := live.Config{}
		gone := partings(&cfg)
		a := newAgents()
		l := open(t, cfg, a)
		s := newSource(t, nil)
		a.start = onStart(t, func() *live.Live { return l }, s)
		w := watch(t, l, camA)
		s.film(t)
		wait(t, w.packets, "a packet")
		wantCode(t, l.Unpublish(camA, "another"), camera.CodeNotFound)
		wantCode(t, l.Unpublish(camB, s.id), camera.CodeNotFound)
		if err := l.Unpublish(camA, s.id); err != nil {
			t.Fatal(err)
		}
		ended(t, gone, w, "the agent stopped publishing")
	})
	t.Run("disconnected", func(t *testing.T) {
		cfg := live.Config{}
		gone := partings(&cfg)
		a := newAgents()
		l := open(t, cfg, a)
		s := newSource(t, nil)
		a.start = onStart(t, func() *live.Live { return l }, s)
		w := watch(t, l, camA)
		s.film(t)
		wait(t, w.packets, "a packet")
		l.Disconnect(camB, "not this one")
		l.Disconnect(camA, "paused")
		ended(t, gone, w, "live view ended: paused")
		wait(t, a.stopped, "StopLive")
	})
}

func ended(t *testing.T, gone chan parting, w *watcher, why string) {
	t.Helper()
	got := wait(t, gone, "the viewer's end")
	if got.viewer != w.id || got.cam != camA || got.cause == nil || got.cause.Error() != why {
		t.Fatalf("viewer %s of %s ended: %v, want %s: %s", got.viewer, got.cam, got.cause, w.id, why)
	}
	wait(t, w.closed, "the viewer's connection to close")
}

func TestDisconnectEndsThoseWhoWait(t *testing.T) {
	a := newAgents()
	a.start = func(context.Context, camera.CameraID, string, string) error { return nil } // and nobody comes
	l := open(t, live.Config{Patience: soon}, a)
	got := make(chan error, 1)
	w := newWatcher(t, nil)
	go func() { got <- w.view(t, l, camA) }()
	wait(t, a.started, "StartLive")
	l.Disconnect(camA, "withdrawn")
	wantCode(t, wait(t, got, "View"), camera.CodeUnavailable)
	wait(t, a.stopped, "StopLive")
}

func TestStartErrorsReachTheViewer(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		code camera.Code
	}{
		"no link":    {camera.Errorf(camera.CodeUnreachable, "no link"), camera.CodeUnreachable},
		"H.265":      {camera.Errorf(camera.CodeLiveCodec, "h265"), camera.CodeLiveCodec},
		"paused":     {camera.Errorf(camera.CodePaused, "paused"), camera.CodePaused},
		"plain":      {errors.New("broken"), camera.CodeInternal},
		"no answer":  {context.DeadlineExceeded, camera.CodeUnavailable},
		"never came": {nil, camera.CodeUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAgents()
			a.start = func(ctx context.Context, _ camera.CameraID, _, _ string) error {
				if errors.Is(test.err, context.DeadlineExceeded) {
					<-ctx.Done()
				}
				return test.err
			}
			l := open(t, live.Config{Patience: 50 * time.Millisecond}, a)
			wantCode(t, newWatcher(t, nil).view(t, l, camA), test.code)
			if test.err == nil {
				wait(t, a.stopped, "StopLive of an agent that was asked and did not come")
			}
			if n := l.Viewers(camA); n != 0 {
				t.Errorf("%d viewers left", n)
			}
		})
	}
}

// An agent that answers but never connects (no way through its firewall).
func TestPublisherThatNeverConnects(t *testing.T) {
	a := newAgents()
	l := open(t, live.Config{Patience: 300 * time.Millisecond}, a)
	s := newSource(t, nil)
	offer := offerOf(t, s.pc)
	a.start = func(ctx context.Context, cam camera.CameraID, _, token string) error {
		_, _, err := l.Publish(ctx, cam, token, offer)
		return err
	}
	wantCode(t, newWatcher(t, nil).view(t, l, camA), camera.CodeUnavailable)
	wait(t, a.stopped, "StopLive")
}

func TestTokens(t *testing.T) {
	a := newAgents()
	tokens := make(chan string, 10)
	a.start = func(_ context.Context, _ camera.CameraID, _, token string) error { tokens <- token; return nil }
	var ahead atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	l := openAt(t, live.Config{UDPAddr: "127.0.0.1:0", TCPAddr: "127.0.0.1:0", Patience: soon}, a, now)
	got := make(chan error, 2)
	w := newWatcher(t, nil)
	go func() { got <- w.view(t, l, camA) }()
	token := wait(t, tokens, "the token")
	if len(token) != 32 {
		t.Errorf("token of %d hex digits, want 128 bits", len(token))
	}
	s := newSource(t, nil)
	wantCode(t, s.publish(t, l, camA, "unknown"), camera.CodeForbidden)
	wantCode(t, newSource(t, nil).publish(t, l, camA, ""), camera.CodeForbidden)
	s = newSource(t, nil)
	if err := s.publish(t, l, camA, token); err != nil {
		t.Fatal(err)
	}
	wantCode(t, newSource(t, nil).publish(t, l, camA, token), camera.CodeForbidden) // used
	if err := wait(t, got, "View"); err != nil {
		t.Fatal(err)
	}

	x := newWatcher(t, nil)
	go func() { got <- x.view(t, l, camB) }()
	token = wait(t, tokens, "the token")
	wantCode(t, newSource(t, nil).publish(t, l, camA, token), camera.CodeForbidden) // of another camera
	wantCode(t, newSource(t, nil).publish(t, l, camB, token), camera.CodeForbidden) // and burnt by that
	l.Disconnect(camB, "next")
	wantCode(t, wait(t, got, "View"), camera.CodeUnavailable)

	y := newWatcher(t, nil)
	go func() { got <- y.view(t, l, camB) }()
	token = wait(t, tokens, "the token")
	ahead.Store(int64(15 * time.Second))
	wantCode(t, newSource(t, nil).publish(t, l, camB, token), camera.CodeForbidden) // too old
	l.Disconnect(camB, "done")
	wantCode(t, wait(t, got, "View"), camera.CodeUnavailable)
}

func TestJoiningAndLeavingLeaksNothing(t *testing.T) {
	a := newAgents()
	l := open(t, live.Config{MostViewers: 100, MostTotal: 100, Patience: 2 * time.Second}, a)
	s := newSource(t, nil)
	a.start = onStart(t, func() *live.Live { return l }, s)
	stay := watch(t, l, camA)
	s.film(t)
	sameAsSent(t, stay, s, 20)
	before := runtime.NumGoroutine()
	for i := range 50 {
		w := newWatcher(t, nil)
		if err := w.view(t, l, camA); err != nil {
			t.Fatal(err)
		}
		seen := i%2 == 0 // the other half leaves before it is connected, or about then
		if seen {
			wait(t, w.packets, "a packet")
		}
		if i%3 == 0 {
			w.pc.Close()
			continue
		}
		if err := l.Leave(w.id); err != nil {
			t.Fatal(err)
		}
		if seen {
			wait(t, w.closed, "the connection to close")
		}
		w.pc.Close()
	}
	drained(stay)
	wait(t, stay.packets, "more at the one who stayed")
	tick, late := time.NewTicker(20*time.Millisecond), time.After(soon)
	defer tick.Stop()
	for l.Viewers(camA) > 1 || runtime.NumGoroutine() > before+5 {
		select {
		case <-tick.C:
		case <-late:
			buf := make([]byte, 1<<20)
			t.Fatalf("%d viewers, %d goroutines, had %d:\n%s", l.Viewers(camA),
				runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
		}
	}
}

// drained forgets what a watcher has got up to now.
func drained(w *watcher) *watcher {
	for len(w.packets) > 0 {
		<-w.packets
	}
	return w
}
