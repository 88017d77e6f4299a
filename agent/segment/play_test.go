package segment_test

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4"
	"xulang.vn/camera/agent/media"
)

// run runs ffmpeg or ffprobe and gives what it prints; a word of complaint is an error.
func run(t *testing.T, program string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, append([]string{"-v", "warning"}, args...)...)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil || complaint.Len() > 0 {
		t.Fatalf("%s %q (scripts/need ffmpeg installs it): %v\n%s", program, args, err, complaint.String())
	}
	return string(out)
}

// film lets ffmpeg code pictures and a tone, and gives them as a camera's units.
func film(t *testing.T, codec string, args ...string) (tracks []media.Track, units []media.Unit) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "film.mp4")
	args = append([]string{
		"-f", "lavfi", "-i", "testsrc2=size=160x96:rate=25:duration=7", "-f", "lavfi", "-i", "sine=sample_rate=48000:duration=7",
		"-c:v", codec, "-pix_fmt", "yuv420p", "-g", "25", "-preset", "ultrafast", "-c:a", "aac", "-ac", "1", "-tag:v", map[string]string{"libx264": "avc1", "libx265": "hvc1"}[codec],
	}, args...)
	cmd := exec.Command("ffmpeg", append(append([]string{"-v", "error"}, args...), "-movflags", "empty_moov+frag_keyframe+default_base_moof+negative_cts_offsets", name)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make film (scripts/need ffmpeg installs the program): %v\n%s", err, out)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var head fmp4.Init
	var parts fmp4.Parts
	if err := head.Unmarshal(bytes.NewReader(b)); err != nil {
		t.Fatal(err)
	}
	if err := parts.Unmarshal(b); err != nil {
		t.Fatal(err)
	}
	for _, h := range head.Tracks {
		tracks = append(tracks, trackOf(t, h))
	}
	return tracks, unitsOf(t, head, parts, tracks[0].Codec)
}

func trackOf(t *testing.T, h *fmp4.InitTrack) media.Track {
	t.Helper()
	switch c := h.Codec.(type) {
	case *mp4.CodecH264:
		return media.Track{Codec: media.H264, ClockRate: 90000, SPS: c.SPS, PPS: c.PPS}
	case *mp4.CodecH265:
		return media.Track{Codec: media.H265, ClockRate: 90000, VPS: c.VPS, SPS: c.SPS, PPS: c.PPS}
	case *mp4.CodecMPEG4Audio:
		config, err := c.Config.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		return media.Track{Codec: media.AAC, ClockRate: int(h.TimeScale), Channels: 1, AudioConfig: config}
	}
	t.Fatalf("codec %T", h.Codec)
	return media.Track{}
}

// unitsOf are the film's samples, each part's pictures before its sound.
func unitsOf(t *testing.T, head fmp4.Init, parts fmp4.Parts, video media.Codec) (units []media.Unit) {
	t.Helper()
	began := time.Date(2026, 11, 22, 7, 5, 9, 0, time.UTC)
	for _, p := range parts {
		for _, track := range p.Tracks {
			i := track.ID - 1
			at := int64(track.BaseTime)
			moment := func(ticks int64) time.Duration {
				return time.Duration(ticks * int64(time.Second) / int64(head.Tracks[i].TimeScale))
			}
			for _, s := range track.Samples {
				u := media.Unit{Track: i, NALUs: [][]byte{s.Payload}}
				if i == 0 {
					var au h264.AVCC
					if err := au.Unmarshal(s.Payload); err != nil {
						t.Fatal(err)
					}
					u.NALUs = au
					u.Key = media.Key(video, au)
				}
				u.DTS, u.PTS = moment(at), moment(at+int64(s.PTSOffset))
				u.Received = began.Add(u.DTS)
				at += int64(s.Duration)
				units = append(units, u)
			}
		}
	}
	return units
}

// TestOthersReadTheFiles lets ffmpeg decode what was recorded: each whole file, and
// the leading bytes that are one picture.
func TestOthersReadTheFiles(t *testing.T) {
	for _, c := range []struct {
		name, codec string
		args        []string
	}{
		{"h264", "libx264", []string{"-bf", "0"}},
		{"h264 with B-frames", "libx264", []string{"-bf", "3", "-preset", "fast"}},
		{"h265 with B-frames", "libx265", []string{"-x265-params", "log-level=none:bframes=2:keyint=25:repeat-headers=1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tracks, units := film(t, c.codec, c.args...)
			r := newRig(t, tracks...)
			pictures := 0
			for _, u := range units {
				if err := r.w.Unit(u); err != nil {
					t.Fatal(err)
				}
				if u.Track == 0 {
					pictures++
				}
			}
			for _, m := range r.stop() {
				pictures -= decodeBoth(t, m, c.name)
			}
			if pictures != 0 {
				t.Errorf("%d pictures are missing", pictures)
			}
		})
	}
}

// decodeBoth decodes a file and its key frame, and counts the file's pictures.
func decodeBoth(t *testing.T, m *memory, name string) int {
	t.Helper()
	read(t, m)
	dir := t.TempDir()
	file, key := filepath.Join(dir, "file.mp4"), filepath.Join(dir, "key.mp4")
	for name, b := range map[string][]byte{file: m.Bytes(), key: m.Bytes()[:m.seg.KeySize]} {
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	shown := func(name string) []string { // the time stamps of decoded pictures
		return strings.Fields(strings.ReplaceAll(run(t, "ffprobe", "-select_streams", "v", "-show_entries", "frame=pts", "-of", "csv=p=0", name), ",", ""))
	}
	all, last := shown(file), math.MinInt
	for _, text := range all {
		pts, err := strconv.Atoi(text)
		if err != nil || pts <= last {
			t.Errorf("%s: a picture at %s after %d (%v)", name, text, last, err)
		}
		last = pts
	}
	if one := shown(key); len(one) != 1 {
		t.Errorf("%s: %d pictures in the key frame alone", name, len(one))
	}
	run(t, "ffmpeg", "-xerror", "-i", file, "-fps_mode", "passthrough", "-f", "null", "-")
	stream := run(t, "ffprobe", "-show_entries", "stream=width,height,codec_name", "-of", "csv=p=0", file)
	if want := fmt.Sprintf("%d,%d", m.seg.Width, m.seg.Height); !strings.Contains(stream, want) || !strings.Contains(stream, "aac") {
		t.Errorf("%s: %q", name, stream)
	}
	return len(all)
}
