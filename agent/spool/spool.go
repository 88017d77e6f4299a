package spool

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"sync"
	"time"

	camera "xulang.vn/camera"
)

const (
	segmentsDir   = "segments"
	quarantineDir = "quarantine"
	partSuffix    = ".part"
)

// Limits bound what the spool keeps.
type Limits struct {
	Bytes int64 // of all committed files; must be positive
	Days  int   // stored segments older than this leave; 0: only Bytes counts
}

// Spool is safe for concurrent use.
type Spool struct {
	disk    disk
	dir     string
	limits  Limits
	now     func() time.Time
	log     *slog.Logger
	lock    *os.File
	changed chan struct{}

	mu      sync.Mutex // guards what follows; held while the journal is written
	journal journal
	book    *book
	folders map[camera.CameraID]bool // that exist and are durable
	parts   int                      // names of .part files given so far
	closed  bool
}

// Open takes the folder for itself, recovers what a crash left and makes room
// for the limits. Nothing is deleted that is not known to be of no use.
func Open(dir string, limits Limits, now func() time.Time, log *slog.Logger) (*Spool, error) {
	return open(osDisk{}, dir, limits, now, log)
}

func open(d disk, dir string, limits Limits, now func() time.Time, log *slog.Logger) (*Spool, error) {
	if limits.Bytes <= 0 || limits.Days < 0 {
		return nil, fmt.Errorf("open spool: limits of %d bytes and %d days", limits.Bytes, limits.Days)
	}
	s := &Spool{
		disk: d, dir: dir, limits: limits, now: now, log: log,
		changed: make(chan struct{}, 1),
		journal: journal{disk: d, dir: dir},
		book:    newBook(),
		folders: map[camera.CameraID]bool{},
	}
	for _, sub := range []string{segmentsDir, quarantineDir} {
		if err := d.MkdirAll(filepath.Join(dir, sub)); err != nil {
			return nil, fmt.Errorf("open spool: %w", named(err))
		}
	}
	var err error
	if s.lock, err = lock(dir); err != nil {
		return nil, fmt.Errorf("open spool: %w", err)
	}
	if err := s.recover(); err != nil {
		return nil, errors.Join(fmt.Errorf("open spool: %w", named(err)), s.Close())
	}
	s.wake()
	return s, nil
}

// Close lets go of the folder. Files that are still being written are lost, as
// in a crash.
func (s *Spool) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	s.journal.forget()
	return s.lock.Close()
}

// write makes records part of the journal and of the book, in this order. On an
// error neither the book nor, after the next rewrite, the journal has them.
func (s *Spool) write(sync bool, recs ...record) error {
	if s.closed {
		return errors.New("spool is closed")
	}
	for _, r := range recs {
		if err := r.check(); err != nil {
			return err
		}
	}
	if s.journal.f == nil || s.journal.lines > 2*s.book.size()+4096 {
		if err := s.journal.rewrite(s.book.records()); err != nil {
			return err
		}
	}
	if err := s.journal.append(sync, recs...); err != nil {
		return err
	}
	for _, r := range recs {
		s.book.apply(r)
	}
	return nil
}

// AddGap records that a camera had no footage. A gap with the start of a known
// one extends it. It is durable when AddGap returns nil.
func (s *Spool) AddGap(g camera.Gap) error {
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
	if f, ok := s.book.gaps[keyOf(g)]; ok && f.of.Cause == g.Cause && !g.End.After(f.of.End) {
		return nil
	}
	if err := s.write(true, record{Kind: kindGap, Gaps: []camera.Gap{g}}); err != nil {
		return fmt.Errorf("add gap: %w", s.relieved(err)) // there may be room for the next try
	}
	s.wake()
	return nil
}

// Last is the end of the newest segment or gap that was recorded of a camera,
// also when it has left the spool since. After the clock was set back by more
// than an hour, it follows the clock.
func (s *Spool) Last(c camera.CameraID) (end time.Time, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	end, ok = s.book.last[c]
	return end, ok
}

// Unannounced returns at most so many segments and gaps that the hub does not
// know, in the order in which they were recorded.
func (s *Spool) Unannounced(most int) ([]camera.Segment, []camera.Gap) {
	return s.UnannouncedBut(most, func(camera.CameraID) bool { return false })
}

