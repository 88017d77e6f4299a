package cases_test

import (
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/cases"
)

func TestRoadOrder(t *testing.T) {
	v := newVillage(t)
	for _, h := range []struct {
		label string
		at    float64
	}{{"Nhà 03", 2500}, {"Nhà 01", 100}, {"far", 9000}, {"Nhà 02", 900}} {
		v.house(h.label, h.at, camera.ConsentClip)
	}
	turned := v.cams[1] // it looked elsewhere until ten minutes ago
	turned.View.From, turned.View.Range = noon.Add(-10*time.Minute), 1500
	v.cams = append(v.cams, turned)
	v.house("hidden", 950, camera.ConsentNone)
	c := v.open(t, "1/2026")
	got, err := v.Search(t.Context(), officer, c.ID, window(c))
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, f := range got.Cameras {
		order = append(order, f.Camera.Label)
	}
	if s := strings.Join(order, " "); s != "Nhà 02 Nhà 01 Nhà 03" || got.Cameras[1].At != 1500 {
		t.Errorf("order: %s", s)
	}
	points := window(c)
	points.Stretch = camera.Stretch{}
	points.Points = &[2]camera.Position{{Lon: 850}, {Lon: 1000}}
	got, err = v.Search(t.Context(), officer, c.ID, points)
	if err != nil || len(got.Cameras) != 1 || got.Cameras[0].Camera.Label != "Nhà 02" {
		t.Errorf("by points: %v, %+v", err, got)
	}
}

// TestFound: what stands beside the spans, and who may see of it what.
func TestFound(t *testing.T) {
	said, noted := camera.Clock{Offset: camera.Millis(time.Second)}, camera.Clock{Synchronised: true, Offset: camera.Millis(2 * time.Second)}
	for name, c := range map[string]struct {
		change         func(*village)
		playable, home bool
		clock          *camera.Clock
		values         int // of activity: the fake gives one that counts the pieces
	}{
		"stored":            {func(*village) {}, true, false, &said, 1},
		"at home":           {func(v *village) { v.footage[0].State = camera.StateHome }, false, true, &said, 1},
		"asked for already": {func(v *village) { v.footage[0].State = camera.StateRequested }, false, true, &said, 1},
		"on its way":        {func(v *village) { v.footage[0].State = camera.StateUploading }, false, true, &said, 1},
		"gone":              {func(v *village) { v.footage[0].State = camera.StateExpired }, false, false, &said, 1},
		"small at home":     {func(v *village) { v.footage[0].State, v.footage[0].Stream = camera.StateHome, camera.StreamSub }, false, false, &said, 1},
		"small, and large at home": {func(v *village) {
			small := v.footage[0]
			small.Stream, v.footage[0].State = camera.StreamSub, camera.StateHome
			v.footage = append(v.footage, small)
		}, true, true, &said, 2},
		"nothing":      {func(v *village) { v.footage = nil }, false, false, nil, 0},
		"ledger":       {func(v *village) { v.clocks[v.cams[0].ID] = noted }, true, false, &noted, 1},
		"ledger alone": {func(v *village) { v.clocks[v.cams[0].ID], v.footage = noted, nil }, false, false, &noted, 0},
		"registry only": {func(v *village) {
			v.cams[0].Consent.Level, v.footage[0].State = camera.ConsentRegistry, camera.StateHome
		}, false, false, &said, 0},
		"registry only, stored": {func(v *village) { v.cams[0].Consent.Level = camera.ConsentRegistry }, false, false, &said, 0},
	} {
		v := newVillage(t)
		v.recorded(v.house("Nhà 01", 500, camera.ConsentClip))
		v.footage[0].Clock = said
		one := v.open(t, "1/2026")
		c.change(v)
		got, err := v.Search(t.Context(), officer, one.ID, window(one))
		if err != nil || len(got.Cameras) != 1 {
			t.Fatalf("%s: %v", name, err)
		}
		f := got.Cameras[0]
		if f.Playable != c.playable || f.Home != c.home || (f.Clock == nil) != (c.clock == nil) || f.Clock != nil && *f.Clock != *c.clock {
			t.Errorf("%s: playable %v, home %v, clock %+v", name, f.Playable, f.Home, f.Clock)
		}
		if c.values == 0 && f.Activity.Values != nil || c.values > 0 && (f.Activity.Step != 5*time.Second || len(f.Activity.Values) != 1 || f.Activity.Values[0] != byte(c.values)) {
			t.Errorf("%s: activity %+v", name, f.Activity)
		}
	}
}

