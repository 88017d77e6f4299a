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
	"sync/atomic"
	"time"

	camera "xulang.vn/camera"
)

const (
	segmentsDir   = "segments"
	quarantineDir = "quarantine"
	partSuffix    = ".part"
)

var errClosed = errors.New("spool is closed")

// Limits bound what the spool keeps.
type Limits struct {
	Bytes int64 // of all committed files; must be positive
	Days  int   // what is older than this leaves, unless the hub still waits for it or a want holds it; 0: only Bytes counts

	// Sure tells whether the clock can be trusted with days; nil: it always can.
	// While it cannot, nothing leaves for its age: a clock that is a year ahead
	// must not empty the ring. It must not call the spool.
	Sure func() bool
}

// Salvage reads a file of a camera that was never closed, or whose journal is
// lost: it returns the fingerprint of the leading bytes that make a whole segment.
// An error says that there is no whole picture in it.
type Salvage func(c camera.CameraID, r io.Reader, size int64) (camera.Segment, error)

// Spool is safe for concurrent use.
type Spool struct {
	disk    disk
	dir     string
	limits  Limits
	salvage Salvage
	now     func() time.Time
	log     *slog.Logger
	lock    *os.File
	changed chan struct{}
	ended   atomic.Bool // closed, for those who do not wait for mu

	mu        sync.Mutex // guards what follows; held while the journal is written
	journal   journal
	book      *book
	folders   map[camera.CameraID]bool                  // that exist; true: and are durable
	parts     int                                       // names of .part files given so far
	required  func(camera.CameraID, camera.Stream) bool // the policy; nil: not told yet
	wantsSure bool                                      // the journal has exactly the book's wants
	expired   time.Time                                 // when the days were looked at
	closed    bool
}

// Open takes the folder for itself, recovers what a crash left and makes room
// for the limits. Nothing is deleted that is not known to be of no use. Until
// SetPolicy is called, the policy is the one that was in force before.
func Open(dir string, limits Limits, salvage Salvage, now func() time.Time, log *slog.Logger) (*Spool, error) {
	return open(osDisk{}, dir, limits, salvage, now, log)
}

func open(d disk, dir string, limits Limits, salvage Salvage, now func() time.Time, log *slog.Logger) (*Spool, error) {
	if limits.Bytes <= 0 || limits.Days < 0 {
		return nil, fmt.Errorf("open spool: limits of %d bytes and %d days", limits.Bytes, limits.Days)
	}
	s := &Spool{
		disk: d, dir: dir, limits: limits, salvage: salvage, now: now, log: log,
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

// Close lets go of the folder. Files that are still being written are salvaged by
// the next Open, as after a crash.
func (s *Spool) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	s.ended.Store(true)
	s.journal.forget()
	return s.lock.Close()
}

// write makes records part of the journal and of the book, in this order. On an
// error neither the book nor, after the next rewrite, the journal has them.
func (s *Spool) write(sync bool, recs ...record) error {
	if s.closed {
		return errClosed
	}
	for _, r := range recs {
		if err := r.check(); err != nil {
			return err
		}
	}
	if s.journal.f == nil || s.journal.lines > 2*s.book.lines()+4096 {
		if err := s.compact(); err != nil {
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

// compact writes the journal anew. It forgets who has left: so the removed files
// must not come back after a power cut, as ones that the journal does not know.
func (s *Spool) compact() error {
	for c := range s.folders {
		if err := s.disk.SyncDir(s.folder(c)); err != nil {
			return fmt.Errorf("rewrite journal: %w", named(err))
		}
	}
	return s.journal.rewrite(s.book.records())
}

// Last is the end of the newest segment or gap that was recorded of a camera's
// main stream, also when it has left the spool since. What was copied from a
// recorder does not count: it may be of any time. After the clock was set back by
// more than an hour, it follows the clock.
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
	fresh, freshGaps := s.book.shelves.fresh, s.book.freshGaps
	for len(segs)+len(gaps) < most && len(fresh)+len(freshGaps) > 0 {
		if len(freshGaps) == 0 || len(fresh) > 0 && fresh[0].order < freshGaps[0].order {
			if f := fresh[0]; !skip(f.source().camera) {
				segs = append(segs, f.segment())
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

// Stored marks a segment's bytes as being in the object store: it may be
// evicted. It is durable when Stored returns nil. An unknown segment is no error.
func (s *Spool) Stored(id camera.SegmentID) error {
	return s.settle(record{Kind: kindStored, IDs: []camera.SegmentID{id}})
}

// Forgotten has a segment announced again: the hub does not know it any more, as after
// its database was lost. What is stored stays so.
func (s *Spool) Forgotten(id camera.SegmentID) error {
	if err := s.settle(record{Kind: kindForgotten, IDs: []camera.SegmentID{id}}); err != nil {
		return err
	}
	s.wake()
	return nil
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

// path is where a committed segment's file lies. The name comes from camera.Key;
// one folder per camera keeps every rename within one folder.
func (s *Spool) path(seg camera.Segment) string {
	return filepath.Join(s.folder(seg.Camera), path.Base(seg.Key().String()))
}

func (s *Spool) folder(c camera.CameraID) string {
	return filepath.Join(s.dir, segmentsDir, string(c))
}
