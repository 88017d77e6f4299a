package score_test

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"xulang.vn/camera/cmd/tracebench/observer"
	"xulang.vn/camera/cmd/tracebench/scenario"
	"xulang.vn/camera/cmd/tracebench/score"
)

func result(cost float64, finished bool, found ...float64) observer.Result {
	c := &observer.Case{Oracle: 20, Floor: 80, Budget: 5000, Question: scenario.Question{Task: "t001", Mode: "car"}}
	c.Passes = make([]observer.Pass, len(found))
	for i := range c.Passes {
		c.Passes[i].Number = i + 1
	}
	return observer.Result{
		Case: c, Finished: finished, Cost: cost, Found: found, Shown: 1000, Again: 100, Clips: 2, FalseMarks: 1,
		Took: []time.Duration{time.Millisecond, 3 * time.Millisecond}, Spent: map[string]observer.Spent{"next": {Seconds: 1000, Clips: 2, Found: 1}},
	}
}

func TestQuantile(t *testing.T) {
	for _, c := range []struct {
		values []float64
		of     float64
		want   float64
	}{
		{nil, 0.5, 0}, {[]float64{7}, 0.9, 7}, {[]float64{3, 1}, 0.5, 2}, {[]float64{3, 1, 2}, 0.5, 2},
		{[]float64{40, 10, 30, 20}, 0.5, 25}, {[]float64{10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110}, 0.9, 100},
		{[]float64{10, 20, 30, 40, 50, 60, 70, 80, 90, 100}, 0.9, 91}, {[]float64{1, 2}, 1, 2}, {[]float64{1, 2}, 0, 1},
	} {
		if got := score.Quantile(c.values, c.of); got != c.want {
			t.Errorf("%v of %v: %v, want %v", c.of, c.values, got, c.want)
		}
	}
	values := []float64{3, 1, 2}
	if score.Quantile(values, 0.5); values[0] != 3 {
		t.Error("the list was sorted in place")
	}
}

// TestLine: an unfinished task counts its budget, a pass at exactly ten minutes counts.
func TestLine(t *testing.T) {
	line := score.Of("tiny", "clean", "engine", []observer.Result{
		result(600, true, 600, 30), result(1800, true, 600.1, 1800), result(5000, false, 1801, -1),
	})
	want := score.Line{
		Scenario: "tiny", Variant: "clean", Arm: "engine", Tasks: 3, Finished: 0.6667, FootageP50: 1800, FootageP90: 4360,
		OracleP50: 90, OracleP90: 218, FloorP50: 22.5, FloorP90: 54.5, Rewatch: 0.1, Found10: 0.3333, Found30: 0.6667, ProposalMS: 3,
	}
	if line != want {
		t.Errorf("%+v\nwant %+v", line, want)
	}
}

// TestNamesOfTheIssue: whoever reads the lines looks for these words, and no others.
func TestNamesOfTheIssue(t *testing.T) {
	text, err := json.Marshal(score.Line{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]any{}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	names := strings.Fields("scenario variant arm tasks finished footage_s_p50 footage_s_p90 x_oracle_p50 x_oracle_p90 x_floor_p50 x_floor_p90 " +
		"rewatch found_10min found_30min proposal_ms_p95")
	for _, name := range names {
		if _, ok := got[name]; !ok {
			t.Errorf("no %s in %s", name, text)
		}
	}
	if len(got) != len(names) {
		t.Errorf("%d words in %s", len(got), text)
	}
}

func TestTask(t *testing.T) {
	one := score.TaskOf("tiny", "clean", "engine", result(5000, false, 700, -1, 250))
	if one.First != 250 || one.Last != 700 || !reflect.DeepEqual(one.Unfound, []int{2}) || one.Found10 != 1 || one.Found30 != 2 || one.Passes != 3 {
		t.Errorf("%+v", one)
	}
	if one.Floors != 62.5 || one.Proposals != 2 || one.FalseMarks != 1 || one.TotalMS != 4 || one.Spent["next"].Clips != 2 {
		t.Errorf("%+v", one)
	}
	if none := score.TaskOf("tiny", "clean", "engine", result(5000, false, -1)); none.First != -1 || none.Last != -1 {
		t.Errorf("%+v", none)
	}
}

// TestObjective: less footage is better, a task that is given up is worse than any that
// was finished.
func TestObjective(t *testing.T) {
	of := func(results ...observer.Result) float64 { return score.Objective(results, 50) }
	if got := of(result(80*math.E, true, 1), result(80*math.E, true, 1)); math.Abs(got-1) > 1e-3 {
		t.Errorf("e times the floor is %v", got)
	}
	a, b, lost := result(160, true, 1), result(320, true, 1), result(5000, false, -1)
	if !(of(a, a) < of(a, b) && of(a, b) < of(b, b) && of(b, b) < of(b, lost)) {
		t.Errorf("%v, %v, %v, %v", of(a, a), of(a, b), of(b, b), of(b, lost))
	}
	// What a lost task would have cost beyond the point where it was given up is no matter.
	dear := lost
	dear.Cost = 500_000
	if of(lost) != of(dear) {
		t.Errorf("%v and %v", of(lost), of(dear))
	}
}

func TestSpent(t *testing.T) {
	a, b := result(600, true, 1), result(600, true, 1)
	b.Shown, b.Spent = 3000, map[string]observer.Spent{"wider": {Seconds: 2500, Clips: 9, Found: 2}, "next": {Seconds: 500, Clips: 1}}
	if got, want := score.Spent([]observer.Result{a, b}), "wider 62.5 % (2 found), next 37.5 % (1 found)"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
