package trace_test

import (
	"cmp"
	"slices"
	"testing"

	camera "xulang.vn/camera"
)

// TestBranches: three roads meet at a kilometre; one has a house, one none, one ends at
// the edge of the map.
func TestBranches(t *testing.T) {
	var d drawing
	d.way("highway=secondary,ref=QL4A", xy{0, 0}, xy{1000, 0}, xy{5000, 0})
	d.way("highway=secondary,ref=QL4B", xy{1000, 0}, xy{1000, 4000})
	d.way("highway=secondary,ref=QL4C", xy{1000, 0}, xy{1000, -4000})
	q := asked(100, 0, house("first", 300, 0), house("east", 2000, 0))
	tr := begun(t, d.load(t), q)
	mark(t, tr, seen("1", "first", 60))
	got := tr.Branches()
	roads := map[camera.RoadID]camera.Branch{}
	ends := 0
	sum := 0.0
	for _, b := range got {
		if b.Probability < 0 || b.Probability > 1 || b.To.Before(b.From) || b.From.Before(q.From) || b.To.After(q.To) {
			t.Errorf("%+v", b)
		}
		if b.Ends {
			ends++
			continue
		}
		if camera.Distance(b.Place, spotAt(1000, 0)) > 1 {
			t.Errorf("parts at %v: %+v", b.Place, b)
		}
		roads[b.Road] = b
		sum += b.Probability
	}
	if len(roads) != 3 || sum > 1.000001 || sum < 0.6 {
		t.Fatalf("%d ways with %.3f in sum: %+v", len(roads), sum, got)
	}
	for id, heading := range map[camera.RoadID]float64{"ql4a": 90, "ql4b": 0, "ql4c": 180} {
		b := roads[id]
		// 700 m at 40 to 110 km/h.
		if camera.Turn(b.Heading, heading) > 1 || b.From.After(after(60+63)) || b.To.Before(after(60+23)) {
			t.Errorf("%s: %+v", id, b)
		}
	}
	if b := roads["ql4a"]; !slices.Equal(b.Cameras, []camera.CameraID{"east"}) {
		t.Errorf("east: cameras %v", b.Cameras)
	}
	if b := roads["ql4b"]; len(b.Cameras) != 0 {
		t.Errorf("north leaves unwatched: cameras %v", b.Cameras)
	}
	if ends < 3 {
		t.Errorf("%d arrivals at the edge of the map, want one at each end", ends)
	}
	if !slices.IsSortedFunc(got, func(a, b camera.Branch) int {
		return cmp.Compare(b.Probability, a.Probability)
	}) {
		t.Errorf("not by probability: %+v", got)
	}
}

// TestSiblings: what parts at one place is one at most, in a town as well.
func TestSiblings(t *testing.T) {
	var cams []camera.TraceCamera
	for i := range 5 {
		cams = append(cams, house(string(rune('a'+i)), 75+float64(i)*150, float64(i)*150))
	}
	tr := begun(t, grid(t, 7, 150), asked(375, 300, cams...))
	for _, m := range []camera.Mark{looked("1", camera.MarkNotSeen, "c", 0, 90), seen("2", "d", 200)} {
		got := tr.Branches()
		sums := map[camera.Position]float64{}
		for _, b := range got {
			sums[b.Place] += b.Probability
			if sums[b.Place] > 1.000001 {
				t.Errorf("%v: %.3f", b.Place, sums[b.Place])
			}
		}
		if len(got) < 4 {
			t.Errorf("%d branches", len(got))
		}
		mark(t, tr, m)
	}
}

// TestArrival: the next commune is told where the last camera's kilometre ends, not
// where the map does 17 km behind it, and when; not of who stays among the cameras.
func TestArrival(t *testing.T) {
	var d drawing
	d.way("highway=secondary,ref=QL4A", xy{0, 0}, xy{1000, 0}, xy{20000, 0})
	d.way("highway=secondary,ref=QL4B", xy{1000, 0}, xy{1000, 800})
	tr := begun(t, d.load(t), asked(100, 0, house("first", 300, 0), house("east", 2000, 0)))
	mark(t, tr, seen("1", "first", 60))
	n := 0
	for _, b := range tr.Branches() {
		if !b.Ends {
			continue
		}
		n++
		if b.Road != "ql4a" || camera.Distance(b.Place, spotAt(3000, 0)) > 60 || camera.Turn(b.Heading, 90) > 1 {
			t.Errorf("leaves by %+v, %.0f m from its edge", b, camera.Distance(b.Place, spotAt(3000, 0)))
		}
		// 2.7 km at 50 to 130 km/h.
		if b.From.Before(after(60+75)) || b.From.After(after(60+130)) || b.To.Before(after(60+98)) {
			t.Errorf("leaves from %v to %v", b.From, b.To)
		}
	}
	if n != 1 {
		t.Errorf("%d arrivals at the edge of the covered area, want 1: %+v", n, tr.Branches())
	}
}
