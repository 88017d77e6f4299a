package camera_test

import (
	"testing"
	"time"

	camera "xulang.vn/camera"
)

// ladder are the levels from least to most; index 0 and 1 are none of ours.
var ladder = []camera.ConsentLevel{
	"", "bogus", camera.ConsentNone, camera.ConsentRegistry, camera.ConsentStills, camera.ConsentAsk, camera.ConsentClip, camera.ConsentLive,
}

// rule says in a table what Decide says in code: the least level by its place on the
// ladder, whether somebody looks, and whether something leaves the house.
var rule = map[camera.Action]struct {
	least         int
	looks, leaves bool
}{
	camera.ActionMap: {3, false, false}, camera.ActionSearch: {3, true, false}, camera.ActionStill: {4, true, false},
	camera.ActionSend: {4, false, true}, camera.ActionUpload: {6, false, true}, camera.ActionPlayback: {6, true, false},
	camera.ActionLive: {7, true, true}, "export": {99, false, false},
}

// TestDecideEveryCombination holds Decide against the rules said in words.
func TestDecideEveryCombination(t *testing.T) {
	n := 0
	for i, level := range ladder {
		for action, r := range rule {
			for mask := range 64 {
				bit := func(b int) bool { return mask>>b&1 == 1 }
				c := camera.Consent{Level: level, Paused: bit(0)}
				if bit(1) {
					c.Until = t0
				}
				who := camera.Asker{Officer: bit(2), CaseOpen: bit(3), Granted: bit(4)}
				if bit(5) {
					who.Purpose = camera.PurposeCriminal
				}
				enough := i >= r.least || ladder[i] == camera.ConsentAsk && r.least == 6 && who.Granted
				if who.Purpose == "" && r.looks {
					enough = false // a look without a purpose
				}
				allowed := i > 1 && enough && c.Until.IsZero() && (!r.looks || who.Officer && who.CaseOpen) && (!c.Paused || !r.leaves)
				if err := camera.Decide(c, action, who, t0); (err == nil) != allowed {
					t.Errorf("%+v %s %+v: %v, want allowed %v", c, action, who, err, allowed)
				}
				n++
			}
		}
	}
	if n < 1500 {
		t.Errorf("%d combinations", n)
	}
}

func TestDecideByPurpose(t *testing.T) {
	c := camera.Consent{Level: camera.ConsentLive, For: camera.Levels{Administrative: camera.ConsentNone, Missing: camera.ConsentAsk}}
	look := func(p camera.Purpose, granted bool) camera.Code {
		return camera.CodeOf(camera.Decide(c, camera.ActionPlayback, camera.Asker{Officer: true, CaseOpen: true, Purpose: p, Granted: granted}, t0))
	}
	for _, x := range []struct {
		purpose camera.Purpose
		granted bool
		want    camera.Code
	}{
		{camera.PurposeCriminal, false, ""}, {camera.PurposeAdministrative, false, camera.CodeNoConsent}, {camera.PurposeAdministrative, true, camera.CodeNoConsent},
		{camera.PurposeMissing, false, camera.CodeAskOwner}, {camera.PurposeMissing, true, ""}, {"marketing", true, camera.CodeNoConsent}, {"", false, camera.CodeNoConsent},
	} {
		if got := look(x.purpose, x.granted); got != x.want {
			t.Errorf("%q granted %v: %q, want %q", x.purpose, x.granted, got, x.want)
		}
	}
	// A purpose never has more than the camera.
	c = camera.Consent{Level: camera.ConsentRegistry, For: camera.Levels{Criminal: camera.ConsentLive}}
	if look(camera.PurposeCriminal, false) != camera.CodeNoConsent {
		t.Error("a purpose has more than the camera")
	}
	c = camera.Consent{Level: camera.ConsentLive, For: camera.Levels{Criminal: "bogus"}}
	if look(camera.PurposeMissing, false) != camera.CodeNoConsent {
		t.Error("consent that cannot be read is read")
	}
}

