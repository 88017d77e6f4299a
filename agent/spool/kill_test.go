package spool_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/spool"
)

const (
	killRounds = 15
	childDir   = "XULANG_SPOOL_CHILD"
	childFrom  = "XULANG_SPOOL_FROM"
	killedSize = 20_000
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := child(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// child commits segments until it is killed and says each number once its Commit
// has returned nil. Every third is announced, every sixth stored.
func child(dir string) error {
	s, err := spool.Open(dir, roomy, clock, quiet)
	if err != nil {
		return err
	}
	from, err := strconv.Atoi(os.Getenv(childFrom))
	if err != nil {
		return err
	}
	for n := from; ; n++ {
		seg, err := put(s, gateCam, n, killedSize)
		if err != nil {
			return err
		}
		fmt.Println("committed", n)
		if n%3 == 0 {
			if err := s.Announced([]camera.SegmentID{seg.SegmentID}, nil); err != nil {
				return err
			}
		}
		if n%6 == 0 {
			if err := s.Stored(seg.SegmentID); err != nil {
				return err
			}
			fmt.Println("stored", n)
		}
	}
}

// TestKill kills a writing process at random points and looks for everything
// that it was promised.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	var committed, stored []int
	next := 0
	for round := range killRounds {
		cmd := exec.Command(os.Args[0], "-test.run=^$")
		cmd.Env = append(os.Environ(), childDir+"="+dir, childFrom+"="+strconv.Itoa(next))
		c, st := runAndKill(t, cmd, 1+rand.IntN(12))
		committed, stored = append(committed, c...), append(stored, st...)
		next = checkKilled(t, dir, committed, stored, round)
	}
	if len(committed) < killRounds {
		t.Fatalf("%d commits in %d rounds", len(committed), killRounds)
	}
}

// runAndKill kills the process some reads after the line that it waits for, so
// that the kill falls anywhere within the next commits.
func runAndKill(t *testing.T, cmd *exec.Cmd, lines int) (committed, stored []int) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewScanner(out)
	for seen := 0; in.Scan(); {
		word, number, _ := strings.Cut(in.Text(), " ")
		n, err := strconv.Atoi(number)
		if err != nil {
			t.Fatal(err)
		}
		if word == "stored" {
			stored = append(stored, n)
		} else {
			committed = append(committed, n)
		}
		if seen++; seen == lines {
			for range rand.IntN(2000) { // a random part of one commit, without a clock
				_ = os.Getpid()
			}
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.Exited() {
		t.Fatalf("child ended by itself: %v", err)
	}
	return committed, stored
}

// checkKilled returns the first number that is free.
func checkKilled(t *testing.T, dir string, committed, stored []int, round int) int {
	t.Helper()
	s := mustOpen(t, dir, roomy)
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	segs, gaps := s.Unannounced(1 << 20)
	if len(gaps) > 0 {
		t.Errorf("round %d: gaps %v", round, gaps)
	}
	if left := names(t, dir, "quarantine/*"); len(left) > 0 {
		t.Errorf("round %d: in quarantine: %v", round, left)
	}
	waiting := seqs(s)
	var fresh []int
	for _, seg := range segs {
		fresh = append(fresh, int(seg.Seq))
	}
	if !slices.IsSorted(fresh) || !slices.IsSorted(waiting) {
		t.Errorf("round %d: order: %v %v", round, fresh, waiting)
	}
	for _, n := range stored {
		if slices.Contains(waiting, n) || slices.Contains(fresh, n) {
			t.Errorf("round %d: %d is stored and would be sent again", round, n)
		}
	}
	for _, n := range committed {
		seg, body := made(gateCam, n, killedSize)
		if string(readSegment(t, s, seg.SegmentID)) != string(body) {
			t.Errorf("round %d: segment %d has other bytes", round, n)
		}
	}
	all := slices.Concat(fresh, waiting)
	slices.Sort(all)
	if len(all) != len(slices.Compact(slices.Clone(all))) {
		t.Errorf("round %d: duplicates in %v", round, all)
	}
	last, _ := s.Last(gateCam)
	return int(last.Sub(t0).Seconds()) / 6
}
