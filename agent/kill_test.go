package agent_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent"
	"xulang.vn/camera/agent/segment"
	"xulang.vn/camera/agent/spool"
)

const (
	killBoxes = 10 // households whose agent is killed …
	killEach  = 20 // … so often: 200 kills
	killChild = "XULANG_KILL_CHILD"
	lostMost  = 2 * filmRate // frames that one kill may cost: two seconds
)

// TestMain runs an agent in place of the tests when a test has started this
// program for it.
func TestMain(m *testing.M) {
	if text := os.Getenv(killChild); text != "" {
		var cfg agent.Config
		err := json.Unmarshal([]byte(text), &cfg)
		if err == nil {
			err = agent.Run(context.Background(), cfg, agent.Outside{Log: slog.New(slog.NewTextHandler(os.Stderr, nil)), Now: time.Now})
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// TestKilledTwoHundredTimes kills agents with SIGKILL at random pictures. Each kill
// may cost two seconds of media, nothing between the first and the last picture of
// a run is missing, and everything that is stored decodes.
func TestKilledTwoHundredTimes(t *testing.T) {
	f := startFilm(t)
	var boxes sync.WaitGroup
	worst := make([]int, killBoxes)
	for n := range killBoxes {
		boxes.Go(func() { worst[n] = killBox(t, f, n) })
	}
	boxes.Wait()
	t.Logf("%d kills; the worst cost %d frames at %d a second", killBoxes*killEach, slices.Max(worst), filmRate)
}

// killed is what was sent to an agent before one kill.
type killed struct{ from, to int } // the first frame after PLAY, and the first one after the kill

func killBox(t *testing.T, f *film, n int) (worst int) {
	cfg := boxConfig(t, f, n)
	text, err := json.Marshal(cfg)
	if err != nil {
		t.Error(err)
		return 0
	}
	var kills []killed
	for range killEach {
		played := f.played(n)
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
		cmd.Env = append(os.Environ(), killChild+"="+string(text))
		var said bytes.Buffer
		cmd.Stderr = &said
		if err := cmd.Start(); err != nil {
			t.Error(err)
			return 0
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		from, ok := f.await(t.Context(), played, ended)
		if ok {
			ok = f.reach(t.Context(), from+1+rand.IntN(3*filmRate), ended)
		}
		if !ok {
			t.Errorf("box %d: the agent ended by itself: %s", n, said.String())
			return 0
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		<-ended
		kills = append(kills, killed{from, f.sent()})
	}
	return checkBox(t, cfg, kills)
}

// boxConfig joins a household to a hub that is never seen again.
func boxConfig(t *testing.T, f *film, n int) agent.Config {
	t.Helper()
	hub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"household":"h1","label":"Nhà"}`)
	}))
	defer hub.Close()
	cfg := agent.Default()
	cfg.Hub, cfg.Code, cfg.Data, cfg.Metrics = hub.URL, "ABCD-EFGH-IJKL-MNOP-QRST-UVWX-YZ", t.TempDir(), ""
	if _, err := agent.Join(t.Context(), cfg, slog.New(slog.DiscardHandler)); err != nil {
		t.Error(err)
	}
	cfg.Networks, cfg.Simulated = []string{"127.0.0.0/8"}, true
	cfg.Cameras = []agent.Camera{{
		Serial: fmt.Sprint("KILL-", n), Label: fmt.Sprint("Nhà ", n), URL: f.url(n), Consent: camera.Consent{Level: camera.ConsentClip},
		View: camera.View{Position: camera.Position{Lon: 106.7, Lat: 21.9}, FOV: 90, Range: 50},
	}}
	return cfg
}

func checkBox(t *testing.T, cfg agent.Config, kills []killed) (worst int) {
	dir := filepath.Join(cfg.Data, "spool")
	s, err := spool.Open(dir, spool.Limits{Bytes: 1 << 40}, segment.Salvage, time.Now, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Error(err)
		return 0
	}
	segs, gaps := s.Unannounced(100_000)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if odd, err := os.ReadDir(filepath.Join(dir, "quarantine")); err != nil || len(odd) > 0 {
		t.Errorf("%s: %d files in quarantine, %v", cfg.Data, len(odd), err)
	}
	frames := checkRuns(t, dir, segs)
	for i, k := range kills {
		last := k.from - 1 // nothing: all that was sent is lost
		for _, n := range frames {
			if n < k.to {
				last = max(last, n)
			}
		}
		worst = max(worst, k.to-1-last)
		if lost := k.to - 1 - last; lost > lostMost {
			t.Errorf("%s: kill %d cost %d frames", cfg.Data, i, lost)
		}
	}
	checkGaps(t, segs, gaps)
	decodes(t, dir, segs)
	return worst
}

// checkRuns finds the numbers of all recorded frames. Within a run none is missing.
func checkRuns(t *testing.T, dir string, segs []camera.Segment) (frames []int) {
	last := map[camera.RunID]int{}
	slices.SortFunc(segs, func(a, b camera.Segment) int { return int(a.Seq) - int(b.Seq) })
	for _, s := range segs {
		data, err := os.ReadFile(fileOf(dir, s))
		if err != nil {
			t.Error(err)
			continue
		}
		numbers := filmed(data)
		if len(numbers) == 0 && s.Seq == 0 && s.Size == s.KeySize {
			continue // who joins in the middle of a picture misses the number before its slice
		}
		if len(numbers) == 0 || int64(len(data)) != s.Size {
			t.Errorf("segment %s: %d frames in %d bytes, announced %d", s.SegmentID, len(numbers), len(data), s.Size)
		}
		for _, n := range numbers {
			if before, ok := last[s.Run]; ok && n != before+1 {
				t.Errorf("segment %s: frame %d after %d", s.SegmentID, n, before)
			}
			last[s.Run] = n
		}
		frames = append(frames, numbers...)
	}
	return frames
}

// checkGaps: between two segments there is no time without a cause.
func checkGaps(t *testing.T, segs []camera.Segment, gaps []camera.Gap) {
	slices.SortFunc(segs, func(a, b camera.Segment) int { return a.Start.Compare(b.Start) })
	slices.SortFunc(gaps, func(a, b camera.Gap) int { return a.Start.Compare(b.Start) })
	for i := 1; i < len(segs); i++ {
		at := segs[i-1].End
		for _, g := range gaps {
			if !g.Start.After(at) && g.End.After(at) {
				at = g.End
			}
		}
		if hole := segs[i].Start.Sub(at); hole > 250*time.Millisecond {
			t.Errorf("%s: %s before segment %s have no cause", segs[i].Camera, hole, segs[i].SegmentID)
		}
	}
}

func fileOf(dir string, s camera.Segment) string {
	return filepath.Join(dir, "segments", string(s.Camera), filepath.Base(s.Key().String()))
}

// decodes lets ffmpeg decode every file and takes its silence for agreement.
func decodes(t *testing.T, dir string, segs []camera.Segment) {
	for _, s := range segs {
		cmd := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-xerror", "-i", fileOf(dir, s), "-map", "0:v", "-f", "null", "-")
		if out, err := cmd.CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != "" {
			t.Errorf("segment %s does not decode: %v %s", s.SegmentID, err, out)
		}
	}
}
