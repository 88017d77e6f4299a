package registry_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/registry"
)

func TestHelloRegistersAndUpdates(t *testing.T) {
	h := open(t)
	home := h.household(t)
	d := h.device(t, home)
	n := note(home, 1)
	n.Consent = camera.Consent{Level: camera.ConsentLive, Until: start.Add(time.Hour), Paused: true}
	n.Sound = true
	h.hello(t, d, n)
	c, err := h.Camera(t.Context(), n.Camera)
	if err != nil {
		t.Fatal(err)
	}
	n.View.From = start
	if c.Household != home || c.Device != d || c.Serial != n.Serial || c.Channel != 1 || c.Label != n.Label || c.Consent != n.Consent ||
		!c.Sound || !c.Shared || c.View != n.View || c.State != "" || c.Registered != start {
		t.Errorf("stored %+v", c)
	}
	h.wait(time.Minute)
	n.Label, n.Consent, n.Sound = "Ngõ sau", camera.Consent{Level: camera.ConsentNone}, false
	h.hello(t, d, n)
	again, err := h.Camera(t.Context(), n.Camera)
	if err != nil || again.Label != "Ngõ sau" || again.Consent != n.Consent || again.Sound || again.Registered != start || again.View != n.View {
		t.Errorf("after a change: %+v, %v", again, err)
	}
	h.hello(t, d) // all cameras left out
	if c, err = h.Camera(t.Context(), n.Camera); err != nil || c.Shared {
		t.Errorf("left out: %+v, %v", c, err)
	}
	h.hello(t, d, n)
	if c, err = h.Camera(t.Context(), n.Camera); err != nil || !c.Shared || c.Registered != start {
		t.Errorf("shared again: %+v, %v", c, err)
	}
	_, err = h.Camera(t.Context(), "cnobody")
	want(t, "unknown camera", err, camera.CodeNotFound)
}

func TestHelloRefusesEachCameraByItself(t *testing.T) {
	h := open(t)
	home, other := h.household(t), h.household(t)
	d := h.device(t, home)
	first := h.device(t, home)
	taken := note(home, 50)
	h.hello(t, first, taken)
	for name, c := range map[string]struct {
		change func(*camera.CameraNote)
		code   camera.Code
	}{
		"of another device":    {func(n *camera.CameraNote) { *n = taken }, camera.CodeForeignCamera},
		"of another household": {func(n *camera.CameraNote) { *n = note(other, 1) }, camera.CodeForeignCamera},
		"heading":              {func(n *camera.CameraNote) { n.View.Heading = 360 }, camera.CodeBadRequest},
		"range":                {func(n *camera.CameraNote) { n.View.Range = 1e9 }, camera.CodeBadRequest},
		"consent":              {func(n *camera.CameraNote) { n.Consent.Level = "all" }, camera.CodeBadClaim},
		"serial":               {func(n *camera.CameraNote) { n.Serial = "" }, camera.CodeBadClaim},
		"label":                {func(n *camera.CameraNote) { n.Label = strings.Repeat("x", 201) }, camera.CodeBadClaim},
	} {
		bad := note(home, 2)
		c.change(&bad)
		reply, _ := h.Hello(t.Context(), d, hello(note(home, 1), bad, note(home, 3)))
		if reply.Err() != nil || len(reply.Refused) != 1 {
			t.Errorf("%s: %+v", name, reply)
		}
		want(t, name, reply.Refused[bad.Camera].Err(), c.code)
	}
	reply, _ := h.Hello(t.Context(), d, hello(note(home, 1), note(home, 2), note(home, 2)))
	want(t, "named twice", reply.Refused[note(home, 2).Camera].Err(), camera.CodeBadClaim)
	if got, err := h.Camera(t.Context(), taken.Camera); err != nil || got.Device != first || !got.Shared {
		t.Errorf("the other device's camera: %+v, %v", got, err)
	}
	if list, err := h.Cameras(t.Context()); err != nil || len(list) != 3 {
		t.Errorf("%d cameras, %v, want the three that were accepted", len(list), err)
	}
}

