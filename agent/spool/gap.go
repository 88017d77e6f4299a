package spool

import (
	"fmt"
	"time"

	camera "xulang.vn/camera"
)

const (
	// gapLongest bounds how far gaps of lost footage grow together.
	gapLongest = 24 * time.Hour

	// gapShortest is less than a person would miss.
	gapShortest = 250 * time.Millisecond
)

// notice is a gap of the book.
type notice struct {
	order     uint64
	of        camera.Gap
	announced bool // durable at the hub as it is now
}

func (n *notice) rank() uint64 { return n.order }

// source is one stream of a camera.
type source struct {
	camera camera.CameraID
	stream camera.Stream
}

type gapKey struct {
	source
	start int64 // Unix ms
}

func keyOf(g camera.Gap) gapKey { return gapKey{source{g.Camera, g.Stream}, g.Start.UnixMilli()} }

// gapKind is what gaps have in common that may grow together.
type gapKind struct {
	source
	cause camera.GapCause
}

func kindOf(g camera.Gap) gapKind { return gapKind{source{g.Camera, g.Stream}, g.Cause} }

// AddGap records that a camera had no footage. A gap with the start of a known
// one extends it. It is durable when AddGap returns nil.
func (s *Spool) AddGap(g camera.Gap) error {
	g.Signature = camera.Signature{}
	g.Start = g.Start.UTC().Truncate(time.Millisecond)
	if end := g.End.UTC().Truncate(time.Millisecond); end.Before(g.End) {
		g.End = end.Add(time.Millisecond) // outwards: no moment is left without a cause
	} else {
		g.End = end
	}
	if !g.Camera.Valid() {
		return camera.Errorf(camera.CodeBadClaim, "add gap: camera %q", g.Camera)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.expire(); err != nil { // days pass also while nothing is recorded
		s.log.Warn("make room", "err", s.relieved(err))
	}
	if n, ok := s.book.gaps[keyOf(g)]; ok && n.of.Cause == g.Cause && !g.End.After(n.of.End) {
		return nil
	}
	if err := s.write(true, record{Kind: kindGap, Gaps: []camera.Gap{g}}); err != nil {
		return fmt.Errorf("add gap: %w", s.relieved(err)) // there may be room for the next try
	}
	s.wake()
	return nil
}

// addGap adds a gap or extends the one with the same start. An extended gap has
// to be announced again.
func (b *book) addGap(g camera.Gap) {
	n, ok := b.gaps[keyOf(g)]
	if ok && g.End.Before(n.of.End) {
		g.End = n.of.End
	}
	if ok && g.End.Equal(n.of.End) && g.Cause == n.of.Cause {
		return
	}
	if !ok || n.announced {
		b.next++
		n = &notice{order: b.next}
		b.gaps[keyOf(g)] = n
		b.freshGaps.add(n)
	}
	n.of = g
}

// announcedGap marks a gap done if it has not grown since. The newest announced
// gap of its kind is kept, because it may still grow: in a ring that turns, one
// gap follows the footage that leaves. Older ones are forgotten.
func (b *book) announcedGap(g camera.Gap) {
	key := keyOf(g)
	n, ok := b.gaps[key]
	if !ok || n.announced || !n.of.End.Equal(g.End) || n.of.Cause != g.Cause {
		return
	}
	b.freshGaps.drop(n)
	n.announced = true
	if old, kept := b.growing[kindOf(g)]; kept && old != key {
		if o, there := b.gaps[old]; there && o.announced {
			delete(b.gaps, old)
		}
	}
	b.growing[kindOf(g)] = key
}

// before is the gap of a kind that ends at a time and may grow.
func (b *book) before(kind gapKind, end time.Time) (camera.Gap, bool) {
	if n, ok := b.gaps[b.growing[kind]]; ok && kindOf(n.of) == kind && n.of.End.Equal(end) {
		return n.of, true
	}
	for _, n := range b.freshGaps {
		if kindOf(n.of) == kind && n.of.End.Equal(end) {
			return n.of, true
		}
	}
	return camera.Gap{}, false
}

// until is the gap of a source that ends at a time, if the agent told one.
func (b *book) until(src source, end time.Time) (camera.Gap, bool) {
	for _, n := range b.gaps {
		if keyOf(n.of).source == src && n.of.End.Equal(end) && n.of.Cause != camera.CauseOverwritten && n.of.Cause != camera.CauseDisk {
			return n.of, true
		}
	}
	return camera.Gap{}, false
}

// losses gathers the gaps that stand for segments that leave together.
type losses struct {
	book *book
	last map[gapKind]int // index of the newest in gaps
	gaps []camera.Gap
}

// add continues the gap that ends where the segment starts, so that a long loss
// is one gap and not one for each segment.
func (l *losses) add(seg camera.Segment, cause camera.GapCause) {
	g := camera.Gap{Camera: seg.Camera, Stream: seg.Stream, Start: seg.Start, End: seg.End, Cause: cause}
	kind := kindOf(g)
	if i, ok := l.last[kind]; ok && l.gaps[i].End.Equal(g.Start) && g.End.Sub(l.gaps[i].Start) < gapLongest {
		l.gaps[i].End = g.End
		return
	}
	if old, ok := l.book.before(kind, g.Start); ok && g.End.Sub(old.Start) < gapLongest {
		g.Start = old.Start
	}
	if l.last == nil {
		l.last = map[gapKind]int{}
	}
	l.last[kind] = len(l.gaps)
	l.gaps = append(l.gaps, g)
}
