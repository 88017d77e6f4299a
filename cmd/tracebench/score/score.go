// Package score sums up how an arm did at the tasks of a scenario.
package score

import (
	"math"
	"slices"
	"time"

	"xulang.vn/camera/cmd/tracebench/observer"
)

// Line is an arm at a scenario under a variant, as the reports have it.
type Line struct {
	Scenario string `json:"scenario"`
	Variant  string `json:"variant"`
	Arm      string `json:"arm"`
	Tasks    int    `json:"tasks"`

	Finished   float64 `json:"finished"`      // share of the tasks
	FootageP50 float64 `json:"footage_s_p50"` // seconds until all passes were seen
	FootageP90 float64 `json:"footage_s_p90"`
	OracleP50  float64 `json:"x_oracle_p50"` // the same as multiples of each task's oracle
	OracleP90  float64 `json:"x_oracle_p90"`
	FloorP50   float64 `json:"x_floor_p50"` // and of its floor
	FloorP90   float64 `json:"x_floor_p90"`
	Rewatch    float64 `json:"rewatch"`     // footage shown again / footage shown, of all tasks together
	Found10    float64 `json:"found_10min"` // share of all tasks' passes
	Found30    float64 `json:"found_30min"`
	ProposalMS float64 `json:"proposal_ms_p95"` // wall clock, with what the arm did about the answer before
}

// Of sums up. There must be a result.
func Of(scenario, variant, arm string, results []observer.Result) Line {
	line := Line{Scenario: scenario, Variant: variant, Arm: arm, Tasks: len(results)}
	var footage, oracle, floor, took []float64
	var finished, passes, ten, thirty int
	var shown, again float64
	for _, r := range results {
		footage = append(footage, r.Cost)
		oracle, floor = append(oracle, r.Cost/r.Case.Oracle), append(floor, r.Cost/r.Case.Floor)
		shown, again = shown+r.Shown, again+r.Again
		passes += len(r.Found)
		ten, thirty = ten+Within(r, 10*time.Minute), thirty+Within(r, 30*time.Minute)
		if r.Finished {
			finished++
		}
		for _, d := range r.Took {
			took = append(took, float64(d)/float64(time.Millisecond))
		}
	}
	line.Finished = share(float64(finished), float64(len(results)))
	line.FootageP50, line.FootageP90 = Quantile(footage, 0.5), Quantile(footage, 0.9)
	line.OracleP50, line.OracleP90 = Quantile(oracle, 0.5), Quantile(oracle, 0.9)
	line.FloorP50, line.FloorP90 = Quantile(floor, 0.5), Quantile(floor, 0.9)
	line.Rewatch = share(again, shown)
	line.Found10, line.Found30 = share(float64(ten), float64(passes)), share(float64(thirty), float64(passes))
	line.ProposalMS = Quantile(took, 0.95)
	return line
}

// Within is how many passes were found in the first so long footage.
func Within(r observer.Result, most time.Duration) (n int) {
	for _, cost := range r.Found {
		if cost >= 0 && cost <= most.Seconds() {
			n++
		}
	}
	return n
}

func share(part, of float64) float64 {
	if of == 0 {
		return 0
	}
	return Rounded(part / of)
}

// Quantile interpolates linearly between the two nearest values (Hyndman and Fan's type
// 7): its half is the median of meta.json. 0 without values.
func Quantile(values []float64, of float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	at := of * float64(len(sorted)-1)
	low := int(math.Floor(at))
	high := min(low+1, len(sorted)-1)
	return Rounded(sorted[low] + (at-float64(low))*(sorted[high]-sorted[low]))
}

// Rounded leaves four digits, and whole numbers as they are.
func Rounded(v float64) float64 {
	if v == 0 || math.Abs(v) >= 1000 {
		return math.Round(v)
	}
	unit := math.Pow(10, 3-math.Floor(math.Log10(math.Abs(v))))
	return math.Round(v*unit) / unit
}
