// Package frames counts the marked pictures in recordings. In fragmented MP4 it
// looks at every sample: a picture counts when its slices are there to the last
// byte. In any other file it looks for marks alone.
package frames

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"xulang.vn/camera/cmd/ingestbench/mark"
)

// wholeMost is the largest fragmented MP4 file that is looked at, in bytes.
const wholeMost = 256 << 20

// Book holds what was found, by stream and number.
type Book struct {
	seen    map[uint16]map[uint32]int
	damaged int
	sampled bool // samples were looked at
	onDisk  int64
}

// Count looks through all files below a folder.
func Count(dir string) (*Book, error) {
	b := &Book{seen: map[uint16]map[uint32]int{}}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		return b.file(path)
	})
	if err != nil {
		return nil, fmt.Errorf("count pictures: %w", err)
	}
	return b, nil
}

// OnDisk is how many bytes the files take, in whole blocks of the file system.
func (b *Book) OnDisk() int64 { return b.onDisk }

// Found is how many different pictures there are.
func (b *Book) Found() int {
	n := 0
	for _, of := range b.seen {
		n += len(of)
	}
	return n
}

// Damaged is how many samples are no whole picture; known is false when no file
// was fragmented MP4.
func (b *Book) Damaged() (samples int, known bool) { return b.damaged, b.sampled }

// Twice is how many pictures there are once more.
func (b *Book) Twice() int {
	n := 0
	for _, of := range b.seen {
		for _, times := range of {
			n += times - 1
		}
	}
	return n
}

// Lost is how many of the pictures (after, until] of a stream are not there.
func (b *Book) Lost(stream uint16, after, until uint32) int {
	n := 0
	for number := after + 1; number <= until; number++ {
		if b.seen[stream][number] == 0 {
			n++
		}
	}
	return n
}

// Sent adds up what the found pictures took on the wire.
func (b *Book) Sent(sizes []int) int64 {
	var sum int64
	for _, of := range b.seen {
		for number := range of {
			sum += int64(sizes[int(number)%len(sizes)])
		}
	}
	return sum
}

func (b *Book) note(m mark.Mark) {
	of := b.seen[m.Stream]
	if of == nil {
		of = map[uint32]int{}
		b.seen[m.Stream] = of
	}
	of[m.Number]++
}

func (b *Book) file(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		b.onDisk += sys.Blocks * 512 // stat(2): whatever the block size is
	}
	head := make([]byte, 8)
	if _, err := io.ReadFull(f, head); err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	if string(head[4:]) == "ftyp" && info.Size() <= wholeMost {
		whole, err := io.ReadAll(io.MultiReader(bytes.NewReader(head), f))
		if err != nil {
			return err
		}
		if b.samples(whole) {
			b.sampled = true
			return nil
		}
		b.marks(whole)
		return nil
	}
	return b.scan(io.MultiReader(bytes.NewReader(head), f))
}

// scan looks for marks in a file of any length.
func (b *Book) scan(r io.Reader) error {
	in := bufio.NewReaderSize(r, 1<<20)
	for {
		part, err := in.Peek(in.Size())
		used := b.marks(part)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if err != nil {
			return nil //nolint:nilerr // the file's end
		}
		// A mark that is cut off here begins in the last Size-1 bytes.
		if _, err := in.Discard(max(used, len(part)-mark.Size+1)); err != nil {
			return err
		}
	}
}

// marks notes all whole marks and tells where the last one ends.
func (b *Book) marks(part []byte) int {
	used := 0
	for {
		m, end := mark.Next(part[used:])
		if end == 0 {
			return used
		}
		b.note(m)
		used += end
	}
}
