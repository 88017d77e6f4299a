package spool

import (
	"errors"
	"fmt"
	"time"

	camera "xulang.vn/camera"
)

// makeRoom evicts until size more bytes fit. What the hub has goes first, then
// what it does not want, and only then what it still waits for; each oldest first.
func (s *Spool) makeRoom(size int64) error {
	if size > s.limits.Bytes {
		return fmt.Errorf("%w: %d bytes do not fit in %d", ErrFull, size, s.limits.Bytes)
	}
	if err := s.expire(); err != nil {
		return err
	}
	for s.book.used+size > s.limits.Bytes {
		if err := s.evict(s.victim()); err != nil {
			return fmt.Errorf("make room: %w", err)
		}
	}
	return nil
}

// victim is never nil while the book has a segment.
func (s *Spool) victim() *fact[camera.Segment] {
	b := s.book
	switch {
	case len(b.done) > 0:
		return b.done[0]
	case len(b.stuck) > 0:
		return b.stuck[0]
	case len(b.waiting) == 0:
		return b.fresh[0]
	case len(b.fresh) == 0 || b.waiting[0].order < b.fresh[0].order:
		return b.waiting[0]
	}
	return b.fresh[0]
}

// expire evicts what the hub has and the day limit does not keep at home.
func (s *Spool) expire() error {
	if s.limits.Days == 0 {
		return nil
	}
	before := s.now().AddDate(0, 0, -s.limits.Days)
	for len(s.book.done) > 0 && s.book.done[0].of.End.Before(before) {
		if err := s.evict(s.book.done[0]); err != nil {
			return fmt.Errorf("expire segment: %w", err)
		}
	}
	return nil
}

// evict removes one segment. Of one that the hub has, the file goes first: on a
// full disk that makes the room for the journal's line. Of another one the gap
// has to be durable before the footage is gone.
func (s *Spool) evict(f *fact[camera.Segment]) error {
	seg := f.of
	gone := record{Kind: kindGone, IDs: []camera.SegmentID{seg.SegmentID}}
	if f.stored || f.code != "" && !f.announced {
		if err := s.disk.Remove(s.path(seg)); err != nil {
			return err
		}
		return s.write(false, gone)
	}
	gone.Gaps = []camera.Gap{s.diskGap(seg)}
	if err := s.write(true, gone); err != nil {
		return err
	}
	s.log.Warn("evicted footage that was not uploaded", "segment", seg.SegmentID, "bytes", seg.Size)
	s.wake()
	return s.disk.Remove(s.path(seg))
}

// diskGap is the gap that stands for a lost segment. It continues the camera's
// gap that ends where the segment starts, so that a long outage is one gap.
func (s *Spool) diskGap(seg camera.Segment) camera.Gap {
	g := camera.Gap{Camera: seg.Camera, Start: seg.Start, End: seg.End, Cause: camera.CauseDisk}
	for _, f := range s.book.freshGaps {
		if f.of.Camera == g.Camera && f.of.Cause == g.Cause && f.of.End.Equal(g.Start) &&
			g.End.Sub(f.of.Start) < 24*time.Hour {
			g.Start = f.of.Start
			break
		}
	}
	return g
}

// relieved names a full disk and makes a little room on it, so that the next
// segment has a chance: at most one segment's worth of what the hub has already.
func (s *Spool) relieved(err error) error {
	if !noSpace(err) || s.closed {
		return err
	}
	err = named(err)
	for freed := int64(0); len(s.book.done) > 0 && freed < camera.SegmentLargest; {
		f := s.book.done[0]
		if e := s.evict(f); e != nil {
			return errors.Join(err, e)
		}
		freed += f.of.Size
	}
	return err
}
