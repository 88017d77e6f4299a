package agent

import "sync"

// watched is a value that others wait for to change. Its zero value is ready.
type watched[T comparable] struct {
	mu      sync.Mutex
	value   T
	changed chan struct{} // closed when value changes; nil until somebody waits
}

// set tells whether this is news.
func (w *watched[T]) set(value T) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.value == value {
		return false
	}
	w.value = value
	if w.changed != nil {
		close(w.changed)
		w.changed = nil
	}
	return true
}

// now is the value, and what is closed when it changes.
func (w *watched[T]) now() (T, <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.changed == nil {
		w.changed = make(chan struct{})
	}
	return w.value, w.changed
}
