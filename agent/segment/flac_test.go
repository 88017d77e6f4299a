package segment_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/g711"
	"github.com/mewkiz/flac/frame"
	"xulang.vn/camera/agent/media"
	"xulang.vn/camera/agent/segment"
)

// expand is G.711 as 16-bit samples, little endian as ffmpeg prints them.
func expand(c media.Codec, b []byte) []byte {
	var big []byte
	if c == media.G711A {
		var a g711.Alaw
		a.Unmarshal(b)
		big = a
	} else {
		var mu g711.Mulaw
		mu.Unmarshal(b)
		big = mu
	}
	for i := 0; i < len(big); i += 2 {
		big[i], big[i+1] = big[i+1], big[i]
	}
	return big
}

// voice makes G.711 bytes: speech-like swings, silence, every value, noise.
func voice(c media.Codec, n int) []byte {
	pcm := make([]byte, 0, 2*n)
	rnd := rand.New(rand.NewPCG(3, 4))
	for i := range n {
		x := 0.0
		switch i / 4000 % 4 {
		case 0:
			x = 12000 * math.Sin(float64(i)/9) * math.Sin(float64(i)/700)
		case 1:
			x = 0
		case 2:
			x = float64(rnd.IntN(65536) - 32768)
		case 3:
			x = 300*math.Sin(float64(i)/30) + float64(rnd.IntN(40))
		}
		pcm = binary.BigEndian.AppendUint16(pcm, uint16(int16(x)))
	}
	var out []byte
	if c == media.G711A {
		out, _ = g711.Alaw(pcm).Marshal()
	} else {
		out, _ = g711.Mulaw(pcm).Marshal()
	}
	return out
}

// pictures are seconds of the rig's own.
func (r *rig) pictures(seconds int) (units []media.Unit) {
	for i := range seconds * 25 {
		units = append(units, r.unit(i%25 == 0))
	}
	return units
}

// speak sends pictures and G.711 of so many milliseconds at a time beside them, and
// returns what was said.
func (r *rig) speak(track media.Track, pictures []media.Unit, ms int) (said []byte) {
	r.t.Helper()
	channels := max(1, track.Channels)
	frame := track.ClockRate * ms / 1000 * channels
	said = voice(track.Codec, len(pictures)*track.ClockRate/25*channels)
	sent := 0
	for _, u := range pictures {
		if err := r.w.Unit(u); err != nil {
			r.t.Fatal(err)
		}
		for sent < len(said) {
			at := time.Duration(sent/channels) * time.Second / time.Duration(track.ClockRate)
			if at > u.DTS {
				break
			}
			end := min(sent+frame, len(said))
			if err := r.w.Unit(media.Unit{Track: 1, NALUs: [][]byte{said[sent:end]}, PTS: at, DTS: at, Received: u.Received}); err != nil {
				r.t.Fatal(err)
			}
			sent = end
		}
	}
	return said[:sent]
}

