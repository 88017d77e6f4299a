package segment

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"

	camera "xulang.vn/camera"
)

// Salvage describes what is left of a file that was never closed: the Size
// leading bytes are its head and whole parts, and all else is told of these. size
// is that of the file.
//
// The clock is the one of the segment's beginning. SenderReport and Activity are
// not known any more.
//
// An error of the reader r is returned as it is. Any other error says that
// nothing can be kept: CodeNoFootage when there is no whole picture in the file,
// CodeForeignCamera when it is of another camera.
func Salvage(cam camera.CameraID, r io.Reader, size int64) (camera.Segment, error) {
	s := &hashed{r: bufio.NewReaderSize(io.LimitReader(r, min(size, camera.SegmentLargest)), 32<<10), sum: sha256.New()}
	file := reader{src: s}
	err := file.begin()
	if err == nil && file.note.id.Camera != cam {
		return camera.Segment{}, camera.Errorf(camera.CodeForeignCamera, "salvage segment: of camera %q, not of %q", file.note.id.Camera, cam)
	}
	var key, sum camera.Hash
	for err == nil {
		if err = file.part(); err != nil {
			break
		}
		s.sum.Sum(sum[:0])
		if file.got.parts == 1 {
			key = sum
		}
	}
	if s.failed != nil {
		return camera.Segment{}, fmt.Errorf("salvage segment: %w", s.failed)
	}
	if file.got.parts == 0 {
		return camera.Segment{}, camera.Errorf(camera.CodeNoFootage, "salvage segment: no whole picture: %w", err)
	}
	seg := file.segment()
	seg.SHA256 = sum
	if seg.KeySize > 0 {
		seg.KeySHA256 = key
	}
	if err := seg.Check(); err != nil {
		return camera.Segment{}, fmt.Errorf("salvage segment: %w", err)
	}
	return seg, nil
}

// hashed is a source that hashes what is taken from it.
type hashed struct {
	r      *bufio.Reader
	sum    hash.Hash
	failed error // of the reader below, other than its end
}

func (h *hashed) Read(p []byte) (int, error) {
	n, err := h.r.Read(p)
	h.sum.Write(p[:n])
	return n, h.note(err)
}

func (h *hashed) skip(n int64) error {
	for n > 0 {
		b, err := h.r.Peek(int(min(n, int64(h.r.Size()))))
		h.sum.Write(b)
		n -= int64(len(b))
		if _, e := h.r.Discard(len(b)); e != nil || err != nil {
			return h.note(errors.Join(err, e))
		}
	}
	return nil
}

// note keeps an error that is not the end of the bytes.
func (h *hashed) note(err error) error {
	if err != nil && !errors.Is(err, io.EOF) {
		h.failed = err
	}
	return err
}
