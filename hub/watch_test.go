package hub_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/cases"
)

// twoRoads has a road 30 m north of the home and one 30 m south of it, from west to east.
const twoRoads = `<osm version="0.6">
<node id="1" lat="21.90027" lon="106.69"/><node id="2" lat="21.90027" lon="106.71"/>
<node id="3" lat="21.89973" lon="106.69"/><node id="4" lat="21.89973" lon="106.71"/>
<way id="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="primary"/><tag k="ref" v="N1"/></way>
<way id="2"><nd ref="3"/><nd ref="4"/><tag k="highway" v="primary"/><tag k="ref" v="S1"/></way></osm>`

// TestATurnedCameraAnswersForEachDay: by where it looked then, also after a restart of
// the hub, which reads all views again.
func TestATurnedCameraAnswersForEachDay(t *testing.T) {
	h := newHome(t)
	h.cfg.Roads = filepath.Join(t.TempDir(), "roads.osm")
	if err := os.WriteFile(h.cfg.Roads, []byte(twoRoads), 0o600); err != nil {
		t.Fatal(err)
	}
	h.reopen(t)
	day, now := 24*time.Hour, time.Now()
	cam := h.note
	cam.Camera, cam.Channel = camera.NewCameraID(h.house, "S1", 1), 1
	cam.View.From = now.Add(-10 * day) // north, the household says
	h.hello(t, cam)
	cam.View.Heading, cam.View.From = 180, now.Add(-day)
	h.hello(t, cam)
	who := cases.Officer{ID: "u1", Name: "Cán bộ", Unit: "Xã A", Watches: true}
	one, err := h.Cases().OpenCase(t.Context(), who, cases.Case{Number: "1/2026", Kind: "criminal", LegalBasis: "Điều 107"})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(q cases.Question, at time.Time) int {
		t.Helper()
		q.From, q.To = at, at.Add(time.Hour)
		answer, err := h.Cases().Search(t.Context(), who, one.ID, q)
		if err != nil {
			t.Fatal(err)
		}
		return len(answer.Cameras)
	}
	on := func(road camera.RoadID) cases.Question {
		return cases.Question{Stretch: camera.Stretch{Road: road, From: 0, To: 2000}}
	}
	turned := func() {
		t.Helper()
		before, after := now.Add(-2*day), now.Add(-2*time.Hour)
		near := cases.Question{Near: &cases.Near{Position: cam.View.Position, Metres: 60}}
		route := cases.Question{Route: []camera.Stretch{on("n1").Stretch, on("s1").Stretch}}
		for name, c := range map[string]struct {
			q    cases.Question
			at   time.Time
			want int
		}{
			"north, before it turned": {on("n1"), before, 1}, "south, before it turned": {on("s1"), before, 0},
			"north, after": {on("n1"), after, 0}, "south, after": {on("s1"), after, 1},
			"both, as it turned":  {route, now.Add(-day - time.Minute), 1},
			"before it was there": {route, now.Add(-11 * day), 0},
			"around it, before":   {near, before, 1}, "around it, after": {near, after, 1},
		} {
			if got := ask(c.q, c.at); got != c.want {
				t.Errorf("%s: %d cameras, want %d", name, got, c.want)
			}
		}
	}
	turned()
	h.reopen(t)
	turned()
}
