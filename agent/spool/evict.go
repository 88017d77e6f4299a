package spool

import (
	"errors"
	"fmt"
	"slices"
	"time"

	camera "xulang.vn/camera"
)

// goneMost bounds how many segments leave with one record of the journal.
const goneMost = 500

// makeRoom evicts until size more bytes fit, from the first so many shelves in their
// order and of each the oldest first. Nothing is given up in vain: with what is held
// in the way, size does not fit.
func (s *Spool) makeRoom(size int64, from int) error {
	if size > s.limits.Bytes {
		return fmt.Errorf("%w: %d bytes do not fit in %d", ErrFull, size, s.limits.Bytes)
	}
	if held := s.book.shelves.held; size > 0 && held+size > s.limits.Bytes {
		return fmt.Errorf("%w: %d of %d bytes", ErrHeld, held, s.limits.Bytes)
	}
	if err := s.expire(); err != nil {
		return err
	}
	missing := s.book.used + size - s.limits.Bytes
	list := s.oldest(missing, from)
	for _, f := range list {
		missing -= int64(f.size)
	}
	if size > 0 && missing > 0 {
		return fmt.Errorf("%w: the hub waits for what is in the way", ErrFull)
	}
	if err := s.evict(list); err != nil {
		return fmt.Errorf("make room: %w", err)
	}
	return nil
}

// oldest lists what has to leave to free so many bytes, from the first so many
// shelves.
func (s *Spool) oldest(bytes int64, from int) []*footage {
	var list []*footage
	for _, shelf := range s.book.shelves.leaving[:from] {
		for _, f := range shelf {
			if bytes <= 0 {
				return list
			}
			bytes -= int64(f.size)
			list = append(list, f)
		}
	}
	return list
}

// expire evicts what the hub has or need not have, and the day limit does not
// keep at home. It looks once a minute.
func (s *Spool) expire() error {
	now := s.now()
	if since := now.Sub(s.expired); s.limits.Days == 0 || since >= 0 && since < time.Minute {
		return nil
	}
	if s.limits.Sure != nil && !s.limits.Sure() {
		return nil
	}
	before := now.AddDate(0, 0, -s.limits.Days).UnixMilli()
	var old []*footage
	for i, shelf := range s.book.shelves.leaving[:shelfUnsent] {
		for _, f := range shelf {
			if f.end < before && (i == shelfDone || i == shelfCopied || !f.required) {
				old = append(old, f)
			}
		}
	}
	if err := s.evict(old); err != nil {
		return fmt.Errorf("expire segments: %w", err)
	}
	s.expired = now
	return nil
}

// evict removes segments. Of those that the hub has the files go first: on a full
// disk that makes the room for the journal's line. Of the others the gap has to be
// durable before the footage is gone.
func (s *Spool) evict(list []*footage) error {
	if s.closed {
		return errClosed // the files are not ours any more
	}
	for part := range slices.Chunk(list, goneMost) {
		var quiet, told []*footage
		for _, f := range part {
			if f.cause() == "" {
				quiet = append(quiet, f)
			} else {
				told = append(told, f)
			}
		}
		if err := s.drop(quiet); err != nil {
			return err
		}
		if len(told) == 0 {
			continue
		}
		if err := s.write(true, s.gone(told)); err != nil {
			return err
		}
		s.wake()
		if err := s.removeFiles(told); err != nil {
			return err
		}
	}
	return nil
}

// drop removes the files first. Should the journal not take it, a restart finds
// them missing; the journal is rewritten without them before the next append.
func (s *Spool) drop(list []*footage) error {
	if len(list) == 0 {
		return nil
	}
	if err := s.removeFiles(list); err != nil {
		return err
	}
	if gone := s.gone(list); s.write(len(gone.Gaps) > 0, gone) != nil {
		s.book.apply(gone)
	}
	return nil
}

func (s *Spool) gone(list []*footage) record {
	gone := record{Kind: kindGone}
	lost := losses{book: s.book}
	for _, f := range list {
		gone.IDs = append(gone.IDs, f.id())
		if cause := f.cause(); cause != "" {
			lost.add(f.segment(), cause)
		}
		if f.cause() == camera.CauseDisk {
			s.log.Warn("evicted footage that was not uploaded", "segment", f.id(), "bytes", f.size)
		}
	}
	gone.Gaps = lost.gaps
	return gone
}

func (s *Spool) removeFiles(list []*footage) error {
	for _, f := range list {
		if err := s.disk.Remove(s.path(f.segment())); err != nil {
			return err
		}
	}
	return nil
}

// relieved names a full disk and makes a little room on it, so that the next
// segment has a chance: at most one segment's worth of what the hub has or need
// not have. What it waits for stays: somebody else may have filled the disk.
//
// The files go before the gaps are durable, because nothing can be written; if
// the journal does not get them either, the next recovery finds the files missing
// and makes gaps of the cause disk.
func (s *Spool) relieved(err error) error {
	if !noSpace(err) || s.closed {
		return err
	}
	err = named(err)
	list := s.oldest(camera.SegmentLargest, shelfUnsent)
	if held := s.book.shelves.held; len(list) == 0 && held > 0 && held == s.book.used && !errors.Is(err, ErrHeld) {
		return fmt.Errorf("%w: %w", ErrHeld, err)
	}
	if e := s.drop(list); e != nil {
		return errors.Join(err, e)
	}
	if len(list) > 0 {
		s.wake()
	}
	return err
}

// fits tells whether another segment of a camera has a chance. It must be told
// before one is recorded for nothing.
func (s *Spool) fits(c camera.CameraID) bool {
	held := s.book.shelves.held
	return held == 0 || held+max(s.book.size[c], 1) <= s.limits.Bytes
}
