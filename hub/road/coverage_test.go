package road_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/road"
)

// hamlet is a main road of a kilometre, from west to east, with a dead end at 300 to the
// north, a way out at 500 to the south, behind which there are yards enough to be more
// than a dead end, and a lane at 700 that is one-way, into the main road.
func hamlet() *drawing {
	var d drawing
	d.way(1, "highway=primary,name=Cái", xy{0, 0}, xy{300, 0}, xy{500, 0}, xy{700, 0}, xy{1000, 0})
	d.way(2, "highway=residential,name=Ngõ", xy{300, 0}, xy{300, 200})
	out := []xy{{500, 0}}
	for i := range 70 {
		at := xy{500, -20 * float64(i+10)}
		out = append(out, at)
		d.way(100+i, "highway=service", at, xy{510, at[1]})
	}
	d.way(3, "highway=tertiary,name=Đường Ra", out...)
	d.way(4, "highway=residential,name=Vào,oneway=yes", xy{700, 200}, xy{700, 0})
	d.place(500, -1700, "village", "Làng Nam")
	return &d
}

// at is a view that is true all the time.
func at(x, y, heading, fov, reach float64) []camera.View {
	return []camera.View{{Position: spotAt(x, y), Heading: heading, FOV: fov, Range: reach}}
}

func shares(from, to int, share float64) (day [24]float64) {
	for h := from; h < to; h++ {
		day[h] = share
	}
	return day
}

func sameMetres(a, b road.Directions) bool {
	return near(a.Up, b.Up) && near(a.Down, b.Down) && near(a.BehindUp, b.BehindUp) && near(a.BehindDown, b.BehindDown)
}

// hamletWatch: from 10 m off, square to the road, 45° to either side are 10 m to either
// side.
//
//	a  90 … 110    6:00 to 18:00
//	b  890 … 910   always
//	c  895 … 915   0.4 of each hour: never
//	d  950 … 990   looks up the road, half of 12:00 to 13:00
//	e  until Monday, at 600
func hamletWatch(g *road.Graph) (*road.Watch, road.CoverageQuestion) {
	w := road.NewWatch(g)
	w.Set("a", at(100, 10, 180, 90, 50))
	w.Set("b", at(900, 10, 180, 90, 50))
	w.Set("c", at(905, 10, 180, 90, 50))
	w.Set("d", at(950, 0, 90, 60, 40))
	old := at(600, 10, 180, 90, 50)
	old[0].To = day(0)
	w.Set("e", old)
	active := map[camera.CameraID][24]float64{
		"a": shares(6, 18, 1), "b": shares(0, 24, 0.9), "c": shares(0, 24, 0.4), "d": shares(12, 13, 0.5), "e": shares(0, 24, 1),
	}
	return w, road.CoverageQuestion{At: day(0), Active: func(id camera.CameraID) [24]float64 { return active[id] }}
}

func TestCoverageByHand(t *testing.T) {
	g, _ := hamlet().load(t)
	w, q := hamletWatch(g)
	c := w.Coverage(q)
	if c.Cameras != 3 || len(c.Roads) != 1 || c.GapCount != 2 || c.ExitCount != 2 {
		t.Fatalf("%d cameras, %d roads, %d gaps, %d exits", c.Cameras, len(c.Roads), c.GapCount, c.ExitCount)
	}
	// 20 of a + 20 of b + 40 of d, seen either way; d sees those who go up from behind.
	all := road.Directions{Up: 80, Down: 80, BehindUp: 40}
	for h, got := range c.Hours {
		want := road.Directions{Up: 20, Down: 20} // b
		if h >= 6 && h < 18 {
			want = road.Directions{Up: 40, Down: 40} // and a
		}
		if h == 12 {
			want = all
		}
		if !sameMetres(got, want) || c.Roads[0].Hours[h] != got {
			t.Errorf("hour %d: %+v, of the road %+v, want %+v", h, got, c.Roads[0].Hours[h], want)
		}
	}
	r := c.Roads[0]
	if !sameMetres(c.Watched, all) || r.Watched != c.Watched || r.Road != "cai" || r.Name != "Cái" || r.Best != 12 || r.Worst != 0 ||
		!near(r.Length, 1000) || !sameMetres(r.Open, road.Directions{Up: 1000, Down: 1000}) {
		t.Errorf("road %+v", r)
	}
	for i, want := range []road.Gap{
		{Stretch: camera.Stretch{From: 110, To: 890}, Up: 780, Down: 780}, {Stretch: camera.Stretch{From: 910, To: 950}, Up: 40, Down: 40},
	} {
		if got := c.Gaps[i]; got.Road != "cai" || got.Name != "Cái" || !near(got.From, want.From) || !near(got.To, want.To) || !near(got.Up, want.Up) || !near(got.Down, want.Down) {
			t.Errorf("gap %+v, want %+v", got, want)
		}
	}
	out, dead := c.Exits[0], c.Exits[1]
	if out.Road != "duong-ra" || out.Ends || out.Toward != "Làng Nam" || !near(out.GapAt, 500) || !near(out.At, 0) ||
		out.Way != camera.DirUp || camera.Turn(out.Heading, 180) > 1 || camera.Distance(out.Position, spotAt(500, 0)) > 0.1 || out.Class != "tertiary" {
		t.Errorf("exit %+v", out)
	}
	if dead.Road != "ngo" || !dead.Ends || dead.Toward != "" || !near(dead.GapAt, 300) || camera.Turn(dead.Heading, 0) > 1 || !near(dead.Gap.From, 110) {
		t.Errorf("exit %+v", dead)
	}
}

