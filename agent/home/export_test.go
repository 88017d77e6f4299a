package home

// FailAt lets the program crash, as far as the disk can tell, before the step with
// this number (from 0) of all writes from now on; it tells how many steps there were.
func FailAt(n int, crash error) (steps func() int, restore func()) {
	done := 0
	step = func(string) error {
		done++
		if done > n {
			return crash
		}
		return nil
	}
	return func() int { return done }, func() { step = nil }
}
