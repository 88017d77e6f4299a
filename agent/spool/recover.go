package spool

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"

	camera "xulang.vn/camera"
)

// recover reads the journal, compares it with the files and writes a new one.
// Files are moved before the journal is written: a crash in between leaves a
// missing file, or one that the journal does not know, which the next recovery
// treats the same way.
func (s *Spool) recover() error {
	if err := s.readJournal(); err != nil {
		return err
	}
	s.wantsSure = true
	files, err := s.listFiles()
	if err != nil {
		return err
	}
	cut, err := s.checkIntents(files)
	if err != nil {
		return err
	}
	if err := s.checkSegments(files); err != nil {
		return err
	}
	if err := s.salvageRest(files, cut); err != nil {
		return err
	}
	if err := s.pruneQuarantine(); err != nil {
		return err
	}
	s.book.ready()
	err = s.compact()
	if err == nil {
		err = s.makeRoom(0, shelfCount)
	}
	if err = s.relieved(err); errors.Is(err, ErrFull) {
		// The old journal stands and the book is right: the spool works as soon as
		// there is room, and until then it says that it is full.
		s.log.Warn("disk is full", "err", err)
		return nil
	}
	return err
}

func (s *Spool) readJournal() error {
	name := filepath.Join(s.dir, journalName)
	f, err := s.disk.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open journal: %w", err)
	}
	hurt, err := readJournal(f, s.book.apply)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if hurt.tail > 0 {
		s.log.Info("cut torn end of journal", "lines", hurt.tail)
	}
	if hurt.inside > 0 {
		s.log.Error("journal has damaged lines; a copy is in quarantine", "lines", hurt.inside)
		return s.copyToQuarantine(name)
	}
	return nil
}

// found is a file in a camera's folder, by its path.
type found map[string]listed

// listFiles lists every camera's folder. What is not a camera's folder is put
// into quarantine as a whole.
func (s *Spool) listFiles() (found, error) {
	root := filepath.Join(s.dir, segmentsDir)
	folders, err := s.disk.List(root)
	if err != nil {
		return nil, fmt.Errorf("list segments: %w", err)
	}
	files := found{}
	for _, d := range folders {
		dir := filepath.Join(root, d.name)
		if d.regular || !camera.CameraID(d.name).Valid() {
			if err := s.quarantine(dir); err != nil {
				return nil, err
			}
			continue
		}
		list, err := s.disk.List(dir)
		if err != nil {
			return nil, fmt.Errorf("list segments: %w", err)
		}
		s.folders[camera.CameraID(d.name)] = false
		for _, l := range list {
			files[filepath.Join(dir, l.name)] = l
		}
	}
	return files, nil
}

// checkIntents confirms the intents whose file is there with the right hash and
// drops the others; Commit has not returned nil for those. It returns the ones
// that a crash kept from being renamed.
func (s *Spool) checkIntents(files found) (cut map[camera.SegmentID]camera.Segment, err error) {
	cut = map[camera.SegmentID]camera.Segment{}
	intents := slices.SortedFunc(maps.Values(s.book.intents), func(x, y camera.Segment) int { return x.Start.Compare(y.Start) })
	for _, seg := range intents {
		id, name := seg.SegmentID, s.path(seg)
		l, there := files[name]
		_, known := s.book.segments[id]
		if !there || known {
			cut[id] = seg
			delete(s.book.intents, id)
			continue
		}
		whole := l.regular && l.size == seg.Size
		if whole {
			sum, err := s.hash(name)
			if err != nil {
				s.log.Error("segment cannot be read", "segment", id, "err", err)
			}
			whole = err == nil && sum == seg.SHA256
		}
		if whole {
			s.book.apply(record{Kind: kindCommit, IDs: []camera.SegmentID{id}})
			continue
		}
		if err := s.lost(seg, name, true); err != nil {
			return nil, err
		}
		delete(files, name)
	}
	return cut, nil
}

// checkSegments takes out the segments whose file is gone or has another size.
func (s *Spool) checkSegments(files found) error {
	var broken []*footage
	for _, f := range s.book.segments {
		name := s.path(f.segment())
		if l, there := files[name]; there && l.regular && l.size == int64(f.size) {
			delete(files, name)
			continue
		}
		broken = append(broken, f)
	}
	slices.SortFunc(broken, func(x, y *footage) int { return cmp.Compare(x.order, y.order) }) // so that gaps join
	for _, f := range broken {
		name := s.path(f.segment())
		_, there := files[name]
		if !there && f.stored {
			s.book.remove(f.id()) // evicted just before a crash
			continue
		}
		if err := s.lost(f.segment(), name, there); err != nil {
			return err
		}
		delete(files, name)
	}
	return nil
}

// lost takes a broken segment out of the book. Its time becomes a gap, unless
// the hub has the bytes.
func (s *Spool) lost(seg camera.Segment, name string, there bool) error {
	s.log.Error("segment is broken", "segment", seg.SegmentID, "missing", !there)
	if there {
		if err := s.quarantine(name); err != nil {
			return err
		}
	}
	gone := record{Kind: kindGone, IDs: []camera.SegmentID{seg.SegmentID}}
	if f, ok := s.book.segments[seg.SegmentID]; !ok || !f.stored {
		l := losses{book: s.book}
		l.add(seg, camera.CauseDisk)
		gone.Gaps = l.gaps
	}
	s.book.apply(gone)
	return nil
}

func (s *Spool) hash(name string) (camera.Hash, error) {
	var sum camera.Hash
	f, err := s.disk.Open(name)
	if err != nil {
		return sum, fmt.Errorf("hash segment: %w", err)
	}
	h := sha256.New()
	_, err = io.Copy(h, f)
	if err = errors.Join(err, f.Close()); err != nil {
		return sum, fmt.Errorf("hash segment: %w", err)
	}
	return camera.Hash(h.Sum(nil)), nil
}
