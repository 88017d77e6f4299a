package spool

import (
	"cmp"
	"iter"
	"slices"
	"time"

	camera "xulang.vn/camera"
)

// fact is a segment or a gap in the order in which it was learned. Everything
// that leaves the house leaves in this order: a run's segments stay in sequence
// also when the clock was set back between two of them.
type fact[T any] struct {
	order uint64
	of    T
	// Of both: durable at the hub.
	announced bool
	// Of segments only: in the object store; refused by the hub with this code.
	stored bool
	code   camera.Code
}

// queue is sorted by order.
type queue[T any] []*fact[T]

func (q queue[T]) find(f *fact[T]) (int, bool) {
	return slices.BinarySearchFunc(q, f.order, func(g *fact[T], o uint64) int { return cmp.Compare(g.order, o) })
}

func (q *queue[T]) add(f *fact[T]) {
	if i, found := q.find(f); !found {
		*q = slices.Insert(*q, i, f)
	}
}

func (q *queue[T]) drop(f *fact[T]) {
	if i, found := q.find(f); found {
		*q = slices.Delete(*q, i, i+1)
	}
}

type gapKey struct {
	camera camera.CameraID
	start  int64 // Unix ms
}

func keyOf(g camera.Gap) gapKey { return gapKey{g.Camera, g.Start.UnixMilli()} }

// book is what the journal says, in memory. It changes only by apply, at the
// start from the records read and later from the records written.
type book struct {
	next     uint64
	intents  map[camera.SegmentID]camera.Segment
	segments map[camera.SegmentID]*fact[camera.Segment]
	gaps     map[gapKey]*fact[camera.Gap]

	// Every segment is on one of these.
	fresh   queue[camera.Segment] // not announced
	waiting queue[camera.Segment] // announced, bytes at home
	stuck   queue[camera.Segment] // announced, then its bytes were refused
	done    queue[camera.Segment] // stored, or refused when announced

	freshGaps queue[camera.Gap]
	extending map[camera.CameraID]gapKey // the announced gap that is kept because it may still grow
	last      map[camera.CameraID]time.Time
	used      int64 // bytes of all segments
}

func newBook() *book {
	return &book{
		intents:   map[camera.SegmentID]camera.Segment{},
		segments:  map[camera.SegmentID]*fact[camera.Segment]{},
		gaps:      map[gapKey]*fact[camera.Gap]{},
		extending: map[camera.CameraID]gapKey{},
		last:      map[camera.CameraID]time.Time{},
	}
}

func (b *book) apply(r record) {
	switch r.Kind {
	case kindIntent:
		b.intents[r.Segment.SegmentID] = *r.Segment
	case kindCommit:
		if seg, ok := b.intents[r.IDs[0]]; ok {
			b.add(&fact[camera.Segment]{of: seg})
		}
	case kindSegment:
		b.add(&fact[camera.Segment]{of: *r.Segment, announced: r.Announced, stored: r.Stored, code: r.Code})
	case kindAnnounced:
		for _, id := range r.IDs {
			b.mark(id, func(f *fact[camera.Segment]) { f.announced = true })
		}
		for _, g := range r.Gaps {
			b.announcedGap(g)
		}
	case kindStored:
		b.mark(r.IDs[0], func(f *fact[camera.Segment]) { f.announced, f.stored = true, true })
	case kindRefused:
		b.mark(r.IDs[0], func(f *fact[camera.Segment]) { f.code = r.Code })
	case kindGap:
		b.addGap(r.Gaps[0])
		b.ended(r.Gaps[0].Camera, r.Gaps[0].End)
		if r.Announced {
			b.announcedGap(r.Gaps[0])
		}
	case kindGone:
		b.remove(r.IDs[0])
		for _, g := range r.Gaps {
			b.addGap(g)
		}
	case kindLast:
		b.last[r.Camera] = r.End
	}
}

