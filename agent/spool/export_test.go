package spool

import (
	"io"
	"log/slog"
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

func OpenOn(d Disk, dir string, limits Limits, now func() time.Time, log *slog.Logger) (*Spool, error) {
	return open(d, dir, limits, now, log)
}

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

// SegmentLine is a segment as compaction writes it.
func SegmentLine(seg camera.Segment) []byte {
	line, err := encode(record{Kind: kindSegment, Segment: &seg})
	if err != nil {
		panic(err)
	}
	return line
}
