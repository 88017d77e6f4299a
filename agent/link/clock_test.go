package link_test

import (
	"sync"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/link"
)

var noon = time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC)

func TestClock(t *testing.T) {
	const ms = time.Millisecond
	type probe struct {
		at, trip, offset time.Duration // offset: agent − hub; the hub reads the probe half way
	}
	cases := []struct {
		name   string
		probes []probe
		at     time.Duration
		want   camera.Clock
	}{
		{"never measured", nil, 0, camera.Clock{}},
		{"one", []probe{{0, 20 * ms, 30 * ms}}, 0, clockOf(true, 30*ms, 10*ms)},
		{"the best of several", []probe{{0, 200 * ms, 30 * ms}, {time.Second, 20 * ms, 31 * ms}, {2 * time.Second, 90 * ms, 40 * ms}},
			2 * time.Second, clockOf(true, 31*ms, 10*ms+500*time.Microsecond)},
		{"an hour ahead", []probe{{0, 20 * ms, time.Hour}}, 0, clockOf(false, time.Hour, 10*ms)},
		{"a year behind", []probe{{0, 20 * ms, -8760 * time.Hour}}, 0, clockOf(false, -8760*time.Hour, 10*ms)},
		{"a step drops what was measured before", []probe{{0, 2 * ms, 0}, {time.Minute, 80 * ms, 3 * time.Second}},
			time.Minute, clockOf(false, 3*time.Second, 40*ms)},
		{"age widens the bound", []probe{{0, 20 * ms, 0}}, 10 * time.Minute, clockOf(true, 0, 310*ms)},
		{"too old", []probe{{0, 20 * ms, 0}}, time.Hour, clockOf(false, 0, 1810*ms)},
		{"slow link", []probe{{0, 3 * time.Second, 0}}, 0, clockOf(false, 0, 1500*ms)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var o link.Offsets
			for _, p := range c.probes {
				received := noon.Add(p.at)
				sent := received.Add(-p.trip)
				o.Measure(sent, received, sent.Add(p.trip/2).Add(-p.offset))
			}
			got := o.At(noon.Add(c.at))
			if d := time.Duration(got.Bound - c.want.Bound).Abs(); d > ms {
				t.Errorf("bound %v, want %v", time.Duration(got.Bound), time.Duration(c.want.Bound))
			}
			got.Bound = c.want.Bound
			if got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func clockOf(sync bool, offset, bound time.Duration) camera.Clock {
	return camera.Clock{Synchronised: sync, Offset: camera.Millis(offset), Bound: camera.Millis(bound)}
}

func TestClockKeepsTen(t *testing.T) {
	var o link.Offsets
	for i := range 12 {
		at := noon.Add(time.Duration(i) * time.Minute)
		if !o.Measure(at, at.Add(time.Millisecond), at) {
			t.Fatal("refused")
		}
	}
	if o.Kept() != 10 {
		t.Errorf("%d measurements kept", o.Kept())
	}
	if o.Measure(noon.Add(time.Second), noon, noon) {
		t.Error("an answer before the question was accepted")
	}
	if o.Measure(noon, noon, time.Time{}) {
		t.Error("an answer without a time was accepted")
	}
}

// TestClockBoundHolds: wherever within the round trip the hub read the probe, the
// true offset lies within the bound.
func TestClockBoundHolds(t *testing.T) {
	const trip, offset = 400 * time.Millisecond, 250 * time.Millisecond
	for part := time.Duration(0); part <= trip; part += 50 * time.Millisecond {
		var o link.Offsets
		o.Measure(noon, noon.Add(trip), noon.Add(part).Add(-offset))
		c := o.At(noon.Add(trip))
		if d := (time.Duration(c.Offset) - offset).Abs(); d > time.Duration(c.Bound) {
			t.Errorf("read after %v: off by %v, bound %v", part, d, time.Duration(c.Bound))
		}
	}
}

// TestClockOverTheLink uses injected clocks that are an hour and a bit apart.
func TestClockOverTheLink(t *testing.T) {
	id := identity(t)
	hub := newHub(t, id.Device())
	var mu sync.Mutex
	agent := noon.Add(time.Hour)
	now := func() time.Time { // each look takes 10 ms
		mu.Lock()
		defer mu.Unlock()
		agent = agent.Add(10 * time.Millisecond)
		return agent
	}
	hub.on(camera.VerbClock, func([]byte) any {
		mu.Lock()
		defer mu.Unlock()
		return camera.ClockReply{V: camera.LinkVersion, Hub: agent.Add(-time.Hour)}
	})
	l, _, _ := started(t, link.Config{HubURL: hub.front.URL, Identity: id}, now)
	until(t, "measured", func() bool { return l.Clock() != camera.Clock{} })
	c := l.Clock()
	if off := (time.Duration(c.Offset) - time.Hour).Abs(); off > time.Duration(c.Bound) || c.Synchronised {
		t.Errorf("clock %v", c)
	}
}
