package registry_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
)

func boot(letter string) string { return strings.Repeat(letter, 16) }

// boots says hello with one boot after the other and tells what became of each.
func (h *hub) boots(t *testing.T, d camera.DeviceID, home camera.HouseholdID, boots ...string) string {
	t.Helper()
	var codes []string
	for _, b := range boots {
		m := hello(note(home, 1))
		m.Boot = b
		reply, err := h.Hello(t.Context(), d, m)
		if err != nil {
			t.Fatal(err)
		}
		if code := string(reply.Code); code == "" {
			codes = append(codes, "ok")
		} else {
			codes = append(codes, code)
		}
	}
	return strings.Join(codes, " ")
}

func TestBootRule(t *testing.T) {
	a, b, c := boot("a"), boot("b"), boot("c")
	var many []string
	for i := range 16 {
		many = append(many, fmt.Sprintf("boot-%04d", i))
	}
	starts := func(n int) string { return strings.TrimSpace(strings.Repeat("ok ", n)) }
	for name, s := range map[string]struct {
		boots []string
		want  string
	}{
		"a program that does not tell": {[]string{"", "", ""}, starts(3)},
		"the first to tell":            {[]string{"", a, a}, starts(3)},
		"connected again":              {[]string{a, a, a}, starts(3)},
		"started again":                {[]string{a, b, c, c}, starts(4)},
		"two boxes":                    {[]string{a, b, a, b, c, ""}, "ok ok quarantined quarantined quarantined quarantined"},
		"the twin was started, too":    {[]string{a, b, c, b}, "ok ok ok quarantined"},
		"silent from now on":           {[]string{a, "", a}, "ok bad-request ok"},
		"not a boot":                   {[]string{"short", a + " " + b, strings.Repeat("x", 65), a}, "bad-request bad-request bad-request ok"},
		"sixteen starts remembered":    {append(append([]string{a}, many...), a), starts(17) + " quarantined"},
		"seventeen are too long ago":   {append(append([]string{a, b}, many...), a), starts(19)},
	} {
		h := open(t)
		home := h.household(t)
		if got := h.boots(t, h.device(t, home), home, s.boots...); got != s.want {
			t.Errorf("%s: %s, want %s", name, got, s.want)
		}
	}
}

// TestQuarantine: two boxes with one key. Nothing that either says counts any more,
// and the household joins again with a new one.
func TestQuarantine(t *testing.T) {
	h := open(t)
	ctx := t.Context()
	home := h.household(t)
	k := newKey(t)
	if _, err := h.Enrol(ctx, k.request(h.invite(t, home))); err != nil {
		t.Fatal(err)
	}
	cam := note(home, 1).Camera
	if got := h.boots(t, k.id, home, boot("a"), boot("b")); got != "ok ok" {
		t.Fatal(got)
	}
	status := camera.Status{V: camera.LinkVersion, Cameras: []camera.CameraStatus{{Camera: cam, State: camera.StateRecording}}}
	if err := h.SetStatus(ctx, k.id, status); err != nil {
		t.Fatal(err)
	}
	if got := h.boots(t, k.id, home, boot("a")); got != "quarantined" {
		t.Fatal(got)
	}
	if got, standing, err := h.Device(ctx, k.id); got != home || standing != camera.CodeQuarantined || err != nil {
		t.Errorf("device: %v %q %v", got, standing, err)
	}
	if c, err := h.Camera(ctx, cam); err != nil || c.Shared {
		t.Errorf("its camera is still shared: %+v, %v", c, err)
	}
	want(t, "status", h.SetStatus(ctx, k.id, status), camera.CodeQuarantined)
	want(t, "self-test", h.SetSelfTest(ctx, k.id, camera.SelfTest{V: camera.LinkVersion}), camera.CodeQuarantined)
	_, _, err := h.AddReceipt(ctx, k.id, receipt(cam, camera.ConsentLive))
	want(t, "receipt", err, camera.CodeQuarantined)
	_, err = h.Place(ctx, k.id)
	want(t, "place", err, camera.CodeQuarantined)
	_, err = h.Enrol(ctx, k.request(h.invite(t, home)))
	want(t, "the copied key again", err, camera.CodeForbidden)
	if err := h.Linked(ctx, k.id, h.now()); err != nil {
		t.Errorf("it cannot link to be told: %v", err)
	}
	if list, err := h.Households(ctx); err != nil || !list[0].Devices[0].Quarantined || list[0].Devices[0].Revoked {
		t.Errorf("%+v, %v", list, err)
	}

	next := h.device(t, home)
	h.wait(time.Hour)
	h.hello(t, next, note(home, 1))
	if c, err := h.Camera(ctx, cam); err != nil || !c.Shared || c.Device != next || c.Registered != start || c.View.From != start || c.State != "" {
		t.Errorf("camera of the new box: %+v, %v", c, err)
	}
	want(t, "hello of the old ones", refused(h.Hello(ctx, k.id, hello(note(home, 1)))), camera.CodeQuarantined)
	if c, err := h.Camera(ctx, cam); err != nil || c.Device != next || !c.Shared {
		t.Errorf("the old box has its camera back: %+v, %v", c, err)
	}
	if err := h.Revoke(ctx, k.id); err != nil {
		t.Fatal(err)
	}
	if _, standing, err := h.Device(ctx, k.id); standing != camera.CodeForbidden || err != nil {
		t.Errorf("revoked after all: %q %v", standing, err)
	}
}
