package trace_test

import (
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/trace"
)

func mark(t testing.TB, tr *trace.Trace, all ...camera.Mark) {
	t.Helper()
	for _, m := range all {
		tr.Mark(m, time.Time{})
	}
}

// answers are all that a trace says.
type answers struct {
	Proposals []camera.Proposal
	Belief    []camera.CameraBelief
	Branches  []camera.Branch
}

func all(tr *trace.Trace) answers {
	return answers{tr.Proposals(20), tr.Belief(30 * time.Second), tr.Branches()}
}

func evening(t testing.TB) *trace.Trace {
	t.Helper()
	return begun(t, highway(t), asked(2750, 0, along(500, 1250, 2250, 3250, 4250, 5250)...))
}

func TestSameQuestionSameAnswers(t *testing.T) {
	script := []camera.Mark{
		looked("1", camera.MarkNotSeen, "m2250", 20, 60), seen("2", "m3250", 70), looked("3", camera.MarkUnclear, "m4250", 100, 140),
		seen("4", "m4250", 150), looked("5", camera.MarkNotSeen, "m5250", 180, 220),
	}
	a, b := evening(t), evening(t)
	for _, m := range script {
		mark(t, a, m)
		mark(t, b, m)
		if x, y := all(a), all(b); !reflect.DeepEqual(x, y) {
			t.Fatalf("after mark %s: %+v\nand %+v", m.ID, x, y)
		}
	}
}

// TestOrderOfMarks: it does not matter who told first.
func TestOrderOfMarks(t *testing.T) {
	script := []camera.Mark{
		looked("1", camera.MarkNotSeen, "m2250", 20, 60), looked("2", camera.MarkNotSeen, "m3250", 60, 90),
		looked("3", camera.MarkUnclear, "m4250", 100, 140), looked("4", camera.MarkNotSeen, "m3250", 80, 120),
	}
	a, b := evening(t), evening(t)
	mark(t, a, script...)
	slices.Reverse(script)
	mark(t, b, script...)
	x, y := a.Belief(time.Minute), b.Belief(time.Minute)
	if len(x) != len(y) || len(x) == 0 {
		t.Fatalf("%d and %d cameras", len(x), len(y))
	}
	for i := range x {
		for k, p := range x[i].Passing {
			if q := y[i].Passing[k]; x[i].Camera != y[i].Camera || math.Abs(p-q) > 1e-6 {
				t.Errorf("camera %s, step %d: %g, camera %s: %g", x[i].Camera, k, p, y[i].Camera, q)
			}
		}
	}
}

// TestUndo: what is taken back was never said.
func TestUndo(t *testing.T) {
	for _, m := range []camera.Mark{
		looked("x", camera.MarkNotSeen, "m3250", 0, 300), looked("x", camera.MarkUnclear, "m3250", 0, 300),
		seen("x", "m2250", 90), seen("x", "m3250", 40), seen("x", "m5250", 700), looked("x", camera.MarkNotSeen, "nobody", 0, 60),
	} {
		tr := evening(t)
		mark(t, tr, looked("1", camera.MarkNotSeen, "m2250", 20, 60), seen("2", "m3250", 70))
		before := all(tr)
		mark(t, tr, m)
		if m.Camera != "nobody" && reflect.DeepEqual(all(tr), before) {
			t.Errorf("%s at %s changes nothing", m.Kind, m.Camera)
		}
		if !tr.Undo("x") {
			t.Fatal("there is no such mark")
		}
		if got := all(tr); !reflect.DeepEqual(got, before) {
			t.Errorf("%s at %s undone: %+v\nwant %+v", m.Kind, m.Camera, got.Proposals, before.Proposals)
		}
		if tr.Undo("x") {
			t.Error("undone twice")
		}
	}
}

// TestSameID: a mark that is made again replaces the first.
func TestSameID(t *testing.T) {
	a, b := evening(t), evening(t)
	mark(t, a, seen("1", "m2250", 90), seen("1", "m3250", 70))
	mark(t, b, seen("1", "m3250", 70))
	if x, y := all(a), all(b); !reflect.DeepEqual(x, y) {
		t.Errorf("%+v\nwant %+v", x.Proposals, y.Proposals)
	}
}

