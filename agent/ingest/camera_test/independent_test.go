package camera_test

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"xulang.vn/camera/agent/media"
)

const (
	install = "apt-get install ffmpeg opencv-doc python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad"
	footage = "/usr/share/doc/opencv-doc/examples/data/vtest.avi" // a real road camera, Debian's opencv-doc
	program = "../../../scripts/independent-camera"
	python  = "/usr/bin/python3" // Debian's own, which has python3-gi
)

// TestIndependentCamera records both streams of a camera that shares no code with
// us and sends real footage.
func TestIndependentCamera(t *testing.T) {
	for _, name := range []string{footage, python} {
		if _, err := os.Stat(name); err != nil {
			t.Fatalf("%v; install with: %s", err, install)
		}
	}
	for _, name := range []string{"ffmpeg", "ffprobe"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Fatalf("%v; install with: %s", err, install)
		}
	}
	for _, c := range []struct {
		codec   media.Codec
		encoder []string
		format  string // of the elementary stream
	}{
		{media.H264, []string{"libx264", "-x264-params", "scenecut=0:repeat-headers=1"}, "h264"},
		{media.H265, []string{"libx265", "-x265-params", "scenecut=0:bframes=0:open-gop=0:repeat-headers=1:log-level=error"}, "hevc"},
	} {
		t.Run(string(c.codec), func(t *testing.T) {
			t.Parallel()
			streams := []stream{{path: "/live", width: 768, height: 576}, {path: "/sub", width: 384, height: 288, udp: true}}
			var sources []string
			for i := range streams {
				sources = append(sources, streams[i].encode(t, c.encoder, c.format))
			}
			address := serve(t, c.codec, sources...)
			for _, s := range streams {
				t.Run(s.path[1:], func(t *testing.T) {
					t.Parallel()
					s.record(t, c.codec, strings.Replace(address, "/live", s.path, 1))
				})
			}
		})
	}
}

// stream is one of the camera's two: the sub stream is smaller, and taken by UDP.
type stream struct {
	path          string
	width, height int
	udp           bool
	sent          []byte // the elementary stream
}

// encode makes the file that the camera serves.
func (s *stream) encode(t *testing.T, encoder []string, format string) (source string) {
	t.Helper()
	dir := t.TempDir()
	source, bare := filepath.Join(dir, "source.mkv"), filepath.Join(dir, "source.raw")
	size := fmt.Sprintf("scale=%d:%d", s.width, s.height)
	encode := append([]string{"-v", "error", "-t", "26", "-i", footage, "-an", "-vf", size, "-pix_fmt", "yuv420p", "-c:v"}, encoder...)
	// One encoding into two files: one with times to serve, one bare to compare with.
	both := "[f=matroska]" + source + "|[f=" + format + "]" + bare
	run(t, "ffmpeg", append(encode, "-preset", "ultrafast", "-bf", "0", "-g", "10", "-flags", "+global_header", "-map", "0:v", "-f", "tee", both)...)
	var err error
	if s.sent, err = os.ReadFile(bare); err != nil {
		t.Fatal(err)
	}
	return source
}

// record takes 15 s of the stream, and compares them with what was sent.
func (s stream) record(t *testing.T, codec media.Codec, address string) {
	r := record(t, address, 15*time.Second, s.udp)
	got, frames := r.nalus(t)
	compare(t, codec, annexB(s.sent), got)
	if len(r.files) < 2 {
		t.Errorf("%d segments of 15 s", len(r.files))
	}
	for i, f := range r.files {
		out := run(t, "ffprobe", "-v", "error", "-count_frames", "-select_streams", "v", "-show_entries", "stream=nb_read_frames,width", "-of", "csv=p=0", f)
		if want := fmt.Sprintf("%d,%d", s.width, frames[i]); out != want {
			t.Errorf("segment %d decodes to %q, want %q", i, out, want)
		}
	}
}

// run runs a program, which must succeed without a word on standard error.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	var out, complaint bytes.Buffer
	c := exec.CommandContext(t.Context(), name, args...)
	c.Stdout, c.Stderr = &out, &complaint
	if err := c.Run(); err != nil || complaint.Len() > 0 {
		t.Fatalf("%s: %v\n%s", name, err, complaint.String())
	}
	return strings.TrimSpace(out.String())
}

// serve starts the camera and returns its address.
func serve(t *testing.T, codec media.Codec, sources ...string) string {
	t.Helper()
	c := exec.Command(python, append([]string{program, string(codec)}, sources...)...)
	c.Env = append(os.Environ(), "CAMERA_USER="+user, "CAMERA_PASSWORD="+secret)
	c.Stderr = t.Output()
	hold, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatalf("start camera: %v; install with: %s", err, install)
	}
	t.Cleanup(func() {
		hold.Close() // the camera ends with its input
		if err := c.Wait(); err != nil {
			t.Errorf("camera: %v", err)
		}
	})
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the camera did not start: %v; install with: %s", err, install)
	}
	return strings.TrimSpace(address)
}

// compare checks that the recorded pictures and messages are an exact run of the
// source, and that each parameter set is one of the source. GStreamer puts sets
// and delimiters where it likes, so only their bytes are compared.
func compare(t *testing.T, codec media.Codec, sent, got [][]byte) {
	t.Helper()
	sentSets, sentRest := split(codec, sent)
	gotSets, gotRest := split(codec, got)
	if !contiguous(sentRest, gotRest) {
		t.Errorf("%d recorded NAL units are not an exact run of the %d sent", len(gotRest), len(sentRest))
	}
	if len(gotRest) < 140 {
		t.Errorf("%d NAL units of 15 s at 10 frames a second", len(gotRest))
	}
	if len(gotSets) == 0 {
		t.Error("the parameter sets that were sent in the stream are not in the samples")
	}
	for set := range gotSets {
		if !sentSets[set] {
			t.Errorf("a parameter set that was never sent: %x", set)
		}
	}
}

// split parts the parameter sets from the rest, and drops delimiters.
func split(codec media.Codec, nalus [][]byte) (sets map[string]bool, rest [][]byte) {
	const aud264, aud265 = 9, 35
	sets = map[string]bool{}
	for _, n := range nalus {
		p := media.ParametersIn(codec, [][]byte{n})
		switch {
		case p.VPS != nil || p.SPS != nil || p.PPS != nil:
			sets[string(n)] = true
		case codec == media.H264 && n[0]&0x1f == aud264, codec == media.H265 && n[0]>>1 == aud265:
		default:
			rest = append(rest, n)
		}
	}
	return sets, rest
}

// annexB takes an elementary stream apart (ISO/IEC 14496-10, annex B). No NAL
// unit ends with a zero byte, so zeros before a start code belong to that.
func annexB(b []byte) (out [][]byte) {
	for part := range bytes.SplitSeq(b, []byte{0, 0, 1}) {
		if part = bytes.TrimRight(part, "\x00"); len(part) > 0 {
			out = append(out, part)
		}
	}
	return out
}
