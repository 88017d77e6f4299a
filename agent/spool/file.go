package spool

import (
	"errors"
	"fmt"
	"path/filepath"

	camera "xulang.vn/camera"
)

// File is a segment that is being written. It is not safe for concurrent use.
// Exactly one of Commit and Discard ends it; Discard after Commit does nothing.
type File struct {
	spool  *Spool
	camera camera.CameraID
	part   string
	f      file // nil: ended
	size   int64
	named  bool  // the file's name is durable
	err    error // of an earlier Write: what is in the file cannot be told
}

// Create begins a segment of a camera. A full disk is ErrFull; when what is held
// leaves no room for a segment such as the camera's last ones, it is ErrHeld.
func (s *Spool) Create(c camera.CameraID) (*File, error) {
	if !c.Valid() {
		return nil, camera.Errorf(camera.CodeBadRequest, "create segment: camera %q", c)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, fmt.Errorf("create segment: %w", errClosed)
	}
	if !s.fits(c) {
		return nil, fmt.Errorf("create segment: %w", ErrHeld)
	}
	if err := s.ensureFolder(c); err != nil {
		return nil, fmt.Errorf("create segment: %w", s.relieved(err))
	}
	s.parts++
	part := filepath.Join(s.folder(c), fmt.Sprintf("%d-%d%s", s.now().UnixNano(), s.parts, partSuffix))
	f, err := s.disk.Create(part)
	if err != nil {
		return nil, fmt.Errorf("create segment: %w", s.relieved(err))
	}
	return &File{spool: s, camera: c, part: part, f: f}, nil
}

func (s *Spool) ensureFolder(c camera.CameraID) error {
	if s.folders[c] {
		return nil
	}
	if err := s.disk.MkdirAll(s.folder(c)); err != nil {
		return err
	}
	if err := s.disk.SyncDir(filepath.Join(s.dir, segmentsDir)); err != nil {
		return err
	}
	s.folders[c] = true
	return nil
}

// Write appends to the file; what it has written survives a power cut when it
// returns nil. So it is handed what makes sense by itself: Salvage gets no more
// than that after a crash. A full disk is ErrFull; after any error the segment can
// only be discarded.
func (f *File) Write(b []byte) (int, error) {
	if f.f == nil {
		return 0, errors.New("write segment: already ended")
	}
	if f.err != nil {
		return 0, f.err
	}
	n, err := f.write(b)
	f.size += int64(n)
	if err != nil {
		f.spool.mu.Lock()
		f.err = fmt.Errorf("write segment: %w", f.spool.relieved(err))
		f.spool.mu.Unlock()
		return n, f.err
	}
	return n, nil
}

// write does not hold the spool's lock: cameras wait for the disk side by side.
func (f *File) write(b []byte) (int, error) {
	if f.spool.ended.Load() {
		return 0, errClosed // the next Open may have the file by now
	}
	n, err := writeAll(f.f, b)
	if err == nil {
		err = f.f.Sync() // the size has changed: fdatasync(2) would save nothing
	}
	if err == nil && !f.named {
		err = f.spool.disk.SyncDir(filepath.Dir(f.part))
		f.named = err == nil
	}
	return n, err
}

// Commit gives the segment its name: when it returns nil the segment survives any
// crash under it, exactly once. After an error the segment is discarded. The
// caller has hashed the bytes while writing them; here only camera and size are
// compared.
func (f *File) Commit(seg camera.Segment) error {
	if f.f == nil {
		return errors.New("commit segment: already ended")
	}
	seg = normal(seg)
	err := f.err
	switch {
	case err != nil:
	case seg.Camera != f.camera || seg.Size != f.size:
		err = camera.Errorf(camera.CodeBadClaim, "%s is claimed with %d bytes, written for %s with %d",
			seg.SegmentID, seg.Size, f.camera, f.size)
	default:
		err = seg.Check()
	}
	s := f.spool
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		err = f.f.Close()
		f.f = nil
	}
	if err == nil {
		err = s.commit(f.part, seg)
	}
	if err != nil {
		return fmt.Errorf("commit segment: %w", errors.Join(s.relieved(err), f.drop()))
	}
	return nil
}

// commit runs steps 2 to 4 of the package comment.
func (s *Spool) commit(part string, seg camera.Segment) error {
	if _, ok := s.book.segments[seg.SegmentID]; ok {
		return camera.Errorf(camera.CodeConflict, "%s is in the spool already", seg.SegmentID)
	}
	s.book.expect(seg.Camera, seg.Size) // also of one that does not fit
	from := shelfCount
	if seg.Origin != camera.OriginCamera {
		from = shelfUnsent // what the hub waits for exists nowhere else: no copy pushes it out
	}
	if err := s.makeRoom(seg.Size, from); err != nil {
		return err
	}
	news := append(s.policyOf(source{seg.Camera, seg.Stream}), record{Kind: kindIntent, Segment: &seg})
	if err := s.write(true, news...); err != nil {
		return err
	}
	final := s.path(seg)
	err := s.disk.Rename(part, final)
	if err == nil {
		err = s.disk.SyncDir(s.folder(seg.Camera))
	}
	if err != nil {
		// The intent stays in the journal until the next rewrite. Without its
		// file, recovery drops it.
		delete(s.book.intents, seg.SegmentID)
		return errors.Join(err, s.disk.Remove(final))
	}
	confirm := record{Kind: kindCommit, IDs: []camera.SegmentID{seg.SegmentID}}
	if err := s.write(false, confirm); err != nil {
		// Intent and file are durable, so the segment is; the journal is rewritten
		// with it before the next append, which reports the disk's trouble.
		s.book.apply(confirm)
	}
	s.wake()
	return nil
}

// Discard removes the file. What cannot be removed is salvaged by the next Open.
func (f *File) Discard() {
	if f.f == nil {
		return
	}
	f.spool.mu.Lock()
	defer f.spool.mu.Unlock()
	if err := f.drop(); err != nil {
		f.spool.log.Warn("discard segment", "camera", f.camera, "err", err)
	}
}

func (f *File) drop() error {
	var err error
	if f.f != nil {
		err = f.f.Close()
		f.f = nil
	}
	if f.spool.closed {
		return err // the next Open salvages it
	}
	return errors.Join(err, f.spool.disk.Remove(f.part))
}
