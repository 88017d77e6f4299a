package spool_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

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

// child writes segments until it is killed and says each part once its Write, and
// each number once its Commit has returned nil. Every third is announced, every
// sixth stored.
func child(dir string) error {
	s, err := spool.Open(dir, roomy, salvage, clock, quiet)
	if err != nil {
		return err
	}
	from, err := strconv.Atoi(os.Getenv(childFrom))
	if err != nil {
		return err
	}
	for n := from; ; n++ {
		if err := record(s, n); err != nil {
			return err
		}
		seg, _ := made(gateCam, n, killedSize)
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

func record(s *spool.Spool, n int) error {
	f, err := s.Create(gateCam)
	if err != nil {
		return err
	}
	seg, parts := film(gateCam, camera.StreamMain, n, killedSize)
	for i, part := range parts {
		if _, err := f.Write(part); err != nil {
			return err
		}
		fmt.Println("wrote", n*filmParts+i)
	}
	if err := f.Commit(seg); err != nil {
		return err
	}
	fmt.Println("committed", n)
	return nil
}

// told is what the children said before they were killed.
type told struct{ wrote, committed, stored []int }

// TestKill kills a writing process at random points and looks for everything
// that it was promised.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	var all told
	next := 0
	for round := range killRounds {
		cmd := exec.Command(os.Args[0], "-test.run=^$")
		cmd.Env = append(os.Environ(), childDir+"="+dir, childFrom+"="+strconv.Itoa(next))
		runAndKill(t, cmd, 1+rand.IntN(60), &all)
		next = checkKilled(t, dir, all, round)
	}
	if len(all.committed) < killRounds || len(all.wrote) <= len(all.committed)*filmParts {
		t.Fatalf("%d commits, %d parts in %d rounds", len(all.committed), len(all.wrote), killRounds)
	}
}

// runAndKill kills the process some reads after the line that it waits for, so
// that the kill falls anywhere within the next parts and commits.
func runAndKill(t *testing.T, cmd *exec.Cmd, lines int, all *told) {
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
		switch word {
		case "stored":
			all.stored = append(all.stored, n)
		case "committed":
			all.committed = append(all.committed, n)
		case "wrote":
			all.wrote = append(all.wrote, n)
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
}

// checkKilled returns the first number that is free.
func checkKilled(t *testing.T, dir string, all told, round int) int {
	t.Helper()
	s := mustOpen(t, dir, roomy)
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	segs, gaps := s.Unannounced(1 << 20)
	for _, g := range gaps { // behind what a kill cut short
		if g.Cause != camera.CauseAgentOff || g.End.Sub(g.Start) >= 6*time.Second {
			t.Errorf("round %d: gap %v", round, g)
		}
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
	for _, n := range all.stored {
		if slices.Contains(waiting, n) || slices.Contains(fresh, n) {
			t.Errorf("round %d: %d is stored and would be sent again", round, n)
		}
	}
	for i, n := range all.wrote {
		if i+1 < len(all.wrote) && all.wrote[i+1]/filmParts == n/filmParts {
			continue // more of it was written
		}
		seg, parts := film(gateCam, camera.StreamMain, n/filmParts, killedSize)
		whole := slices.Concat(parts[:n%filmParts+1]...)
		if !bytes.HasPrefix(readSegment(t, s, seg.SegmentID), whole) {
			t.Errorf("round %d: part %d of segment %d is lost", round, n%filmParts, n/filmParts)
		}
	}
	for _, n := range all.committed {
		if seg, _ := made(gateCam, n, killedSize); len(readSegment(t, s, seg.SegmentID)) != killedSize {
			t.Errorf("round %d: segment %d is not whole", round, n)
		}
	}
	for _, seg := range segs {
		if sha256.Sum256(readSegment(t, s, seg.SegmentID)) != seg.SHA256 {
			t.Errorf("round %d: %s is not what its fingerprint says", round, seg.SegmentID)
		}
	}
	numbers := slices.Concat(fresh, waiting)
	slices.Sort(numbers)
	if len(numbers) != len(slices.Compact(slices.Clone(numbers))) {
		t.Errorf("round %d: duplicates in %v", round, numbers)
	}
	last, _ := s.Last(gateCam)
	return (int(last.Sub(t0).Seconds()) + 5) / 6 // of a salvaged one the end may be missing
}
