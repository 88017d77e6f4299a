package trace_test

import (
	"math"
	"reflect"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/trace"
)

// TestBrokenNetworks: what maps are like. The engine stays usable on all of them.
func TestBrokenNetworks(t *testing.T) {
	for name, draw := range map[string]func(d *drawing){
		"one edge":      func(d *drawing) { d.way("highway=residential", xy{0, 0}, xy{1000, 0}) },
		"one short one": func(d *drawing) { d.way("highway=service", xy{490, 0}, xy{510, 0}) },
		"two pieces": func(d *drawing) {
			d.way("highway=residential", xy{0, 0}, xy{480, 0}, xy{500, 0})
			d.way("highway=residential", xy{520, 0}, xy{1000, 0})
		},
		"one-way trap": func(d *drawing) {
			d.way("highway=residential", xy{0, 0}, xy{500, 0})
			d.way("highway=residential,oneway=yes", xy{500, 0}, xy{700, 0}, xy{1000, 0})
			d.way("highway=residential,oneway=yes", xy{700, 0}, xy{700, 200}, xy{900, 200}, xy{700, 0})
		},
		"one-way out of reach": func(d *drawing) { d.way("highway=residential,oneway=-1", xy{0, 0}, xy{500, 0}, xy{1000, 0}) },
		"ring": func(d *drawing) {
			d.way("highway=residential", xy{0, 0}, xy{500, 0}, xy{1000, 0}, xy{500, 400}, xy{0, 0})
		},
		"no speeds, odd speeds": func(d *drawing) {
			d.way("highway=residential,maxspeed=none", xy{0, 0}, xy{500, 0})
			d.way("highway=residential,maxspeed=0", xy{500, 0}, xy{700, 0})
			d.way("highway=road,maxspeed=-5", xy{700, 0}, xy{1000, 0})
		},
		"two nodes in one place": func(d *drawing) {
			d.way("highway=residential", xy{0, 0}, xy{500, 0})
			d.way("highway=residential", xy{500, 0}, xy{500, 0.001}, xy{500, 300})
			d.way("highway=residential", xy{500, 0.001}, xy{1000, 0})
		},
	} {
		var d drawing
		draw(&d)
		g := d.load(t)
		nowhere := house("nowhere", 0, 0)
		nowhere.Views[0].Position.Lat = math.NaN()
		cams := []camera.TraceCamera{
			house("a", 250, 0), house("b", 600, 0), house("c", 900, 0), house("field", 500, -3000), {ID: "blind"}, nowhere,
		}
		for _, mode := range camera.Modes() {
			q := asked(500, 0, cams...)
			q.Mode = mode
			tr := begun(t, g, q)
			for i, m := range []camera.Mark{
				{}, seen("1", "a", 60), seen("2", "c", 300), seen("3", "field", 400), seen("4", "nowhere", 500), seen("5", "blind", 600),
				looked("6", camera.MarkNotSeen, "b", 60, 300), seen("7", "b", 290), looked("8", camera.MarkUnclear, "nowhere", 60, 300),
			} {
				if m.ID != "" {
					tr.Mark(m, time.Time{})
				}
				sane(t, tr, q, func(f string, v ...any) {
					t.Errorf(name+", "+string(mode)+", after %d marks: "+f, append([]any{i}, v...)...)
				})
			}
		}
	}
}

// TestNoCameras: then there is nothing to look at, and branches all the same.
func TestNoCameras(t *testing.T) {
	tr := begun(t, highway(t), asked(2750, 0))
	if p, b := tr.Proposals(5), tr.Belief(time.Minute); len(p) != 0 || len(b) != 0 {
		t.Errorf("proposals %v, belief %v", p, b)
	}
	tr.Mark(seen("1", "m3250", 60), time.Time{})
	if len(tr.Branches()) < 2 {
		t.Errorf("branches %v", tr.Branches())
	}
}

// sane complains of answers that cannot be. It asks for a proposal.
func sane(t interface{ Helper() }, tr *trace.Trace, q camera.TraceQuestion, complain func(f string, v ...any)) {
	t.Helper()
	all := tr.Proposals(50)
	if len(all) == 0 {
		complain("no proposal")
	}
	for n := range all { // cameras that were not looked through would not have won
		if few := tr.Proposals(n); n > 0 && !reflect.DeepEqual(few, all[:n]) {
			complain("of %+v the best %d: %+v", all, n, few)
		}
	}
	footage := map[camera.CameraID][]camera.Interval{}
	for _, c := range q.Cameras {
		footage[c.ID] = c.Footage
	}
	for _, p := range all {
		covered := false
		for _, f := range footage[p.Camera] {
			covered = covered || p.From.Before(f.To) && p.To.After(f.From)
		}
		if !p.From.Before(p.To) || p.From.Before(q.From) || p.To.After(q.To) || !covered {
			complain("proposed %+v", p)
		}
		if r := p.Reason; !(p.Probability >= 0 && p.Probability <= 1) || !(r.Heading >= 0 && r.Heading <= 360) || !(r.Metres >= 0 && r.Metres < 1e7) || r.Soonest < 0 || r.Latest < r.Soonest || r.Code == "" {
			complain("proposed %+v", p)
		}
	}
	for _, b := range tr.Belief(time.Minute) {
		for _, p := range b.Passing {
			if !(p >= 0 && p <= 1) {
				complain("belief of %s: %g", b.Camera, p)
			}
		}
	}
	sums := map[camera.Position]float64{}
	for _, b := range tr.Branches() {
		sums[b.Place] += b.Probability
		if !(b.Probability >= 0) || sums[b.Place] > 1.00001 || b.To.Before(b.From) || b.From.Before(q.From) || b.To.After(q.To) || !b.Place.Valid() {
			complain("branch %+v, %g in sum", b, sums[b.Place])
		}
	}
}