// TestFoundInARecorder: what is nowhere else can be asked for, and its clock is told.
func TestFoundInARecorder(t *testing.T) {
	noted := cases.RecorderClock{Offset: camera.Millis(-7 * time.Minute), Bound: camera.Millis(time.Second)}
	fetched := cases.RecorderClock{Offset: camera.Millis(-6 * time.Minute), Bound: camera.Millis(2 * time.Second)}
	inRecorder := func(v *village) {
		v.spans[0] = cases.Span{From: v.spans[0].From, To: v.spans[0].To, State: camera.StateRecorder}
	}
	copied := func(v *village) {
		f := &v.footage[0]
		f.Origin, f.RecorderOffset, f.RecorderBound = camera.OriginRecorder, fetched.Offset, fetched.Bound
	}
	for name, c := range map[string]struct {
		change func(*village)
		level  camera.ConsentLevel
		home   bool
		clock  *cases.RecorderClock
	}{
		"nothing of it":         {func(*village) {}, camera.ConsentClip, false, nil},
		"there":                 {inRecorder, camera.ConsentClip, true, &noted},
		"there, and is asked":   {inRecorder, camera.ConsentAsk, true, &noted},
		"there, and not shared": {inRecorder, camera.ConsentStills, false, &noted},
		"its clock not known":   {func(v *village) { inRecorder(v); v.own = nil }, camera.ConsentClip, true, nil},
		"fetched":               {copied, camera.ConsentClip, false, &fetched},
		"fetched, and more":     {func(v *village) { copied(v); inRecorder(v) }, camera.ConsentClip, true, &noted},
	} {
		v := newVillage(t)
		cam := v.house("Nhà 01", 500, c.level)
		v.recorded(cam)
		v.own = map[camera.CameraID]cases.RecorderClock{cam.ID: noted}
		c.change(v)
		f := v.found(t, v.open(t, "1/2026"))
		if f.Home != c.home || (f.Recorder == nil) != (c.clock == nil) || c.clock != nil && *f.Recorder != *c.clock {
			t.Errorf("%s: home %v, clock %+v", name, f.Home, f.Recorder)
		}
	}
}

// TestRequestFromARecorder tells how much is there.
func TestRequestFromARecorder(t *testing.T) {
	v := newVillage(t)
	cam := v.house("Nhà 01", 500, camera.ConsentClip)
	v.recorded(cam)
	v.spans[0] = cases.Span{From: v.spans[0].From, To: v.spans[0].To, State: camera.StateRecorder}
	one := v.open(t, "1/2026")
	got, err := v.ask(t, one, cam, 60, 0)
	if want := (cases.Requested{Segments: 3, Recorder: 59 * time.Minute, Acknowledged: true}); err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
}

// TestAsksOfAWindow: those of another time, case or camera do not show.
func TestAsksOfAWindow(t *testing.T) {
	v, cam, one := asking(t)
	two := v.open(t, "2/2026")
	for _, a := range []struct {
		c        cases.Case
		from, to float64
	}{{one, 300, 60}, {one, 70, 50}, {two, 30, 20}, {one, 10, 0}} {
		v.now = v.now.Add(time.Second)
		if _, err := v.ask(t, a.c, cam, a.from, a.to); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, a := range v.found(t, one).Asks {
		got = append(got, minutes(camera.Want{From: a.From, To: a.To}))
	}
	if s := strings.Join(got, " "); s != "70-50 10-0" {
		t.Errorf("asks %s", s)
	}
}
