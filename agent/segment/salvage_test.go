package segment_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"slices"
	"testing"
	"testing/iotest"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"pgregory.net/rapid"
	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/media"
	"xulang.vn/camera/agent/segment"
)

var (
	aacSound  = media.Track{Codec: media.AAC, ClockRate: 48000, AudioConfig: []byte{0x11, 0x90}, Channels: 2}
	opusSound = media.Track{Codec: media.Opus, ClockRate: 48000, Channels: 1}
	g711Sound = media.Track{Codec: media.G711A, ClockRate: 8000, Channels: 1}
)

const mostJitter = 30 * time.Millisecond

// drawStream sends a stream of one's own: codec, frame rate, reordering, sound,
// picture sizes and jitter.
func drawStream(t *rapid.T, tb testing.TB) []*memory {
	tracks := []media.Track{rapid.SampledFrom([]media.Track{small264, large264, small265}).Draw(t, "video")}
	switch rapid.IntRange(0, 3).Draw(t, "sound") {
	case 1:
		tracks = append(tracks, aacSound)
	case 2:
		tracks = append(tracks, opusSound)
	case 3:
		tracks = append(tracks, g711Sound)
	}
	r := newRig(tb, tracks...)
	r.frame = time.Duration(rapid.IntRange(20_000, 120_000).Draw(t, "frame")) * time.Microsecond
	r.pace = r.frame
	gop := rapid.IntRange(1, 60).Draw(t, "gop")
	reorder := rapid.IntRange(0, 3).Draw(t, "reorder")
	units := rapid.IntRange(1, int(13*time.Second/r.frame)).Draw(t, "units")
	late := rapid.SliceOfN(rapid.IntRange(0, int(mostJitter/time.Millisecond)), 8, 8).Draw(t, "late")
	sizes := rapid.SliceOfN(rapid.IntRange(2, 900), 5, 5).Draw(t, "sizes")
	for i := range units {
		u := r.unit(i%gop == 0)
		last := u.NALUs[len(u.NALUs)-1]
		u.NALUs[len(u.NALUs)-1] = append(last, make([]byte, sizes[i%5])...)
		u.PTS += r.frame * time.Duration(reorder*(i%2))
		u.Received = u.Received.Add(time.Duration(late[(i*3)%8]) * time.Millisecond)
		if err := r.w.Unit(u); err != nil {
			t.Fatal(err)
		}
		if len(tracks) > 1 {
			s := media.Unit{Track: 1, NALUs: [][]byte{make([]byte, sizes[i%5]/10+1)}, PTS: u.DTS, DTS: u.DTS, Received: u.Received}
			if err := r.w.Unit(s); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := r.w.Stop(); err != nil {
		t.Fatal(err)
	}
	return r.sink.files
}

// cuts are the places where a file may end: around the end of each write, inside
// of the boxes' heads, and anywhere.
func cuts(t *rapid.T, m *memory) []int {
	out := []int{0, 1, int(m.seg.InitSize), int(m.seg.InitSize) + 20, m.Len()}
	for _, end := range m.ends {
		out = append(out, end-1, end, end+1, end+8, end+35, end+40, end+120)
	}
	return append(out, rapid.SliceOfN(rapid.IntRange(0, m.Len()), 20, 20).Draw(t, "cuts")...)
}

func TestSalvageKeepsWholeParts(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		for _, m := range drawStream(rt, t) {
			lengths := partLengths(rt, m)
			for _, cut := range cuts(rt, m) {
				checkCut(rt, m, min(cut, m.Len()), lengths)
			}
		}
	})
}

func checkCut(t *rapid.T, m *memory, cut int, lengths []time.Duration) {
	b, whole, media := m.Bytes()[:cut], 0, time.Duration(0)
	for i, end := range m.ends {
		if end <= cut {
			whole, media = end, media+lengths[i]
		}
	}
	got, err := segment.Salvage(cameraID, bytes.NewReader(b), int64(cut))
	if whole == 0 {
		if camera.CodeOf(err) != camera.CodeNoFootage {
			t.Fatalf("cut at %d, before the first picture is whole: %v", cut, err)
		}
		return
	}
	if err != nil {
		t.Fatalf("cut at %d of %d: %v", cut, m.Len(), err)
	}
	want := m.seg
	want.Activity, want.SenderReport = "", time.Time{}
	if whole == m.Len() {
		if got != want {
			t.Fatalf("of the whole file:\n%+v, announced\n%+v", got, want)
		}
		return
	}
	if err := got.Check(); err != nil || got.Size != int64(whole) || got.SHA256 != sha256.Sum256(b[:whole]) ||
		(time.Duration(got.Media)-media).Abs() > time.Microsecond {
		t.Fatalf("cut at %d: %+v (%v), want %d bytes and %s", cut, got, err, whole, media)
	}
	if want.Seq > 0 && !got.Start.Equal(want.Start) || got.Start.Sub(want.Start).Abs() > mostJitter ||
		got.End.Sub(got.Start.Add(media)).Abs() > 2*mostJitter {
		t.Fatalf("cut at %d: %s to %s, media %s; the whole starts %s", cut, got.Start, got.End, media, want.Start)
	}
	got.Start, got.End, got.Media, got.Size, got.SHA256 = want.Start, want.End, want.Media, want.Size, want.SHA256
	if got != want {
		t.Fatalf("cut at %d: %+v, announced %+v", cut, got, want)
	}
}

