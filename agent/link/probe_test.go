package link_test

import (
	"math"
	"sync"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/link"
)

// uplink is a hub behind a line of a given speed: a clock that moves as messages
// come, and no other way.
type uplink struct {
	mu       sync.Mutex
	at       time.Time
	perSec   float64 // bytes per second, 0: nothing takes any time
	messages int
	noise    int
	largest  int
}

func (u *uplink) now() time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.at
}

func (u *uplink) take(t *testing.T, b []byte) any {
	p := parsed[camera.Probe](t, b)
	u.mu.Lock()
	defer u.mu.Unlock()
	u.messages++
	u.noise += len(p.Data)
	u.largest = max(u.largest, len(b))
	if u.perSec > 0 {
		u.at = u.at.Add(time.Duration(float64(len(b)) / u.perSec * float64(time.Second)))
	}
	return camera.Ack{V: camera.LinkVersion}
}

func TestProbe(t *testing.T) {
	id := identity(t)
	hub := newHub(t, id.Device())
	u := &uplink{at: noon}
	l, _, _ := started(t, link.Config{HubURL: hub.front.URL, Identity: id}, u.now)
	until(t, "connected", l.Connected)
	hub.on(camera.VerbProbe, func(b []byte) any { return u.take(t, b) })
	for _, c := range []struct {
		name   string
		perSec float64
		n      int
		longer time.Duration // than this it must not take, by the line's own clock
	}{
		{"a telephone", 6e3, 4 << 20, 10 * time.Second},
		{"ADSL", 64e3, 4 << 20, 6 * time.Second},
		{"fibre", 4e6, 4 << 20, 5 * time.Second},
		{"in the same house", 100e6, 64 << 20, time.Second},
		{"little is allowed", 1e6, 100 << 10, time.Second},
		{"next to nothing is", 1e6, 1000, time.Second},
	} {
		u.mu.Lock()
		u.at, u.perSec, u.messages, u.noise, u.largest = noon, c.perSec, 0, 0, 0
		u.mu.Unlock()
		rate, err := l.Probe(t.Context(), c.n)
		if err != nil || math.Abs(rate/c.perSec-1) > 0.05 {
			t.Errorf("%s: %.0f bytes/s, want %.0f: %v", c.name, rate, c.perSec, err)
		}
		u.mu.Lock()
		if u.messages > 8 || u.noise > min(c.n, 4<<20) || u.largest > camera.MessageLargest || u.at.Sub(noon) > c.longer {
			t.Errorf("%s: %d messages, %d bytes, one of %d, %v", c.name, u.messages, u.noise, u.largest, u.at.Sub(noon))
		}
		u.mu.Unlock()
	}
	u.mu.Lock()
	u.perSec = 0
	u.mu.Unlock()
	if rate, err := l.Probe(t.Context(), 1<<20); err != nil || rate <= 0 || math.IsInf(rate, 0) {
		t.Errorf("in no time: %v %v", rate, err)
	}
	for _, n := range []int{0, -1} {
		if _, err := l.Probe(t.Context(), n); camera.CodeOf(err) != camera.CodeBadRequest {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

func TestProbeRefused(t *testing.T) {
	id := identity(t)
	hub := newHub(t, id.Device())
	l, _, _ := started(t, link.Config{HubURL: hub.front.URL, Identity: id}, time.Now)
	until(t, "connected", l.Connected)
	begun, end := make(chan struct{}), make(chan struct{})
	hub.on(camera.VerbProbe, func([]byte) any {
		close(begun)
		<-end
		return camera.Ack{V: camera.LinkVersion, Refusal: camera.Refusal{Code: camera.CodeUnavailable}}
	})
	done := make(chan error, 1)
	go func() {
		_, err := l.Probe(t.Context(), 1<<20)
		done <- err
	}()
	receive(t, "the first", begun)
	if _, err := l.Probe(t.Context(), 1<<20); camera.CodeOf(err) != camera.CodeTooMany {
		t.Errorf("two at once: %v", err)
	}
	close(end)
	if err := receive(t, "end", done); camera.CodeOf(err) != camera.CodeUnavailable {
		t.Errorf("refused: %v", err)
	}
}
