package score

import (
	"math"

	"xulang.vn/camera/cmd/tracebench/observer"
)

// Weights of the parts of Objective. The mean moves with every task, which the two
// quantiles do not.
const (
	weightHalf    = 0.4
	weightNine    = 0.3
	weightMean    = 0.3
	weightUnfound = 4 // for the share of tasks that were given up
)

// Objective is what a search for parameters lowers: the weighted logarithms of the
// median, the ninetieth percentile and the geometric mean of cost as a multiple of the
// floor, and a fine for tasks that were given up. These count as the floors at which
// they were given up (most), not as their budget, which says more about the scenario.
func Objective(results []observer.Result, most float64) float64 {
	var floors []float64
	mean, lost := 0.0, 0
	for _, r := range results {
		x := r.Cost / r.Case.Floor
		if !r.Finished {
			lost++
			if most > 0 {
				x = min(x, most)
			}
		}
		floors = append(floors, x)
		mean += math.Log(x) / float64(len(results))
	}
	return weightHalf*math.Log(Quantile(floors, 0.5)) + weightNine*math.Log(Quantile(floors, 0.9)) + weightMean*mean +
		weightUnfound*float64(lost)/float64(len(results))
}
