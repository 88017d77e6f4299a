package road_test

import (
	"math"
	"testing"

	camera "xulang.vn/camera"
)

// TestReportOfConnection: two pieces, a street that can be entered and never left, one
// that can be left and never entered, and one behind another trap; metres by hand.
func TestReportOfConnection(t *testing.T) {
	var d drawing
	d.way(1, "highway=residential,name=A,maxspeed=40", xy{0, 0}, xy{100, 0}, xy{200, 0})
	d.way(2, "highway=residential,name=Vào,oneway=yes", xy{100, 0}, xy{100, 300})
	d.way(3, "highway=residential,name=Ra,oneway=-1", xy{200, 0}, xy{200, 100})
	d.way(4, "highway=residential,name=Sân", xy{100, 300}, xy{150, 300})                        // can be driven to and fro, behind 2
	d.way(5, "highway=residential,name=Sau,oneway=yes", xy{200, 100}, xy{250, 100})             // from what is only left
	d.way(6, "highway=residential,name=Biên,maxspeed=30", xy{0, 900}, xy{50, 900}, xy{70, 900}) // a piece apart
	_, r := d.load(t)
	if r.Pieces != 2 || !near(r.Apart, 70) {
		t.Errorf("%d pieces, %.1f m apart, want 2 and 70", r.Pieces, r.Apart)
	}
	if r.Traps != 4 || !near(r.TrapMetres, 300+100+50+50) || !near(r.Speedless, 300+100+50+50) {
		t.Errorf("%d traps of %.1f m, %.1f m without a speed, want 4, 500, 500", r.Traps, r.TrapMetres, r.Speedless)
	}
	type kind struct {
		x, y, metres  float64
		entered, left bool
	}
	want := []kind{{100, 300, 350, true, false}, {200, 100, 150, false, true}, {250, 100, 50, false, false}}
	if len(r.TrapsAt) != len(want) {
		t.Fatalf("traps %+v", r.TrapsAt)
	}
	for i, w := range want {
		got := r.TrapsAt[i]
		if camera.Distance(got.Position, spotAt(w.x, w.y)) > 60 || !near(got.Metres, w.metres) || got.Entered != w.entered || got.Left != w.left {
			t.Errorf("trap %d: %+v, want %+v", i, got, w)
		}
	}
}

func TestReportOfRealExtracts(t *testing.T) {
	for _, x := range []*extract{theDelaware, theAndorra} {
		g, r := x.get(t)
		if !(r.Apart > 0 && r.Apart < r.Metres/2) || !(r.TrapMetres > 0 && r.TrapMetres < r.Metres/10) ||
			!(r.Speedless > 0 && r.Speedless < r.Metres) {
			t.Errorf("%s: %+v", x.file, r)
		}
		lo, hi := g.Bounds()
		if len(r.TrapsAt) == 0 || len(r.TrapsAt) > 5 {
			t.Errorf("%s: %d traps are named", x.file, len(r.TrapsAt))
		}
		last := math.Inf(1)
		for _, trap := range r.TrapsAt {
			p := trap.Position
			if p.Lon < lo.Lon || p.Lat < lo.Lat || p.Lon > hi.Lon || p.Lat > hi.Lat || trap.Metres > last || trap.Entered && trap.Left {
				t.Errorf("%s: %+v", x.file, trap)
			}
			last = trap.Metres
		}
	}
}
