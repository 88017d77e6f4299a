package segment

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Limits of the boxes that are read, in bytes with their heads. What is longer
// was not written here.
const (
	headMost = 4 * largestSet // ftyp, moov
	noteMost = 1 << 10
	moofMost = boxHead + mfhdSize + 2*(boxHead+tfhdSize+tfdtSize+trunSize+entrySize*partTable)
)

// source gives bytes in order, each once.
type source interface {
	io.Reader
	skip(n int64) error
}

// reader reads our own files and believes nothing: with the writer it shares the
// rules of time and no more. It takes whole parts only, and needs memory for one
// table of samples.
type reader struct {
	src   source
	note  note
	look  look
	audio bool // the file has a track of sound
	got   tally
	table []byte // payload of the box being read; the memory is used again
	head  [boxHead]byte
}

// take reads what one write brought: the head and a part, or parts.
func (r *reader) take(b []byte) error {
	v := view(b)
	r.src = &v
	if r.got.init == 0 {
		if err := r.begin(); err != nil {
			return fmt.Errorf("read back head: %w", err)
		}
	}
	for len(v) > 0 {
		if err := r.part(); err != nil {
			return fmt.Errorf("read back part %d: %w", r.got.parts, err)
		}
	}
	return nil
}

// view is a source of bytes in memory.
type view []byte

func (v *view) Read(p []byte) (int, error) {
	n := copy(p, *v)
	*v = (*v)[n:]
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (v *view) skip(n int64) error {
	if n > int64(len(*v)) {
		return io.ErrUnexpectedEOF
	}
	*v = (*v)[n:]
	return nil
}

// begin reads ftyp, moov and the run header.
func (r *reader) begin() error {
	ftyp, err := r.box("ftyp", headMost)
	if err != nil {
		return err
	}
	init := int64(boxHead + len(ftyp))
	moov, err := r.box("moov", headMost)
	if err != nil {
		return err
	}
	init += int64(boxHead + len(moov))
	if r.look, r.audio, err = parseMoov(moov); err != nil {
		return fmt.Errorf("moov: %w", err)
	}
	uuid, err := r.box("uuid", noteMost)
	if err != nil {
		return err
	}
	if r.note, err = parseNote(uuid); err != nil {
		return fmt.Errorf("uuid: %w", err)
	}
	r.got.init, r.got.size = init, init+int64(boxHead+len(uuid))
	return nil
}

// part reads prft, moof and mdat. Only a whole part that makes sense counts.
func (r *reader) part() error {
	t := r.got
	prft, err := r.box("prft", prftSize)
	if err != nil {
		return err
	}
	c := cursor{b: prft}
	if c.number(4) != 1<<24|prftFlags || c.number(4) != videoID {
		return errors.New("prft: not of the video")
	}
	wall, at := ntpTime(c.number(8)), int64(c.number(8))
	if c.short || len(c.b) > 0 {
		return errors.New("prft: wrong length")
	}
	moof, err := r.box("moof", moofMost)
	if err != nil {
		return err
	}
	runs, err := parseMoof(moof, t.parts+1, r.audio)
	if err != nil {
		return fmt.Errorf("moof: %w", err)
	}
	if err := r.mdat(runs); err != nil {
		return fmt.Errorf("mdat: %w", err)
	}
	if err := t.take(runs, wall, at); err != nil {
		return err
	}
	t.size += int64(prftSize+boxHead+len(moof)+boxHead) + runs[0].bytes + runs[1].bytes
	if t.parts == 1 {
		t.key = t.size
	}
	r.got = t
	return nil
}

// mdat reads the payload: video first, whose NAL units fill each sample exactly.
func (r *reader) mdat(runs [2]trun) error {
	size, err := r.boxHead("mdat")
	if err != nil {
		return err
	}
	if size != boxHead+runs[0].bytes+runs[1].bytes {
		return fmt.Errorf("%d bytes, the table says otherwise", size)
	}
	for s := range runs[0].samples() {
		if err := r.nalus(int64(s.size)); err != nil {
			return err
		}
	}
	return r.src.skip(runs[1].bytes)
}

func (r *reader) nalus(left int64) error {
	for left > 0 {
		if left < 4 {
			return errors.New("a NAL unit without a length")
		}
		length := r.head[:4]
		if _, err := io.ReadFull(r.src, length); err != nil {
			return err
		}
		n := int64(binary.BigEndian.Uint32(length))
		if left -= 4 + n; left < 0 {
			return fmt.Errorf("a NAL unit of %d bytes reaches out of its sample", n)
		}
		if err := r.src.skip(n); err != nil {
			return err
		}
	}
	return nil
}

// boxHead reads the head of the next box, which has to be of this kind. Our files
// have no box that reaches to the end (size 0), and none of 4 GiB (size 1).
func (r *reader) boxHead(kind string) (size int64, err error) {
	if _, err := io.ReadFull(r.src, r.head[:]); err != nil {
		return 0, err
	}
	size = int64(binary.BigEndian.Uint32(r.head[:]))
	if got := string(r.head[4:]); got != kind || size < boxHead {
		return 0, fmt.Errorf("box %q of %d bytes, want %q", got, size, kind)
	}
	return size, nil
}

// box reads a box of at most so many bytes and gives its payload, which is good
// until the next one.
func (r *reader) box(kind string, most int64) ([]byte, error) {
	size, err := r.boxHead(kind)
	if err != nil {
		return nil, err
	}
	if size > most {
		return nil, fmt.Errorf("box %q of %d bytes, at most %d", kind, size, most)
	}
	n := int(size - boxHead)
	if cap(r.table) < n {
		r.table = make([]byte, n)
	}
	_, err = io.ReadFull(r.src, r.table[:n])
	return r.table[:n], err
}
