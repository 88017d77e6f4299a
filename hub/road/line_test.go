package road_test

import (
	"math"
	"testing"

	camera "xulang.vn/camera"
)

// TestLineIsAsLongAsItsStretch measures lines of the sketch against their stretches.
func TestLineIsAsLongAsItsStretch(t *testing.T) {
	g, _ := load(t, "../../configs/demo/road-4a-sketch.osm")
	for _, r := range g.Roads() {
		for _, part := range [][2]float64{{0, r.Length}, {r.Length / 3, r.Length / 2}, {1, 2}, {r.Length - 1, r.Length + 500}} {
			line, err := g.Line(camera.Stretch{Road: r.ID, From: part[0], To: part[1]})
			if err != nil {
				t.Fatalf("%s %v: %v", r.ID, part, err)
			}
			metres := 0.0
			for i := 1; i < len(line); i++ {
				metres += camera.Distance(line[i-1], line[i])
			}
			if want := math.Min(part[1], r.Length) - part[0]; math.Abs(metres-want) > 0.02 {
				t.Errorf("%s %v: line of %.2f m, want %.2f", r.ID, part, metres, want)
			}
		}
	}
	if _, err := g.Line(camera.Stretch{Road: "nowhere", To: 1}); camera.CodeOf(err) != camera.CodeUnknownRoad {
		t.Errorf("unknown road: %v", err)
	}
}
