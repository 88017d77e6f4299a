package spool

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	camera "xulang.vn/camera"
)

// errNothing says that a file was read and holds no picture.
var errNothing = errors.New("nothing whole in it")

// rescued is a file that the journal does not know, and what it is.
type rescued struct {
	name string // where it lies
	part bool   // it was never closed
	seg  camera.Segment
}

// compare puts what was closed before what was not: of the same segment twice the
// closed one stays. Otherwise they come in the order of recording.
func (r rescued) compare(o rescued) int {
	switch {
	case r.part && !o.part:
		return 1
	case o.part && !r.part:
		return -1
	}
	return cmp.Or(r.seg.Start.Compare(o.seg.Start), cmp.Compare(r.seg.Seq, o.seg.Seq), strings.Compare(r.name, o.name))
}

// salvageRest looks at the files that the journal does not explain. What was being
// written when the agent ended is cut to what is whole in it and becomes a segment
// like any other; so do committed files whose line of the journal is lost, if they
// are whole. Nothing needs an intent here: what is renamed before a crash is a
// whole file that the journal does not know, and the folders are synced before the
// journal is written. cut are intents that never came to their rename.
func (s *Spool) salvageRest(files found, cut map[camera.SegmentID]camera.Segment) error {
	var list []rescued
	for name, l := range files {
		r, ok, err := s.examine(name, l)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if in := cut[r.seg.SegmentID]; in.Size == r.seg.Size && in.SHA256 == r.seg.SHA256 {
			r.seg = in // it knows more than the file
		}
		list = append(list, r)
	}
	slices.SortFunc(list, rescued.compare)
	unknown := 0
	for _, r := range list {
		if err := s.adopt(r); err != nil {
			return err
		}
		if !r.part {
			unknown++
		}
	}
	if unknown > 0 {
		s.log.Warn("salvaged segments that the journal did not know", "count", unknown)
	}
	return nil
}

// examine tells whether a file can be salvaged. One that cannot is removed or put
// into quarantine.
func (s *Spool) examine(name string, l listed) (rescued, bool, error) {
	r := rescued{name: name, part: strings.HasSuffix(name, partSuffix)}
	key, ours := keyOfFile(name)
	if !l.regular || !r.part && !ours {
		s.log.Warn("file in the spool that nobody knows", "file", l.name)
		return r, false, s.quarantine(name)
	}
	if !r.part && s.book.left[key.SegmentID] {
		return r, false, s.clear(name, "evicted before") // and a crash came between
	}
	seg, err := s.read(name, l.size)
	switch {
	case r.part && errors.Is(err, errNothing) && l.size <= camera.KeyLargest:
		return r, false, s.clear(name, err.Error()) // a torn first write
	case err == nil && !r.part:
		if seg.SegmentID != key.SegmentID || seg.Size != l.size {
			err = fmt.Errorf("it is %s with %d of %d bytes", seg.SegmentID, seg.Size, l.size)
		}
		seg.Start = key.Start // as it was announced, if it was; the file may know it less exactly
	}
	if err == nil {
		err = seg.Check()
	}
	if err != nil {
		s.log.Error("file cannot be salvaged", "file", l.name, "bytes", l.size, "err", err)
		return r, false, s.quarantine(name)
	}
	r.seg = seg
	return r, true, nil
}

// read asks Salvage about a file: errNothing, or another error when it cannot be
// read.
func (s *Spool) read(name string, size int64) (camera.Segment, error) {
	if s.salvage == nil {
		return camera.Segment{}, errNothing
	}
	f, err := s.disk.Open(name)
	if err != nil {
		return camera.Segment{}, err
	}
	c := camera.CameraID(filepath.Base(filepath.Dir(name)))
	in := &watched{r: io.LimitReader(f, size)}
	seg, err := s.salvage(c, in, size)
	if e := f.Close(); in.err == nil {
		in.err = e
	}
	switch {
	case in.err != nil:
		return seg, in.err
	case err != nil:
		return seg, fmt.Errorf("%w: %w", errNothing, err)
	case seg.Camera != c || seg.Size > size:
		return seg, fmt.Errorf("it is %s with %d of %d bytes", seg.SegmentID, seg.Size, size)
	}
	return normal(seg), nil
}

// watched remembers that the disk failed, whatever the reader makes of it.
type watched struct {
	r   io.Reader
	err error
}

func (w *watched) Read(b []byte) (int, error) {
	n, err := w.r.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		w.err = err
	}
	return n, err
}

// adopt puts a salvaged file into its place and into the book.
func (s *Spool) adopt(r rescued) error {
	if f, known := s.book.segments[r.seg.SegmentID]; known {
		if f.sha256 == r.seg.SHA256 {
			return s.clear(r.name, "in the spool already")
		}
		s.log.Error("another file is in the spool as this segment", "segment", r.seg.SegmentID)
		return s.quarantine(r.name)
	}
	if r.part {
		if err := s.disk.Truncate(r.name, r.seg.Size); err != nil {
			s.log.Error("file cannot be cut", "segment", r.seg.SegmentID, "err", err)
			return s.quarantine(r.name)
		}
		if err := s.disk.Rename(r.name, s.path(r.seg)); err != nil {
			return fmt.Errorf("salvage segment: %w", err)
		}
		s.explain(r.seg)
		s.log.Info("salvaged", "segment", r.seg.SegmentID, "bytes", r.seg.Size, "end", r.seg.End)
	}
	s.book.apply(record{Kind: kindSegment, Segment: &r.seg})
	return nil
}

// explain adds the gap before a segment that was not closed: who recorded it tells
// the gap when the segment is closed, and that never came. When the camera was
// heard of since the agent began, it was between two sessions; else the agent was
// off. A copy from a recorder has no gap before it.
func (s *Spool) explain(seg camera.Segment) {
	last, known := s.book.last[seg.Camera]
	if !known || seg.Stream != camera.StreamMain || seg.Origin != camera.OriginCamera || seg.Start.Sub(last) <= gapShortest {
		return
	}
	g := camera.Gap{Camera: seg.Camera, Start: last, End: seg.Start, Cause: camera.CauseAgentOff}
	if s.book.lately[seg.Camera] {
		g.Cause = camera.CauseReconnect
	}
	if grown, ok := s.book.until(source{seg.Camera, seg.Stream}, last); ok {
		g.Start, g.Cause = grown.Start, grown.Cause // of what was growing then
	}
	s.book.apply(record{Kind: kindGap, Gaps: []camera.Gap{g}})
}

func (s *Spool) clear(name, why string) error {
	s.log.Info("removed file", "file", filepath.Base(name), "why", why)
	if err := s.disk.Remove(name); err != nil {
		return fmt.Errorf("remove file: %w", err)
	}
	return nil
}

// keyOfFile is the inverse of path.
func keyOfFile(name string) (camera.Key, bool) {
	c, base := filepath.Base(filepath.Dir(name)), filepath.Base(name)
	first, _, _ := strings.Cut(base, "-")
	ms, err := strconv.ParseInt(first, 10, 64)
	if err != nil {
		return camera.Key{}, false
	}
	key, err := camera.ParseKey(c + time.UnixMilli(ms).UTC().Format("/2006/01/02/15/") + base)
	return key, err == nil
}
