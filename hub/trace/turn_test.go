package trace_test

import (
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/trace"
)

// TestTurnsTakeTime: who turns at a junction comes later by what a right angle takes, who
// goes straight on does not.
func TestTurnsTakeTime(t *testing.T) {
	var d drawing
	d.way("highway=secondary,ref=QL4A", xy{0, 0}, xy{1000, 0}, xy{5000, 0})
	d.way("highway=secondary,ref=QL4B", xy{1000, 0}, xy{1000, 4000})
	g := d.load(t)
	north := house("north", 1000, 600)
	north.Views[0].Heading = 90
	north.Views[0].Position = spotAt(990, 600)
	q := asked(100, 0, house("first", 300, 0), house("east", 1600, 0), north)
	when := func(bend float64, cam string) float64 {
		p := trace.DefaultParams()
		p.Car.Bend, p.Motorbike.Bend = bend, bend
		tr, err := trace.New(t.Context(), trace.NewNetwork(g), q, p, nil)
		if err != nil {
			t.Fatal(err)
		}
		mark(t, tr, seen("1", "first", 60))
		return likeliest(tr.Belief(2*time.Second), cam)
	}
	if quick, slow := when(0, "east"), when(20, "east"); quick != slow || quick < 80 {
		t.Errorf("straight on after %.0f s, where turns take time %.0f s", quick, slow)
	}
	if quick, slow := when(0, "north"), when(20, "north"); slow-quick < 16 || slow-quick > 24 {
		t.Errorf("round the corner after %.0f s, where turns take 20 s %.0f s", quick, slow)
	}
}

// likeliest is the middle of the step in which a camera is most likely passed, seconds
// after noon.
func likeliest(all []camera.CameraBelief, cam string) (at float64) {
	most := 0.0
	for _, b := range all {
		for k, p := range b.Passing {
			if string(b.Camera) == cam && p > most {
				most, at = p, b.From.Sub(noon).Seconds()+(float64(k)+0.5)*b.Step.Seconds()
			}
		}
	}
	return at
}
