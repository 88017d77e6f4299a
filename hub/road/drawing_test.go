package road_test

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/road"
)

// checkLines tests what every map must keep: known roads, lines of at least two points
// that lie on them, and bounds.
func checkLines(t *testing.T, g *road.Graph, lines []camera.RoadLine) (points, bytes int) {
	t.Helper()
	for _, l := range lines {
		r, ok := g.Road(l.ID)
		if !ok || l.Name != r.Name || l.Class != r.Class || len(l.Line) < 2 {
			t.Fatalf("line %+v of road %+v", l, r)
		}
		points += len(l.Line)
		for i, p := range l.Line {
			if i > 0 && p == l.Line[i-1] {
				t.Fatalf("%s: two points in one place", l.ID)
			}
		}
	}
	text, err := json.Marshal(lines)
	if err != nil {
		t.Fatal(err)
	}
	return points, len(text)
}

func TestAround(t *testing.T) {
	g, _ := cross().load(t)
	length := func(l camera.RoadLine) (metres float64) {
		for i := 1; i < len(l.Line); i++ {
			metres += camera.Distance(camera.Position{Lon: l.Line[i-1][0], Lat: l.Line[i-1][1]}, camera.Position{Lon: l.Line[i][0], Lat: l.Line[i][1]})
		}
		return metres
	}
	for _, c := range []struct {
		name         string
		x, y, radius float64
		want         map[camera.RoadID]float64 // metres
	}{
		{"nearby", 700, 0, 100, map[camera.RoadID]float64{"ql4a": 200}},
		{"beside", 700, 60, 100, map[camera.RoadID]float64{"ql4a": 160}},
		{"at the crossing", 500, 0, 200, map[camera.RoadID]float64{"ql4a": 400, "duong-ban-mau": 200, "service-60": 90}},
		{"usual", 500, 0, 0, map[camera.RoadID]float64{"ql4a": 2000, "ql4a-2": math.Hypot(100, 400), "duong-ban-mau": 300, "service-60": 90}},
		{"nothing there", 500, 5000, 300, nil},
		{"no place", math.NaN(), 0, 300, nil},
		{"no circle", 500, 0, -1, nil},
		{"no number", 500, 0, math.NaN(), nil},
	} {
		lines := g.Around(spotAt(c.x, c.y), c.radius)
		checkLines(t, g, lines)
		got := map[camera.RoadID]float64{}
		for _, l := range lines {
			got[l.ID] += length(l)
		}
		if len(got) != len(c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		for id, metres := range c.want {
			if math.Abs(got[id]-metres) > 1 {
				t.Errorf("%s: %s has %.1f m, want %.1f", c.name, id, got[id], metres)
			}
		}
	}
	// A road that leaves the circle and comes back is two lines.
	var d drawing
	d.way(1, "highway=primary,name=Vòng", xy{-300, 10}, xy{0, 10}, xy{0, 500}, xy{50, 500}, xy{50, 10}, xy{300, 10})
	bow, _ := d.load(t)
	if lines := bow.Around(spotAt(25, 0), 100); len(lines) != 2 || lines[0].ID != "vong" || lines[1].ID != "vong" {
		t.Errorf("a road that comes back: %+v", lines)
	}
	if lines := new(road.Graph).Around(origin, 100); len(lines) != 0 {
		t.Errorf("no roads: %+v", lines)
	}
}

// TestAroundIsBounded: the widest map of a dense town fits into a message, and what is
// nearest is on it.
func TestAroundIsBounded(t *testing.T) {
	g, _ := delaware(t)
	wilmington := camera.Position{Lon: -75.5466, Lat: 39.7459}
	for _, radius := range []float64{300, 1500, camera.RoadsRadius, 1e9} {
		lines := g.Around(wilmington, radius)
		points, size := checkLines(t, g, lines)
		t.Logf("%.0f m: %d lines, %d points, %d bytes", radius, len(lines), points, size)
		if len(lines) > 400 || points > 20_000 || size > camera.MessageLargest*9/10 || len(lines) < 10 {
			t.Errorf("%.0f m: %d lines of %d points, %d bytes", radius, len(lines), points, size)
		}
		p, err := g.Snap(wilmington, 200)
		if err != nil {
			t.Fatal(err)
		}
		nearest := false
		for _, l := range lines {
			nearest = nearest || l.ID == p.Road
			for _, at := range l.Line {
				if d := camera.Distance(wilmington, camera.Position{Lon: at[0], Lat: at[1]}); d > math.Min(radius, camera.RoadsRadius)*1.001+1 {
					t.Fatalf("%s is drawn %.0f m away, beyond %.0f", l.ID, d, radius)
				}
			}
		}
		if !nearest {
			t.Errorf("%.0f m: the nearest road %s is not drawn", radius, p.Road)
		}
	}
}

func TestOverview(t *testing.T) {
	small, _ := load(t, sketch)
	lines := small.Overview()
	checkLines(t, small, lines)
	if len(lines) != len(small.Roads()) {
		t.Errorf("%d of %d roads of a small map", len(lines), len(small.Roads()))
	}
	if lines[0].ID != "ql4a" {
		t.Errorf("the greatest road is %s", lines[0].ID)
	}
	if !reflect.DeepEqual(lines, small.Overview()) {
		t.Error("another map each time")
	}

	g, _ := delaware(t)
	lines = g.Overview()
	points, size := checkLines(t, g, lines)
	t.Logf("%d lines, %d points, %d bytes", len(lines), points, size)
	us13 := false
	for _, l := range lines {
		us13 = us13 || l.ID == "us-13"
		switch l.Class {
		case "motorway", "trunk", "primary", "secondary", "tertiary":
		default:
			t.Fatalf("%s is %s", l.ID, l.Class)
		}
	}
	if size > 500<<10 || !us13 || len(lines) < 50 {
		t.Errorf("%d lines, %d bytes, US 13 %v", len(lines), size, us13)
	}
	if lines := new(road.Graph).Overview(); len(lines) != 0 {
		t.Errorf("no roads: %+v", lines)
	}
}
