package spool

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	camera "xulang.vn/camera"
)

// recover reads the journal, compares it with the files and writes a new one.
// Files are moved before the journal is written: a crash in between leaves a
// missing file, which the next recovery treats the same way.
func (s *Spool) recover() error {
	if err := s.readJournal(); err != nil {
		return err
	}
	files, err := s.listFiles()
	if err != nil {
		return err
	}
	if err := s.checkIntents(files); err != nil {
		return err
	}
	if err := s.checkSegments(files); err != nil {
		return err
	}
	if err := s.clearRest(files); err != nil {
		return err
	}
	if err := s.pruneQuarantine(); err != nil {
		return err
	}
	err = s.journal.rewrite(s.book.records())
	if err == nil {
		err = s.makeRoom(0)
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
		for _, l := range list {
			files[filepath.Join(dir, l.name)] = l
		}
	}
	return files, nil
}

// checkIntents confirms the intents whose file is there with the right hash and
// drops the others; Commit has not returned nil for those.
func (s *Spool) checkIntents(files found) error {
	for id, seg := range s.book.intents {
		name := s.path(seg)
		l, there := files[name]
		_, known := s.book.segments[id]
		if !there || known {
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
			return err
		}
		delete(files, name)
	}
	return nil
}

// checkSegments takes out the segments whose file is gone or has another size.
func (s *Spool) checkSegments(files found) error {
	for id, f := range s.book.segments {
		name := s.path(f.of)
		l, there := files[name]
		if there && l.regular && l.size == f.of.Size {
			delete(files, name)
			continue
		}
		if !there && f.stored {
			s.book.remove(id) // evicted just before a crash
			continue
		}
		if err := s.lost(f.of, name, there); err != nil {
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
		gone.Gaps = []camera.Gap{s.diskGap(seg)}
	}
	s.book.apply(gone)
	return nil
}

// clearRest deletes unfinished files of ours and puts the rest into quarantine.
func (s *Spool) clearRest(files found) error {
	for name, l := range files {
		if l.regular && strings.HasSuffix(l.name, partSuffix) {
			if err := s.disk.Remove(name); err != nil {
				return fmt.Errorf("remove unfinished segment: %w", err)
			}
			continue
		}
		s.log.Warn("file in the spool that nobody knows", "file", l.name)
		if err := s.quarantine(name); err != nil {
			return err
		}
	}
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

// quarantineName sorts by the time at which something was put there.
func (s *Spool) quarantineName(base string) string {
	s.parts++
	return filepath.Join(s.dir, quarantineDir, fmt.Sprintf("%019d-%06d-%s", s.now().UnixNano(), s.parts, base))
}

func (s *Spool) quarantine(name string) error {
	if err := s.disk.Rename(name, s.quarantineName(filepath.Base(name))); err != nil {
		return fmt.Errorf("quarantine %s: %w", filepath.Base(name), err)
	}
	return nil
}

func (s *Spool) copyToQuarantine(name string) error {
	from, err := s.disk.Open(name)
	if err != nil {
		return fmt.Errorf("quarantine journal: %w", err)
	}
	to, err := s.disk.Create(s.quarantineName(filepath.Base(name)))
	if err != nil {
		return errors.Join(fmt.Errorf("quarantine journal: %w", named(err)), from.Close())
	}
	_, err = io.Copy(to, from)
	if err = errors.Join(err, to.Sync(), to.Close(), from.Close()); err != nil {
		return fmt.Errorf("quarantine journal: %w", named(err))
	}
	return nil
}

// pruneQuarantine keeps the newest tenth of the spool's limit: a disk that breaks
// again and again must not be filled by its own remains.
func (s *Spool) pruneQuarantine() error {
	dir := filepath.Join(s.dir, quarantineDir)
	list, err := s.disk.List(dir)
	if err != nil {
		return fmt.Errorf("list quarantine: %w", err)
	}
	slices.SortFunc(list, func(a, b listed) int { return strings.Compare(b.name, a.name) })
	var kept int64
	for _, l := range list {
		if kept += l.size; kept <= s.limits.Bytes/10 || !l.regular {
			continue
		}
		s.log.Warn("removed from quarantine", "file", l.name, "bytes", l.size)
		if err := s.disk.Remove(filepath.Join(dir, l.name)); err != nil {
			return fmt.Errorf("prune quarantine: %w", err)
		}
	}
	return nil
}