func TestHelloRefusedAsAWhole(t *testing.T) {
	h := open(t)
	home := h.household(t)
	d := h.device(t, home)
	var many []camera.CameraNote
	for i := range 65 {
		many = append(many, note(home, i))
	}
	want(t, "65 cameras", refused(h.Hello(t.Context(), d, hello(many...))), camera.CodeTooLarge)
	want(t, "version", refused(h.Hello(t.Context(), d, camera.Hello{V: camera.LinkVersion - 1})), camera.CodeBadVersion)
	want(t, "unknown device", refused(h.Hello(t.Context(), newKey(t).id, hello(note(home, 1)))), camera.CodeForbidden)
	if list, err := h.Cameras(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("%d cameras, %v, want none", len(list), err)
	}
	h.hello(t, d, many[:64]...)
	// New serials each time: what a device makes the hub keep has an end.
	for round := 1; round < 4; round++ {
		for i := range many {
			many[i] = note(home, 64*round+i)
		}
		h.hello(t, d, many[:64]...)
	}
	reply, _ := h.Hello(t.Context(), d, hello(note(home, 1000), note(home, 1)))
	want(t, "257th camera", reply.Refused[note(home, 1000).Camera].Err(), camera.CodeTooMany)
	if len(reply.Refused) != 1 {
		t.Errorf("a camera that was known: %+v", reply.Refused)
	}
}

func TestViewsThroughTime(t *testing.T) {
	h := open(t)
	home := h.household(t)
	d := h.device(t, home)
	n := note(home, 1)
	turn := func(heading float64) {
		t.Helper()
		n.View.Heading = heading
		h.hello(t, d, n)
	}
	turn(10) // at 0
	h.wait(10 * time.Minute)
	turn(10) // unchanged
	h.wait(10 * time.Minute)
	turn(20) // at 20
	h.wait(10 * time.Minute)
	turn(25) // at 30, replaced within the same millisecond
	turn(30)
	h.wait(-time.Hour)
	turn(40) // the hub's clock was set back: still after the one before
	other := note(home, 2)
	h.hello(t, d, n, other)
	at := func(m int) time.Time { return start.Add(time.Duration(m) * time.Minute) }
	spoken := func(views []camera.View) string {
		var all []string
		for _, v := range views {
			to := "now"
			if !v.To.IsZero() {
				to = fmt.Sprint(v.To.Sub(start).Minutes())
			}
			all = append(all, fmt.Sprintf("%v–%s: %v", v.From.Sub(start).Minutes(), to, v.Heading))
		}
		return strings.Join(all, ", ")
	}
	all, err := h.Views(t.Context())
	if err != nil || len(all) != 2 {
		t.Fatalf("%v, %v", all, err)
	}
	// A view that was replaced within its millisecond never was.
	if got := spoken(all[n.Camera]); got != "0–20: 10, 20–30: 20, 30–now: 40" || at(30) != all[n.Camera][2].From {
		t.Errorf("views %s", got)
	}
	one, err := h.Views(t.Context(), other.Camera)
	if err != nil || len(one) != 1 || spoken(one[other.Camera]) != "-30–now: 90" {
		t.Errorf("of one camera: %v, %v", one, err)
	}
	known, err := h.CamerasOf(t.Context(), []camera.CameraID{n.Camera, "cnobody"})
	if err != nil || len(known) != 1 || known[n.Camera].View.Heading != 40 {
		t.Errorf("cameras by id: %+v, %v", known, err)
	}
}

// TestUnshareAll: after that only what a box says anew is shared.
func TestUnshareAll(t *testing.T) {
	h := open(t)
	home := h.household(t)
	d, other := h.device(t, home), h.device(t, home)
	h.hello(t, d, note(home, 1))
	h.hello(t, other, note(home, 2))
	if err := h.UnshareAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.hello(t, other, note(home, 2))
	for channel, want := range map[int]bool{1: false, 2: true} {
		if c, err := h.Camera(t.Context(), note(home, channel).Camera); err != nil || c.Shared != want {
			t.Errorf("camera %d: shared %v, %v", channel, c.Shared, err)
		}
	}
}

