package road_test

import (
	"bytes"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/road"
)

type xy = [2]float64

// cross draws a main road of three ways in mixed order and direction, two side streets
// of one name, a branch of the main road, and what is no road.
func cross() *drawing {
	var d drawing
	d.way(30, "highway=primary,ref=QL4A;QL1B,name=Quốc lộ 4A,maxspeed=60", xy{1000, 0}, xy{2000, 0})
	d.way(10, "highway=primary,ref=QL4A,name=Quốc lộ 4A", xy{0, 0}, xy{500, 0})
	d.way(20, "highway=secondary,ref=QL4A,name=Phố Chợ", xy{1000, 0}, xy{500, 0})
	d.way(40, "highway=primary,ref=QL4A", xy{1000, 0}, xy{1100, 400})
	d.way(50, "highway=residential,name=Đường Bản Mẫu", xy{500, 0}, xy{500, 300})
	d.way(51, "highway=residential,name=Đường Bản Mẫu", xy{3000, 0}, xy{3000, 100})
	d.way(60, "highway=service", xy{500, 0}, xy{500, -90})
	d.way(70, "highway=footway,name=Lối mòn", xy{500, 0}, xy{600, -90})
	d.way(80, "highway=pedestrian", xy{0, 0}, xy{0, 50})
	d.way(81, "highway=service,area=yes", xy{0, 0}, xy{0, 50}, xy{50, 50}, xy{0, 0})
	d.way(90, "waterway=stream", xy{0, 10}, xy{2000, 10})
	return &d
}

func TestRoads(t *testing.T) {
	g, report := cross().load(t)
	checkRoads(t, g)
	want := []road.Road{
		{ID: "duong-ban-mau", Name: "Đường Bản Mẫu", Class: "residential", Length: 300},
		{ID: "duong-ban-mau-2", Name: "Đường Bản Mẫu", Class: "residential", Length: 100},
		{ID: "ql4a", Name: "Quốc lộ 4A", Ref: "QL4A", Class: "primary", Length: 2000},
		{ID: "ql4a-2", Name: "QL4A", Ref: "QL4A", Class: "primary", Length: math.Hypot(100, 400)},
		{ID: "service-60", Class: "service", Length: 90},
	}
	got := g.Roads()
	if len(got) != len(want) {
		t.Fatalf("got %+v", got)
	}
	for i, w := range want {
		if math.Abs(got[i].Length-w.Length) > 0.5 {
			t.Errorf("%s: length %.2f, want %.2f", w.ID, got[i].Length, w.Length)
		}
		got[i].Line, got[i].Length, w.Length = nil, 0, 0
		if !reflect.DeepEqual(got[i], w) {
			t.Errorf("got %+v, want %+v", got[i], w)
		}
	}
	// The oldest way runs forward, so the zero is at 0,0.
	p, heading, err := g.At("ql4a", 1250)
	if err != nil || camera.Distance(p, spotAt(1250, 0)) > 0.5 || camera.Turn(heading, 90) > 0.1 {
		t.Errorf("metre 1250 is %v heading %.1f, %v", p, heading, err)
	}
	if report.Ways != 11 || report.Roads != 5 || report.Junctions != 2 || report.Pieces != 2 || report.Traps != 0 ||
		report.MissingSpeed != 6 || report.MissingNodes != 0 {
		t.Errorf("report %+v", report)
	}
	skipped := map[string]int{"not for vehicles": 2, "area": 1, "no highway": 1}
	if !reflect.DeepEqual(report.Skipped, skipped) {
		t.Errorf("skipped %v, want %v", report.Skipped, skipped)
	}
	j := g.Junctions()
	if !slices.Equal(j[0].Roads, []camera.RoadID{"duong-ban-mau", "ql4a", "service-60"}) ||
		!slices.Equal(j[1].Roads, []camera.RoadID{"ql4a", "ql4a-2"}) {
		t.Errorf("junctions %+v", j)
	}
}

// The order of a file's elements says nothing.
func TestSameFileSameRoads(t *testing.T) {
	first, _ := cross().load(t)
	d := cross()
	slices.Reverse(d.nodes)
	slices.Reverse(d.ways)
	turned := `<osm version="0.6">` + strings.Join(d.ways, "") + strings.Join(d.nodes, "") + `</osm>`
	second, _, err := road.Load(t.Context(), bytes.NewBufferString(turned), road.FormatXML)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(first.Roads(), second.Roads()) {
		t.Errorf("roads differ:\n%+v\n%+v", first.Roads(), second.Roads())
	}
	if !reflect.DeepEqual(first.Junctions(), second.Junctions()) {
		t.Error("junctions differ")
	}
}

