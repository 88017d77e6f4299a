package observer_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	camera "xulang.vn/camera"
	"xulang.vn/camera/cmd/tracebench/observer"
	"xulang.vn/camera/cmd/tracebench/scenario"
)

// place is a scenario of cameras and tasks, without roads: the observer needs none.
func place(tasks ...scenario.Task) *scenario.Scenario {
	s := &scenario.Scenario{Name: "tiny", Tasks: tasks}
	for id, heading := range map[camera.CameraID]float64{"c001": 10, "c002": 100, "c003": 300} {
		s.Cameras = append(s.Cameras, scenario.Camera{ID: id, View: camera.View{Heading: heading}})
	}
	return s
}

func task(id string, passes ...scenario.Pass) scenario.Task {
	return scenario.Task{Passes: passes, Question: scenario.Question{
		Task: id, Mode: camera.ModeCar, Window: scenario.Span{From: 100, To: 2800},
		Incident: scenario.Incident{Span: scenario.Span{From: 100, To: 220}},
	}}
}

func pass(id camera.CameraID, enter, leave float64) scenario.Pass {
	return scenario.Pass{Camera: id, Enter: enter, Leave: leave, Heading: 90}
}

func clip(id camera.CameraID, from, to float64) observer.Clip {
	return observer.Clip{Camera: id, Span: scenario.Span{From: from, To: to}}
}

// script is an arm that asks for clips one after the other.
type script struct {
	clips     []observer.Clip
	answers   []observer.Answer
	withdrawn map[string]int // answers there were before
}

var errEnd = errors.New("the script ends")

func (s *script) Propose() (observer.Proposal, error) {
	if len(s.answers) == len(s.clips) {
		return observer.Proposal{}, errEnd
	}
	return observer.Proposal{Clip: s.clips[len(s.answers)], Reason: "script"}, nil
}

func (s *script) Answer(a observer.Answer) { s.answers = append(s.answers, a) }

func (s *script) Withdraw(id string) {
	if s.withdrawn == nil {
		s.withdrawn = map[string]int{}
	}
	s.withdrawn[id] = len(s.answers)
}

