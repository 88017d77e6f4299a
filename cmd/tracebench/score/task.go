package score

import (
	"time"

	"xulang.vn/camera/cmd/tracebench/observer"
)

// Task is an arm at one task, to find where footage goes.
type Task struct {
	Scenario string  `json:"scenario"`
	Variant  string  `json:"variant"`
	Arm      string  `json:"arm"`
	Task     string  `json:"task"`
	Mode     string  `json:"mode"`
	Width    float64 `json:"width_s"` // of the incident's interval
	Passes   int     `json:"passes"`
	Finished bool    `json:"finished"`
	Cost     float64 `json:"cost_s"`
	Floor    float64 `json:"floor_s"`
	Oracle   float64 `json:"oracle_s"`
	Floors   float64 `json:"x_floor"`
	First    float64 `json:"first_s"` // cost when the first pass was found; -1: none was
	Last     float64 `json:"last_s"`  // and the last of those that were found
	Unfound  []int   `json:"unfound"` // numbers of passes
	Found10  int     `json:"found_10min"`
	Found30  int     `json:"found_30min"`

	Proposals  int     `json:"proposals"`
	Shown      float64 `json:"shown_s"`
	Again      float64 `json:"again_s"`
	FalseMarks int     `json:"false_marks"`
	TookMS     float64 `json:"proposal_ms_p95"`
	TotalMS    float64 `json:"total_ms"`

	Spent map[string]observer.Spent `json:"spent"`
}

// TaskOf is the line of a result.
func TaskOf(scenario, variant, arm string, r observer.Result) Task {
	t := Task{
		Scenario: scenario, Variant: variant, Arm: arm, Task: r.Case.Task, Mode: string(r.Case.Mode),
		Width: Rounded(r.Case.Incident.Length()), Passes: len(r.Found), Finished: r.Finished,
		Cost: Rounded(r.Cost), Floor: Rounded(r.Case.Floor), Oracle: Rounded(r.Case.Oracle), Floors: Rounded(r.Cost / r.Case.Floor),
		First: -1, Last: -1, Unfound: []int{}, Found10: Within(r, 10*time.Minute), Found30: Within(r, 30*time.Minute),
		Proposals: len(r.Took), Shown: Rounded(r.Shown), Again: Rounded(r.Again), FalseMarks: r.FalseMarks,
		Spent: map[string]observer.Spent{},
	}
	for i, cost := range r.Found {
		switch {
		case cost < 0:
			t.Unfound = append(t.Unfound, r.Case.Passes[i].Number)
			continue
		case t.First < 0 || cost < t.First:
			t.First = Rounded(cost)
		}
		t.Last = max(t.Last, Rounded(cost))
	}
	var took []float64
	for _, d := range r.Took {
		took = append(took, float64(d)/float64(time.Millisecond))
		t.TotalMS += took[len(took)-1]
	}
	t.TookMS, t.TotalMS = Quantile(took, 0.95), Rounded(t.TotalMS)
	for reason, s := range r.Spent {
		s.Seconds = Rounded(s.Seconds)
		t.Spent[reason] = s
	}
	return t
}
