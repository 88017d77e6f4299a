package keep

import "context"

// SetPartMost makes snapshots of smaller parts until the function that it gives is called.
func SetPartMost(n int) (back func()) {
	was := partMost
	partMost = n
	return func() { partMost = was }
}

// Steady tells whether footage may expire by this clock.
func (k *Keep) Steady(ctx context.Context) (bool, error) { return k.steady(ctx) }

// UntilNight is tested by itself.
var UntilNight = untilNight
