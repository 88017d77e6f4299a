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
	if s := strings.Join(order, " "); s != "Nhà 01 Nhà 02 Nhà 03" || got.Cameras[1].At != 900 {
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

// TestPlaces: around a point and along a route, and how the audit names them.
func TestPlaces(t *testing.T) {
	v := newVillage(t)
	v.house("Nhà 01", 500, camera.ConsentClip)
	one := v.open(t, "1/2026")
	stretch := func(from, to float64) camera.Stretch { return camera.Stretch{Road: "r1", From: from, To: to} }
	long := make([]camera.Stretch, cases.RouteMost+1)
	for i := range long {
		long[i] = stretch(0, 1)
	}
	for name, c := range map[string]struct {
		ask   func(*cases.Question)
		place string
		code  camera.Code
	}{
		"near": {func(q *cases.Question) {
			q.Near = &cases.Near{Position: camera.Position{Lon: 20, Lat: 22}, Metres: 500}
		}, "500 m around 20.000000,22.000000", ""},
		"route":            {func(q *cases.Question) { q.Route = []camera.Stretch{stretch(0, 600), stretch(2000, 2100)} }, "r1 0–600 m, r1 2000–2100 m", ""},
		"too far around":   {func(q *cases.Question) { q.Near = &cases.Near{Metres: 501} }, "", camera.CodeTooLarge},
		"nowhere on earth": {func(q *cases.Question) { q.Near = &cases.Near{Position: camera.Position{Lat: 91}, Metres: 5} }, "", camera.CodeTooLarge},
		"no radius":        {func(q *cases.Question) { q.Near = &cases.Near{} }, "", camera.CodeTooLarge},
		"long route":       {func(q *cases.Question) { q.Route = []camera.Stretch{stretch(0, 3000), stretch(4000, 6001)} }, "", camera.CodeTooLarge},
		"many stretches":   {func(q *cases.Question) { q.Route = long }, "", camera.CodeTooLarge},
		"unknown road":     {func(q *cases.Question) { q.Route = []camera.Stretch{{Road: "r9", To: 5}} }, "", camera.CodeUnknownRoad},
		"two places": {func(q *cases.Question) {
			q.Stretch, q.Near = stretch(0, 1), &cases.Near{Metres: 5}
		}, "", camera.CodeBadRequest},
	} {
		q := window(one)
		q.Stretch, v.place = camera.Stretch{}, ""
		c.ask(&q)
		_, err := v.Search(t.Context(), officer, one.ID, q)
		if camera.CodeOf(err) != c.code || v.place != c.place {
			t.Errorf("%s: %v, asked of %q, want %q", name, err, v.place, c.place)
		}
		last := v.records[len(v.records)-1]
		if last.Refused != c.code || c.place != "" && !strings.HasPrefix(last.Detail, c.place+", 2026-") {
			t.Errorf("%s: audit says %q, refused %q", name, last.Detail, last.Refused)
		}
	}
}

// TestRefusedPlacesAreNamed: what somebody was after who may not ask, or asked too much.
func TestRefusedPlacesAreNamed(t *testing.T) {
	v := newVillage(t)
	one := v.open(t, "1/2026")
	stretch := camera.Stretch{Road: "r1", From: 0, To: 600}
	at := cases.Near{Position: camera.Position{Lon: 20, Lat: 22}, Metres: 501}
	technician := officer
	technician.Watches = false
	for want, q := range map[string]cases.Question{
		"r1 0–600 m, 2026-":                                   {Stretch: stretch},
		"501 m around 20.000000,22.000000, 2026-":             {Near: &at},
		"r1 0–600 m, r1 0–600 m, 2026-":                       {Route: []camera.Stretch{stretch, stretch}},
		"from 1.000000,2.000000 to 3.000000,4.000000, 2026-":  {Points: &[2]camera.Position{{Lon: 1, Lat: 2}, {Lon: 3, Lat: 4}}},
		"501 m around 20.000000,22.000000, r1 0–600 m, 2026-": {Near: &at, Stretch: stretch},
		strings.Repeat("x", 80) + " 0–1 m, 2026-":             {Stretch: camera.Stretch{Road: camera.RoadID(strings.Repeat("x", 5000)), To: 1}},
	} {
		w := window(one)
		q.From, q.To = w.From, w.To
		if _, err := v.Search(t.Context(), technician, one.ID, q); camera.CodeOf(err) != camera.CodeForbidden {
			t.Errorf("%s: %v", want, err)
		}
		if last := v.records[len(v.records)-1]; last.Refused != camera.CodeForbidden || !strings.HasPrefix(last.Detail, want) {
			t.Errorf("audit says %q, want %q", last.Detail, want)
		}
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
	inRecorder := func(v *village) {
		v.spans[0] = cases.Span{From: v.spans[0].From, To: v.spans[0].To, State: camera.StateRecorder}
	}
	copied := func(v *village) {
		v.footage[0].Origin = camera.OriginRecorder
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
		"fetched":               {copied, camera.ConsentClip, false, &noted},
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
