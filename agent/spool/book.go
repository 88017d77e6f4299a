package spool

import (
	"iter"
	"slices"
	"time"

	camera "xulang.vn/camera"
)

// book is what the journal says, in memory. It changes only by apply, at the
// start from the records read and later from the records written.
type book struct {
	next     uint64
	intents  map[camera.SegmentID]camera.Segment
	segments map[camera.SegmentID]*footage
	shelves  shelves

	gaps      map[gapKey]*notice
	freshGaps queue[*notice]
	growing   map[gapKind]gapKey // the announced gap that is kept because it may still grow

	sources map[source]bool // of which there are or were segments; true: bytes leave only when asked for
	wants   []camera.Want   // as SetWants was told last
	holds   windows         // of wants; for a while of more, see SetWants
	fetches windows         // of the wants that fetch

	last map[camera.CameraID]time.Time
	size map[camera.CameraID]int64 // of a large segment of late, in bytes
	rate rate
	used int64 // bytes of all segments

	// Only while the journal is read: the shelves are empty until sort, and who
	// has left is remembered, for a crash may have kept the file from leaving.
	loading bool
	left    map[camera.SegmentID]bool
	lately  map[camera.CameraID]bool // something was recorded since the journal was written anew
}

func newBook() *book {
	return &book{
		intents:  map[camera.SegmentID]camera.Segment{},
		segments: map[camera.SegmentID]*footage{},
		gaps:     map[gapKey]*notice{},
		growing:  map[gapKind]gapKey{},
		sources:  map[source]bool{},
		last:     map[camera.CameraID]time.Time{},
		size:     map[camera.CameraID]int64{},
		rate:     rate{},
		loading:  true,
		left:     map[camera.SegmentID]bool{},
		lately:   map[camera.CameraID]bool{},
	}
}

// ready ends the loading.
func (b *book) ready() {
	b.loading, b.left, b.lately = false, nil, nil
	b.sort()
}

func (b *book) apply(r record) {
	switch r.Kind {
	case kindIntent:
		b.intents[r.Segment.SegmentID] = *r.Segment
	case kindCommit:
		if seg, ok := b.intents[r.IDs[0]]; ok {
			b.add(newFootage(seg))
		}
	case kindSegment:
		f := newFootage(*r.Segment)
		f.announced, f.stored, f.code = r.Announced, r.Stored, r.Code
		b.add(f)
	case kindAnnounced:
		for _, id := range r.IDs {
			b.mark(id, func(f *footage) { f.announced = true })
		}
		for _, g := range r.Gaps {
			b.announcedGap(g)
		}
	case kindStored:
		b.mark(r.IDs[0], func(f *footage) { f.announced, f.stored = true, true })
	case kindForgotten:
		b.mark(r.IDs[0], func(f *footage) { f.announced = f.stored })
	case kindRefused:
		b.mark(r.IDs[0], func(f *footage) { f.code = r.Code })
	case kindGap:
		b.addGap(r.Gaps[0])
		b.ended(r.Gaps[0].Camera, r.Gaps[0].Stream, r.Gaps[0].End)
		if r.Announced {
			b.announcedGap(r.Gaps[0])
		}
	case kindGone:
		for _, id := range r.IDs {
			b.remove(id)
		}
		for _, g := range r.Gaps {
			b.addGap(g)
		}
	case kindLast:
		b.last[r.Camera] = r.End
		delete(b.lately, r.Camera) // these records end what was written anew
	case kindPolicy:
		b.sources[source{r.Camera, r.Stream}] = r.Free
	case kindWants:
		b.wants = r.Wants
		b.hold(r.Wants)
	}
}

func (b *book) add(f *footage) {
	id, src := f.id(), f.source()
	delete(b.intents, id)
	b.remove(id)
	delete(b.left, id)
	b.next++
	f.order = b.next
	b.segments[id] = f
	if _, known := b.sources[src]; !known {
		b.sources[src] = false
	}
	if !b.loading {
		b.judge(f)
		b.shelves.put(f)
	}
	b.used += int64(f.size)
	b.expect(id.Camera, int64(f.size))
	if f.copied() {
		return // it tells nothing of what is recorded now
	}
	b.rate.add(f)
	b.ended(id.Camera, src.stream, time.UnixMilli(f.end).UTC())
}

func (b *book) mark(id camera.SegmentID, change func(*footage)) {
	f, ok := b.segments[id]
	switch {
	case !ok: // evicted meanwhile
	case b.loading:
		change(f)
	default:
		b.shelves.take(f)
		change(f)
		b.shelves.put(f)
	}
}

func (b *book) remove(id camera.SegmentID) {
	delete(b.intents, id)
	if b.loading {
		b.left[id] = true
	}
	if f, ok := b.segments[id]; ok {
		if !b.loading {
			b.shelves.take(f)
		}
		delete(b.segments, id)
		b.used -= int64(f.size)
	}
}

// requires tells whether a stream's bytes have to reach the hub by themselves, as
// the policy was when it was last asked.
func (b *book) requires(src source) bool { return !b.sources[src] }

// expect remembers how large a camera's segments are: the next one is expected to
// be like the largest of late.
func (b *book) expect(c camera.CameraID, size int64) {
	b.size[c] = max(size, b.size[c]-b.size[c]/16)
}

// born is before this program was: a clock that shows less was never set, as that of
// a box without a battery until the network has told it the time.
var born = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

// ended moves a camera's newest end. A fact that ends much earlier than what was
// known before can only mean that the clock was set back; then it counts, unless the
// clock was not set at all: how far the past reaches must not be forgotten for that.
// The past of a camera is that of its main stream.
func (b *book) ended(c camera.CameraID, stream camera.Stream, end time.Time) {
	if stream != camera.StreamMain {
		return
	}
	if b.loading {
		b.lately[c] = true
	}
	if last := b.last[c]; end.After(last) || last.Sub(end) > time.Hour && end.After(born) {
		b.last[c] = end
	}
}

// lines is the number of records that the book makes, about.
func (b *book) lines() int {
	return len(b.intents) + len(b.segments) + len(b.gaps) + len(b.last)
}

// records is the book as the shortest journal that makes it again. Policy and
// wants come first: whoever reads a part of it knows what is held.
func (b *book) records() iter.Seq[record] {
	return func(yield func(record) bool) {
		for src, free := range b.sources {
			if free && !yield(record{Kind: kindPolicy, Camera: src.camera, Stream: src.stream, Free: true}) {
				return
			}
		}
		if len(b.wants) > 0 && !yield(record{Kind: kindWants, Wants: b.wants}) {
			return
		}
		for r := range b.facts() {
			if !yield(r) {
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

// facts are the segments and gaps in their common order.
func (b *book) facts() iter.Seq[record] {
	var gaps queue[*notice]
	for _, n := range b.gaps {
		gaps = append(gaps, n)
	}
	slices.SortFunc(gaps, func(x, y *notice) int { return int(x.order) - int(y.order) })
	return func(yield func(record) bool) {
		for _, f := range b.inOrder() {
			for ; len(gaps) > 0 && gaps[0].order < f.order; gaps = gaps[1:] {
				if !yield(gaps[0].record()) {
					return
				}
			}
			seg := f.segment()
			if !yield(record{Kind: kindSegment, Segment: &seg, Announced: f.announced, Stored: f.stored, Code: f.code}) {
				return
			}
		}
		for _, n := range gaps {
			if !yield(n.record()) {
				return
			}
		}
	}
}

func (n *notice) record() record {
	return record{Kind: kindGap, Gaps: []camera.Gap{n.of}, Announced: n.announced}
}
