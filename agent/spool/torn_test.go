package spool_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	camera "xulang.vn/camera"
)

// cuts are the places at which a torn write of a film may end: within its head, at
// and around every part's end, within each part's own head and body.
func cuts(parts [][]byte) []int {
	list := []int{0, 1, 3, 4, 21, filmHead - 1, filmHead, filmHead + 1, filmHead + 7, filmHead + 8}
	end := 0
	for _, p := range parts {
		end += len(p)
		list = append(list, end-len(p)/2, end-1, end, end+1, end+7, end+8, end+9)
	}
	return slices.DeleteFunc(list, func(n int) bool { return n > end })
}

// TestTornLastWrite leaves a file that ends anywhere, with nothing, zeros or
// rubbish behind.
func TestTornLastWrite(t *testing.T) {
	_, parts := film(gateCam, camera.StreamMain, 0, 1000)
	body := slices.Concat(parts...)
	for _, tail := range [][]byte{nil, make([]byte, 700), bytes.Repeat([]byte{0xa5}, 5000)} {
		for _, n := range cuts(parts) {
			whole, size := 0, 0
			for _, p := range parts {
				if size+len(p) > n {
					break
				}
				size += len(p)
				whole++
			}
			dir := t.TempDir()
			folder := filepath.Join(dir, "segments", string(gateCam))
			if err := os.MkdirAll(folder, 0o700); err != nil {
				t.Fatal(err)
			}
			overwrite(t, filepath.Join(folder, "1-1.part"), slices.Concat(body[:n], tail))
			for range 2 {
				s := mustOpen(t, dir, roomy)
				segs, gaps := s.Unannounced(10)
				if len(gaps) > 0 || len(names(t, dir, "segments/*/*.part")) > 0 || len(names(t, dir, "quarantine/*")) > 0 {
					t.Errorf("cut at %d: gaps %v, or something was left", n, gaps)
				}
				switch {
				case whole == 0 && len(segs) > 0:
					t.Errorf("cut at %d: %v", n, segs)
				case whole > 0 && (len(segs) != 1 || segs[0] != fingerprint(gateCam, camera.StreamMain, 0, parts[:whole])):
					t.Errorf("cut at %d: %v, want %d parts", n, segs, whole)
				case whole > 0 && !bytes.Equal(readSegment(t, s, segs[0].SegmentID), body[:size]):
					t.Errorf("cut at %d: other bytes", n)
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// TestTornJournal cuts the journal within each of its last lines: what it forgets
// of a file the file itself tells, and wants are the ones before.
func TestTornJournal(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, roomy)
	mustPut(t, s, gateCam, 0, 500)
	before := []camera.Want{window(gateCam, 0, 1, false)}
	mustWant(t, s, before...)
	mustPut(t, s, gateCam, 1, 500)
	after := []camera.Want{window(gateCam, 0, 1, false), window(gateCam, 5, 1, true)}
	mustWant(t, s, after...)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "journal.jsonl")
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(bytes.TrimSuffix(whole, []byte("\n")), []byte("\n"))
	first := len(whole)
	for _, line := range lines[len(lines)-3:] { // intent, commit, wants
		first -= len(line)
	}
	for n := first - 1; n <= len(whole); n++ {
		if n%11 != 0 && n < len(whole)-1 && whole[n] != '\n' && whole[n-1] != '\n' && n > first+12 {
			continue // every byte of a line is alike, but at its ends
		}
		for _, tail := range []string{"", "\x00\x00\x00\x00", "\n\xa5\n"} {
			overwrite(t, name, append(slices.Clone(whole[:n]), tail...))
			s := mustOpen(t, dir, roomy)
			segs, gaps := s.Unannounced(10)
			if len(segs) != 2 || segs[0].Seq != 0 || segs[1].Seq != 1 || len(gaps) > 0 || len(names(t, dir, "quarantine/*")) > 0 {
				t.Fatalf("cut at %d of %d: %v %v", n, len(whole), segs, gaps)
			}
			want := before
			if n == len(whole) && tail != "\x00\x00\x00\x00" || n == len(whole)-1 && tail == "\n\xa5\n" {
				want = after
			}
			if got := s.Wants(); n != len(whole) && !slices.Equal(got, want) {
				t.Fatalf("cut at %d of %d: wants %v", n, len(whole), got)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}
