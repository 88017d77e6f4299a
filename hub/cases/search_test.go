package cases_test

import (
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
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
