package road_test

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/road"
)

func TestSnapAndStretch(t *testing.T) {
	g, _ := cross().load(t)
	for _, c := range []struct {
		name     string
		x, y     float64
		within   float64
		road     camera.RoadID
		at, dist float64
		code     camera.Code
	}{
		{"beside", 700, 12, 50, "ql4a", 700, 12, ""},
		{"on it", 700, 0, 50, "ql4a", 700, 0, ""},
		{"side street", 490, 200, 50, "duong-ban-mau", 200, 10, ""},
		{"at the junction the greater road", 500, 0, 50, "ql4a", 500, 0, ""},
		{"just in the side street", 500, 6, 50, "duong-ban-mau", 6, 0, ""},
		{"past the end", 2030, 40, 60, "ql4a", 2000, 50, ""},
		{"far", 700, 900, 1000, "", 0, 0, ""},
		{"too far", 700, 80, 50, "", 0, 0, camera.CodeOffRoad},
		{"nonsense", math.NaN(), 0, 50, "", 0, 0, camera.CodeBadRequest},
		{"no radius", 700, 0, 0, "", 0, 0, camera.CodeBadRequest},
		{"NaN radius", 700, 0, math.NaN(), "", 0, 0, camera.CodeBadRequest},
	} {
		p, err := g.Snap(spotAt(c.x, c.y), c.within)
		if camera.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want %q", c.name, err, c.code)
			continue
		}
		if c.road != "" && (p.Road != c.road || math.Abs(p.At-c.at) > 0.5 || math.Abs(p.Distance-c.dist) > 0.5) {
			t.Errorf("%s: got %+v, want %s %.0f m, %.0f m off", c.name, p, c.road, c.at, c.dist)
		}
	}
	for _, c := range []struct {
		name           string
		ax, ay, bx, by float64
		want           camera.Stretch
		code           camera.Code
	}{
		{"along", 100, 5, 900, -5, camera.Stretch{Road: "ql4a", From: 100, To: 900}, ""},
		{"backwards", 900, 5, 100, -5, camera.Stretch{Road: "ql4a", From: 100, To: 900}, ""},
		{"nearer to a side street at one end", 502, 8, 1500, 0, camera.Stretch{Road: "ql4a", From: 502, To: 1500}, ""},
		{"nearer to the main road at one end", 505, 3, 500, 250, camera.Stretch{Road: "duong-ban-mau", From: 3, To: 250}, ""},
		{"no road in common", 100, 0, 500, 250, camera.Stretch{}, camera.CodeBadStretch},
		{"one place", 100, 0, 100, 0, camera.Stretch{}, camera.CodeBadStretch},
		{"off the road", 100, 0, 100, 300, camera.Stretch{}, camera.CodeOffRoad},
	} {
		s, err := g.Stretch(spotAt(c.ax, c.ay), spotAt(c.bx, c.by), 30)
		if camera.CodeOf(err) != c.code || s.Road != c.want.Road ||
			math.Abs(s.From-c.want.From) > 0.5 || math.Abs(s.To-c.want.To) > 0.5 {
			t.Errorf("%s: got %+v, %v, want %+v %q", c.name, s, err, c.want, c.code)
		}
	}
}

func TestSeen(t *testing.T) {
	g, _ := cross().load(t)
	type want struct {
		road     camera.RoadID
		from, to float64
		facing   camera.Direction
	}
	view := func(x, y, heading, fov, reach float64) camera.View {
		return camera.View{Position: spotAt(x, y), Heading: heading, FOV: fov, Range: reach}
	}
	for _, c := range []struct {
		name string
		view camera.View
		want []want
	}{
		// From 10 m off, 45° to either side of the square: 10 m to either side.
		{"across", view(700, 10, 180, 90, 50), []want{{"ql4a", 690, 710, camera.DirAcross}}},
		{"half a turn, cut by range", view(700, 30, 180, 180, 50), []want{{"ql4a", 660, 740, camera.DirAcross}}},
		// From on the road it starts at the camera.
		{"up", view(700, 0, 90, 60, 40), []want{{"ql4a", 700, 740, camera.DirUp}}},
		{"down", view(700, 0, 270, 60, 40), []want{{"ql4a", 660, 700, camera.DirDown}}},
		{"up and off the road", view(700, -10, 70, 80, 50), []want{{"ql4a", 700 + 10*math.Tan(math.Pi/6), 700 + math.Sqrt(2400), camera.DirUp}}},
		{"away", view(700, 10, 0, 90, 50), nil},
		{"too far", view(700, 51, 180, 90, 50), nil},
		{"touching only", view(700, 50, 180, 90, 50), nil},
		{"not a view", view(700, 10, 180, 0, 50), nil},
		{"three roads, longest first", view(450, 20, 90, 120, 60), []want{
			{"duong-ban-mau", 0, 20 + math.Sqrt(1100), camera.DirAcross},
			{"ql4a", 450 + 20/math.Sqrt(3), 450 + math.Sqrt(3200), camera.DirUp},
			{"service-60", 0, math.Sqrt(1100) - 20, camera.DirAcross},
		}},
	} {
		got := g.Seen(c.view)
		if len(got) != len(c.want) {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
			continue
		}
		for i, w := range c.want {
			if s := got[i]; s.Road != w.road || s.Facing != w.facing || math.Abs(s.From-w.from) > 0.3 || math.Abs(s.To-w.to) > 0.3 {
				t.Errorf("%s: got %+v, want %+v", c.name, s, w)
			}
		}
	}
}

