package registry_test

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/registry"
)

// health is what the hub keeps of the one device.
func (h *hub) health(t *testing.T) *registry.Health {
	t.Helper()
	list, err := h.Households(t.Context())
	if err != nil || len(list) != 1 || len(list[0].Devices) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	return list[0].Devices[0].Health
}

func celsius(c float64) *float64 { return &c }

func TestHealthOfABox(t *testing.T) {
	h := open(t)
	d := h.device(t, h.household(t))
	if got := h.health(t); got != nil {
		t.Errorf("before the first status: %+v", got)
	}
	set := func(m camera.Status) {
		t.Helper()
		m.V = camera.LinkVersion
		if err := h.SetStatus(t.Context(), d, m); err != nil {
			t.Fatal(err)
		}
	}
	clock := camera.Clock{Synchronised: true, Offset: camera.Millis(-3 * time.Millisecond), Bound: camera.Millis(5 * time.Millisecond)}
	set(camera.Status{
		Spool:  camera.SpoolStatus{Used: 3 << 40, Most: 4 << 40, Held: 1 << 30, Waiting: 7, Days: 12.5},
		Uplink: camera.UplinkStatus{Rate: 100_000, Budget: 250_000}, Clock: clock, Temperature: celsius(61.5),
	})
	wanted := &registry.Health{
		SpoolUsed: 3 << 40, SpoolMost: 4 << 40, SpoolHeld: 1 << 30, SpoolDays: 12.5, Waiting: 7,
		UplinkRate: 100_000, UplinkBudget: 250_000, Temperature: celsius(61.5), Clock: clock,
	}
	if got := h.health(t); !reflect.DeepEqual(got, wanted) {
		t.Errorf("%+v, want %+v", got, wanted)
	}
	set(camera.Status{})
	if got := h.health(t); !reflect.DeepEqual(got, &registry.Health{}) {
		t.Errorf("a status that tells nothing: %+v", got)
	}
}

// TestHealthOfALiar: a number that cannot be is dropped by itself; the status
// counts, and what is kept can be sent on as JSON and reckoned with.
func TestHealthOfALiar(t *testing.T) {
	h := open(t)
	home := h.household(t)
	d := h.device(t, home)
	h.hello(t, d, note(home, 1))
	const decade = 10 * 365 * 24 * time.Hour
	nothing := camera.Clock{Bound: camera.Millis(decade)}
	off := nothing
	off.Offset = camera.Millis(-decade)
	for i, c := range []struct {
		temperature, days    float64
		used, rate           int64
		waiting              int
		clock, keptClock     camera.Clock
		keptUsed, keptRate   int64
		keptTemperature      *float64
		keptDays             float64
		keptWaiting          int64
		since, verified      time.Time
		keptSince, keptCheck time.Time
	}{
		{temperature: math.NaN(), days: math.NaN(), used: -1, rate: math.MinInt64, waiting: -1, clock: camera.Clock{Bound: -1 << 63}, keptClock: nothing},
		{temperature: math.Inf(1), days: math.Inf(1), used: math.MaxInt64, rate: math.MaxInt64, waiting: math.MaxInt, clock: camera.Clock{Synchronised: true, Offset: -1 << 63}, keptClock: off},
		{temperature: math.Inf(-1), days: math.Inf(-1), clock: camera.Clock{Offset: 1<<63 - 1, Bound: 1<<63 - 1}, keptClock: camera.Clock{Offset: camera.Millis(decade), Bound: camera.Millis(decade)}},
		{temperature: 1e308, days: 1e308, used: 5, rate: 6, waiting: 7, keptUsed: 5, keptRate: 6, keptWaiting: 7},
		{temperature: -40, days: 0.25, keptTemperature: celsius(-40), keptDays: 0.25, clock: camera.Clock{Offset: 1}},
	} {
		now := h.wait(time.Hour)
		err := h.SetStatus(t.Context(), d, camera.Status{
			V: camera.LinkVersion, At: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), Temperature: &c.temperature, Clock: c.clock,
			Spool:   camera.SpoolStatus{Used: c.used, Most: c.used, Held: c.used, Waiting: c.waiting, Days: c.days},
			Uplink:  camera.UplinkStatus{Rate: c.rate, Budget: c.rate},
			Cameras: []camera.CameraStatus{{Camera: note(home, 1).Camera, State: camera.StateRecording, Since: time.Time{}.AddDate(-1, 0, 0)}},
		})
		if err != nil {
			t.Errorf("status %d: %v", i, err)
		}
		wanted := &registry.Health{
			SpoolUsed: c.keptUsed, SpoolMost: c.keptUsed, SpoolHeld: c.keptUsed, SpoolDays: c.keptDays, Waiting: c.keptWaiting,
			UplinkRate: c.keptRate, UplinkBudget: c.keptRate, Temperature: c.keptTemperature, Clock: c.keptClock,
		}
		got := h.health(t)
		if !reflect.DeepEqual(got, wanted) {
			t.Errorf("status %d: %+v, want %+v", i, got, wanted)
		}
		cam, err := h.Camera(t.Context(), note(home, 1).Camera)
		if err != nil || cam.State != camera.StateRecording || cam.Since != now {
			t.Errorf("status %d: camera %+v, %v", i, cam, err)
		}
		if _, err := json.Marshal([]any{got, cam}); err != nil {
			t.Errorf("status %d: %v", i, err)
		}
	}
}