// TestKeep: the household's choice goes with all of its box's cameras; what is out of
// bounds refuses the message.
func TestKeep(t *testing.T) {
	h := open(t)
	home := h.household(t)
	d, other := h.device(t, home), h.device(t, home)
	h.hello(t, d, note(home, 1), note(home, 2))
	h.hello(t, other, note(home, 3))
	m := hello(note(home, 1))
	m.Keep = 5
	if reply, err := h.Hello(t.Context(), d, m); err != nil || reply.Err() != nil {
		t.Fatal(err, reply)
	}
	for _, bad := range []int{-1, 2, 31} {
		m.Keep = bad
		want(t, fmt.Sprintf("%d days", bad), refused(h.Hello(t.Context(), d, m)), camera.CodeBadRequest)
	}
	h.wait(camera.KeepNotice)
	got, err := h.Keep(t.Context())
	if err != nil || len(got) != 3 || got[note(home, 1).Camera] != 5 || got[note(home, 2).Camera] != 5 || got[note(home, 3).Camera] != camera.KeepUsual {
		t.Errorf("days %v, %v", got, err)
	}
}

// TestFewerDaysComeTheNextDay: a box in the wrong hands deletes nothing for a day, and
// not later than the household wants either.
func TestFewerDaysComeTheNextDay(t *testing.T) {
	const hour = time.Hour
	type step struct {
		after time.Duration
		tell  int // -1: nothing is told
		want  int
	}
	for name, steps := range map[string][]step{
		"fewer":                      {{0, 30, 30}, {hour, 3, 30}, {23 * hour, -1, 30}, {hour, -1, 3}},
		"told again and again":       {{0, 30, 30}, {hour, 3, 30}, {12 * hour, 3, 30}, {12 * hour, 3, 3}},
		"taken back":                 {{0, 30, 30}, {hour, 3, 30}, {23 * hour, 30, 30}, {48 * hour, -1, 30}},
		"in two steps":               {{0, 30, 30}, {hour, 14, 30}, {23 * hour, 3, 30}, {hour, -1, 30}, {23 * hour, -1, 3}},
		"less few":                   {{0, 30, 30}, {hour, 3, 30}, {23 * hour, 20, 30}, {hour, -1, 30}, {23 * hour, -1, 20}},
		"an agent that knows none":   {{0, 30, 30}, {hour, 0, 30}, {24 * hour, -1, camera.KeepUsual}},
		"fewer than as usual":        {{0, 5, camera.KeepUsual}, {24 * hour, -1, 5}},
		"more is at once":            {{0, 5, camera.KeepUsual}, {24 * hour, 30, 30}},
		"the clock was set back":     {{0, 30, 30}, {hour, 3, 30}, {-72 * hour, -1, 30}},
		"what is usual, by its name": {{0, camera.KeepUsual, camera.KeepUsual}, {hour, 0, camera.KeepUsual}},
	} {
		h := open(t)
		home := h.household(t)
		d := h.device(t, home)
		h.hello(t, d, note(home, 1))
		for i, s := range steps {
			h.wait(s.after)
			if m := hello(note(home, 1)); s.tell >= 0 {
				m.Keep = s.tell
				if reply, err := h.Hello(t.Context(), d, m); err != nil || reply.Err() != nil {
					t.Fatal(err, reply)
				}
			}
			if got, err := h.Keep(t.Context()); err != nil || got[note(home, 1).Camera] != s.want {
				t.Errorf("%s, step %d: %v, %v, want %d", name, i, got, err, s.want)
			}
		}
	}
}

func TestACameraCannotTurnForEver(t *testing.T) {
	h := open(t)
	home := h.household(t)
	d := h.device(t, home)
	n := note(home, 1)
	refused := 0
	for i := range 120 {
		h.wait(time.Second)
		n.View.Heading = float64(i)
		reply, _ := h.Hello(t.Context(), d, hello(n, note(home, 2)))
		if r, ok := reply.Refused[n.Camera]; ok {
			refused++
			want(t, "turning", r.Err(), camera.CodeTooMany)
		}
		if _, ok := reply.Refused[note(home, 2).Camera]; ok {
			t.Fatal("the still camera was refused too")
		}
	}
	if refused != 20 {
		t.Errorf("%d of 120 turns refused, want 20", refused)
	}
	h.wait(25 * time.Hour)
	h.hello(t, d, n)
}