// TestG711 lets ffmpeg decode what was recorded of G.711 and compares every sample.
func TestG711(t *testing.T) {
	tracks, units := film(t, "libx264", "-bf", "0")
	var pictures []media.Unit
	for _, u := range units {
		if u.Track == 0 {
			pictures = append(pictures, u)
		}
	}
	for _, c := range []struct {
		track media.Track
		ms    int
	}{
		{media.Track{Codec: media.G711A, ClockRate: 8000, Channels: 1}, 20},
		{media.Track{Codec: media.G711U, ClockRate: 8000, Channels: 1}, 40},
		{media.Track{Codec: media.G711U, ClockRate: 8000}, 33},
		{media.Track{Codec: media.G711A, ClockRate: 8000, Channels: 2}, 100},
		{media.Track{Codec: media.G711A, ClockRate: 16000, Channels: 1}, 64},
		{media.Track{Codec: media.G711U, ClockRate: 11025, Channels: 1}, 20},
		{media.Track{Codec: media.G711A, ClockRate: 48000, Channels: 1}, 1000},
	} {
		t.Run(fmt.Sprintf("%s %d Hz %d channels %d ms", c.track.Codec, c.track.ClockRate, c.track.Channels, c.ms), func(t *testing.T) {
			r := newRig(t, tracks[0], c.track)
			said := r.speak(c.track, pictures, c.ms)
			var heard bytes.Buffer
			for _, f := range r.stop() {
				if !strings.HasSuffix(f.seg.Codec, ",flac") {
					t.Errorf("codec %q", f.seg.Codec)
				}
				name := filepath.Join(t.TempDir(), "file.mp4")
				if err := os.WriteFile(name, f.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
				what := run(t, "ffprobe", "-select_streams", "a", "-show_entries", "stream=codec_name,sample_rate,channels,sample_fmt", "-of", "csv=p=0", name)
				if want := fmt.Sprintf("flac,s16,%d,%d", c.track.ClockRate, max(1, c.track.Channels)); strings.TrimSpace(what) != want {
					t.Errorf("ffprobe says %q, want %q", strings.TrimSpace(what), want)
				}
				heard.WriteString(run(t, "ffmpeg", "-xerror", "-i", name, "-map", "0:a", "-f", "s16le", "-"))
			}
			want := expand(c.track.Codec, said)
			if !bytes.Equal(heard.Bytes(), want) {
				t.Errorf("heard %d bytes, not the %d said", heard.Len(), len(want))
			}
		})
	}
}

// TestG711Size: the low bits that G.711 never sets, and silence, cost nothing.
func TestG711Size(t *testing.T) {
	track := media.Track{Codec: media.G711A, ClockRate: 8000, Channels: 1}
	with, without := newRig(t, small264, track), newRig(t, small264)
	said := with.speak(track, with.pictures(16), 20)
	without.seconds(16)
	size := func(r *rig) (n int64) {
		for _, f := range r.stop() {
			n += f.seg.Size
		}
		return n
	}
	if sound := size(with) - size(without); sound > int64(len(said))*11/10 {
		t.Errorf("%d bytes of sound were sent, %d recorded", len(said), sound)
	}
}

// TestOddSoundCostsNoPicture sends sound that no one should: the pictures are all
// there, every sample of sound is a whole FLAC frame, and time does not go back.
func TestOddSoundCostsNoPicture(t *testing.T) {
	track := media.Track{Codec: media.G711U, ClockRate: 8000, Channels: 1}
	long := make([]byte, 1<<20)
	for _, c := range []struct {
		name   string
		frames func(i int) (at time.Duration, frame []byte)
	}{
		{"empty", func(i int) (time.Duration, []byte) { return time.Duration(i) * 40 * time.Millisecond, nil }},
		{"one sample", func(i int) (time.Duration, []byte) { return time.Duration(i) * 40 * time.Millisecond, []byte{byte(i)} }},
		{"a second at once", func(i int) (time.Duration, []byte) { return time.Duration(i) * 40 * time.Millisecond, long[:8000] }},
		{"a megabyte", func(i int) (time.Duration, []byte) { return time.Duration(i) * 40 * time.Millisecond, long }},
		{"always the same time", func(int) (time.Duration, []byte) { return time.Second, long[:160] }},
		{"forth and back", func(i int) (time.Duration, []byte) {
			return time.Duration(i*40+i%2*3000) * time.Millisecond, long[:160]
		}},
		{"from the past and the future", func(i int) (time.Duration, []byte) {
			return time.Duration(i%3-1) * time.Hour, long[:160]
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, small264, track)
			for i := range 14 * 25 {
				if err := r.send(i%25 == 0); err != nil {
					t.Fatal(err)
				}
				at, b := c.frames(i)
				if err := r.w.Unit(media.Unit{Track: 1, NALUs: [][]byte{b}, PTS: at, DTS: at, Received: r.wall}); err != nil {
					t.Fatal(err)
				}
			}
			var got [][]byte
			for _, f := range r.stop() {
				if f.seg.Codec != "avc1.64000d,flac" {
					t.Errorf("codec %q", f.seg.Codec)
				}
				c := read(t, f)
				got = append(got, c.nalus(t)...)
				next := uint64(0)
				for _, s := range c.samples(2) {
					next = wholeFrame(t, s.Payload, next)
				}
			}
			sameNALUs(t, got, r.sent)
		})
	}
}

// TestG711Time: a camera's jitter does not tear the sound apart, and a pause stays
// where it was.
func TestG711Time(t *testing.T) {
	track := media.Track{Codec: media.G711A, ClockRate: 8000, Channels: 1}
	r := newRig(t, small264, track)
	said := voice(track.Codec, 2*8000)
	const pause, shaky = 1013 * time.Millisecond, 9 * time.Millisecond
	for i := range 5 * 25 {
		if err := r.send(i == 0); err != nil {
			t.Fatal(err)
		}
		at := time.Duration(i) * 40 * time.Millisecond
		switch {
		case i >= 50 && i < 75 || i >= 100:
			continue
		case i >= 75:
			at += pause - time.Second
		}
		n := i % 25 * 320
		if i >= 25 && i < 50 {
			n += 8000
		}
		at += time.Duration(i%2) * shaky
		if err := r.w.Unit(media.Unit{Track: 1, NALUs: [][]byte{said[n : n+320]}, PTS: at, DTS: at, Received: r.wall}); err != nil {
			t.Fatal(err)
		}
	}
	type block struct{ at, ticks, samples uint64 }
	var got []block
	number := uint64(0)
	for _, p := range read(t, r.stop()[0]).parts {
		for _, tr := range p.Tracks {
			at := tr.BaseTime
			for _, s := range tr.Samples {
				if tr.ID == 2 {
					next := wholeFrame(t, s.Payload, number)
					got = append(got, block{at, uint64(s.Duration), next - number})
					number = next
				}
				at += uint64(s.Duration)
			}
		}
	}
	if len(got) != 15 || number != 3*8000 {
		t.Fatalf("%d samples in %d blocks: %v", number, len(got), got)
	}
	for i, b := range got {
		want := block{uint64(i) * 1600, 1600, 1600}
		if i >= 10 {
			want.at += uint64(8*pause/time.Millisecond) + 8*uint64(shaky/time.Millisecond)
		}
		if i == 9 {
			want.ticks = b.ticks // up to where the sound goes on
		}
		if b != want {
			t.Errorf("block %d is %v, want %v", i, b, want)
		}
	}
}

