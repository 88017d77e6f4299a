package segment

import "github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"

// track collects the samples of one track. The newest is held back: its
// duration is known when the next one comes.
type track struct {
	id    int
	scale int64 // ticks per second
	usual int64 // ticks of a sample whose neighbour never comes

	held   *fmp4.Sample
	heldAt int64

	done   []*fmp4.Sample
	doneAt int64 // of the first one in done
}

// push holds a sample and releases the one before. Time stamps that do not grow
// are moved on by a tick; the place that was taken is returned.
func (t *track) push(at int64, s *fmp4.Sample) int64 {
	if t.held != nil {
		at = max(at, t.heldAt+1)
		t.release(at)
	}
	t.held, t.heldAt = s, at
	return at
}

// release finishes the held sample at a time, or after its usual length when
// that is negative, and returns the end.
func (t *track) release(end int64) int64 {
	if t.held == nil {
		return end
	}
	if end < 0 {
		end = t.heldAt + t.usual
	}
	end = max(end, t.heldAt+1)
	t.held.Duration = uint32(end - t.heldAt)
	t.usual = min(end-t.heldAt, t.scale) // a longer one is a pause, not a habit
	if len(t.done) == 0 {
		t.doneAt = t.heldAt
	}
	t.done = append(t.done, t.held)
	t.held = nil
	return end
}

// ready is the length of the finished samples in ticks.
func (t *track) ready() int64 {
	if len(t.done) == 0 {
		return 0
	}
	return t.heldAt - t.doneAt
}

// take hands the finished samples over.
func (t *track) take() *fmp4.PartTrack {
	p := &fmp4.PartTrack{ID: t.id, BaseTime: uint64(t.doneAt), Samples: t.done}
	t.done = nil
	return p
}

// heldSize is the payload that is not in done yet; a nil track has none.
func (t *track) heldSize() int64 {
	if t == nil || t.held == nil {
		return 0
	}
	return int64(len(t.held.Payload))
}