// partLengths are the lengths of the video in each part, by another reader.
func partLengths(t *rapid.T, m *memory) (out []time.Duration) {
	var parts fmp4.Parts
	if err := parts.Unmarshal(m.Bytes()[m.seg.InitSize:]); err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		n := int64(0)
		for _, s := range p.Tracks[0].Samples {
			n += int64(s.Duration)
		}
		out = append(out, time.Duration(n*int64(time.Second)/90000))
	}
	return out
}

func TestSalvageRefuses(t *testing.T) {
	r := newRig(t, small264)
	r.seconds(3)
	b := r.stop()[0].Bytes()
	if _, err := segment.Salvage("cbbbbbbbbbbbbbbbb", bytes.NewReader(b), int64(len(b))); camera.CodeOf(err) != camera.CodeForeignCamera {
		t.Errorf("of another camera: %v", err)
	}
	broken := errors.New("input/output error")
	bad := io.MultiReader(bytes.NewReader(b[:len(b)-100]), iotest.ErrReader(broken))
	if _, err := segment.Salvage(cameraID, bad, int64(len(b))); !errors.Is(err, broken) {
		t.Errorf("of a disk that cannot be read: %v", err)
	}
	if _, err := segment.Salvage(cameraID, bytes.NewReader(nil), 0); camera.CodeOf(err) != camera.CodeNoFootage {
		t.Errorf("of nothing: %v", err)
	}
	got, err := segment.Salvage(cameraID, iotest.OneByteReader(bytes.NewReader(append(b, make([]byte, 4096)...))), int64(len(b)+4096))
	if err != nil || got.Size != int64(len(b)) {
		t.Errorf("with zeros behind it, as a file system leaves them: %d bytes, %v", got.Size, err)
	}
}

// boxes finds the boxes of a file, also inside of the ones that have only boxes.
func boxes(b []byte, from int, found func(kind string, at int)) {
	for at := 0; at+8 <= len(b); {
		size, kind := int(binary.BigEndian.Uint32(b[at:])), string(b[at+4:at+8])
		if size < 8 || at+size > len(b) {
			return
		}
		found(kind, from+at)
		if slices.Contains([]string{"moov", "trak", "mdia", "minf", "stbl", "moof", "traf"}, kind) {
			boxes(b[at+8:at+size], from+at+8, found)
		}
		at += size
	}
}

// damaged are files with one box or table of a wrong size.
func damaged(b []byte) (out [][]byte) {
	patch := func(at int, v uint32) {
		c := bytes.Clone(b)
		binary.BigEndian.PutUint32(c[at:], v)
		out = append(out, c)
	}
	boxes(b, 0, func(kind string, at int) {
		for _, size := range []uint32{0, 1, 7, 9, 1 << 20, 1 << 31, 1<<32 - 1} {
			patch(at, size)
		}
		switch kind {
		case "trun":
			for _, v := range []uint32{0, 1 << 20, 1 << 28, 1<<32 - 1} {
				patch(at+12, v) // samples
				patch(at+16, v) // offset of the first
				patch(at+20, v) // its duration
				patch(at+24, v) // its size
			}
		case "mdat":
			patch(at+8, 1<<32-1) // a NAL unit
		case "tfdt":
			patch(at+12, 1<<31)
		}
	})
	return out
}

// checkSalvaged checks what holds for any bytes at all.
func checkSalvaged(t *testing.T, b []byte) {
	t.Helper()
	got, err := segment.Salvage(cameraID, bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return
	}
	whole := false
	for at := 0; at+8 <= len(b) && at < int(got.Size); {
		at += max(8, int(binary.BigEndian.Uint32(b[at:])))
		whole = at == int(got.Size)
	}
	if err := got.Check(); err != nil || !whole || got.Camera != cameraID || got.SHA256 != sha256.Sum256(b[:got.Size]) {
		t.Errorf("salvaged %+v of %d bytes (%v), whole %v", got, len(b), err, whole)
	}
	if again, err := segment.Salvage(cameraID, bytes.NewReader(b[:got.Size]), got.Size); err != nil || again != got {
		t.Errorf("salvaged again: %+v, %v", again, err)
	}
}

func TestSalvageOfDamagedFiles(t *testing.T) {
	for _, sound := range []media.Track{aacSound, opusSound, g711Sound} {
		b := shortFile(t, small265, sound)
		files := damaged(b)
		if len(files) < 100 {
			t.Fatalf("%d damaged files", len(files))
		}
		for _, c := range files {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			checkSalvaged(t, c)
			runtime.ReadMemStats(&after)
			if n := after.TotalAlloc - before.TotalAlloc; n > 2<<20 {
				t.Errorf("a damaged file took %d bytes of memory", n)
			}
		}
	}
}

// shortFile is a file of two seconds with sound.
func shortFile(tb testing.TB, tracks ...media.Track) []byte {
	r := newRig(tb, tracks...)
	for i := range 50 {
		if err := r.send(i == 0); err != nil {
			tb.Fatal(err)
		}
		u := media.Unit{Track: 1, NALUs: [][]byte{{1, 2, 3}}, PTS: r.media, DTS: r.media, Received: r.wall}
		if err := r.w.Unit(u); err != nil {
			tb.Fatal(err)
		}
	}
	return r.stop()[0].Bytes()
}

func FuzzSalvage(f *testing.F) {
	b := shortFile(f, small264, aacSound)
	f.Add(b)
	f.Add(shortFile(f, small265, opusSound))
	f.Add(shortFile(f, small264, g711Sound))
	for _, n := range []int{0, 7, 24, 700, len(b) / 2, len(b) - 1} {
		f.Add(b[:n])
	}
	for i, c := range damaged(b) {
		if i%7 == 0 {
			f.Add(c)
		}
	}
	f.Fuzz(checkSalvaged)
}
