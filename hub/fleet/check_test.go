package fleet_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/fleet"
)

// healthy is the status of a box with nothing wrong.
func healthy() camera.Status {
	degrees := 61.5
	return camera.Status{
		V: camera.LinkVersion, At: time.Now().UTC().Truncate(time.Millisecond),
		Cameras: []camera.CameraStatus{{
			Camera: segment.Camera, State: camera.StateRecording, Since: time.UnixMilli(1_700_000_000_000).UTC(), Codec: "h264",
			Verified: time.UnixMilli(1_700_000_006_000).UTC(), Uplink: camera.UplinkSub,
		}},
		Spool:  camera.SpoolStatus{Used: 5 << 30, Most: 64 << 30, Held: 1 << 30, Waiting: 12, Days: 9.5},
		Uplink: camera.UplinkStatus{Rate: 250_000, Budget: 500_000},
		Clock:  camera.Clock{Synchronised: true, Offset: camera.Millis(-3 * time.Millisecond), Bound: camera.Millis(9 * time.Millisecond)}, Temperature: &degrees,
	}
}

func TestStatusBounds(t *testing.T) {
	hot, broken, mad := 120.0, -127_000.0, 1e300
	beyond := time.Date(9999, 12, 31, 23, 59, 59, 0, time.FixedZone("", -3600)) // JSON takes it in its own zone, and not in UTC
	for name, c := range map[string]struct {
		change func(*camera.Status)
		ok     bool
	}{
		"healthy":           {func(*camera.Status) {}, true},
		"nothing known":     {func(s *camera.Status) { *s = camera.Status{V: camera.LinkVersion} }, true},
		"hot":               {func(s *camera.Status) { s.Temperature = &hot }, true},
		"broken sensor":     {func(s *camera.Status) { s.Temperature = &broken }, true},
		"a box without RTC": {func(s *camera.Status) { s.Clock = camera.Clock{Offset: camera.Millis(-56 * 366 * 24 * time.Hour)} }, true},
		"over its limit":    {func(s *camera.Status) { s.Spool.Used = s.Spool.Most + 1 }, true},
		"mad temperature":   {func(s *camera.Status) { s.Temperature = &mad }, false},
		"negative used":     {func(s *camera.Status) { s.Spool.Used = -1 }, false},
		"huge disk":         {func(s *camera.Status) { s.Spool.Most = 1 << 60 }, false},
		"negative held":     {func(s *camera.Status) { s.Spool.Held = -1 }, false},
		"negative waiting":  {func(s *camera.Status) { s.Spool.Waiting = -1 }, false},
		"waiting for ever":  {func(s *camera.Status) { s.Spool.Waiting = 1 << 40 }, false},
		"negative days":     {func(s *camera.Status) { s.Spool.Days = -0.5 }, false},
		"endless days":      {func(s *camera.Status) { s.Spool.Days = 1e300 }, false},
		"negative rate":     {func(s *camera.Status) { s.Uplink.Rate = -1 }, false},
		"huge rate":         {func(s *camera.Status) { s.Uplink.Rate = 1 << 62 }, false},
		"negative budget":   {func(s *camera.Status) { s.Uplink.Budget = -1 }, false},
		"negative bound":    {func(s *camera.Status) { s.Clock.Bound = -camera.Millis(time.Millisecond) }, false},
		"endless bound":     {func(s *camera.Status) { s.Clock.Bound = 1<<63 - 1 }, false},
		"endless offset":    {func(s *camera.Status) { s.Clock.Offset = -1 << 63 }, false},
		"uplink class":      {func(s *camera.Status) { s.Cameras[0].Uplink = "most" }, false},
		"long codec":        {func(s *camera.Status) { s.Cameras[0].Codec = strings.Repeat("h", 201) }, false},
		"verified beyond":   {func(s *camera.Status) { s.Cameras[0].Verified = beyond }, false},
		"since beyond":      {func(s *camera.Status) { s.Cameras[0].Since = beyond }, false},
		"before the epoch":  {func(s *camera.Status) { s.At = time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC) }, false},
	} {
		m := healthy()
		c.change(&m)
		payload, err := json.Marshal(m)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		_, err = fleet.Decode(camera.VerbStatus, payload)
		if want := camera.CodeBadRequest; !c.ok && camera.CodeOf(err) != want || c.ok && err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestStatusReachesTheHub: everything that a box tells of itself comes through.
func TestStatusReachesTheHub(t *testing.T) {
	h := start(t, newFacts(), fleet.Config{}, time.Now)
	a, _ := h.join(t)
	m := healthy()
	if r := ask[camera.Ack](t, a, camera.VerbStatus, m); r.Code != "" {
		t.Fatalf("%+v", r)
	}
	got := next(t, h.facts.calls).m.(camera.Status)
	if *got.Temperature != *m.Temperature || got.Spool != m.Spool || got.Uplink != m.Uplink || got.Clock != m.Clock || got.Cameras[0] != m.Cameras[0] || !got.At.Equal(m.At) {
		t.Fatalf("got %+v\nwant %+v", got, m)
	}
}