// wholeFrame decodes one FLAC frame with a decoder that is not ours: it has to be
// all there is, and to begin where the one before ended.
func wholeFrame(t *testing.T, b []byte, number uint64) (next uint64) {
	t.Helper()
	left := bytes.NewReader(b)
	f, err := frame.Parse(left)
	if err != nil {
		t.Fatalf("FLAC frame: %v", err)
	}
	if left.Len() != 0 || f.Num != number || f.HasFixedBlockSize {
		t.Errorf("frame of sample %d, want %d; %d bytes behind it", f.Num, number, left.Len())
	}
	return number + uint64(f.BlockSize)
}

// TestUnknownG711 leaves sound out that FLAC could not carry, and records the
// pictures.
func TestUnknownG711(t *testing.T) {
	for _, track := range []media.Track{
		{Codec: media.G711A, ClockRate: 0, Channels: 1},
		{Codec: media.G711A, ClockRate: 1, Channels: 1},
		{Codec: media.G711A, ClockRate: 1 << 30, Channels: 1},
		{Codec: media.G711A, ClockRate: 8000, Channels: 9},
		{Codec: media.G711A, ClockRate: 8000, Channels: -1},
	} {
		r := newRig(t, small264, track)
		r.seconds(2)
		if err := r.w.Unit(media.Unit{Track: 1, NALUs: [][]byte{{1, 2, 3}}, PTS: r.media, DTS: r.media, Received: r.wall}); err != nil {
			t.Fatal(err)
		}
		f := r.stop()[0]
		if f.seg.Codec != "avc1.64000d" {
			t.Errorf("%+v: codec %q", track, f.seg.Codec)
		}
		sameNALUs(t, read(t, f).nalus(t), r.sent)
	}
}

// FuzzFLAC codes any samples in any order and has them decoded by another's hand.
func FuzzFLAC(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0}, uint64(0), 1)
	f.Add([]byte{0x7f, 0xff, 0x80, 0, 0x7f, 0xff, 0x80, 0}, uint64(1<<36-1), 2)
	f.Add(bytes.Repeat([]byte{1, 2, 3, 4, 250}, 3000), uint64(0x7ff), 1)
	f.Add(bytes.Repeat([]byte{0, 8}, 4096), uint64(0xffff), 1)
	f.Fuzz(func(t *testing.T, b []byte, number uint64, channels int) {
		channels = 1 + channels&1
		n := min(len(b)/2/channels, 4096)
		if n == 0 {
			return
		}
		pcm := make([]int16, n*channels)
		for i := range pcm {
			pcm[i] = int16(binary.BigEndian.Uint16(b[2*i:]))
		}
		number %= 1 << 36
		coded := segment.FLACFrame(pcm, channels, 8000, number)
		if len(coded) > 2*len(pcm)+24 {
			t.Errorf("%d samples in %d bytes", len(pcm), len(coded))
		}
		left := bytes.NewReader(coded)
		got, err := frame.Parse(left)
		if err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		if got.Num != number || len(got.Subframes) != channels || left.Len() != 0 {
			t.Fatalf("number %d, %d channels, %d bytes behind", got.Num, len(got.Subframes), left.Len())
		}
		for i, want := range pcm {
			if x := got.Subframes[i%channels].Samples[i/channels]; x != int32(want) {
				t.Fatalf("sample %d is %d, want %d", i, x, want)
			}
		}
	})
}

// BenchmarkG711 is a second of sound at 8 kHz.
func BenchmarkG711(b *testing.B) {
	said := expand(media.G711A, voice(media.G711A, 8000))
	pcm := make([]int16, 8000)
	for i := range pcm {
		pcm[i] = int16(binary.LittleEndian.Uint16(said[2*i:]))
	}
	size := 0
	for b.Loop() {
		size = 0
		for at := 0; at < len(pcm); at += 1600 {
			size += len(segment.FLACFrame(pcm[at:at+1600], 1, 8000, uint64(at)))
		}
	}
	b.ReportMetric(float64(size), "B/s-of-sound")
}