func TestFacing(t *testing.T) {
	g, _ := cross().load(t) // ql4a runs east
	for turn := 0; turn < 360; turn += 5 {
		v := camera.View{Position: spotAt(700, 0), Heading: camera.NormalHeading(float64(90 + turn)), FOV: 180, Range: 40}
		want := camera.DirAcross
		switch off := camera.Turn(v.Heading, 90); {
		case off < 60:
			want = camera.DirUp
		case off > 120:
			want = camera.DirDown
		case off == 60 || off == 120:
			continue // on the border the road's own thousandth of a degree decides
		}
		for _, s := range g.Seen(v) {
			if s.Facing != want {
				t.Errorf("%d° from the road: %s, want %s", turn, s.Facing, want)
			}
		}
	}
}

func TestRoundTrip(t *testing.T) {
	g, _ := delaware(t)
	roads := g.Roads()
	rapid.Check(t, func(t *rapid.T) {
		r := roads[rapid.IntRange(0, len(roads)-1).Draw(t, "road")]
		m := rapid.Float64Range(0, r.Length).Draw(t, "metre")
		p, heading, err := g.At(r.ID, m)
		if err != nil || !(heading >= 0 && heading < 360) {
			t.Fatalf("At(%s, %v): heading %v, %v", r.ID, m, heading, err)
		}
		s, err := g.Snap(p, 1)
		if err != nil || s.Distance > 0.011 { // within a centimetre a greater road may win

			t.Fatalf("Snap(%v) = %+v, %v", p, s, err)
		}
		// Another road may cross there; the place is the same on either.
		q, again, err := g.At(s.Road, s.At)
		if err != nil || camera.Distance(p, q) > 0.011 || camera.Distance(s.Position, q) > 0.002 {
			t.Fatalf("At(%s, %v) = %v, %v, want %v", s.Road, s.At, q, err, p)
		}
		if s.Road == r.ID && math.Abs(s.At-m) < 0.001 && camera.Turn(again, s.Heading) > 0.001 {
			// Within rounding of a bend either piece may answer; its neighbour is at hand.
			if before, h, _ := g.At(r.ID, math.Max(0, s.At-0.01)); camera.Turn(h, s.Heading) > 0.001 {
				if _, h, _ := g.At(r.ID, math.Min(r.Length, s.At+0.01)); camera.Turn(h, s.Heading) > 0.001 {
					t.Fatalf("headings %v and %v at %v", again, s.Heading, before)
				}
			}
		}
	})
}

