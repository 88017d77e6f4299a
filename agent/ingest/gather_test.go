package ingest_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"xulang.vn/camera/agent/ingest"
	"xulang.vn/camera/agent/media"
)

// pair is a TCP connection: our end gathers, the other one is the camera's.
func pair(t *testing.T, every time.Duration, live func() bool, now func() time.Time) (ingest.Gatherer, net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ours, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	return ingest.NewGatherer(ours, every, live, now), theirs
}

func read(t *testing.T, r io.Reader, n int) []byte {
	t.Helper()
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestGathererLosesNothing(t *testing.T) {
	sent := make([]byte, 3<<20)
	rand.Read(sent)
	for _, every := range []time.Duration{-1, time.Millisecond, 7 * time.Millisecond} {
		g, camera := pair(t, every, nil, time.Now)
		g.Play()
		var wait sync.WaitGroup
		wait.Go(func() {
			for rest := sent; len(rest) > 0; {
				n := min(len(rest), 1+int(rest[0])*int(rest[len(rest)/2])) // packets and bursts
				if _, err := camera.Write(rest[:n]); err != nil {
					t.Error(err)
					return
				}
				rest = rest[n:]
			}
			camera.Close()
		})
		got, err := io.ReadAll(g)
		if err != nil || !bytes.Equal(got, sent) {
			t.Errorf("every %s: %d bytes of %d, %v", every, len(got), len(sent), err)
		}
		wait.Wait()
	}
}

// TestGathererWaitsForNothingElse uses an hour: only what must not wait comes.
func TestGathererWaitsForNothingElse(t *testing.T) {
	t.Run("handshake", func(t *testing.T) {
		g, camera := pair(t, time.Hour, nil, time.Now)
		for range 3 {
			camera.Write([]byte("hello"))
			read(t, g, 5)
		}
	})
	t.Run("somebody watches", func(t *testing.T) {
		g, camera := pair(t, time.Hour, func() bool { return true }, time.Now)
		g.Play()
		for range 3 {
			camera.Write([]byte("hello"))
			read(t, g, 5)
		}
	})
	for name, wake := range map[string]func(ingest.Gatherer){
		"close":             func(g ingest.Gatherer) { g.Close() },
		"deadline moved":    func(g ingest.Gatherer) { g.SetReadDeadline(time.Now()) },
		"both were moved":   func(g ingest.Gatherer) { g.SetDeadline(time.Now()) },
		"deadline in a bit": func(g ingest.Gatherer) { g.SetReadDeadline(time.Now().Add(30 * time.Millisecond)) },
	} {
		t.Run(name, func(t *testing.T) {
			g, camera := pair(t, time.Hour, nil, time.Now)
			camera.Write([]byte("hello"))
			read(t, g, 5)
			g.Play()
			failed := make(chan error, 1)
			go func() {
				_, err := g.Read(make([]byte, 5))
				failed <- err
			}()
			wake(g)
			if err := <-failed; !errors.Is(err, net.ErrClosed) && !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("the read ended with %v", err)
			}
		})
	}
}

// TestGathererTurnsToLive: when a view begins, reading is no longer put off.
func TestGathererTurnsToLive(t *testing.T) {
	var live atomic.Bool
	g, camera := pair(t, 5*time.Millisecond, live.Load, time.Now)
	g.Play()
	for n := range 40 {
		live.Store(n/10%2 == 1)
		camera.Write([]byte{byte(n)})
		if got := read(t, g, 1); got[0] != byte(n) {
			t.Fatalf("byte %d is %d", n, got[0])
		}
	}
}

func TestGathererTellsWhenItRead(t *testing.T) {
	var tick atomic.Int64
	g, camera := pair(t, time.Millisecond, nil, func() time.Time { return noon.Add(time.Duration(tick.Load()) * time.Hour) })
	g.Play()
	for n := range int64(3) {
		tick.Store(n)
		camera.Write([]byte("ab"))
		for range 2 {
			read(t, g, 1)
			if want := noon.Add(time.Duration(n) * time.Hour); !g.At().Equal(want) {
				t.Errorf("read at %s, want %s", g.At(), want)
			}
		}
	}
}

// TestHandshakeIsNotDelayed goes through the whole room.
func TestHandshakeIsNotDelayed(t *testing.T) {
	f := start(t, "", video264())
	f.roll(t.Context(), media.H264, nil)
	cfg := config(f)
	cfg.Gather = time.Hour
	r := pull(t, cfg, nil)
	eventually(t, "the camera plays", func() bool { return f.count("play") == 1 })
	r.stop() // and ends at once
	cfg.Live = func() bool { return true }
	r = pull(t, cfg, nil)
	r.until(t, "video while somebody watches", func(es []event) bool { return len(units(es)) > 10 })
}

// eventually looks every few milliseconds, for half a minute.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	late := time.After(30 * time.Second)
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for !holds() {
		select {
		case <-look.C:
		case <-late:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
