package path_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/trace/path"
)

// ladder is two parallel roads with rungs: the upper is a greater one.
func ladder() *drawing {
	var d drawing
	d.way("highway=residential,name=Dưới", xy{0, 0}, xy{500, 0}, xy{1000, 0}, xy{2000, 0})
	d.way("highway=residential,name=Trên", xy{0, 400}, xy{500, 400}, xy{1000, 400}, xy{2000, 400})
	d.way("highway=residential,name=Nối 1", xy{0, 0}, xy{0, 400})
	d.way("highway=residential,name=Nối 2", xy{1000, 0}, xy{1000, 400})
	d.way("highway=residential,name=Nối 3", xy{2000, 0}, xy{2000, 400})
	return &d
}

// TestStraight: along one road, times stretch evenly, and are least certain in between.
func TestStraight(t *testing.T) {
	g := ladder().load(t)
	r := recovered(t, g, left(100, 0, seen("a", 300, 0, 20, 90), seen("b", 1500, 0, 170, 90)))
	if len(r.Legs) != 2 || r.Legs[0].Broken || r.Legs[1].Broken {
		t.Fatalf("legs %+v", r.Legs)
	}
	for i, p := range r.Legs[1].Points {
		if p.Mark == "" && p.Spread <= r.Legs[1].Points[0].Spread {
			t.Errorf("point %d: spread %v, at the sighting %v", i, p.Spread, r.Legs[1].Points[0].Spread)
		}
		if aside(p.Position, spotAt(0, 0), spotAt(2000, 0)) > 1 {
			t.Errorf("point %d lies beside the road", i)
		}
	}
	if got := r.Legs[1].Roads; !slices.Equal(got, []camera.RoadID{"duoi"}) || r.Legs[1].Probability < 0.8 {
		t.Errorf("roads %v with %.2f", got, r.Legs[1].Probability)
	}
	end := r.Legs[1].Points[len(r.Legs[1].Points)-1]
	if math.Abs(end.Metre-1400) > 60 || r.Legs[0].Points[0].At.After(noon) || r.Legs[0].Points[0].At.Before(after(-60)) {
		t.Errorf("%.0f m, left at %v", end.Metre, r.Legs[0].Points[0].At)
	}
}