func TestDecideByHours(t *testing.T) {
	day := func(hour, minute int) time.Time { // Vietnam's time
		return time.Date(2030, 1, 2, hour-7, minute, 0, 0, time.UTC)
	}
	night := camera.Hours{From: 18 * 60, To: 6 * 60}
	for _, x := range []struct {
		hours    camera.Hours
		from, to time.Time
		want     camera.Code
	}{
		{camera.Hours{}, day(3, 0), day(20, 0), ""},
		{night, day(18, 0), day(30, 0), ""}, {night, day(0, 30), day(5, 59), ""}, {night, day(23, 0), day(25, 0), ""},
		{night, day(17, 59), day(18, 30), camera.CodeAskOwner}, {night, day(5, 0), day(6, 1), camera.CodeAskOwner}, {night, day(12, 0), day(13, 0), camera.CodeAskOwner},
		{night, day(18, 0), day(43, 0), camera.CodeAskOwner},
		{camera.Hours{To: 1440}, day(23, 59), day(24, 1), ""}, {camera.Hours{To: 1440}, day(8, 0), day(50, 0), ""}, // a whole day as people choose it
		{night, day(12, 0), day(11, 0), camera.CodeAskOwner}, {night, day(12, 0), time.Time{}, camera.CodeAskOwner}, // a window that is none
		{camera.Hours{From: 8 * 60, To: 1440}, day(8, 0), day(24, 0), ""}, {camera.Hours{From: 8 * 60, To: 1440}, day(8, 0), day(24, 1), camera.CodeAskOwner},
	} {
		c := camera.Consent{Level: camera.ConsentLive, Hours: x.hours}
		who := camera.Asker{Officer: true, CaseOpen: true, Purpose: camera.PurposeCriminal, From: x.from, To: x.to}
		if got := camera.CodeOf(camera.Decide(c, camera.ActionPlayback, who, t0)); got != x.want {
			t.Errorf("%+v %s–%s: %q, want %q", x.hours, x.from, x.to, got, x.want)
		}
	}
	// Pictures are of the same hours; who shares no footage is not asked for any.
	for level, want := range map[camera.ConsentLevel]camera.Code{camera.ConsentStills: camera.CodeNoConsent, camera.ConsentAsk: camera.CodeAskOwner, camera.ConsentLive: camera.CodeAskOwner} {
		for _, action := range []camera.Action{camera.ActionStill, camera.ActionSend} {
			c := camera.Consent{Level: level, Hours: night}
			who := camera.Asker{Officer: true, CaseOpen: true, Purpose: camera.PurposeCriminal, From: day(12, 0), To: day(12, 0)}
			if got := camera.CodeOf(camera.Decide(c, action, who, day(19, 0))); got != want {
				t.Errorf("%s at %s: %q, want %q", action, level, got, want)
			}
			who.Granted = true
			if got := camera.Decide(c, action, who, day(19, 0)); (got == nil) != (level != camera.ConsentStills) {
				t.Errorf("%s at %s, granted: %v", action, level, got)
			}
			who.From, who.To = day(20, 0), day(20, 0)
			if err := camera.Decide(c, action, who, day(12, 0)); err != nil {
				t.Errorf("%s at %s in the hours: %v", action, level, err)
			}
		}
	}
	c := camera.Consent{Level: camera.ConsentLive, Hours: night}
	who := camera.Asker{Officer: true, CaseOpen: true, Purpose: camera.PurposeCriminal, Granted: true}
	if got := camera.CodeOf(camera.Decide(c, camera.ActionLive, who, day(12, 0))); got != camera.CodeNoConsent {
		t.Errorf("live outside of the hours: %q", got)
	}
	if err := camera.Decide(c, camera.ActionLive, who, day(19, 0)); err != nil {
		t.Error(err)
	}
	for _, bad := range []camera.Hours{{From: -1, To: 5}, {From: 1440, To: 5}, {From: 5, To: 1441}, {From: 60, To: 60}} {
		if bad.Valid() {
			t.Errorf("%+v is valid", bad)
		}
	}
}

func TestDecideJustBeforeTheEnd(t *testing.T) {
	c := camera.Consent{Level: camera.ConsentClip, Until: t0.Add(time.Millisecond)}
	if err := camera.Decide(c, camera.ActionUpload, camera.Asker{}, t0); err != nil {
		t.Error(err)
	}
}

// TestDecideWithoutAPurpose: where it is not known yet for what, it is decided for the
// purpose that has most, and not for one that nobody has.
func TestDecideWithoutAPurpose(t *testing.T) {
	all := func(l camera.ConsentLevel) camera.Levels {
		return camera.Levels{Criminal: l, Administrative: l, Missing: l, Emergency: l}
	}
	one := all(camera.ConsentNone)
	one.Missing = camera.ConsentClip
	for _, x := range []struct {
		levels camera.Levels
		action camera.Action
		want   camera.Code
	}{
		{camera.Levels{}, camera.ActionUpload, ""}, {one, camera.ActionUpload, ""}, {one, camera.ActionMap, ""},
		{all(camera.ConsentStills), camera.ActionUpload, camera.CodeNoConsent}, {all(camera.ConsentStills), camera.ActionSend, ""},
		{all(camera.ConsentAsk), camera.ActionUpload, camera.CodeAskOwner}, {all(camera.ConsentNone), camera.ActionMap, camera.CodeNoConsent},
	} {
		c := camera.Consent{Level: camera.ConsentLive, For: x.levels}
		if got := camera.CodeOf(camera.Decide(c, x.action, camera.Asker{}, t0)); got != x.want {
			t.Errorf("%+v %s: %q, want %q", x.levels, x.action, got, x.want)
		}
	}
}
