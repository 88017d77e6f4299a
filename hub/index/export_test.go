package index

// Waiting is how many announcements wait to be written, with the one whose caller leads.
func Waiting(x *Index) int {
	x.writer.mu.Lock()
	defer x.writer.mu.Unlock()
	return len(x.writer.waiting)
}

// SetUpgradeRows makes the steps of an upgrade smaller until the function that it gives
// is called.
func SetUpgradeRows(n int) func() {
	before := upgradeRows
	upgradeRows = n
	return func() { upgradeRows = before }
}
