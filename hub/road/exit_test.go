package road_test

import (
	"fmt"
	"testing"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/road"
)

// TestExitsByHand: a main road that is watched at 100 and, along it and no wider than it,
// from 880 to 920, and what goes off between.
//
//	200  a lane to the north whose first metres a camera sees: no exit
//	400  a loop to the south that comes back at 600: an exit at both ends, that ends
//	500  a road across that is watched 300 m to either side: that is a gap of its own
//	600  and a motorway that leaves there, one-way, and goes a long way: an exit, but not
//	     for who comes around the loop, and is back in the gap
//	800  a track to the north, to a track beside the main road that comes back at 950,
//	     beyond what is watched, where 70 lanes go on: an exit
//	850  a track to the south that comes back at 900, where 70 lanes go on, but not before
//	     one was seen: an exit that ends
func TestExitsByHand(t *testing.T) {
	var d drawing
	d.way(1, "highway=primary,name=Cái", xy{0, 0}, xy{200, 0}, xy{400, 0}, xy{500, 0}, xy{600, 0}, xy{800, 0}, xy{850, 0}, xy{900, 0}, xy{950, 0}, xy{1000, 0})
	d.way(2, "highway=residential,name=Ngõ", xy{200, 0}, xy{200, 300})
	d.way(3, "highway=residential,name=Vòng", xy{400, 0}, xy{400, -100}, xy{600, -100}, xy{600, 0})
	d.way(4, "highway=secondary,name=Ngang", xy{500, -90}, xy{500, 0}, xy{500, 400})
	d.way(5, "highway=secondary,name=Ngang", xy{500, -500}, xy{500, -110}, xy{520, -105}, xy{500, -90})
	d.way(6, "highway=motorway,name=Cao Tốc", xy{600, 0}, xy{700, -300})
	d.way(7, "highway=track,name=Mòn", xy{800, 0}, xy{800, 100}, xy{950, 100}, xy{950, 0})
	d.way(8, "highway=track,name=Về", xy{850, 0}, xy{850, -60}, xy{900, -60}, xy{900, 0})
	d.way(9, "highway=service", xy{900, 0}, xy{900, 60})
	lanes(&d, 900, 60)
	lanes(&d, 700, -300)
	lanes(&d, 1000, 0)
	g, _ := d.load(t)
	w := road.NewWatch(g)
	w.Set("a", at(100, 10, 180, 90, 50))
	w.Set("b", at(880, 0, 90, 4, 40))
	w.Set("lane", at(210, 100, 270, 90, 50)) // 90 … 110 of the lane
	w.Set("north", at(510, 300, 270, 90, 50))
	w.Set("south", at(510, -300, 270, 90, 50))
	c := w.Coverage(road.CoverageQuestion{At: day(0)})
	var got []string
	for _, x := range c.Exits {
		got = append(got, fmt.Sprintf("%s@%.0f %s ends=%v", x.Road, x.GapAt, x.Way, x.Ends))
		if x.Gap.Road != "cai" || !near(x.Gap.From, 110) || !near(x.Gap.To, 880) {
			t.Errorf("%+v is in another gap", x)
		}
	}
	// The motorway before the track by its class; both ends of the loop by their metre.
	want := []string{"cao-toc@600 up ends=false", "mon@800 up ends=false", "vong@400 up ends=true", "vong@600 down ends=true", "ve@850 up ends=true"}
	if fmt.Sprint(got) != fmt.Sprint(want) || c.ExitCount != len(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	// With the crossing no longer watched to the south, its arm to there leads out. Who goes
	// north is still seen before the next junction.
	w.Set("south", nil)
	c = w.Coverage(road.CoverageQuestion{At: day(0)})
	arms := map[camera.Direction]int{}
	for _, x := range c.Exits {
		if x.Road == "ngang" {
			arms[x.Way]++
		}
	}
	if c.ExitCount != 6 || len(arms) != 1 {
		t.Errorf("%d exits, of the crossing %v", c.ExitCount, arms)
	}
}

// lanes draws a way on with 70 yards: more than a dead end.
func lanes(d *drawing, x, y float64) {
	points := []xy{{x, y}}
	for i := range 70 {
		p := xy{x + 10*float64(i+1), y - 5}
		points = append(points, p)
		d.way(1000+int(x)*100+i, "highway=service", p, xy{p[0], y - 30})
	}
	d.way(900+int(x), "highway=unclassified", points...)
}
