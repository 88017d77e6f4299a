package spool

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
)

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