// TestNextByHand: home one stands 25 m beside what a sees, 10 m north of the road. Turned
// to 150° it looks at bearings 105° to 195°, metres 135 - 10 tan 15° to 135 + 10 tan 75°:
// 2.68 + 37.32 = 40, both ways 80. Turned to 210° a would see a third of it already.
// Home two stands 10 m south of the road and 10 m east of the dead end. Turned to 330° it
// looks at bearings -75° to 15°: 37.32 + 2.68 = 40 m of the road, and all of the dead end
// within 40 m, √(40²-10²) - 10 = 28.73; both ways 137.46. That closes the exit.
// Home three sees no road, home four what b sees and no metre more.
func TestNextByHand(t *testing.T) {
	g, _ := hamlet().load(t)
	w, q := hamletWatch(g)
	w.Set("b", []camera.View{at(860, 0, 90, 60, 60)[0]}) // 860 … 920
	w.Set("b2", at(940, 0, 270, 60, 60))                 // 880 … 940
	q.Active = nil
	q.Homes = []road.Home{
		{ID: "one", Label: "Nhà 1", Position: spotAt(135, 10)}, {ID: "two", Position: spotAt(310, -10)},
		{ID: "three", Position: spotAt(100, 900)}, {ID: "four", Position: spotAt(900, 39)},
	}
	got := w.Coverage(q).Next
	if len(got) != 2 {
		t.Fatalf("got %+v", got)
	}
	for i, want := range []road.Offer{
		{Home: q.Homes[1], Heading: 330, Adds: 137.46, Closes: 1}, {Home: q.Homes[0], Heading: 150, Adds: 80},
	} {
		if o := got[i]; o.Home != want.Home || o.Heading != want.Heading || math.Abs(o.Adds-want.Adds) > 0.3 || o.Closes != want.Closes {
			t.Errorf("offer %+v, want %+v", o, want)
		}
	}
	// With two's camera up as proposed the exit is gone, and what it adds is there.
	before := w.Coverage(q)
	w.Set("two", []camera.View{{Position: q.Homes[1].Position, Heading: 330, FOV: 90, Range: 40}})
	after := w.Coverage(q)
	if after.ExitCount != before.ExitCount-1 || math.Abs(after.Watched.Sum()-before.Watched.Sum()-got[0].Adds) > 0.1 {
		t.Errorf("%d exits after %d, %.2f m after %.2f", after.ExitCount, before.ExitCount, after.Watched.Sum(), before.Watched.Sum())
	}
	many := q
	many.Homes = nil
	for i := range 30 {
		many.Homes = append(many.Homes, road.Home{ID: fmt.Sprintf("h%02d", i), Position: spotAt(400, 10)})
	}
	if next := w.Coverage(many).Next; len(next) != 10 || next[0].ID != "h00" || next[9].ID != "h09" {
		t.Errorf("%d offers, first %+v", len(next), next[0])
	}
}

