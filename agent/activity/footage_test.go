package activity_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// vtest is 79.5 s of a real campus road, 768×576 at 10 frames a second, in which
// somebody walks nearly all the time.
const vtest = "/usr/share/doc/opencv-doc/examples/data/vtest.avi"

// footage is vtest as raw pictures in a file. They are shown at the camera's
// rate, so that no picture is a copy of the one before: people hurry.
type footage struct {
	width, height int
	count         int
	file          *os.File
}

func decode(t *testing.T, width, height int) *footage {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Fatal("ffmpeg is missing: run `scripts/need ffmpeg opencv-doc`")
	}
	if _, err := os.Stat(vtest); err != nil {
		t.Fatalf("the footage is missing: run `scripts/need ffmpeg opencv-doc` (%v)", err)
	}
	name := filepath.Join(t.TempDir(), "raw")
	ffmpeg(t, nil, nil, "-nostdin", "-i", vtest, "-vf", fmt.Sprintf("scale=%d:%d", width, height), "-pix_fmt", "yuv420p", "-f", "rawvideo", name)
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	v := &footage{width: width, height: height, file: f}
	v.count = int(info.Size()) / v.size()
	if v.count < 700 {
		t.Fatalf("only %d pictures in the footage", v.count)
	}
	return v
}

// size is that of a picture in bytes: luma, then two quarters of chroma.
func (v *footage) size() int { return v.width * v.height * 3 / 2 }

func (v *footage) read(into []byte, n int) error {
	_, err := v.file.ReadAt(into, int64(n)*int64(v.size()))
	return err
}

// picture is one coded picture as the meter sees it.
type picture struct {
	size int
	key  bool
	at   time.Duration
}

// take is a scene as it left the camera, and what really moved in it: of each
// second the mean over its pictures of the luma that changed, per pixel.
type take struct {
	pictures []picture
	motion   []float64
}

// film shows a scene to an encoder and watches the pixels that go in.
func film(t *testing.T, v *footage, s scene, c setting) take {
	t.Helper()
	order := s.order(v.count, c.rate)
	r, w := io.Pipe()
	done := make(chan error, 1)
	var motion []float64
	go func() {
		var err error
		motion, err = show(v, s, order, c.rate, w)
		w.CloseWithError(err)
		done <- err
	}()
	var packets bytes.Buffer
	ffmpeg(t, r, &packets, c.arguments(v)...)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	out := take{pictures: packetList(t, packets.String(), c.rate), motion: motion}
	if len(out.pictures) != len(order) {
		t.Fatalf("%s: %d pictures in, %d out", c.name, len(order), len(out.pictures))
	}
	return out
}

// show writes the pictures of a scene and measures the change between them.
func show(v *footage, s scene, order []int, rate int, w io.Writer) (motion []float64, err error) {
	motion = make([]float64, (len(order)+rate-1)/rate)
	now, before, back := make([]byte, v.size()), make([]byte, v.size()), make([]byte, v.size())
	if err := v.read(back, 0); err != nil {
		return nil, err
	}
	to := bufio.NewWriterSize(w, v.size())
	shown := -1
	for i, n := range order {
		if n != shown {
			now, before = before, now
			if err := v.read(now, n); err != nil {
				return nil, err
			}
			if s.corner {
				v.cover(now, back)
			}
			if shown >= 0 {
				motion[i/rate] += change(now, before, v.width*v.height) / float64(rate)
			}
			shown = n
		}
		if _, err := to.Write(now); err != nil {
			return nil, err
		}
	}
	return motion, to.Flush()
}

// cover lays the still background over all but a twelfth of the picture.
func (v *footage) cover(now, back []byte) {
	left, right := v.width/2, v.width*3/4
	top, bottom := v.height/3, v.height*2/3
	for y := range v.height {
		a, b := y*v.width, (y+1)*v.width
		if y < top || y >= bottom {
			copy(now[a:b], back[a:b])
			continue
		}
		copy(now[a:a+left], back[a:a+left])
		copy(now[a+right:b], back[a+right:b])
	}
	luma := v.width * v.height
	copy(now[luma:], back[luma:])
}

// leastChange is the luma step that counts as a change: vtest is coded itself, and
// its background trembles by a few levels.
const leastChange = 10

// change is the mean luma step per pixel, of steps that count.
func change(a, b []byte, pixels int) float64 {
	sum := 0
	a, b = a[:pixels], b[:pixels]
	for i, x := range a {
		d := int(x) - int(b[i])
		if d >= leastChange || d <= -leastChange {
			sum += max(d, -d)
		}
	}
	return float64(sum) / float64(pixels)
}

func ffmpeg(t *testing.T, in io.Reader, out io.Writer, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ffmpeg", append([]string{"-v", "error", "-y"}, args...)...)
	var said bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("ffmpeg %s: %v\n%s", strings.Join(args, " "), err, said.String())
	}
}

// packetList reads ffmpeg's framecrc listing: stream, dts, pts, duration, size,
// crc, and flags where they are not those of a key frame alone.
func packetList(t *testing.T, list string, rate int) (out []picture) {
	t.Helper()
	first := 0 // negative where pictures are reordered
	for line := range strings.Lines(list) {
		f := strings.Split(line, ",")
		if strings.HasPrefix(line, "#") || len(f) < 6 {
			continue
		}
		dts, err := strconv.Atoi(strings.TrimSpace(f[1]))
		size, err2 := strconv.Atoi(strings.TrimSpace(f[4]))
		if err != nil || err2 != nil {
			t.Fatalf("packet list: %q", line)
		}
		if len(out) == 0 {
			first = dts
		}
		at := time.Duration(dts-first) * time.Second / time.Duration(rate)
		out = append(out, picture{size: size, key: !strings.Contains(line, "F=0x"), at: at})
	}
	return out
}
