package road_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/road"
)

// monday is the midnight before some Monday.
var monday = time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC)

func day(n int) time.Time { return monday.AddDate(0, 0, n) }

// across is a view from 10 m north of the main road of cross, square to it: it sees 10 m
// to either side of x.
func across(x float64, from, to time.Time) camera.View {
	return camera.View{Position: spotAt(x, 10), Heading: 180, FOV: 90, Range: 50, From: from, To: to}
}

func ids(list []road.Watched) string {
	var out []string
	for _, w := range list {
		out = append(out, fmt.Sprintf("%s@%.0f", w.Camera, w.At))
	}
	return fmt.Sprint(out)
}

func TestAlongThroughTime(t *testing.T) {
	g, _ := cross().load(t)
	w := road.NewWatch(g)
	// a looked at 700 until Tuesday, and at 900 from then on; b looks at 800 all the
	// time, and c until Tuesday; d sees nothing.
	w.Set("a", []camera.View{across(900, day(1), time.Time{}), across(700, day(0), day(1))})
	w.Set("b", []camera.View{across(800, day(-9), time.Time{})})
	w.Set("c", []camera.View{across(810, day(-9), day(1))})
	w.Set("d", []camera.View{{Position: spotAt(750, 10), Heading: 0, FOV: 90, Range: 50, From: day(-9)}})
	all := camera.Stretch{Road: "ql4a", From: 600, To: 1000}
	for _, c := range []struct {
		name     string
		s        camera.Stretch
		from, to time.Time
		want     string
	}{
		{"Monday", all, day(0), day(1), "[a@700 b@800 c@810]"},
		{"Tuesday", all, day(1), day(2), "[b@800 a@900]"},
		{"over the turn", all, day(0), day(2), "[b@800 c@810 a@900]"},
		{"the moment before", all, day(1).Add(-1), day(1).Add(-1), "[a@700 b@800 c@810]"},
		{"the moment of the turn", all, day(1), day(1), "[b@800 a@900]"},
		{"before a was there", all, day(-1), day(0), "[b@800 c@810]"},
		{"before all", all, day(-20), day(-10), "[]"},
		{"over the turn, where only the old view looked", camera.Stretch{Road: "ql4a", From: 600, To: 750}, day(0), day(2), "[a@700]"},
		{"touching", camera.Stretch{Road: "ql4a", From: 820, To: 889}, day(0), day(2), "[c@810]"},
		{"between", camera.Stretch{Road: "ql4a", From: 712, To: 788}, day(0), day(1), "[]"},
		{"another road", camera.Stretch{Road: "duong-ban-mau", From: 0, To: 300}, day(0), day(2), "[]"},
		{"no road", camera.Stretch{Road: "nowhere", From: 0, To: 300}, day(0), day(2), "[]"},
		{"inverted", camera.Stretch{Road: "ql4a", From: 900, To: 700}, day(0), day(2), "[]"},
		{"no number", camera.Stretch{Road: "ql4a", From: 0, To: math.NaN()}, day(0), day(2), "[]"},
	} {
		if got := ids(w.Along(c.s, c.from, c.to)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	w.Set("b", nil)
	w.Set("a", []camera.View{across(750, day(1), time.Time{})})
	if got := ids(w.Along(all, day(0), day(2))); got != "[a@750 c@810]" {
		t.Errorf("after a change: %s", got)
	}
	if got := w.Cameras(); !slices.Equal(got, []camera.CameraID{"a", "c", "d"}) {
		t.Errorf("cameras %v", got)
	}
}

func TestNearAndRoute(t *testing.T) {
	g, _ := cross().load(t)
	w := road.NewWatch(g)
	w.Set("a", []camera.View{across(100, day(0), time.Time{})})
	w.Set("b", []camera.View{across(460, day(0), time.Time{})})
	w.Set("c", []camera.View{across(700, day(0), time.Time{})})
	// On the side street, which runs north from 500: 20 m around its metre 200.
	w.Set("s", []camera.View{{Position: spotAt(510, 200), Heading: 270, FOV: 90, Range: 50, From: day(0)}})
	now := day(1)
	// From the junction b's near end is 30 m away, c's and s's are 190 m away.
	got := w.Near(spotAt(500, 0), 185, now, now)
	if len(got) != 1 || got[0].Camera != "b" || !near(got[0].Away, 30) || got[0].At != got[0].Away {
		t.Errorf("near %+v", got)
	}
	for _, c := range []struct {
		metres float64
		want   string
	}{{29, "[]"}, {195, "[b@30 c@190 s@190]"}, {395, "[b@30 c@190 s@190 a@390]"}, {9e9, "[b@30 c@190 s@190 a@390]"}, {0, "[]"}, {math.NaN(), "[]"}} {
		found := w.Near(spotAt(500, 0), c.metres, now, now)
		slices.SortFunc(found, func(a, b road.Watched) int {
			return cmp.Or(cmp.Compare(math.Round(a.At), math.Round(b.At)), cmp.Compare(a.Camera, b.Camera))
		})
		if got := ids(found); got != c.want {
			t.Errorf("within %v: %s, want %s", c.metres, got, c.want)
		}
	}
	main := func(from, to float64) camera.Stretch { return camera.Stretch{Road: "ql4a", From: from, To: to} }
	side := camera.Stretch{Road: "duong-ban-mau", From: 0, To: 300}
	for _, c := range []struct {
		name  string
		route []camera.Stretch
		want  string
	}{
		{"one stretch", []camera.Stretch{main(0, 800)}, "[a@100 b@460 c@700]"},
		{"falling as told", []camera.Stretch{main(800, 0)}, "[c@100 b@340 a@700]"},
		{"west to the junction, up the side street", []camera.Stretch{main(0, 500), side}, "[a@100 b@460 s@700]"},
		// From 800 down to the junction: 300 m, then the side street.
		{"from the east", []camera.Stretch{main(500, 800), side}, "[c@100 s@500]"},
		{"out of the side street, to the west", []camera.Stretch{side, main(0, 500)}, "[s@100 b@340 a@700]"},
		{"there and back: the first time counts", []camera.Stretch{main(400, 500), main(500, 400)}, "[b@60]"},
		{"a road that is gone", []camera.Stretch{{Road: "nowhere", From: 0, To: 50}, side}, "[s@200]"},
		{"nothing", nil, "[]"},
	} {
		if got := ids(w.Route(c.route, now, now)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestEdges(t *testing.T) {
	var d drawing
	d.way(1, "highway=primary,name=Cái", xy{0, 0}, xy{300, 0}, xy{1000, 0})
	d.way(2, "highway=residential,name=Ra,oneway=yes", xy{300, 0}, xy{300, 200})
	g, _ := d.load(t)
	w := road.NewWatch(g)
	// From on the road at 280 it sees 40 m up: 20 on the first edge and 20 on the second,
	// both ways, and 34.64 m of the one-way street's first 200, √(40²-20²), its own way.
	w.Set("a", []camera.View{{Position: spotAt(280, 0), Heading: 90, FOV: 180, Range: 40, From: day(0), To: day(1)}})
	got := w.Edges("a", day(0))
	type want struct {
		road     camera.RoadID
		from, to float64
		behind   bool
	}
	var have []want
	for _, e := range got {
		a := g.Arc(e.Edge, e.Along)
		if !a.Open || (a.Start <= a.End) != (e.From <= e.To) {
			t.Errorf("%+v of %+v", e, a)
		}
		have = append(have, want{a.Road, math.Round(e.From), math.Round(e.To), e.Behind()})
	}
	wants := []want{
		{"cai", 280, 300, true}, {"cai", 300, 280, false}, {"cai", 300, 320, true}, {"cai", 320, 300, false},
		{"ra", 0, 35, false},
	}
	if !reflect.DeepEqual(have, wants) {
		t.Errorf("got %+v, want %+v", have, wants)
	}
	for _, at := range []time.Time{day(-1), day(1)} {
		if got := w.Edges("a", at); len(got) != 0 {
			t.Errorf("%v: %+v", at, got)
		}
	}
	if got := w.Edges("b", day(0)); len(got) != 0 {
		t.Errorf("unknown camera: %+v", got)
	}
}

// TestAlongHairpin: a road that goes out at y 0, turns at 100 and comes back at y -20. From
// y 10 a camera sees 40 … 60 of the way out and 30 m to either side of x 50 of the way
// back, which is metre 120 + 20 to 120 + 80: the longer piece counts, whichever way the
// road was drawn.
func TestAlongHairpin(t *testing.T) {
	out := []xy{{0, 0}, {100, 0}, {100, -20}, {0, -20}}
	for _, c := range []struct {
		points []xy
		want   string
	}{{out, "[a@170]"}, {[]xy{out[3], out[2], out[1], out[0]}, "[a@50]"}} {
		var d drawing
		d.way(1, "highway=primary,name=Cua", c.points...)
		g, _ := d.load(t)
		w := road.NewWatch(g)
		w.Set("a", at(50, 10, 180, 90, 50))
		if got := ids(w.Along(camera.Stretch{Road: "cua", From: 0, To: 220}, day(0), day(1))); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
		// The place between both: the way out is 5 m away, the way back 15 m.
		got := w.Near(spotAt(50, -5), 100, day(0), day(0))
		if len(got) != 1 || !near(got[0].Away, 5) {
			t.Errorf("near %+v", got)
		}
	}
}

// scan answers Along without an index, by the rule in words: of each camera the latest
// view that sees a part of the stretch, and of that the longest piece.
func scan(g *road.Graph, all map[camera.CameraID][]camera.View, s camera.Stretch, from, to time.Time) []road.Watched {
	var out []road.Watched
	for id, views := range all {
		var best *road.Watched
		for _, v := range views {
			if v.From.After(from) && !v.From.Before(to) || !v.To.IsZero() && !v.To.After(from) {
				continue
			}
			for _, seen := range g.Seen(v) { // the longest first
				if seen.Road != s.Road || seen.To < s.From || seen.From > s.To || best != nil && !v.From.After(best.View.From) {
					continue
				}
				best = &road.Watched{Camera: id, View: v, Seen: seen, At: (seen.From + seen.To) / 2}
			}
		}
		if best != nil {
			out = append(out, *best)
		}
	}
	slices.SortFunc(out, func(a, b road.Watched) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Camera, b.Camera))
	})
	return out
}

// TestAlongIsTheScan: whatever was set, changed and taken away before.
func TestAlongIsTheScan(t *testing.T) {
	g, _ := load(t, sketch)
	roads := g.Roads()
	rapid.Check(t, func(t *rapid.T) {
		w, all := road.NewWatch(g), map[camera.CameraID][]camera.View{}
		for range rapid.IntRange(1, 60).Draw(t, "sets") {
			id := camera.CameraID(fmt.Sprintf("c%d", rapid.IntRange(0, 19).Draw(t, "camera")))
			var views []camera.View
			at := rapid.IntRange(0, 5).Draw(t, "day")
			for range rapid.IntRange(0, 3).Draw(t, "views") {
				r := roads[rapid.IntRange(0, len(roads)-1).Draw(t, "road")]
				p, heading, _ := g.At(r.ID, rapid.Float64Range(0, r.Length).Draw(t, "metre"))
				v := camera.View{
					Position: camera.Ahead(p, heading+90, 9), Heading: camera.NormalHeading(heading + rapid.Float64Range(180, 360).Draw(t, "turn")),
					FOV: 90, Range: 60, From: day(at),
				}
				if at += rapid.IntRange(1, 4).Draw(t, "days"); rapid.Bool().Draw(t, "ends") {
					v.To = day(at)
				}
				views = append(views, v)
				if v.To.IsZero() {
					break
				}
			}
			if all[id] = views; len(views) == 0 {
				delete(all, id)
			}
			w.Set(id, views)
		}
		for range 5 {
			r := roads[rapid.IntRange(0, len(roads)-1).Draw(t, "asked")]
			a := rapid.Float64Range(0, r.Length).Draw(t, "from")
			s := camera.Stretch{Road: r.ID, From: a, To: a + rapid.Float64Range(0, 3000).Draw(t, "metres")}
			from := rapid.IntRange(-1, 20).Draw(t, "since")
			to := from + rapid.IntRange(0, 5).Draw(t, "window")
			got, want := w.Along(s, day(from), day(to)), scan(g, all, s, day(from), day(to))
			if len(got) != len(want) || len(got) > 0 && !reflect.DeepEqual(got, want) {
				t.Fatalf("%+v from %d to %d: got %s, want %s", s, from, to, ids(got), ids(want))
			}
		}
	})
}

// TestWatchTogether sets and asks at once; the race detector and the last answer judge.
func TestWatchTogether(t *testing.T) {
	g, _ := load(t, sketch)
	w := road.NewWatch(g)
	main, _ := g.Road("ql4a")
	whole := camera.Stretch{Road: main.ID, From: 0, To: main.Length}
	var all sync.WaitGroup
	for n := range 4 {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(n), 1))
			for i := range 100 {
				p, h, _ := g.At(main.ID, r.Float64()*main.Length)
				id := camera.CameraID(fmt.Sprintf("c%d-%d", n, i%10))
				w.Set(id, []camera.View{{Position: camera.Ahead(p, h+90, 8), Heading: camera.NormalHeading(h + 290), FOV: 90, Range: 50, From: day(0)}})
				w.Edges(id, day(1))
			}
		})
		all.Go(func() {
			for range 100 {
				last := -1.0
				for _, c := range w.Along(whole, day(0), day(1)) {
					if c.At < last {
						t.Error("not in road order")
					}
					last = c.At
				}
				w.Near(main.Line[0], 500, day(0), day(1))
				w.Route([]camera.Stretch{whole}, day(0), day(1))
			}
		})
	}
	all.Wait()
	if got := w.Along(whole, day(0), day(1)); len(got) != 40 {
		t.Errorf("%d cameras, want 40", len(got))
	}
}