func TestShapes(t *testing.T) {
	var d drawing
	// A ring with a stem, both of one name: one road in at the stem and around.
	d.way(1, "highway=residential,name=Vòng", xy{0, 0}, xy{100, 0})
	d.way(2, "highway=residential,name=Vòng", xy{100, 0}, xy{200, 50}, xy{200, -50}, xy{100, 0})
	// A ring alone.
	d.way(3, "highway=tertiary,name=Hồ,junction=roundabout", xy{500, 0}, xy{550, 50}, xy{600, 0}, xy{550, -50}, xy{500, 0})
	// Names that leave nothing, or the same, and a way drawn but not uploaded.
	d.way(4, "highway=track,name=龙州", xy{800, 0}, xy{900, 0})
	d.way(5, "highway=track,name=Ngõ 1", xy{800, 50}, xy{900, 50})
	d.way(6, "highway=track,ref=NGO-1", xy{800, 90}, xy{900, 90})
	d.way(-7, "highway=track", xy{800, 120}, xy{900, 120})
	g, report := d.load(t)
	checkRoads(t, g)
	for id, length := range map[camera.RoadID]float64{
		"vong": 100 + 2*math.Hypot(100, 50) + 100, "ho": 4 * math.Hypot(50, 50),
		"track-4": 100, "ngo-1": 100, "ngo-1-2": 100, "track-n7": 100,
	} {
		r, ok := g.Road(id)
		if !ok || math.Abs(r.Length-length) > 0.5 {
			t.Errorf("%s: %v %.2f m, want %.2f", id, ok, r.Length, length)
		}
	}
	if r, _ := g.Road("ngo-1"); r.Ref != "NGO-1" {
		t.Errorf("a ref takes its id before a name, got %+v", r)
	}
	if len(g.Roads()) != 6 || report.Traps != 0 {
		t.Errorf("%d roads, report %+v", len(g.Roads()), report)
	}
}

func TestTrapsAndBorder(t *testing.T) {
	var d drawing
	d.way(1, "highway=residential,name=A", xy{0, 0}, xy{100, 0}, xy{200, 0})
	d.way(2, "highway=residential,name=Vào,oneway=yes", xy{100, 0}, xy{100, 100}) // in and never out
	d.way(3, "highway=residential,name=Ra,oneway=-1", xy{200, 0}, xy{200, 100})   // out and never in
	d.way(4, "highway=motorway,name=M", xy{0, 0}, xy{0, 100})                     // one-way by its class
	d.way(5, "highway=residential,name=Biên", xy{0, 500}, xy{50, 500}, xy{100, 500}, xy{150, 500}, xy{200, 500})
	_, report := d.load(t)
	if report.Traps != 3 || report.Pieces != 2 {
		t.Errorf("report %+v, want 3 traps in 2 pieces", report)
	}
	// Without its middle node the last way is two roads, and one way is gone entirely.
	middle, in := d.node(100, 500), d.node(100, 100)
	text := d.xml()
	for _, id := range []int{middle, in} {
		from := strings.Index(text, d.nodes[id-1])
		text = text[:from] + text[from+len(d.nodes[id-1]):]
	}
	g, report, err := road.Load(t.Context(), strings.NewReader(text), road.FormatXML)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []camera.RoadID{"bien", "bien-2"} {
		if r, ok := g.Road(id); !ok || math.Abs(r.Length-50) > 0.5 {
			t.Errorf("%s: %v, %.1f m", id, ok, r.Length)
		}
	}
	if report.MissingNodes != 2 || report.Skipped["no length inside the file"] != 1 {
		t.Errorf("report %+v", report)
	}
}

func TestAtAndCheck(t *testing.T) {
	g, _ := cross().load(t)
	r, _ := g.Road("ql4a")
	nan := math.NaN()
	for _, c := range []struct {
		in   camera.Stretch
		want camera.Stretch
		code camera.Code
	}{
		{camera.Stretch{Road: "ql4a", From: 10, To: 20}, camera.Stretch{Road: "ql4a", From: 10, To: 20}, ""},
		{camera.Stretch{Road: "ql4a", From: -5, To: 9e9}, camera.Stretch{Road: "ql4a", From: 0, To: r.Length}, ""},
		{camera.Stretch{Road: "ql4a", From: 20, To: 10}, camera.Stretch{}, camera.CodeBadStretch},
		{camera.Stretch{Road: "ql4a", From: 10, To: 10}, camera.Stretch{}, camera.CodeBadStretch},
		{camera.Stretch{Road: "ql4a", From: nan, To: 10}, camera.Stretch{}, camera.CodeBadStretch},
		{camera.Stretch{Road: "ql4a", From: 10, To: nan}, camera.Stretch{}, camera.CodeBadStretch},
		{camera.Stretch{Road: "ql4a", From: -9, To: -1}, camera.Stretch{}, camera.CodeBadStretch},
		{camera.Stretch{Road: "ql4a", From: 2100, To: 2200}, camera.Stretch{}, camera.CodeBadStretch},
		{camera.Stretch{Road: "ql4", From: 10, To: 20}, camera.Stretch{}, camera.CodeUnknownRoad},
	} {
		got, err := g.Check(c.in)
		if got != c.want || camera.CodeOf(err) != c.code {
			t.Errorf("%+v: got %+v, %v, want %+v, %s", c.in, got, err, c.want, c.code)
		}
	}
	for _, m := range []float64{-0.1, r.Length + 0.1, nan, math.Inf(1)} {
		if _, _, err := g.At("ql4a", m); camera.CodeOf(err) != camera.CodeBadStretch {
			t.Errorf("metre %v: %v", m, err)
		}
	}
	for m, x := range map[float64]float64{0: 0, r.Length: 2000} {
		if p, _, err := g.At("ql4a", m); err != nil || camera.Distance(p, spotAt(x, 0)) > 0.1 {
			t.Errorf("metre %v: %v, %v", m, p, err)
		}
	}
	if _, _, err := g.At("x", 1); camera.CodeOf(err) != camera.CodeUnknownRoad {
		t.Errorf("unknown road: %v", err)
	}
	var none road.Graph
	if _, err := none.Snap(origin, 100); camera.CodeOf(err) != camera.CodeOffRoad || len(none.Roads()) != 0 {
		t.Errorf("zero graph: %v", err)
	}
}
