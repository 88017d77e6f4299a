package spool

import (
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	camera "xulang.vn/camera"
)

// What the tests may see of the inside: the file system and the journal's reader.
type (
	Disk   = disk
	DFile  = file
	Listed = listed
)

var RealDisk Disk = osDisk{}

func NewListed(name string, size int64, regular bool) Listed { return listed{name, size, regular} }

func OpenOn(d Disk, dir string, limits Limits, salvage Salvage, now func() time.Time, log *slog.Logger) (*Spool, error) {
	return open(d, dir, limits, salvage, now, log)
}

func CompareListed(a, b Listed) int { return strings.Compare(a.name, b.name) }

// ReadJournal returns the lines that the records encode to, and the damage.
func ReadJournal(r io.Reader) (lines []string, inside, tail int, err error) {
	d, err := readJournal(r, func(rec record) {
		line, e := encode(rec)
		if e != nil {
			panic(e)
		}
		lines = append(lines, string(line))
	})
	return lines, d.inside, d.tail, err
}

// WantsLine and PolicyLine are as SetWants and SetPolicy write them.
func WantsLine(wants ...camera.Want) []byte {
	return mustEncode(record{Kind: kindWants, Wants: wants})
}

func PolicyLine(c camera.CameraID, s camera.Stream, free bool) []byte {
	return mustEncode(record{Kind: kindPolicy, Camera: c, Stream: s, Free: free})
}

// GapLine is a gap as compaction writes it.
func GapLine(g camera.Gap, announced bool) []byte {
	return mustEncode(record{Kind: kindGap, Gaps: []camera.Gap{g}, Announced: announced})
}

// SegmentLine is a segment as compaction writes it.
func SegmentLine(seg camera.Segment) []byte {
	return mustEncode(record{Kind: kindSegment, Segment: &seg})
}

func mustEncode(r record) []byte {
	line, err := encode(r)
	if err != nil {
		panic(err)
	}
	return line
}

// Checked is a line with the right checksum, whatever it says.
func Checked(body []byte) []byte {
	return append(fmt.Appendf(nil, "%08x %s", crc32.Checksum(body, castagnoli), body), '\n')
}

// Rewritten is what a journal says after it was read and written again.
func Rewritten(r io.Reader) (string, error) {
	b := newBook()
	if _, err := readJournal(r, b.apply); err != nil {
		return "", err
	}
	b.ready()
	var lines []string
	for rec := range b.records() {
		lines = append(lines, string(mustEncode(rec)))
	}
	slices.Sort(lines) // policies and last ends are in no order
	return strings.Join(lines, ""), nil
}