func cases(t *testing.T, v observer.Variant, tasks ...scenario.Task) *observer.Setup {
	t.Helper()
	set, err := observer.Set(place(tasks...), v)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// play follows a script through a task that it need not finish.
func play(t *testing.T, v observer.Variant, one scenario.Task, clips ...observer.Clip) (observer.Result, *script, []observer.Step) {
	t.Helper()
	arm, steps := &script{clips: clips}, []observer.Step(nil)
	r, err := observer.Follow(t.Context(), &cases(t, v, one).Cases[0], arm, 0, func(s observer.Step) { steps = append(steps, s) })
	if err != nil && !errors.Is(err, errEnd) {
		t.Fatal(err)
	}
	return r, arm, steps
}

// TestCharged: at least 10 s, lengthened at the end, at the end of the window at the
// start, and never outside of the window.
func TestCharged(t *testing.T) {
	asked := []observer.Clip{
		clip("c001", 200, 203), clip("c001", 300, 310), clip("c001", 400, 460.5), clip("c001", 2797, 2799),
		clip("c001", 2785, 2795), clip("c001", 2793, 2800), clip("c001", 90, 105), clip("c001", 2795, 3000),
	}
	want := []observer.Clip{
		clip("c001", 200, 210), clip("c001", 300, 310), clip("c001", 400, 460.5), clip("c001", 2790, 2800),
		clip("c001", 2785, 2795), clip("c001", 2790, 2800), clip("c001", 100, 110), clip("c001", 2790, 2800),
	}
	r, arm, _ := play(t, observer.Clean, task("t005", pass("c002", 500, 502)), asked...)
	cost := 0.0
	for i, a := range arm.answers {
		if a.Clip != want[i] || len(a.Seen) > 0 {
			t.Errorf("%v was watched as %v: %v", asked[i], a.Clip, a.Seen)
		}
		cost += a.Length()
	}
	// 2790 to 2800 was shown three times, of the five seconds before it five only once.
	if r.Shown != cost || cost != 130.5 || r.Again != 10+10+5 || r.Finished {
		t.Errorf("%v s, %v again, of %v", r.Shown, r.Again, cost)
	}
}

// TestOverlap: a second is enough, less is not.
func TestOverlap(t *testing.T) {
	one := task("t005", pass("c001", 500, 503), pass("c001", 600.37, 602.5), pass("c002", 505, 506), pass("c003", 2700, 2702))
	_, arm, steps := play(t, observer.Clean, one,
		clip("c001", 480.5, 500.75), clip("c001", 502.01, 530), clip("c001", 480, 501), clip("c001", 490, 610), clip("c003", 505, 506), clip("c001", 590, 601.37))
	want := [][]int{nil, nil, {0}, {0, 1}, nil, {1}}
	for i, s := range steps {
		if !slices.Equal(s.Seen, want[i]) || len(arm.answers[i].Seen) != len(want[i]) {
			t.Errorf("clip %d: saw %v, want %v", i, s.Seen, want[i])
		}
	}
	if !slices.Equal(steps[0].Brushed, []int{0}) || steps[0].Cost != 20.25 {
		t.Errorf("first step %+v", steps[0])
	}
	seen := arm.answers[2].Seen[0]
	if seen.At != 500.5 || seen.Heading != 90 || seen.ID == "" { // the middle of the overlap
		t.Errorf("reported %+v", seen)
	}
	if both := arm.answers[3].Seen; both[0].At != 501.5 || both[1].At != 601.435 || both[0].ID == both[1].ID || both[0].ID == seen.ID {
		t.Errorf("reported %+v", both)
	}
}

// TestDraws: the numbers were worked out with sha256sum.
func TestDraws(t *testing.T) {
	look := clip("c051", 490, 520)
	s := &scenario.Scenario{Name: "tiny", Cameras: []scenario.Camera{{ID: "c051"}, {ID: "c052"}}}
	// "t001|c051|0|0": cd582678e7d10150 / 2^64 = 0.802, "…|1": f674c1b5757bcbe0 = 0.963,
	// "…|2": 457decce74906b7d = 0.271.
	s.Tasks = []scenario.Task{task("t001", pass("c051", 500, 502), pass("c052", 600, 602))}
	for v, want := range map[observer.Variant][]bool{observer.Clean: {true, false, true}, observer.Detect07: {false, false, true}} {
		set, err := observer.Set(s, v)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // runs repeat
			arm := &script{clips: []observer.Clip{look, clip("c051", 501.5, 540), look, clip("c051", 300, 310), look}}
			r, err := observer.Follow(t.Context(), &set.Cases[0], arm, 0, nil)
			if !errors.Is(err, errEnd) {
				t.Fatal(err)
			}
			// The second clip overlaps too little to count as watched, the fourth not at all.
			for i, at := range []int{0, 2, 4} {
				if got := len(arm.answers[at].Seen) == 1; got != want[i] {
					t.Errorf("%s: watched %d times before: seen is %v", v, i, got)
				}
			}
			found := 30.0
			if v == observer.Detect07 {
				found = 30 + 38.5 + 30 + 10 + 30
			}
			if r.Found[0] != found || r.Found[1] != -1 {
				t.Errorf("%s: found at %v", v, r.Found)
			}
		}
	}
}

