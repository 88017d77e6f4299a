package registry_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
)

// TestViewsFrom: since when a camera looks there is the household's word, within
// bounds. Hours are counted from the camera's registration.
func TestViewsFrom(t *testing.T) {
	const never = -1 << 30 // no time told
	longest := -int(camera.PastLongest / time.Hour)
	type tell struct {
		now, from int // when it is said, and since when
	}
	for name, c := range map[string]struct {
		told []tell // the n-th with heading n
		want string // views as from-to:heading
	}{
		"nothing told":             {[]tell{{0, never}}, "0-:0"},
		"a month ago":              {[]tell{{0, -720}}, "-720-:0"},
		"longer than any recorder": {[]tell{{0, 2 * longest}}, fmt.Sprintf("%d-:0", longest)},
		"tomorrow":                 {[]tell{{0, 24}}, "0-:0"},
		"turned an hour ago":       {[]tell{{0, -720}, {10, 9}}, "-720-9:0, 9-:1"},
		"turned, nothing told":     {[]tell{{0, -720}, {10, never}}, "-720-10:0, 10-:1"},
		"turned tomorrow":          {[]tell{{0, -720}, {10, 34}}, "-720-10:0, 10-:1"},
		"before the one before":    {[]tell{{0, -720}, {10, -900}}, "-720-:1"},
		"into the one before":      {[]tell{{0, -720}, {10, 9}, {20, 3}}, "-720-9:0, 9-:2"},
		"three after each other":   {[]tell{{0, never}, {10, 9}, {20, 12}}, "0-9:0, 9-12:1, 12-:2"},
	} {
		h := open(t)
		home := h.household(t)
		d := h.device(t, home)
		for i, s := range c.told {
			h.wait(start.Add(time.Duration(s.now) * time.Hour).Sub(h.now()))
			n := note(home, 1)
			n.View.Heading = float64(i)
			if s.from != never {
				n.View.From = start.Add(time.Duration(s.from) * time.Hour)
			}
			h.hello(t, d, n)
			h.hello(t, d, n) // told again, it is the same view
		}
		views, err := h.Views(t.Context(), note(home, 1).Camera)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, v := range views[note(home, 1).Camera] {
			to := ""
			if !v.To.IsZero() {
				to = fmt.Sprint(v.To.Sub(start).Hours())
			}
			got = append(got, fmt.Sprintf("%v-%s:%v", v.From.Sub(start).Hours(), to, v.Heading))
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%s: %s, want %s", name, s, c.want)
		}
	}
}

// TestBackdatedTurnsHaveAnEnd: telling of the past is no way round the limit.
func TestBackdatedTurnsHaveAnEnd(t *testing.T) {
	h := open(t)
	home := h.household(t)
	d := h.device(t, home)
	n := note(home, 1)
	n.View.From = start.Add(-90 * 24 * time.Hour)
	h.hello(t, d, n)
	refused := 0
	for i := range 120 {
		n.View.Heading, n.View.From = float64(i), n.View.From.Add(time.Second)
		reply, err := h.Hello(t.Context(), d, hello(n))
		if err != nil {
			t.Fatal(err)
		}
		refused += len(reply.Refused)
	}
	if refused != 21 {
		t.Errorf("%d of 120 turns refused, want 21", refused)
	}
}

func TestConsentRoundTrip(t *testing.T) {
	h := open(t)
	home := h.household(t)
	d := h.device(t, home)
	for _, c := range []camera.Consent{
		{Level: camera.ConsentLive, For: camera.Levels{Administrative: camera.ConsentAsk, Missing: camera.ConsentLive}, Hours: camera.Hours{From: 1320, To: 300}, Until: start.AddDate(0, 3, 0)},
		{Level: camera.ConsentClip, For: camera.Levels{Criminal: camera.ConsentNone, Emergency: camera.ConsentStills}, Paused: true},
		{Level: camera.ConsentAsk, Hours: camera.Hours{From: 0, To: 1440}},
		{Level: camera.ConsentNone},
	} {
		n := note(home, 1)
		n.Consent = c
		h.hello(t, d, n)
		if got, err := h.Camera(t.Context(), n.Camera); err != nil || got.Consent != c {
			t.Errorf("told %+v, kept %+v, %v", c, got.Consent, err)
		}
	}
}

// TestConsentForLongerThanAYear: a year is kept of it, whatever the agent says; the
// last moment of year 9999 in a western zone cannot be shown in UTC.
func TestConsentForLongerThanAYear(t *testing.T) {
	h := open(t)
	home := h.household(t)
	d := h.device(t, home)
	for _, until := range []time.Time{start.AddDate(2, 0, 0), time.Date(9999, 12, 31, 23, 59, 59, 0, time.FixedZone("", -3600))} {
		n := note(home, 1)
		n.Consent.Until = until
		h.hello(t, d, n)
		if got, err := h.Camera(t.Context(), n.Camera); err != nil || !got.Consent.Until.Equal(start.Add(camera.ConsentLongest)) {
			t.Errorf("until %v became %v, %v", until, got.Consent.Until, err)
		}
	}
}

func TestAim(t *testing.T) {
	h := open(t)
	home := h.household(t)
	d := h.device(t, home)
	n := note(home, 1)
	h.hello(t, d, n)
	now := h.wait(time.Hour)
	for _, c := range []struct {
		what string
		told camera.Aim
		want camera.Aim
	}{
		{"none yet", camera.Aim{}, camera.Aim{}},
		{"turned", camera.Aim{State: camera.AimTurned, At: now.Add(-time.Minute)}, camera.Aim{State: camera.AimTurned, At: now.Add(-time.Minute)}},
		{"nothing new", camera.Aim{}, camera.Aim{State: camera.AimTurned, At: now.Add(-time.Minute)}},
		{"no finding of ours", camera.Aim{State: "stolen", At: now}, camera.Aim{State: camera.AimTurned, At: now.Add(-time.Minute)}},
		{"next week", camera.Aim{State: camera.AimDark, At: now.AddDate(0, 0, 7)}, camera.Aim{State: camera.AimDark, At: now}},
	} {
		err := h.SetStatus(t.Context(), d, camera.Status{V: camera.LinkVersion, Cameras: []camera.CameraStatus{{Camera: n.Camera, State: camera.StateRecording, Aim: c.told}}})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := h.Camera(t.Context(), n.Camera); err != nil || got.Aim != c.want {
			t.Errorf("%s: %+v, %v, want %+v", c.what, got.Aim, err, c.want)
		}
	}
	n.View.Heading++
	h.hello(t, d, n)
	if got, err := h.Camera(t.Context(), n.Camera); err != nil || got.Aim != (camera.Aim{}) {
		t.Errorf("aimed anew: %+v, %v", got.Aim, err)
	}
}
