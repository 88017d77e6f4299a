package cases_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/cases"
)

// held writes what is held of the last two hours, in minutes before noon; a transaction
// must see the same.
func (v *village) held(t *testing.T, cam cases.Camera) string {
	t.Helper()
	text := func(all []camera.Interval, err error) string {
		if err != nil {
			t.Fatal(err)
		}
		var parts []string
		for _, h := range all {
			parts = append(parts, fmt.Sprintf("%.0f-%.0f", noon.Sub(h.From).Minutes(), noon.Sub(h.To).Minutes()))
		}
		return strings.Join(parts, ", ")
	}
	from, to := noon.Add(-2*time.Hour), noon
	outside := text(v.Held(t.Context(), cam.ID, from, to))
	var inside string
	v.must(t, v.DB.Write(t.Context(), func(tx *sql.Tx) error {
		inside = text(v.HeldIn(t.Context(), tx, cam.ID, from, to))
		return nil
	}))
	if inside != outside {
		t.Errorf("held inside of a transaction: %q, outside: %q", inside, outside)
	}
	return inside
}

// TestHeld: what does not expire, from the request to the end of its case.
func TestHeld(t *testing.T) {
	v := newVillage(t)
	cam := v.house("Nhà 01", 500, camera.ConsentClip)
	v.recorded(cam)
	one, two := v.open(t, "1/2026"), v.open(t, "2/2026")
	if got := v.held(t, cam); got != "" {
		t.Errorf("before a request: %s", got)
	}
	for _, c := range []struct {
		one      cases.Case
		from, to float64
	}{{one, 60, 50}, {two, 55, 40}, {two, 300, 200}} {
		v.now = v.now.Add(time.Second) // in this order
		if _, err := v.ask(t, c.one, cam, c.from, c.to); err != nil {
			t.Fatal(err)
		}
	}
	if got := v.held(t, cam); got != "60-50, 55-40" {
		t.Errorf("requested: %s", got)
	}
	v.cams[0].Consent.Paused = true // keeps bytes at home, and keeps them here
	if got := v.held(t, cam); got != "60-50, 55-40" {
		t.Errorf("paused: %s", got)
	}
	v.end(t, two)
	if got := v.held(t, cam); got != "60-50" {
		t.Errorf("one case closed: %s", got)
	}
}

// TestHeldWhileAHouseholdThinks, and not when it has refused, or says nothing in time.
func TestHeldWhileAHouseholdThinks(t *testing.T) {
	for name, c := range map[string]struct {
		then func(*testing.T, *village, cases.Camera)
		held string
	}{
		"nothing yet": {func(*testing.T, *village, cases.Camera) {}, "60-50"},
		"yes":         {func(t *testing.T, v *village, cam cases.Camera) { v.must(t, v.say(t, cam, v.newest(t, cam), true)) }, "60-50"},
		"no":          {func(t *testing.T, v *village, cam cases.Camera) { v.must(t, v.say(t, cam, v.newest(t, cam), false)) }, ""},
		"silent":      {func(_ *testing.T, v *village, _ cases.Camera) { v.now = v.now.Add(camera.AskFor) }, ""},
	} {
		v, cam, one := asking(t)
		if _, err := v.ask(t, one, cam, 60, 50); err != nil {
			t.Fatal(err)
		}
		c.then(t, v, cam)
		if got := v.held(t, cam); got != c.held {
			t.Errorf("%s: held %q, want %q", name, got, c.held)
		}
	}
}