func TestWays(t *testing.T) {
	oneWay := ladder()
	oneWay.way("highway=residential,name=Tắt,oneway=yes", xy{1000, 0}, xy{1000, -600}, xy{500, 0})
	apart := ladder()
	apart.way("highway=residential,name=Đảo", xy{5000, 0}, xy{5600, 0})
	plain := ladder()
	for _, c := range []struct {
		name    string
		drawing *drawing
		mode    camera.Mode
		in      []path.Sighting
		passes  []xy // that the route must pass
		avoids  []xy
		broken  []int
	}{
		{"the time fits the way round", plain, camera.ModeCar,
			[]path.Sighting{seen("a", 300, 0, 20, 90), seen("b", 1500, 400, 190, 90)}, []xy{{800, 0}, {1000, 200}, {1300, 400}}, []xy{{0, 200}}, nil},
		{"a heading tells the way", plain, camera.ModeCar,
			[]path.Sighting{seen("a", 300, 0, 20, 270), seen("b", 800, 400, 190, 90)}, []xy{{0, 200}, {500, 400}}, []xy{{1000, 200}, {600, 0}}, nil},
		{"turned back", plain, camera.ModeCar,
			[]path.Sighting{seen("a", 700, 0, 60, 90), seen("b", 700, 0, 120, 270)}, []xy{{700, 0}}, []xy{{1000, 200}, {0, 200}}, nil},
		{"stopped for long", plain, camera.ModeCar,
			[]path.Sighting{seen("a", 300, 0, 20, 90), seen("b", 800, 0, 3000, 90)}, []xy{{500, 0}}, []xy{{0, 200}, {1000, 200}}, nil},
		{"too fast", plain, camera.ModeCar,
			[]path.Sighting{seen("a", 300, 0, 20, 90), seen("b", 1900, 400, 25), seen("c", 900, 0, 50, 90)}, []xy{{200, 0}, {300, 0}, {900, 0}}, nil, []int{1, 2}},
		{"two places at once", plain, camera.ModeFoot,
			[]path.Sighting{seen("a", 150, 0, 60), seen("b", 1800, 0, 60)}, []xy{{120, 0}}, nil, []int{1}},
		{"the same picture twice", plain, camera.ModeCar,
			[]path.Sighting{seen("a", 300, 0, 20), seen("b", 300, 0, 20)}, []xy{{300, 0}}, []xy{{0, 200}, {1000, 200}}, nil},
		{"before the incident", plain, camera.ModeCar,
			[]path.Sighting{seen("a", 300, 0, -600), seen("b", 700, 0, -570)}, []xy{{500, 0}}, nil, []int{0}},
		{"no road in view, but one beside it", plain, camera.ModeCar,
			[]path.Sighting{seen("a", 300, -40, 20)}, []xy{{200, 0}, {300, 0}}, nil, nil},
		{"no road anywhere", plain, camera.ModeCar,
			[]path.Sighting{seen("a", 300, -900, 20), seen("b", 700, 0, 50)}, []xy{{700, 0}}, nil, []int{0, 1}},
		{"another piece of the network", apart, camera.ModeCar,
			[]path.Sighting{seen("a", 300, 0, 20), seen("b", 5300, 0, 600), seen("c", 5500, 0, 620)}, []xy{{200, 0}, {5400, 0}}, nil, []int{1}},
		{"a car obeys a one-way street", oneWay, camera.ModeCar,
			[]path.Sighting{seen("a", 700, 0, 60, 90), seen("b", 1000, -500, 110)}, []xy{{1000, -250}}, []xy{{600, -500}}, nil},
		{"a motorbike that is seen against it", oneWay, camera.ModeMotorbike,
			[]path.Sighting{seen("a", 800, -360, 60, 130), seen("b", 1000, -300, 136, 0)}, []xy{{700, -240}, {1000, -550}}, []xy{{700, 0}}, nil},
		{"on foot there is no one-way street", oneWay, camera.ModeFoot,
			[]path.Sighting{seen("a", 480, 0, 300), seen("b", 800, -360, 660)}, []xy{{650, -180}}, []xy{{900, 0}}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := left(100, 0, c.in...)
			q.Mode = c.mode
			r := recovered(t, c.drawing.load(t), q)
			for _, p := range c.passes {
				if d := off(r, spotAt(p[0], p[1])); d > 25 {
					t.Errorf("%v lies %.0f m beside the route", p, d)
				}
			}
			for _, p := range c.avoids {
				if d := off(r, spotAt(p[0], p[1])); d < 50 {
					t.Errorf("%v lies on the route", p)
				}
			}
			for i, l := range r.Legs {
				if l.Broken != slices.Contains(c.broken, i) {
					t.Errorf("leg %d is broken: %v", i, l.Broken)
				}
			}
		})
	}
}

// TestClocks: what is too fast is possible when a clock may be wrong, but not when both
// times are of one clock.
func TestClocks(t *testing.T) {
	g := ladder().load(t)
	q := left(100, 0, seen("a", 300, 0, 20, 90), seen("b", 1500, 0, 30, 90))
	if r := recovered(t, g, q); !r.Legs[1].Broken {
		t.Error("1.2 km in 10 s")
	}
	q.Sightings[1].Bound = 2 * time.Minute
	r := recovered(t, g, q)
	if r.Legs[1].Broken || r.Legs[1].Points[0].Spread >= r.Legs[1].Points[len(r.Legs[1].Points)-1].Spread {
		t.Errorf("broken %v with a bound of 2 minutes: %+v", r.Legs[1].Broken, r.Legs[1])
	}
	q.Sightings[0].Camera = q.Sightings[1].Camera
	if r := recovered(t, g, q); !r.Legs[1].Broken {
		t.Error("one clock is wrong in both times alike")
	}
}

// TestDeparture: the interval is what a victim says; the first sighting tells the minute.
func TestDeparture(t *testing.T) {
	q := left(100, 0, seen("a", 1100, 0, 0, 90))
	q.Incident.From, q.Incident.To = after(-3600), after(3600)
	start := recovered(t, ladder().load(t), q).Legs[0].Points[0]
	if start.At.Before(after(-200)) || start.At.After(after(-70)) || start.Spread > 5*time.Minute || start.Mark != "" {
		t.Errorf("left at %v ± %v for 1 km until %v", start.At, start.Spread, noon)
	}
}

