package road_test

import (
	"math"
	"slices"
	"testing"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/road"
)

// TestWalk: the arcs of a junction of a two-way road, a one-way street into it and one
// that was drawn backwards, worked out by hand.
func TestWalk(t *testing.T) {
	var d drawing
	d.way(1, "highway=primary,name=Cái,maxspeed=60", xy{0, 0}, xy{300, 0}, xy{1000, 0})
	d.way(2, "highway=residential,name=Vào,oneway=yes", xy{300, 200}, xy{300, 0})
	d.way(3, "highway=residential,name=Ra,oneway=-1", xy{300, -100}, xy{300, 0})
	g, report := d.load(t)
	if g.Edges() != 4 || g.Vertices() != 5 || report.Edges != 4 {
		t.Fatalf("%d edges, %d vertices", g.Edges(), g.Vertices())
	}
	j := g.Junctions()
	if len(j) != 1 || g.Vertex(j[0].Vertex) != j[0].Position {
		t.Fatalf("junctions %+v", j)
	}
	want := map[camera.RoadID][]road.Arc{
		"cai": {{Open: true, Length: 300, Class: "primary", Speed: 60, Start: 300, End: 0},
			{Open: true, Length: 700, Class: "primary", Speed: 60, Start: 300, End: 1000}},
		"vao": {{Open: false, Length: 200, Class: "residential", Start: 200, End: 0}},
		"ra":  {{Open: true, Length: 100, Class: "residential", Start: 100, End: 0}},
	}
	seen := 0
	for a := range g.Out(j[0].Vertex) {
		seen++
		if a.From != j[0].Vertex || a.To == a.From {
			t.Errorf("%+v leaves %d", a, j[0].Vertex)
		}
		if !slices.ContainsFunc(want[a.Road], func(w road.Arc) bool {
			return w.Open == a.Open && w.Class == a.Class && w.Speed == a.Speed &&
				near(w.Length, a.Length) && near(w.Start, a.Start) && near(w.End, a.End)
		}) {
			t.Errorf("%+v, want one of %+v", a, want[a.Road])
		}
	}
	if seen != 4 {
		t.Errorf("%d arms, want 4", seen)
	}
	if a := g.Arc(0, true); a.Way() != camera.DirUp || g.Arc(0, false).Way() != camera.DirDown {
		t.Errorf("ways %s, %s", a.Way(), g.Arc(0, false).Way())
	}
	checkWalk(t, g)
}

func near(a, b float64) bool { return math.Abs(a-b) < 0.5 }

// checkWalk: every arc leaves and comes once, the other way is its mirror, and the edges
// of each road cover it without a hole.
func checkWalk(t *testing.T, g *road.Graph) {
	t.Helper()
	type arc struct {
		edge  int32
		along bool
	}
	out, in := map[arc]bool{}, map[arc]bool{}
	spans := map[camera.RoadID][][2]float64{}
	for v := range int32(g.Vertices()) {
		for a := range g.Out(v) {
			back := g.Arc(a.Edge, !a.Along)
			if a.From != v || a.Length < 0 || out[arc{a.Edge, a.Along}] || back.From != a.To || back.Start != a.End || back.Length != a.Length || !a.Open && !back.Open {
				t.Fatalf("%+v leaves %d, back %+v", a, v, back)
			}
			out[arc{a.Edge, a.Along}] = true
			if a.Along && a.Road != "" {
				spans[a.Road] = append(spans[a.Road], [2]float64{min(a.Start, a.End), max(a.Start, a.End)})
			}
			if math.Abs(math.Abs(a.End-a.Start)-a.Length) > 0.01 {
				t.Fatalf("%+v is not as long as its metres", a)
			}
		}
		for a := range g.In(v) {
			if a.To != v || in[arc{a.Edge, a.Along}] {
				t.Fatalf("%+v comes to %d", a, v)
			}
			in[arc{a.Edge, a.Along}] = true
		}
	}
	if len(out) != 2*g.Edges() || len(in) != 2*g.Edges() {
		t.Fatalf("%d arcs leave, %d come, want %d", len(out), len(in), 2*g.Edges())
	}
	for _, r := range g.Roads() {
		list, at := spans[r.ID], 0.0
		slices.SortFunc(list, func(a, b [2]float64) int { return slices.Compare(a[:], b[:]) })
		for _, s := range list {
			if s[0] != at {
				t.Fatalf("%s: an edge begins at %v, the last ended at %v", r.ID, s[0], at)
			}
			at = s[1]
		}
		if at != r.Length {
			t.Fatalf("%s: edges end at %v of %v", r.ID, at, r.Length)
		}
	}
}

func TestWalkRealExtracts(t *testing.T) {
	g, report := delaware(t)
	checkWalk(t, g)
	if report.Unnamed == 0 || report.Unnamed >= report.Roads || report.MissingSpeed == 0 || report.MissingSpeed >= report.Ways {
		t.Errorf("report %+v", report)
	}
	t.Logf("Delaware: %d of %d roads without a name, %d ways without a speed", report.Unnamed, report.Roads, report.MissingSpeed)
	g, report = andorra(t)
	checkWalk(t, g)
	t.Logf("Andorra: %d of %d roads without a name, %d ways without a speed", report.Unnamed, report.Roads, report.MissingSpeed)
}

// TestReportCountsWhatIsNotSaid: a road with a name, one with a ref alone and one with
// neither; two of three ways say no speed.
func TestReportCountsWhatIsNotSaid(t *testing.T) {
	var d drawing
	d.way(1, "highway=primary,name=Có Tên,maxspeed=60", xy{0, 0}, xy{300, 0})
	d.way(2, "highway=primary,ref=QL1,maxspeed=VN:urban", xy{0, 50}, xy{300, 50})
	d.way(3, "highway=track", xy{0, 90}, xy{300, 90})
	if _, report := d.load(t); report.Roads != 3 || report.Unnamed != 1 || report.MissingSpeed != 2 {
		t.Errorf("report %+v, want 1 of 3 without a name, 2 without a speed", report)
	}
}
