package frames_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4/seekablebuffer"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4"

	"xulang.vn/camera/cmd/ingestbench/frames"
	"xulang.vn/camera/cmd/ingestbench/mark"
)

// sample is a picture as a recorder stores it.
func sample(t *testing.T, stream uint16, number uint32, claimed, real int) []byte {
	t.Helper()
	unit := h264.AVCC{
		{0x09, 0xf0},
		mark.Mark{Stream: stream, Number: number, Picture: uint32(claimed)}.Append(nil),
		append([]byte{0x41}, bytes.Repeat([]byte{0x77}, real-1)...),
	}
	b, err := unit.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// fragmented writes a file of parts with these samples.
func fragmented(t *testing.T, parts ...[][]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	head := fmp4.Init{Tracks: []*fmp4.InitTrack{{ID: 1, TimeScale: 90000, Codec: &mp4.CodecH264{
		SPS: []byte{0x67, 0x64, 0x00, 0x0c, 0xac, 0x3b, 0x50, 0xb0, 0x4b, 0x42, 0x00, 0x00, 0x03, 0x00, 0x02, 0x00, 0x00, 0x03, 0x00, 0x3d, 0x08},
		PPS: []byte{0x68, 0xee, 0x3c, 0x80},
	}}}}
	var buf seekablebuffer.Buffer
	if err := head.Marshal(&buf); err != nil {
		t.Fatal(err)
	}
	out.Write(buf.Bytes())
	out.Write([]byte{0, 0, 0, 12, 'u', 'u', 'i', 'd', 1, 2, 3, 4}) // unknown boxes are passed over
	for i, units := range parts {
		track := &fmp4.PartTrack{ID: 1, BaseTime: uint64(i) * 90000}
		for j, unit := range units {
			track.Samples = append(track.Samples, &fmp4.Sample{Duration: 3600, IsNonSyncSample: j > 0, Payload: unit})
		}
		part := fmp4.Part{SequenceNumber: uint32(i), Tracks: []*fmp4.PartTrack{track}}
		var buf seekablebuffer.Buffer
		if err := part.Marshal(&buf); err != nil {
			t.Fatal(err)
		}
		out.Write(buf.Bytes())
	}
	return out.Bytes()
}

func write(t *testing.T, dir, name string, b []byte) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, dir string) *frames.Book {
	t.Helper()
	b, err := frames.Count(dir)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func run(t *testing.T, stream uint16, from, to uint32) [][]byte {
	t.Helper()
	var out [][]byte
	for n := from; n < to; n++ {
		out = append(out, sample(t, stream, n, 100+int(n), 100+int(n)))
	}
	return out
}

func TestFragmented(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a/1.mp4", fragmented(t, run(t, 0, 10, 11), run(t, 0, 11, 60)))
	write(t, dir, "a/2.mp4", fragmented(t, run(t, 0, 60, 100), run(t, 0, 102, 120))) // 100 and 101 are not there
	write(t, dir, "b/1.mp4", fragmented(t, run(t, 1, 500, 600), run(t, 1, 599, 600)))
	write(t, dir, "journal", []byte("no picture"))
	b := count(t, dir)
	damaged, known := b.Damaged()
	if b.Found() != 50+40+18+100 || damaged != 0 || !known || b.Twice() != 1 {
		t.Errorf("found %d, damaged %d (%t), twice %d", b.Found(), damaged, known, b.Twice())
	}
	for _, c := range []struct {
		stream       uint16
		after, until uint32
		want         int
	}{
		{0, 9, 99, 0}, {0, 9, 119, 2}, {0, 99, 100, 1}, {0, 100, 101, 1}, {0, 101, 119, 0}, {0, 8, 12, 1}, {0, 118, 122, 3},
		{1, 499, 599, 0}, {1, 0, 599, 499}, {2, 0, 5, 5}, {1, 550, 550, 0},
	} {
		if got := b.Lost(c.stream, c.after, c.until); got != c.want {
			t.Errorf("stream %d, pictures %d to %d: %d lost, want %d", c.stream, c.after+1, c.until, got, c.want)
		}
	}
	if got, want := b.Sent([]int{1, 10}), int64(54*11+50*11); got != want {
		t.Errorf("%d bytes on the wire, want %d", got, want)
	}
	if b.OnDisk() <= 0 {
		t.Error("nothing is on the disk")
	}
}

func TestDamagedSamplesDoNotCount(t *testing.T) {
	whole := fragmented(t, run(t, 0, 0, 10))
	short := append(run(t, 0, 0, 3), sample(t, 0, 3, 500, 499))
	twoMarks := append(sample(t, 0, 3, 103, 103), sample(t, 0, 4, 104, 104)...)
	for name, c := range map[string]struct {
		file           []byte
		found, damaged int
	}{
		"a slice is shorter":        {fragmented(t, short), 3, 1},
		"two pictures in a sample":  {fragmented(t, [][]byte{twoMarks}), 0, 1},
		"no mark":                   {fragmented(t, [][]byte{{0, 0, 0, 3, 0x41, 1, 2}}), 0, 1},
		"a length leads outside":    {fragmented(t, [][]byte{{0, 0, 9, 3, 0x41, 1, 2}}), 0, 1},
		"the last sample is torn":   {whole[:len(whole)-1], 9, 1},
		"only the head is there":    {whole[:40], 0, 0},
		"every sample is there":     {whole, 10, 0},
		"sample sizes are cut away": {bytes.Replace(whole, []byte("trun"), []byte("free"), 1), 0, 0},
	} {
		dir := t.TempDir()
		write(t, dir, "1.mp4", c.file)
		b := count(t, dir)
		if damaged, _ := b.Damaged(); b.Found() != c.found || damaged != c.damaged {
			t.Errorf("%s: found %d, damaged %d; want %d and %d", name, b.Found(), damaged, c.found, c.damaged)
		}
	}
}

// TestAnyFile: in a file of another kind marks are found wherever they lie, also
// over the places where it is read in pieces.
func TestAnyFile(t *testing.T) {
	var b []byte
	n := uint32(0)
	for ; len(b) < 5<<20; n++ {
		b = append(b, bytes.Repeat([]byte{byte(n)}, int(n%37))...)
		b = mark.Mark{Stream: 4, Number: n, Picture: 1}.Append(b)
	}
	dir := t.TempDir()
	write(t, dir, "dump", b)
	write(t, dir, "plain.mp4", append([]byte("\x00\x00\x00\x08ftyp"), mark.Mark{Stream: 5, Number: 7}.Append(nil)...))
	write(t, dir, "empty", nil)
	book := count(t, dir)
	if _, known := book.Damaged(); known {
		t.Error("samples are known of files that have none")
	}
	if got := book.Lost(4, 0, n-1); got != 0 || book.Found() != int(n)+1 || book.Twice() != 0 {
		t.Errorf("%d lost, %d found of %d, %d twice", got, book.Found(), n+1, book.Twice())
	}
}

func FuzzSamples(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x08ftyp\x00\x00\x00\x18moof\x00\x00\x00\x10traf\x00\x00\x00\x08trun"))
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		write(t, dir, "x", b)
		count(t, dir)
	})
}