// UnannouncedBut is Unannounced without the cameras that are skipped. skip must not
// call the spool.
func (s *Spool) UnannouncedBut(most int, skip func(camera.CameraID) bool) ([]camera.Segment, []camera.Gap) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var segs []camera.Segment
	var gaps []camera.Gap
	fresh, freshGaps := s.book.fresh, s.book.freshGaps
	for len(segs)+len(gaps) < most && len(fresh)+len(freshGaps) > 0 {
		if len(freshGaps) == 0 || len(fresh) > 0 && fresh[0].order < freshGaps[0].order {
			if seg := fresh[0].of; !skip(seg.Camera) {
				segs = append(segs, seg)
			}
			fresh = fresh[1:]
			continue
		}
		if g := freshGaps[0].of; !skip(g.Camera) {
			gaps = append(gaps, g)
		}
		freshGaps = freshGaps[1:]
	}
	return segs, gaps
}

// Announced marks what the hub has acknowledged. A gap that was extended since
// stays to be announced. It is not synced: announcing twice is announcing once.
func (s *Spool) Announced(segs []camera.SegmentID, gaps []camera.Gap) error {
	if len(segs)+len(gaps) == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.write(false, record{Kind: kindAnnounced, IDs: segs, Gaps: gaps}); err != nil {
		return fmt.Errorf("mark announced: %w", err)
	}
	s.wake()
	return nil
}

// NextUpload is the oldest segment that is announced, not stored, not refused
// and not skipped. skip must not call the spool.
func (s *Spool) NextUpload(skip func(camera.SegmentID) bool) (camera.Segment, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.book.waiting {
		if skip == nil || !skip(f.of.SegmentID) {
			return f.of, true
		}
	}
	return camera.Segment{}, false
}

// OpenSegment reads a segment's file; CodeNotFound when the spool has it no more.
func (s *Spool) OpenSegment(id camera.SegmentID) (io.ReadCloser, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.book.segments[id]
	if !ok {
		return nil, camera.Errorf(camera.CodeNotFound, "open segment %s: not in the spool", id)
	}
	r, err := s.disk.Open(s.path(f.of))
	if err != nil {
		return nil, fmt.Errorf("open segment %s: %w", id, err)
	}
	return r, nil
}

// Stored marks a segment's bytes as being in the object store: it may be
// evicted. It is durable when Stored returns nil. An unknown segment is no error.
func (s *Spool) Stored(id camera.SegmentID) error {
	return s.settle(record{Kind: kindStored, IDs: []camera.SegmentID{id}})
}

// Refused marks a segment that the hub will not take. Refused before it was
// announced, it is not announced again; refused after, its bytes are not offered
// again. It is durable when Refused returns nil.
func (s *Spool) Refused(id camera.SegmentID, code camera.Code) error {
	return s.settle(record{Kind: kindRefused, IDs: []camera.SegmentID{id}, Code: code})
}

func (s *Spool) settle(r record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.book.segments[r.IDs[0]]; !ok {
		return nil
	}
	if err := s.write(true, r); err != nil {
		return fmt.Errorf("mark %s %s: %w", r.IDs[0], r.Kind, err)
	}
	return nil
}

// Changed receives when there may be something to announce or to upload. One
// value can stand for many changes.
func (s *Spool) Changed() <-chan struct{} { return s.changed }

func (s *Spool) wake() {
	select {
	case s.changed <- struct{}{}:
	default: // one is pending already
	}
}

// Usage tells the bytes of committed files, their limit, and how many segments
// still have to be announced or uploaded.
func (s *Spool) Usage() (used, most int64, waiting int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.book.used, s.limits.Bytes, len(s.book.fresh) + len(s.book.waiting)
}

// path is where a committed segment's file lies. The name comes from camera.Key;
// one folder per camera keeps every rename within one folder.
func (s *Spool) path(seg camera.Segment) string {
	return filepath.Join(s.folder(seg.Camera), path.Base(seg.Key().String()))
}

func (s *Spool) folder(c camera.CameraID) string {
	return filepath.Join(s.dir, segmentsDir, string(c))
}
