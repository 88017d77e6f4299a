package index_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"testing"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
	"xulang.vn/camera/hub/db/dbtest"
	"xulang.vn/camera/hub/index"
	"xulang.vn/camera/hub/index/indextest"
)

const childFile = "XULANG_TEST_PUT_FILE"

// TestMain lets the test program run itself as the hub that is going to be killed; all
// tests run over both databases.
func TestMain(m *testing.M) {
	if path := os.Getenv(childFile); path != "" {
		fmt.Fprintln(os.Stderr, putForEver(context.Background(), path))
		os.Exit(1)
	}
	os.Exit(dbtest.Main(m))
}

// putForEver announces one segment after the other and says on standard output
// which one was acknowledged.
func putForEver(ctx context.Context, path string) error {
	d, err := db.Open(ctx, path)
	if err != nil {
		return err
	}
	x, err := index.Open(ctx, d, &indextest.Memory{}, slog.New(slog.DiscardHandler), clock)
	if err != nil {
		return err
	}
	for seq := uint32(0); ; seq++ {
		s := segment(seq % 500)
		s.Run = camera.RunID(fmt.Sprintf("%016x", seq/500))
		if _, err := x.Put(ctx, camera.Announce{V: camera.LinkVersion, Segments: sign([]camera.Segment{s})}, device); err != nil {
			return err
		}
		if _, err := fmt.Println(seq); err != nil {
			return err
		}
	}
}

func TestAcknowledgedSurvivesKill(t *testing.T) {
	path := dbtest.Where(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	acknowledged := map[uint32]bool{}
	for round, most := range []int{1, 7, 30} {
		child := exec.CommandContext(t.Context(), self)
		child.Env = append(os.Environ(), childFile+"="+path)
		child.Stderr = os.Stderr
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		// What the child wrote before it died counts too.
		for lines, n := bufio.NewScanner(out), 0; lines.Scan(); n++ {
			seq, err := strconv.ParseUint(lines.Text(), 10, 32)
			if err != nil {
				t.Fatal(err)
			}
			acknowledged[uint32(seq)] = true
			if n == most {
				if err := child.Process.Kill(); err != nil { // SIGKILL
					t.Fatal(err)
				}
			}
		}
		if err := child.Wait(); err == nil || child.ProcessState.ExitCode() != -1 {
			t.Fatalf("the child ended by itself: %v", err)
		}
		lookFor(t, path, acknowledged, fmt.Sprintf("after kill %d", round+1))
	}
}

func lookFor(t *testing.T, path string, acknowledged map[uint32]bool, when string) {
	t.Helper()
	d, err := db.Open(t.Context(), path)
	if err != nil {
		t.Fatalf("%s: %v", when, err)
	}
	defer func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}()
	x, err := index.Open(t.Context(), d, &indextest.Memory{}, slog.New(slog.DiscardHandler), clock)
	if err != nil {
		t.Fatalf("%s: %v", when, err)
	}
	for seq := range acknowledged {
		s := segment(seq % 500)
		s.Run = camera.RunID(fmt.Sprintf("%016x", seq/500))
		if e, err := x.Segment(t.Context(), s.SegmentID); err != nil || e.Segment != sign([]camera.Segment{s})[0] {
			t.Errorf("%s: segment %d: %+v, %v", when, seq, e, err)
		}
	}
}