// TestNoFootage: what was not recorded is unknown, whatever a mark says of it.
func TestNoFootage(t *testing.T) {
	q := asked(2750, 0, along(2250, 3250, 4250)...)
	q.Cameras[1].Footage = []camera.Interval{{From: noon, To: after(30)}, {From: after(300), To: after(1800)}}
	tr := begun(t, highway(t), q)
	before := all(tr)
	warnings := tr.Mark(looked("1", camera.MarkNotSeen, "m3250", 40, 280), time.Time{})
	if len(warnings) != 1 || warnings[0].Code != camera.ConflictNoFootage {
		t.Errorf("warnings %v", warnings)
	}
	if got := all(tr); !reflect.DeepEqual(got, before) {
		t.Errorf("a look at nothing changes the proposals from %+v\nto %+v", before.Proposals, got.Proposals)
	}
	for _, p := range before.Proposals {
		if p.Camera == "m3250" && p.From.Before(after(300)) && p.To.After(after(30)) {
			t.Errorf("proposed without footage: %+v", p)
		}
	}
}

// TestUnclear weakens, but does not remove; not seen does so more.
func TestUnclear(t *testing.T) {
	at := func(kind camera.MarkKind) float64 {
		tr := evening(t)
		mark(t, tr, seen("1", "m2250", 60))
		if kind != "" {
			mark(t, tr, looked("2", kind, "m3250", 60, 240))
		}
		return chance(tr.Belief(10*time.Second), "m3250", 70, 200)
	}
	none, unclear, not := at(""), at(camera.MarkUnclear), at(camera.MarkNotSeen)
	if !(none > unclear && unclear > not && not > 0) || unclear < none/3 {
		t.Errorf("%.3f without a look, %.3f after an unclear one, %.3f after one in vain", none, unclear, not)
	}
}

// TestContradictions: nonsense is told, and the next proposal comes.
func TestContradictions(t *testing.T) {
	tr := evening(t)
	for i, m := range []camera.Mark{
		seen("a", "m5250", 10), seen("b", "m0500", 12), seen("c", "m5250", 14), looked("d", camera.MarkNotSeen, "m5250", 0, 60),
		seen("e", "m3250", -400), seen("f", "m3250", 4000), looked("g", camera.MarkNotSeen, "m3250", 90, 30), seen("h", "nobody", 60),
		seen("i", "m5250", 10), looked("j", "strange", "m4250", 10, 20), seen("k", "m0500", 1799),
		{ID: "l", Kind: camera.MarkSeen, Camera: "m3250"}, {ID: "m", Kind: camera.MarkNotSeen, Camera: "m3250"},
	} {
		if w := tr.Mark(m, after(1800)); i > 0 && len(w) == 0 && m.Kind != "strange" && m.ID != "k" && m.ID != "g" {
			t.Errorf("mark %s fits", m.ID)
		}
		if len(tr.Proposals(3)) == 0 {
			t.Fatalf("after mark %s: no proposal", m.ID)
		}
		for _, b := range tr.Belief(time.Minute) {
			for _, p := range b.Passing {
				if !(p >= 0 && p <= 1) {
					t.Fatalf("after mark %s: belief %g", m.ID, p)
				}
			}
		}
		tr.Branches()
	}
}

// TestOrderOfSightings: neither the order of sightings nor one that was taken back matters.
func TestOrderOfSightings(t *testing.T) {
	a, b := evening(t), evening(t)
	mark(t, a, seen("1", "m2250", 40), seen("2", "m3250", 80), seen("3", "m5250", 180))
	mark(t, b, seen("3", "m5250", 180), seen("1", "m2250", 40), seen("2", "m3250", 80))
	if x, y := all(a), all(b); !reflect.DeepEqual(x, y) {
		t.Errorf("%+v\nand %+v", x.Proposals, y.Proposals)
	}
	before := all(a)
	mark(t, a, seen("x", "m3250", 60))
	a.Undo("x")
	if got := all(a); !reflect.DeepEqual(got, before) {
		t.Errorf("undone: %+v\nwant %+v", got.Proposals, before.Proposals)
	}
}
