package keep

// SetPartMost makes snapshots of smaller parts until the function that it gives is called.
func SetPartMost(n int) (back func()) {
	was := partMost
	partMost = n
	return func() { partMost = was }
}

// UntilNight is tested by itself.
var UntilNight = untilNight