// A metre is seen exactly when it lies within the range and the field of view.
func TestSeenAgreesWithSampling(t *testing.T) {
	g, _ := delaware(t)
	roads, pieces := g.Roads(), allPieces(g)
	rapid.Check(t, func(t *rapid.T) {
		r := roads[rapid.IntRange(0, len(roads)-1).Draw(t, "road")]
		p, heading, err := g.At(r.ID, rapid.Float64Range(0, r.Length).Draw(t, "metre"))
		if err != nil {
			t.Fatal(err)
		}
		v := camera.View{
			Position: camera.Ahead(p, rapid.Float64Range(0, 360).Draw(t, "beside"), rapid.Float64Range(0, 60).Draw(t, "off")),
			Heading:  camera.NormalHeading(heading + rapid.Float64Range(0, 360).Draw(t, "turn")),
			FOV:      rapid.Float64Range(1, 180).Draw(t, "fov"),
			Range:    rapid.Float64Range(1, 200).Draw(t, "range"),
		}
		seen := g.Seen(v)
		for i := range pieces {
			piece := &pieces[i]
			if !piece.reachable(v) {
				continue
			}
			other := piece.road
			for m := piece.from; m <= math.Min(piece.to, other.Length); m += 0.25 {
				at, _, err := g.At(other.ID, m)
				if err != nil {
					t.Fatal(err)
				}
				distance := camera.Distance(v.Position, at)
				off := camera.Turn(v.Heading, camera.Bearing(v.Position, at))
				inside := distance <= v.Range && off <= v.FOV/2
				// Within 3 cm of the edge, and for the metre that is too short to tell, either will do.
				edge := math.Abs(distance-v.Range) < 0.03 || math.Abs(off-v.FOV/2)*math.Pi/180*distance < 0.03
				found := holds(seen, other.ID, m)
				if found != inside && !edge && !(inside && sliver(g, v, other, m)) {
					t.Fatalf("%s metre %.2f: %.2f m away, %.2f° off, seen %v: %+v in %+v", other.ID, m, distance, off, found, seen, v)
				}
			}
		}
		for _, s := range seen {
			if _, err := g.Check(s.Stretch); err != nil || s.To-s.From < 1 {
				t.Fatalf("%+v: %v", s, err)
			}
		}
	})
}

// piece is a straight piece of a road, found without the index.
type piece struct {
	road     road.Road
	a        camera.Position
	from, to float64 // metres
}

func allPieces(g *road.Graph) []piece {
	var out []piece
	for _, r := range g.Roads() {
		m := 0.0
		for i := 1; i < len(r.Line); i++ {
			length := camera.Distance(r.Line[i-1], r.Line[i])
			out = append(out, piece{r, r.Line[i-1], m, m + length})
			m += length
		}
	}
	return out
}

func (p *piece) reachable(v camera.View) bool {
	reach := v.Range + p.to - p.from + 1
	return math.Abs(p.a.Lat-v.Position.Lat)*111000 <= reach && camera.Distance(p.a, v.Position) <= reach
}

func holds(seen []camera.Seen, id camera.RoadID, m float64) bool {
	for _, s := range seen {
		if s.Road == id && m >= s.From && m <= s.To {
			return true
		}
	}
	return false
}

// sliver tells whether the metre belongs to a seen piece of less than about a metre.
func sliver(g *road.Graph, v camera.View, r road.Road, m float64) bool {
	in := 0
	for _, step := range []float64{-0.01, 0.01} {
		for x := m; x >= 0 && x <= r.Length && math.Abs(x-m) < 1.1; x += step {
			at, _, err := g.At(r.ID, x)
			if err != nil || camera.Distance(v.Position, at) > v.Range ||
				camera.Turn(v.Heading, camera.Bearing(v.Position, at)) > v.FOV/2 {
				break
			}
			in++
		}
	}
	return float64(in)*0.01 < 1.05
}

// BenchmarkSeen compares the index with a scan of all roads.
func BenchmarkSeen(b *testing.B) {
	g, _ := delaware(b)
	views := someViews(b, g, 512)
	var perIndex, perScan float64
	b.Run("index", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			g.Seen(views[i%len(views)])
		}
		perIndex = float64(b.Elapsed().Nanoseconds()) / float64(b.N)
	})
	roads := g.Roads()
	b.Run("scan", func(b *testing.B) {
		hits := 0
		for i := 0; b.Loop(); i++ {
			v := views[i%len(views)]
			east := math.Cos(v.Position.Lat*math.Pi/180) * 111195
			for _, r := range roads {
				for _, p := range r.Line {
					x, y := (p.Lon-v.Position.Lon)*east, (p.Lat-v.Position.Lat)*111195
					if x*x+y*y <= v.Range*v.Range {
						hits++
					}
				}
			}
		}
		perScan = float64(b.Elapsed().Nanoseconds()) / float64(b.N)
	})
	if perIndex > 0 {
		fmt.Printf("{\"bench\":\"seen\",\"index_us\":%.1f,\"scan_us\":%.1f,\"ratio\":%.0f}\n", perIndex/1e3, perScan/1e3, perScan/perIndex)
	}
}

// someViews puts cameras beside roads all over the extract.
func someViews(b *testing.B, g *road.Graph, n int) []camera.View {
	roads := g.Roads()
	views := make([]camera.View, n)
	for i := range views {
		r := roads[i*len(roads)/n]
		p, h, err := g.At(r.ID, r.Length/2)
		if err != nil {
			b.Fatal(err)
		}
		views[i] = camera.View{Position: camera.Ahead(p, h+90, 8), Heading: camera.NormalHeading(h + 290), FOV: 90, Range: 50}
	}
	return views
}