// TestProbability: of two ways that fit alike each is half of all.
func TestProbability(t *testing.T) {
	var d drawing
	d.way("highway=residential,name=Vào", xy{-600, 0}, xy{0, 0})
	d.way("highway=residential,name=Bắc", xy{0, 0}, xy{300, 300}, xy{600, 0})
	d.way("highway=residential,name=Nam", xy{0, 0}, xy{300, -300}, xy{600, 0})
	d.way("highway=residential,name=Ra", xy{600, 0}, xy{1200, 0})
	r := recovered(t, d.load(t), left(-500, 0, seen("a", -300, 0, 20, 90), seen("b", 900, 0, 185, 90)))
	if p := r.Legs[1].Probability; p < 0.35 || p > 0.55 {
		t.Errorf("probability %.2f for one of two like ways", p)
	}
}

// TestUnsorted: marks that come unsorted are put in order, and the question stays as it was.
func TestUnsorted(t *testing.T) {
	q := left(100, 0, seen("b", 900, 0, 80), seen("a", 300, 0, 20))
	r, err := path.Recover(t.Context(), ladder().load(t), q)
	if err != nil || r.Legs[0].To != "a" || r.Legs[1].To != "b" || q.Sightings[0].Mark != "b" {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestNone(t *testing.T) {
	r := recovered(t, ladder().load(t), left(100, 0))
	if r.Mode != camera.ModeCar || len(r.Legs) != 0 {
		t.Errorf("%+v", r)
	}
}

func TestRefuses(t *testing.T) {
	g, nan := ladder().load(t), math.NaN()
	for _, c := range []struct {
		name   string
		change func(*path.Question)
		want   camera.Code
	}{
		{"mode", func(q *path.Question) { q.Mode = "boat" }, camera.CodeBadRequest},
		{"place of the incident", func(q *path.Question) { q.Incident.Position.Lat = nan }, camera.CodeBadRequest},
		{"interval", func(q *path.Question) { q.Incident.To = after(-61) }, camera.CodeBadWindow},
		{"no time of the incident", func(q *path.Question) { q.Incident.From = time.Time{} }, camera.CodeBadWindow},
		{"view", func(q *path.Question) { q.Sightings[0].View.Position.Lon = nan }, camera.CodeBadRequest},
		{"range", func(q *path.Question) { q.Sightings[0].View.Range = math.Inf(1) }, camera.CodeBadRequest},
		{"no time", func(q *path.Question) { q.Sightings[0].At = time.Time{} }, camera.CodeBadRequest},
		{"heading", func(q *path.Question) { q.Sightings[0].Heading = &nan }, camera.CodeBadRequest},
		{"bound", func(q *path.Question) { q.Sightings[0].Bound = -1 }, camera.CodeBadRequest},
		{"too many", func(q *path.Question) { q.Sightings = make([]path.Sighting, 1001) }, camera.CodeTooLarge},
		{"off the road", func(q *path.Question) { q.Incident.Position = spotAt(500, -600) }, camera.CodeOffRoad},
	} {
		q := left(100, 0, seen("a", 300, 0, 20))
		c.change(&q)
		if _, err := path.Recover(t.Context(), g, q); camera.CodeOf(err) != c.want {
			t.Errorf("%s: %v (%s), want %s", c.name, err, camera.CodeOf(err), c.want)
		}
	}
	// 450 m from a road is a long way to walk, but a place.
	q := left(500, -450, seen("a", 300, 0, 20))
	if r := recovered(t, g, q); r.Legs[0].Broken || off(r, spotAt(500, 0)) > 30 {
		t.Errorf("from beside the road: %+v", r.Legs[0])
	}
}

func TestStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	q := left(100, 0, seen("a", 300, 0, 20), seen("b", 1800, 400, 200))
	if _, err := path.Recover(ctx, ladder().load(t), q); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want cancelled", err)
	}
}