// TestFalseMarks: "false|t004|c001|0" is 09a9856c69791801 / 2^64 = 0.038, its last byte
// odd; "false|t004|c002|1" is not below 0.05.
func TestFalseMarks(t *testing.T) {
	one := task("t004", pass("c002", 500, 502))
	r, arm, steps := play(t, observer.FalseMarks, one,
		clip("c001", 200, 230), clip("c001", 200, 300), clip("c001", 400, 599), clip("c001", 600, 601))
	first := arm.answers[0].Seen
	if len(first) != 1 || first[0].At != 215 || first[0].Heading != 280 { // 10 - 90
		t.Fatalf("the first clip says %+v", first)
	}
	if r.FalseMarks != 1 || r.Found[0] != -1 || steps[0].False == nil || len(steps[0].Seen) > 0 {
		t.Errorf("%d false marks, found %v", r.FalseMarks, r.Found)
	}
	// 100 and 199 s later it still stands; 10 s more are 309.
	if at, ok := arm.withdrawn[first[0].ID]; !ok || at != 4 || len(arm.withdrawn) != 1 || len(steps[3].Undone) != 1 {
		t.Errorf("withdrawn: %v", arm.withdrawn)
	}
	for _, a := range arm.answers[1:] {
		if len(a.Seen) > 0 {
			t.Errorf("clip %v says %v", a.Clip, a.Seen)
		}
	}
	_, arm, _ = play(t, observer.FalseMarks, one, clip("c001", 200, 230), clip("c001", 200, 500), clip("c001", 200, 210))
	if at := arm.withdrawn[first[0].ID]; at != 2 {
		t.Errorf("exactly 5 minutes later: withdrawn after %d clips", at)
	}
	_, arm, _ = play(t, observer.Clean, one, clip("c001", 200, 230))
	if len(arm.answers[0].Seen) > 0 {
		t.Error("a false mark in the clean variant")
	}
	// A clip in which something was seen has no false mark beside it.
	_, arm, _ = play(t, observer.FalseMarks, task("t004", pass("c001", 210, 212), pass("c002", 500, 502)), clip("c001", 200, 230))
	if seen := arm.answers[0].Seen; len(seen) != 1 || seen[0].At != 211 {
		t.Errorf("seen %+v", seen)
	}
}

// TestOffline: "offline|tiny|c003" is 313cc671fe7786b3 / 2^64 = 0.192; c001 0.969, c002
// 0.436.
func TestOffline(t *testing.T) {
	one := task("t001", pass("c001", 300, 312), pass("c003", 320, 322), pass("c002", 400, 402))
	set := cases(t, observer.Offline20, one, task("t002", pass("c003", 300, 302)))
	if len(set.Cameras) != 2 || slices.ContainsFunc(set.Cameras, func(c scenario.Camera) bool { return c.ID == "c003" }) {
		t.Errorf("cameras %v", set.Cameras)
	}
	if len(set.Cases) != 1 {
		t.Fatalf("%d cases", len(set.Cases))
	}
	c := set.Cases[0]
	if c.Oracle != 30 || c.Floor != 90 || c.Budget != 3*2*2700 || len(c.Passes) != 2 || c.Passes[1].Number != 2 {
		t.Errorf("case %+v", c)
	}
	if _, err := observer.Follow(t.Context(), &c, &script{clips: []observer.Clip{clip("c003", 300, 330)}}, 0, nil); err == nil || errors.Is(err, errEnd) {
		t.Errorf("an offline camera was shown: %v", err)
	}
	if clean := cases(t, observer.Clean, one).Cases[0]; clean.Oracle != 40 || clean.Floor != 100 || clean.Budget != 3*3*2700 {
		t.Errorf("clean case %+v", clean)
	}
}

func TestLate(t *testing.T) {
	one := task("t005", pass("c002", 500, 502))
	set := cases(t, observer.Late10, one)
	if c := set.Cases[0]; c.Incident.Span != (scenario.Span{From: 700, To: 820}) || c.Window != one.Window || c.Floor != 70 || c.Passes[0].Pass != one.Passes[0] {
		t.Errorf("case %+v", c)
	}
	if one.Incident.From != 100 {
		t.Error("the task itself was changed")
	}
}

func TestNoSuchVariant(t *testing.T) {
	if _, err := observer.Set(place(), "foggy"); err == nil {
		t.Error("foggy is a variant")
	}
}

// TestNonsense: what an arm may not ask for ends the run.
func TestNonsense(t *testing.T) {
	c := &cases(t, observer.Clean, task("t005", pass("c002", 500, 502))).Cases[0]
	for _, bad := range []observer.Clip{clip("c009", 200, 300), clip("c001", 300, 300), clip("c001", 310, 300), clip("c001", 0, 100), clip("c001", 2800, 2900)} {
		if _, err := observer.Follow(t.Context(), c, &script{clips: []observer.Clip{bad}}, 0, nil); err == nil || errors.Is(err, errEnd) {
			t.Errorf("%v: %v", bad, err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := observer.Follow(ctx, c, &script{}, 0, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}