// TestCoverageOneWay: a street of 500 m, one-way by rising metres, and one that was drawn
// against its way. A camera that looks against those who come sees them from the front.
func TestCoverageOneWay(t *testing.T) {
	var d drawing
	d.way(1, "highway=residential,name=Xuôi,oneway=yes", xy{0, 0}, xy{500, 0})
	d.way(2, "highway=residential,name=Ngược,oneway=-1", xy{0, 300}, xy{500, 300})
	g, _ := d.load(t)
	w := road.NewWatch(g)
	w.Set("a", at(100, 0, 270, 60, 40))   // 60 … 100 from the front
	w.Set("b", at(300, 0, 90, 60, 40))    // 300 … 340 from behind
	w.Set("c", at(300, 300, 270, 60, 40)) // 260 … 300: they go by falling metres, so from behind
	c := w.Coverage(road.CoverageQuestion{At: day(0)})
	if !sameMetres(c.Watched, road.Directions{Up: 80, Down: 40, BehindUp: 40, BehindDown: 40}) {
		t.Errorf("watched %+v", c.Watched)
	}
	if c.GapCount != 1 || !near(c.Gaps[0].Up, 200) || c.Gaps[0].Down != 0 { // 100 … 300
		t.Errorf("gaps %+v", c.Gaps)
	}
	if r := c.Roads[0]; r.Road != "xuoi" || !sameMetres(r.Open, road.Directions{Up: 500}) {
		t.Errorf("road %+v", r)
	}
	var none road.Graph
	if c := road.NewWatch(&none).Coverage(road.CoverageQuestion{Homes: []road.Home{{ID: "h"}}}); c.Cameras != 0 || len(c.Next) != 0 {
		t.Errorf("no roads: %+v", c)
	}
}

// TestCoverageProperties: on Andorra's roads, with its one-way streets, cameras close
// together.
func TestCoverageProperties(t *testing.T) {
	g, _ := andorra(t)
	roads := long(g)
	rapid.Check(t, func(t *rapid.T) {
		w := road.NewWatch(g)
		r := roads[rapid.IntRange(0, len(roads)-1).Draw(t, "road")]
		n := rapid.IntRange(1, 25).Draw(t, "cameras")
		q := road.CoverageQuestion{At: day(0)}
		var before road.Coverage
		for i := range n {
			p, heading, _ := g.At(r.ID, rapid.Float64Range(0, min(r.Length, 3000)).Draw(t, "metre"))
			v := camera.View{
				Position: camera.Ahead(p, heading+90, rapid.Float64Range(-15, 15).Draw(t, "beside")),
				Heading:  camera.NormalHeading(rapid.Float64Range(0, 360).Draw(t, "heading")), FOV: 90, Range: 60,
			}
			w.Set(camera.CameraID(fmt.Sprintf("c%d", i)), []camera.View{v})
			if i < n-2 {
				continue
			}
			c := w.Coverage(q)
			checkCoverage(t, g, w, c, q.At)
			if c.Watched.Up < before.Watched.Up-1e-6 || c.Watched.Down < before.Watched.Down-1e-6 || c.Watched.BehindUp < before.Watched.BehindUp-1e-6 {
				t.Fatalf("%+v after %+v with one camera more", c.Watched, before.Watched)
			}
			before = c
		}
	})
}

// TestCoverageRealExtracts: many cameras, and homes between them.
func TestCoverageRealExtracts(t *testing.T) {
	for _, c := range []struct {
		name    string
		get     func(testing.TB) (*road.Graph, road.Report)
		cameras int
	}{{"andorra", andorra, 300}, {"delaware", delaware, 3000}} {
		g, _ := c.get(t)
		w := road.NewWatch(g)
		for id, views := range synthetic(g, c.cameras) {
			w.Set(id, views)
		}
		q := road.CoverageQuestion{At: day(1)}
		random := rand.New(rand.NewPCG(3, 3))
		roads := long(g)
		for i := range 20 {
			r := roads[random.IntN(len(roads))]
			p, h, _ := g.At(r.ID, random.Float64()*r.Length)
			q.Homes = append(q.Homes, road.Home{ID: fmt.Sprint(i), Position: camera.Ahead(p, h+90, 12)})
		}
		got := w.Coverage(q)
		checkCoverage(t, g, w, got, q.At)
		if got.Cameras < c.cameras/2 || got.GapCount == 0 || got.ExitCount == 0 || len(got.Next) != 10 || len(got.Gaps) > 200 || len(got.Exits) > 200 {
			t.Errorf("%s: %d cameras, %d gaps, %d exits, %d offers", c.name, got.Cameras, got.GapCount, got.ExitCount, len(got.Next))
		}
		for i := 1; i < len(got.Gaps); i++ {
			if got.Gaps[i].To-got.Gaps[i].From > got.Gaps[i-1].To-got.Gaps[i-1].From {
				t.Errorf("%s: gap %d is longer than the one before", c.name, i)
			}
		}
		// What was promised comes true.
		best := got.Next[0]
		w.Set("next", []camera.View{{Position: best.Position, Heading: best.Heading, FOV: 90, Range: 40}})
		if after := w.Coverage(q); math.Abs(after.Watched.Sum()-got.Watched.Sum()-best.Adds) > 0.5 {
			t.Errorf("%s: %.2f m more, promised %.2f", c.name, after.Watched.Sum()-got.Watched.Sum(), best.Adds)
		}
	}
}
