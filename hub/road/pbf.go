package road

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/paulmach/osm"
	"github.com/paulmach/osm/osmpbf"
	camera "xulang.vn/camera"
)

// Sizes from https://wiki.openstreetmap.org/wiki/PBF_Format: a header is below 64 KiB,
// a block at most 32 MiB, packed or not.
const (
	blobHeaderLargest = 64 << 10
	blobLargest       = 32<<20 - 1<<10 // leaves room for what is written around it
)

// readPBF decodes with paulmach/osm, behind blocks. Objects are taken in the filters
// and refused, so that the decoder reuses their memory; with one decoder the filters
// are never called at once, and Close waits for it.
func readPBF(ctx context.Context, r io.Reader, x *extract) error {
	b := &blocks{r: r, unpacked: x.limits.Unpacked}
	var failed error
	keep := func(err error) bool {
		if err != nil {
			failed = err
			b.stop.Store(true)
		}
		return false
	}
	// r ends with the context. The decoder's own way of ending with it is a data race.
	s := osmpbf.New(context.WithoutCancel(ctx), b, 1)
	s.SkipRelations = true
	s.FilterNode = func(n *osm.Node) bool { return failed == nil && keep(x.node(n)) }
	s.FilterWay = func(w *osm.Way) bool { return failed == nil && keep(x.way(w)) }
	for s.Scan() { //nolint:revive // no object passes the filters
	}
	err := s.Err()
	b.stop.Store(true) // after an error the decoder would read on to the end
	if closed := s.Close(); err == nil {
		err = closed
	}
	if failed != nil {
		return failed
	}
	return err
}

// blocks stands between a file and the PBF decoder. That decoder panics on broken
// blocks, in goroutines of its own where nobody can recover, takes a file that ends
// in mid-block for a whole one, and allocates what a block claims. So each block is
// unpacked and checked here, and written anew with only the fields that are read.
type blocks struct {
	r        io.Reader
	unpacked int64 // bytes still allowed after decompression
	started  bool
	out      bytes.Buffer // checked, not read yet
	err      error        // sticky
	stop     atomic.Bool  // set from the decoder's goroutine
}

var errStopped = errors.New("reading was stopped")

func (b *blocks) Read(p []byte) (int, error) {
	if b.stop.Load() {
		return 0, errStopped
	}
	for b.out.Len() == 0 {
		if b.err == nil {
			b.err = b.next()
		}
		if b.err != nil {
			return 0, b.err
		}
	}
	return b.out.Read(p)
}

// next reads one block. io.EOF only where a block may begin, and not at the very start.
func (b *blocks) next() error {
	var size [4]byte
	if _, err := io.ReadFull(b.r, size[:]); err != nil {
		if errors.Is(err, io.EOF) && b.started {
			return io.EOF
		}
		return cutShort(err)
	}
	kind, blob, err := b.fileBlock(binary.BigEndian.Uint32(size[:]))
	if err != nil {
		return err
	}
	data, err := b.unpack(blob)
	if err != nil {
		return err
	}
	switch {
	case kind == "OSMHeader" && !b.started:
	case kind == "OSMData" && b.started:
		if data, err = cleanBlock(data); err != nil {
			return err
		}
	default:
		return fmt.Errorf("unexpected block %.20q", kind)
	}
	b.started = true
	b.write(kind, data)
	return nil
}

// fileBlock reads a BlobHeader of the given size and the Blob after it.
func (b *blocks) fileBlock(size uint32) (kind string, blob []byte, err error) {
	if size > blobHeaderLargest {
		return "", nil, fmt.Errorf("block header of %d bytes", size)
	}
	header := make([]byte, size)
	if _, err := io.ReadFull(b.r, header); err != nil {
		return "", nil, cutShort(err)
	}
	var length uint64
	err = eachField(header, func(number int, value uint64, data []byte) error {
		switch number {
		case 1:
			kind = string(data)
		case 3:
			length = value
		}
		return nil
	})
	if err != nil {
		return "", nil, err
	}
	if length > blobLargest {
		return "", nil, fmt.Errorf("block of %d bytes", length)
	}
	// Grown as bytes arrive: a length alone must not cost memory.
	var body bytes.Buffer
	if n, err := io.CopyN(&body, b.r, int64(length)); n < int64(length) {
		return "", nil, cutShort(err)
	}
	return kind, body.Bytes(), nil
}

// unpack returns the data of a Blob: raw, or zlib within the limit.
func (b *blocks) unpack(blob []byte) ([]byte, error) {
	var raw, packed []byte
	var size uint64
	err := eachField(blob, func(number int, value uint64, data []byte) error {
		switch number {
		case 1:
			raw = data
		case 2:
			size = value
		case 3:
			packed = data
		case 4, 5, 6, 7:
			return fmt.Errorf("block compression %d is not supported, want zlib", number)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if packed != nil {
		z, err := zlib.NewReader(bytes.NewReader(packed))
		if err != nil {
			return nil, fmt.Errorf("unpack block: %w", err)
		}
		if raw, err = io.ReadAll(io.LimitReader(z, blobLargest+1)); err != nil {
			return nil, fmt.Errorf("unpack block: %w", cutShort(err))
		}
		if uint64(len(raw)) != size {
			return nil, fmt.Errorf("unpack block: %d bytes, announced %d", len(raw), size)
		}
	}
	if len(raw) == 0 || len(raw) > blobLargest {
		return nil, fmt.Errorf("block of %d bytes unpacked", len(raw))
	}
	if b.unpacked -= int64(len(raw)); b.unpacked < 0 {
		return nil, camera.Errorf(camera.CodeTooLarge, "unpacked road file is larger than allowed")
	}
	return raw, nil
}

// write puts a block into out as a file block without compression.
func (b *blocks) write(kind string, data []byte) {
	blob := appendBytes(nil, 1, data)
	header := appendBytes(nil, 1, []byte(kind))
	header = appendVarint(header, 3, uint64(len(blob)))
	b.out.Reset()
	b.out.Write(binary.BigEndian.AppendUint32(nil, uint32(len(header))))
	b.out.Write(header)
	b.out.Write(blob)
}

// cutShort keeps an early end from passing as the end of the file.
func cutShort(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
