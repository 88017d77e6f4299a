package spool

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	camera "xulang.vn/camera"
)

// Priority orders what has to be uploaded.
type Priority int

// Priorities, the least urgent first.
const (
	Continuous Priority = iota // the policy requires it
	Held                       // the policy requires it and a want holds it
	Asked                      // a want fetches it

	priorities = iota
)

// Upload is a segment whose bytes have to reach the hub.
type Upload struct {
	camera.Segment
	Priority Priority
}

// priority tells how urgently the bytes have to leave; ok is false when they need
// not, or cannot yet.
func (f *footage) priority() (p Priority, ok bool) {
	switch {
	case !f.announced || f.stored || f.code != "":
		return 0, false
	case f.asked:
		return Asked, true
	case f.held:
		return Held, f.required
	}
	return Continuous, f.required
}

// Uploads are at most so many segments that are announced, whose bytes have to
// reach the hub and have not: those of the highest priority first, of one priority
// the oldest. skip may be nil; it must not call the spool.
func (s *Spool) Uploads(most int, skip func(camera.SegmentID) bool) []Upload {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Upload
	for p := Asked; p >= Continuous; p-- {
		for _, f := range s.book.shelves.uploads[p] {
			if len(list) >= most {
				return list
			}
			if skip == nil || !skip(f.id()) {
				list = append(list, Upload{f.segment(), p})
			}
		}
	}
	return list
}

// OpenSegment reads a segment's file; CodeNotFound when the spool has it no more.
// Who has opened it can read it to its end, also when it is evicted meanwhile.
func (s *Spool) OpenSegment(id camera.SegmentID) (io.ReadCloser, error) {
	r, _, err := s.openSegment(id)
	return r, err
}

func (s *Spool) openSegment(id camera.SegmentID) (io.ReadCloser, camera.Segment, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.book.segments[id]
	if !ok {
		return nil, camera.Segment{}, camera.Errorf(camera.CodeNotFound, "open segment %s: not in the spool", id)
	}
	seg := f.segment()
	r, err := s.disk.Open(s.path(seg))
	if err != nil {
		return nil, seg, fmt.Errorf("open segment %s: %w", id, err)
	}
	return r, seg, nil
}

// Segment finds a segment; CodeNotFound when the spool has it no more.
func (s *Spool) Segment(id camera.SegmentID) (camera.Segment, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.book.segments[id]
	if !ok {
		return camera.Segment{}, camera.Errorf(camera.CodeNotFound, "find segment %s: not in the spool", id)
	}
	return f.segment(), nil
}

// ReadKey reads the leading KeySize bytes of a segment: one picture. It is
// CodeNotFound when the spool has it no more or the file is not made that way, and
// CodeTooLarge when it is larger than a still may be.
func (s *Spool) ReadKey(id camera.SegmentID) ([]byte, error) {
	r, seg, err := s.openSegment(id)
	if err != nil {
		return nil, fmt.Errorf("read key frame: %w", err)
	}
	b, err := readKey(r, seg)
	if err = errors.Join(err, r.Close()); err != nil {
		return nil, fmt.Errorf("read key frame of %s: %w", id, err)
	}
	return b, nil
}

func readKey(r io.Reader, seg camera.Segment) ([]byte, error) {
	switch {
	case seg.KeySize == 0:
		return nil, camera.Errorf(camera.CodeNotFound, "the file does not start with one picture")
	case seg.KeySize > camera.StillLargest:
		return nil, camera.Errorf(camera.CodeTooLarge, "%d bytes, at most %d", seg.KeySize, camera.StillLargest)
	}
	b := make([]byte, seg.KeySize)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, err
	}
	if sha256.Sum256(b) != seg.KeySHA256 {
		return nil, errors.New("the file is damaged")
	}
	return b, nil
}
