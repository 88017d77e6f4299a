package segment

// Abort gives the open segment up, as a failing sink makes the writer do, and ends
// the session.
func (w *Writer) Abort() {
	w.started = false
	if w.run != nil {
		w.discard()
	}
}