func TestStatus(t *testing.T) {
	h := open(t)
	home := h.household(t)
	d, other := h.device(t, home), h.device(t, home)
	h.hello(t, d, note(home, 1))
	h.hello(t, other, note(home, 2))
	mine, theirs := note(home, 1).Camera, note(home, 2).Camera
	now := h.wait(time.Minute)
	set := func(c ...camera.CameraStatus) error {
		return h.SetStatus(t.Context(), d, camera.Status{V: camera.LinkVersion, Cameras: c})
	}
	long := strings.Repeat("ữ", 100) // 300 bytes
	err := set(
		camera.CameraStatus{Camera: theirs, State: camera.RecordState(camera.CauseCameraOff)},
		camera.CameraStatus{Camera: mine, State: camera.RecordState(camera.CauseWrongPassword), Since: now.Add(-30 * time.Second), Detail: long, Codec: "h265"})
	want(t, "foreign camera", err, camera.CodeForeignCamera)
	c, err := h.Camera(t.Context(), mine)
	if err != nil || c.State != "wrong-password" || c.Since != now.Add(-30*time.Second) || c.Detail != strings.Repeat("ữ", 66) || c.Codec != "h265" {
		t.Errorf("own camera beside a foreign one: %+v, %v", c, err)
	}
	if c, err = h.Camera(t.Context(), theirs); err != nil || c.State != "" {
		t.Errorf("foreign camera: %+v, %v", c, err)
	}
	for _, s := range []string{"", "gone", "unreachable", "future"} { // causes of the hub are not for agents
		want(t, "state "+s, set(camera.CameraStatus{Camera: mine, State: camera.RecordState(s)}), camera.CodeBadClaim)
	}
	if err := set(camera.CameraStatus{Camera: mine, State: camera.StateRecording, Since: now.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if c, err = h.Camera(t.Context(), mine); err != nil || c.State != camera.StateRecording || c.Since != now || c.Detail != "" || c.Codec != "h265" {
		t.Errorf("since a time to come, no codec: %+v, %v", c, err)
	}
	want(t, "65 cameras", set(make([]camera.CameraStatus, 65)...), camera.CodeTooLarge)
	want(t, "version", h.SetStatus(t.Context(), d, camera.Status{}), camera.CodeBadVersion)
}

func TestPresence(t *testing.T) {
	h := open(t)
	home := h.household(t)
	d := h.device(t, home)
	ctx := t.Context()
	at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	for _, step := range []struct {
		s    int
		link bool
	}{
		{10, true}, {15, true} /* second connection */, {20, false}, {21, false} /* nothing to end */, {30, true}, {30, false}, {30, true}, {40, false}, {50, true},
	} {
		do := h.Unlinked
		if step.link {
			do = h.Linked
		}
		if err := do(ctx, d, at(step.s)); err != nil {
			t.Fatal(err)
		}
	}
	whole := []registry.Interval{{From: at(10), To: at(20)}, {From: at(30), To: at(40)}, {From: at(50)}}
	check := func(from, to int, want []registry.Interval) {
		t.Helper()
		got, err := h.Presence(ctx, d, at(from), at(to))
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("presence in %d–%d: %v, %v, want %v", from, to, got, err, want)
		}
	}
	check(0, 100, whole)
	check(20, 30, nil)
	check(19, 31, whole[:2])
	check(60, 100, whole[2:])

	// The hub died; the device was last heard of with its status at 55 s.
	h.wait(55 * time.Second)
	if err := h.SetStatus(ctx, d, camera.Status{V: camera.LinkVersion}); err != nil {
		t.Fatal(err)
	}
	never := h.device(t, home) // linked, and its clock says later than the restart
	if err := h.Linked(ctx, never, at(90)); err != nil {
		t.Fatal(err)
	}
	if err := h.EndAllPresence(ctx, at(80)); err != nil {
		t.Fatal(err)
	}
	whole[2].To = at(55)
	check(0, 100, whole)
	if got, err := h.Presence(ctx, never, at(0), at(900)); err != nil || len(got) != 0 {
		t.Errorf("an interval that would have ended before it began: %v, %v", got, err)
	}
	want(t, "unknown device", h.Linked(ctx, newKey(t).id, at(0)), camera.CodeForbidden)
}
