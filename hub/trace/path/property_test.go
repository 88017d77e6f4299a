package path_test

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/trace/path"
)

// TestAnySightings: whatever is seen in a town with one-way streets, a dead end and a
// piece apart, in any order of places and times, legs fit together, times do not fall,
// marks stand in order, and what is not broken keeps to the roads.
func TestAnySightings(t *testing.T) {
	d := ladder()
	d.way("highway=residential,name=Tắt,oneway=yes", xy{1000, 0}, xy{1000, -600}, xy{500, 0})
	d.way("highway=track,name=Cụt", xy{2000, 400}, xy{2300, 700})
	d.way("highway=service,name=Vào,oneway=yes", xy{0, 400}, xy{-200, 400})
	d.way("highway=residential,name=Đảo", xy{5000, 0}, xy{5600, 0})
	g := d.load(t)
	rapid.Check(t, func(t *rapid.T) {
		q := left(rapid.Float64Range(0, 2000).Draw(t, "x"), rapid.Float64Range(-100, 450).Draw(t, "y"))
		q.Mode = rapid.SampledFrom(camera.Modes()).Draw(t, "mode")
		now := rapid.Float64Range(-300, 300).Draw(t, "first")
		for i := range rapid.IntRange(0, 8).Draw(t, "sightings") {
			s := seen(string(rune('a'+i)), rapid.Float64Range(-300, 5700).Draw(t, "x"), rapid.SampledFrom([]float64{0, 400, -300, 550}).Draw(t, "y"), now)
			s.Camera = camera.CameraID(rapid.SampledFrom([]string{"c1", "c2"}).Draw(t, "camera"))
			s.View.Heading = rapid.Float64Range(0, 359).Draw(t, "view")
			s.Bound = time.Duration(rapid.IntRange(0, 100).Draw(t, "bound")) * time.Second
			if rapid.Bool().Draw(t, "told") {
				h := rapid.Float64Range(0, 360).Draw(t, "heading")
				s.Heading = &h
			}
			q.Sightings = append(q.Sightings, s)
			now += rapid.SampledFrom([]float64{0, 0.5, 10, 60, 600, 1e5}).Draw(t, "later")
		}
		r, err := path.Recover(t.Context(), g, q)
		if err != nil {
			t.Fatal(err)
		}
		if why := wrong(q, r); why != "" {
			t.Fatal(why)
		}
		for i, l := range r.Legs {
			for _, p := range l.Points {
				if near, err := g.Snap(p.Position, 5); !l.Broken && (err != nil || near.Distance > 0.1) {
					t.Fatalf("leg %d leaves the roads at %v", i, p.Position)
				}
			}
		}
	})
}

func FuzzRecover(f *testing.F) {
	d := ladder()
	g := d.load(f)
	f.Add(106.701, 21.97, 106.703, 21.97, 0.0, 90.0, 40.0, 90.0, int64(20), int64(0), int64(60))
	f.Add(math.NaN(), 21.97, 106.7, math.Inf(1), 359.0, 180.0, 200.0, -90.0, int64(-20), int64(1)<<62, int64(-5))
	f.Add(106.7, 21.97, 106.7, 21.97, math.NaN(), 0.0, 1e300, math.NaN(), int64(1)<<60, int64(-1), int64(0))
	f.Fuzz(func(t *testing.T, lon, lat, seenLon, seenLat, view, fov, reach, heading float64, at, bound, interval int64) {
		q := path.Question{
			Mode:     camera.ModeMotorbike,
			Incident: camera.Incident{Position: camera.Position{Lon: lon, Lat: lat}, From: noon, To: noon.Add(time.Duration(interval))},
		}
		for i, from := range []float64{0, 90} {
			q.Sightings = append(q.Sightings, path.Sighting{
				Mark: string(rune('a' + i)), At: time.Unix(noon.Unix()+at, 0), Bound: time.Duration(bound), Heading: &heading,
				View: camera.View{Position: camera.Position{Lon: seenLon, Lat: seenLat}, Heading: view + from, FOV: fov, Range: reach},
			})
		}
		r, err := path.Recover(t.Context(), g, q)
		if err != nil {
			switch camera.CodeOf(err) {
			case camera.CodeBadRequest, camera.CodeBadWindow, camera.CodeOffRoad:
				return
			}
			t.Fatalf("%v (%s)", err, camera.CodeOf(err))
		}
		if why := wrong(q, r); why != "" {
			t.Fatal(why)
		}
		var out bytes.Buffer
		if err := path.GeoJSON(&out, r); err != nil || !json.Valid(out.Bytes()) {
			t.Fatalf("geojson: %v", err)
		}
		if err := path.GPX(&out, r); err != nil {
			t.Fatal(err)
		}
	})
}
