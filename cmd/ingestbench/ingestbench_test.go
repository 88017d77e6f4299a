package main_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"xulang.vn/camera/cmd/ingestbench/frames"
	"xulang.vn/camera/cmd/ingestbench/source"
)

// program builds the command.
func program(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ingestbench")
	if out, err := exec.Command("go", "build", "-race", "-o", file, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return file
}

// clip writes a second of made-up pictures.
func clip(t *testing.T) string {
	t.Helper()
	sps, _ := hex.DecodeString("6764000cac3b50b04b420000030002000003003d08")
	pps, _ := hex.DecodeString("68ebe3cb22c0")
	var b []byte
	for i := range source.FPS {
		units := [][]byte{append([]byte{0x41, 0x88}, bytes.Repeat([]byte{0x55}, 700+100*i)...)}
		if i == 0 {
			units = [][]byte{sps, pps, append([]byte{0x65, 0x88}, bytes.Repeat([]byte{0x33}, 20_000)...)}
		}
		for _, nal := range units {
			b = append(append(b, 0, 0, 0, 1), nal...)
		}
	}
	file := filepath.Join(t.TempDir(), "clip.h264")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func start(t *testing.T, program string, args ...string) (*exec.Cmd, io.Writer, *json.Decoder) {
	t.Helper()
	cmd := exec.Command(program, args...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		_ = cmd.Wait()
	})
	return cmd, in, json.NewDecoder(out)
}

// TestSourceAndFloor: what the source says that it has sent is on the disk when
// the floor has ended, each picture once, over several loops of the clip.
func TestSourceAndFloor(t *testing.T) {
	const n, loops = 3, 2
	bin, out := program(t), t.TempDir()
	_, ask, answers := start(t, bin, "source", "-clip", clip(t), "-n", strconv.Itoa(n))
	var hello struct {
		URL   string
		Sizes []int
	}
	if err := answers.Decode(&hello); err != nil {
		t.Fatal(err)
	}
	if len(hello.Sizes) != source.FPS || hello.Sizes[0] < 20_000 {
		t.Fatalf("the loop's sizes: %v", hello.Sizes)
	}
	floor, _, _ := start(t, bin, "floor", "-url", hello.URL, "-n", strconv.Itoa(n), "-out", out)
	told := func() []source.Told {
		t.Helper()
		if _, err := io.WriteString(ask, "\n"); err != nil {
			t.Fatal(err)
		}
		var all []source.Told
		if err := answers.Decode(&all); err != nil {
			t.Fatal(err)
		}
		return all
	}
	sent := func(pictures int64) []source.Told {
		t.Helper()
		for {
			all := told()
			least := all[0].Sent
			for _, s := range all {
				least = min(least, s.Sent)
			}
			if least >= pictures {
				return all
			}
		}
	}
	from := sent(1)
	to := sent(loops*source.FPS + 1)
	sent(to[0].Sent + source.FPS) // a second later all of it has been read
	if err := floor.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := floor.Wait(); err != nil {
		t.Fatalf("floor: %v", err)
	}
	book, err := frames.Count(out)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if to[i].Last-from[i].Last < loops*source.FPS-1 || to[i].Dropped != 0 {
			t.Errorf("stream %d: from %+v to %+v", i, from[i], to[i])
		}
		if lost := book.Lost(uint16(i), from[i].Last, to[i].Last); lost != 0 {
			t.Errorf("stream %d: %d pictures are not on the disk", i, lost)
		}
	}
	if book.Twice() != 0 {
		t.Errorf("%d pictures are there twice", book.Twice())
	}
	if sent, disk := book.Sent(hello.Sizes), book.OnDisk(); disk < sent || disk > sent+sent/10 {
		t.Errorf("%d bytes on the disk of %d sent", disk, sent)
	}
}

// TestToldBeforeAnythingIsMeasured: what cannot work is said at once, with what to do.
func TestToldBeforeAnythingIsMeasured(t *testing.T) {
	bin := program(t)
	for _, c := range []struct {
		args string
		env  string
		want string
	}{
		{"", "", "no command"},
		{"watch", "", `unknown command "watch"`},
		{"run -n 0", "", "-n"},
		{"run -n 8,x", "", "-n"},
		{"run -n 65", "", "64"},
		{"run -rounds 0", "", "-rounds"},
		{"run -arms agent,vlc", "", "floor, ffmpeg, agent, agent-upload"},
		{"run -arms agent -bin " + t.TempDir(), "", "run make build"},
		{"run -arms floor", "ARM_CMD=true", "ARM_NAME and ARM_CMD go together"},
		{"run -arms floor", "ARM_NAME=agent ARM_CMD=true", "is an arm of ours"},
		{"source -n 1 -clip missing.h264", "", "read clip"},
		{"floor -n 1 -url rtsp://127.0.0.1:1 -out " + t.TempDir(), "", "dial source"},
	} {
		cmd := exec.Command(bin, strings.Fields(c.args)...)
		cmd.Env = append(os.Environ(), strings.Fields(c.env)...)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err == nil || !strings.Contains(stderr.String(), c.want) || len(out) > 0 {
			t.Errorf("%s %s: %v, %q and on the output %q; want %q", c.env, c.args, err, stderr.String(), out, c.want)
		}
	}
}
