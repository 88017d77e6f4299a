package segment

// track collects the samples of one track. The newest is held back: its
// duration is known when the next one comes.
type track struct {
	id    int
	scale int64 // ticks per second
	usual int64 // ticks of a sample whose neighbour never comes

	held   sample
	isHeld bool
	heldAt int64

	done   []sample // the memory is used again
	doneAt int64    // of the first one in done
	doneTo int64    // after the last one
	size   int      // bytes of the ones in done
}

// next finishes the held sample, for another one comes, and tells where that one
// has to be: time stamps that do not grow are moved on by a tick.
func (t *track) next(at int64) int64 {
	if t.isHeld {
		return t.release(max(at, t.heldAt+1))
	}
	return at
}

// hold takes the newest sample.
func (t *track) hold(at int64, s sample) { t.held, t.heldAt, t.isHeld = s, at, true }

// release finishes the held sample at a time, or after its usual length when
// that is negative, and returns the end.
func (t *track) release(end int64) int64 {
	if !t.isHeld {
		return end
	}
	if end < 0 {
		end = t.heldAt + t.usual
	}
	end = max(end, t.heldAt+1)
	t.held.duration = uint32(end - t.heldAt)
	t.usual = min(end-t.heldAt, t.scale) // a longer one is a pause, not a habit
	if len(t.done) == 0 {
		t.doneAt = t.heldAt
	}
	t.done, t.doneTo = append(t.done, t.held), end
	t.size += int(t.held.size)
	t.isHeld = false
	return end
}

// taken forgets the finished samples.
func (t *track) taken() { t.done, t.size = t.done[:0], 0 }