func (b *book) shelf(f *fact[camera.Segment]) *queue[camera.Segment] {
	switch {
	case f.stored, f.code != "" && !f.announced:
		return &b.done
	case f.code != "":
		return &b.stuck
	case f.announced:
		return &b.waiting
	}
	return &b.fresh
}

func (b *book) add(f *fact[camera.Segment]) {
	id := f.of.SegmentID
	delete(b.intents, id)
	b.remove(id)
	b.next++
	f.order = b.next
	b.segments[id] = f
	b.shelf(f).add(f)
	b.used += f.of.Size
	b.ended(id.Camera, f.of.End)
}

func (b *book) mark(id camera.SegmentID, change func(*fact[camera.Segment])) {
	f, ok := b.segments[id]
	if !ok {
		return // evicted meanwhile
	}
	b.shelf(f).drop(f)
	change(f)
	b.shelf(f).add(f)
}

func (b *book) remove(id camera.SegmentID) {
	delete(b.intents, id)
	if f, ok := b.segments[id]; ok {
		b.shelf(f).drop(f)
		delete(b.segments, id)
		b.used -= f.of.Size
	}
}

// addGap adds a gap or extends the one with the same start. An extended gap has
// to be announced again.
func (b *book) addGap(g camera.Gap) {
	f, ok := b.gaps[keyOf(g)]
	if ok && g.End.Before(f.of.End) {
		g.End = f.of.End
	}
	if ok && g.End.Equal(f.of.End) && g.Cause == f.of.Cause {
		return
	}
	if !ok || f.announced {
		b.next++
		f = &fact[camera.Gap]{order: b.next}
		b.gaps[keyOf(g)] = f
		b.freshGaps.add(f)
	}
	f.of = g
}

// announcedGap marks a gap done if it has not grown since. A camera's newest
// announced gap is kept so that extending it is noticed; older ones are forgotten.
func (b *book) announcedGap(g camera.Gap) {
	key := keyOf(g)
	f, ok := b.gaps[key]
	if !ok || f.announced || !f.of.End.Equal(g.End) || f.of.Cause != g.Cause {
		return
	}
	b.freshGaps.drop(f)
	f.announced = true
	if old, kept := b.extending[g.Camera]; kept && old != key {
		if o, there := b.gaps[old]; there && o.announced {
			delete(b.gaps, old)
		}
	}
	b.extending[g.Camera] = key
}

// ended moves a camera's newest end. A fact that ends much earlier than what was
// known before can only mean that the clock was set back; then it counts.
func (b *book) ended(c camera.CameraID, end time.Time) {
	if last := b.last[c]; end.After(last) || last.Sub(end) > time.Hour {
		b.last[c] = end
	}
}

func (b *book) size() int {
	return len(b.intents) + len(b.segments) + len(b.gaps) + len(b.last)
}

// records is the book as the shortest journal that makes it again.
func (b *book) records() iter.Seq[record] {
	facts := make([]ordered, 0, b.size())
	for _, f := range b.segments {
		facts = append(facts, ordered{f.order, record{
			Kind: kindSegment, Segment: &f.of, Announced: f.announced, Stored: f.stored, Code: f.code}})
	}
	for _, f := range b.gaps {
		facts = append(facts, ordered{f.order, record{Kind: kindGap, Gaps: []camera.Gap{f.of}, Announced: f.announced}})
	}
	slices.SortFunc(facts, func(x, y ordered) int { return cmp.Compare(x.order, y.order) })
	return func(yield func(record) bool) {
		for _, f := range facts {
			if !yield(f.record) {
				return
			}
		}
		for _, seg := range b.intents {
			if !yield(record{Kind: kindIntent, Segment: &seg}) {
				return
			}
		}
		for c, end := range b.last {
			if !yield(record{Kind: kindLast, Camera: c, End: end}) {
				return
			}
		}
	}
}

type ordered struct {
	order  uint64
	record record
}