func TestVerifiedAndUplink(t *testing.T) {
	h := open(t)
	home := h.household(t)
	d, other := h.device(t, home), h.device(t, home)
	h.hello(t, d, note(home, 1))
	h.hello(t, other, note(home, 2))
	mine := note(home, 1).Camera
	now := h.wait(time.Hour)
	check := func(what string, id camera.CameraID, verified time.Time, uplink camera.Uplink) {
		t.Helper()
		if c, err := h.Camera(t.Context(), id); err != nil || c.Verified != verified || c.Uplink != uplink {
			t.Errorf("%s: verified %v, uplink %q, %v, want %v and %q", what, c.Verified, c.Uplink, err, verified, uplink)
		}
	}
	check("before the first status", mine, time.Time{}, "")
	for _, c := range []struct {
		what         string
		told         time.Time
		uplink       camera.Uplink
		verified     time.Time
		uplinkWanted camera.Uplink
	}{
		{"first", now.Add(-10 * time.Second), camera.UplinkSub, now.Add(-10 * time.Second), camera.UplinkSub},
		{"newer", now.Add(-4 * time.Second), camera.UplinkRequest, now.Add(-4 * time.Second), camera.UplinkRequest},
		{"none since the agent began", time.Time{}, "", now.Add(-4 * time.Second), camera.UplinkRequest},
		{"next week", now.AddDate(0, 0, 7), "everything", now.Add(-4 * time.Second), camera.UplinkRequest},
		{"long ago", time.Time{}.AddDate(-300, 0, 0), camera.UplinkAll, now.Add(-4 * time.Second), camera.UplinkAll},
		{"by a clock that is a little ahead", now.Add(300 * time.Millisecond), "", now, camera.UplinkAll},
	} {
		s := camera.CameraStatus{Camera: mine, State: camera.StateRecording, Verified: c.told, Uplink: c.uplink}
		foreign := s
		foreign.Camera = note(home, 2).Camera
		err := h.SetStatus(t.Context(), d, camera.Status{V: camera.LinkVersion, Cameras: []camera.CameraStatus{s, foreign}})
		want(t, c.what, err, camera.CodeForeignCamera)
		check(c.what, mine, c.verified, c.uplinkWanted)
		check(c.what+", the other device's", foreign.Camera, time.Time{}, "")
	}
	h.hello(t, d, note(home, 1)) // told again
	check("after another hello", mine, now, camera.UplinkAll)
	if err := h.Revoke(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	h.hello(t, other, note(home, 1))
	check("of the box that came after", mine, time.Time{}, "")
}
