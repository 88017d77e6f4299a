package activity

import "slices"

const (
	memory = 600 // levels that are remembered: ten minutes, or more of the rarer kind
	enough = 10  // levels before any is called an excess

	lowest, low, middling = 0.02, 0.10, 0.30 // quantiles

	// tolerance is how many times the spread of the low levels makes one unit.
	// The low levels are the quiet ones, when there were any.
	tolerance = 8
	// leastUnit and mostUnit bound it, in units of e: a scene without any noise
	// is not infinitely sensitive, a busy one not blind.
	leastUnit, mostUnit = 0.2, 1.0
)

// quiet remembers levels and knows what the low ones are like.
type quiet struct {
	recent []float32 // a ring once it is full
	oldest int
	sorted []float32 // the same
}

func (q *quiet) learn(x float64) {
	v := float32(x)
	if len(q.recent) < memory {
		q.recent = append(q.recent, v)
	} else {
		i, _ := slices.BinarySearch(q.sorted, q.recent[q.oldest])
		q.sorted = slices.Delete(q.sorted, i, i+1)
		q.recent[q.oldest] = v
		q.oldest = (q.oldest + 1) % memory
	}
	i, _ := slices.BinarySearch(q.sorted, v)
	q.sorted = slices.Insert(q.sorted, i, v)
}

// excess is how far x lies above the low levels, 0 when it does not. Its unit is
// what the quiet scene varies by, seen on both sides of the low quantile: movement
// widens the upper side only, the controller's swings after it the lower one only.
func (q *quiet) excess(x float64) float64 {
	if len(q.sorted) < enough {
		return 0
	}
	base := q.quantile(low)
	spread := min(q.quantile(middling)-base, base-q.quantile(lowest))
	return max(0, x-base) / min(mostUnit, max(leastUnit, tolerance*spread))
}

func (q *quiet) quantile(p float64) float64 {
	return float64(q.sorted[int(p*float64(len(q.sorted)-1))])
}
