package spool_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/spool"
)

// TestRecovery damages a folder of four segments (0 stored, 1 announced, 2 and 3
// new) and looks at what the next Open makes of it.
func TestRecovery(t *testing.T) {
	cases := []struct {
		name        string
		hurt        func(t *testing.T, dir string, files []string)
		fresh       []int
		waiting     []int
		gaps        []int // first seconds of disk gaps
		quarantined int
	}{
		{"nothing", func(*testing.T, string, []string) {}, []int{2, 3}, []int{1}, nil, 0},
		{"truncated", func(t *testing.T, _ string, f []string) { overwrite(t, f[2], []byte("short")) }, []int{3}, []int{1}, []int{12}, 1},
		{"missing", func(t *testing.T, _ string, f []string) { remove(t, f[1]) }, []int{2, 3}, []int{}, []int{6}, 0},
		{"two missing", func(t *testing.T, _ string, f []string) { remove(t, f[2]); remove(t, f[3]) }, nil, []int{1}, []int{12, 18}, 0},
		{"stored and missing", func(t *testing.T, _ string, f []string) { remove(t, f[0]) }, []int{2, 3}, []int{1}, nil, 0},
		{"unknown file", func(t *testing.T, _ string, f []string) { overwrite(t, f[0]+".bak", []byte("x")) }, []int{2, 3}, []int{1}, nil, 1},
		{"unknown folder", func(t *testing.T, dir string, _ []string) {
			if err := os.MkdirAll(filepath.Join(dir, "segments", "lost", "found"), 0o700); err != nil {
				t.Fatal(err)
			}
		}, []int{2, 3}, []int{1}, nil, 1},
		{"unfinished file", func(t *testing.T, _ string, f []string) {
			overwrite(t, filepath.Join(filepath.Dir(f[0]), "1-1.part"), []byte("x"))
		}, []int{2, 3}, []int{1}, nil, 0},
		{"torn end", func(t *testing.T, dir string, _ []string) { appendTo(t, dir, `00000000 {"k":"ga`) }, []int{2, 3}, []int{1}, nil, 0},
		{"zeros at the end", func(t *testing.T, dir string, _ []string) { appendTo(t, dir, "\n\x00\x00\x00\n\x00") }, []int{2, 3}, []int{1}, nil, 0},
		{"a line inside", hurtLine, []int{2, 3}, []int{1}, nil, 1}, // the copy of the journal
		{"no journal", func(t *testing.T, dir string, _ []string) { remove(t, filepath.Join(dir, "journal.jsonl")) }, []int{0, 1, 2, 3}, []int{}, nil, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			files := fourSegments(t, dir)
			c.hurt(t, dir, files)
			for range 2 { // recovering twice is recovering once
				s := mustOpen(t, dir, roomy)
				var fresh, gaps []int
				segs, gs := s.Unannounced(100)
				for _, seg := range segs {
					fresh = append(fresh, int(seg.Seq))
				}
				for _, g := range gs {
					if g.Cause != camera.CauseDisk {
						t.Errorf("gap %v", g)
					}
					gaps = append(gaps, int(g.Start.Sub(t0).Seconds()))
				}
				slices.Sort(gaps)
				if len(gaps) == 1 && len(c.gaps) == 2 && gs[0].End.Sub(gs[0].Start) == 12*time.Second {
					gaps = c.gaps // they were found in an order in which they joined
				}
				if !slices.Equal(fresh, c.fresh) || !slices.Equal(seqs(s), c.waiting) || !slices.Equal(gaps, c.gaps) {
					t.Errorf("fresh %v, waiting %v, gaps %v; want %v, %v, %v", fresh, seqs(s), gaps, c.fresh, c.waiting, c.gaps)
				}
				if q := names(t, dir, "quarantine/*"); len(q) != c.quarantined {
					t.Errorf("in quarantine: %v", q)
				}
				if parts := names(t, dir, "segments/*/*.part"); len(parts) > 0 {
					t.Errorf("unfinished: %v", parts)
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func fourSegments(t *testing.T, dir string) (files []string) {
	t.Helper()
	s := mustOpen(t, dir, roomy)
	for n := range 4 {
		seg := mustPut(t, s, gateCam, n, 1000)
		files = append(files, filepath.Join(dir, "segments", string(gateCam), filepath.Base(seg.Key().String())))
		if n < 2 {
			announceAll(t, s)
		}
		if n == 0 {
			if err := s.Stored(seg.SegmentID); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return files
}

func remove(t *testing.T, name string) {
	t.Helper()
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
}

func appendTo(t *testing.T, dir, text string) {
	t.Helper()
	name := filepath.Join(dir, "journal.jsonl")
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	overwrite(t, name, append(b, text...))
}

// hurtLine flips a bit in the intent of segment 3; its confirmation follows.
func hurtLine(t *testing.T, dir string, _ []string) {
	t.Helper()
	name := filepath.Join(dir, "journal.jsonl")
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(b, []byte(`"seq":3`))
	b[at+6] ^= 2
	overwrite(t, name, b)
}

// TestUnconfirmedIntent: the journal ends with the intent, as after a crash right
// behind the rename.
func TestUnconfirmedIntent(t *testing.T) {
	for _, c := range []struct {
		name    string
		content func(right []byte) []byte
		kept    bool
	}{
		{"right bytes", func(b []byte) []byte { return b }, true},
		{"same size, other bytes", func(b []byte) []byte { return bytes.Repeat([]byte{7}, len(b)) }, false},
		{"short", func(b []byte) []byte { return b[:10] }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			s := mustOpen(t, dir, roomy)
			seg := mustPut(t, s, gateCam, 0, 1000)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			journal := filepath.Join(dir, "journal.jsonl")
			b, err := os.ReadFile(journal)
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.SplitAfter(string(b), "\n")
			if len(lines) != 3 || !strings.Contains(lines[0], `"intent"`) || !strings.Contains(lines[1], `"commit"`) {
				t.Fatalf("journal %q", lines)
			}
			overwrite(t, journal, []byte(lines[0]))
			_, body := made(gateCam, 0, 1000)
			overwrite(t, names(t, dir, "segments/*/*.mp4")[0], c.content(body))

			s = mustOpen(t, dir, roomy)
			segs, gaps := s.Unannounced(10)
			if c.kept && (len(segs) != 1 || segs[0] != seg || len(gaps) != 0) {
				t.Errorf("%v %v", segs, gaps)
			}
			if !c.kept && (len(segs) != 0 || len(gaps) != 1 || len(names(t, dir, "quarantine/*")) != 1) {
				t.Errorf("%v %v %v", segs, gaps, names(t, dir, "quarantine/*"))
			}
		})
	}
}

func TestQuarantineIsBounded(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, spool.Limits{Bytes: 10_000})
	mustPut(t, s, gateCam, 0, 100)
	for _, name := range []string{"a", "b", "c"} {
		overwrite(t, filepath.Join(dir, "segments", string(gateCam), name), make([]byte, 600))
		s = reopen(t, s, dir, spool.Limits{Bytes: 10_000})
	}
	left := names(t, dir, "quarantine/*")
	if len(left) != 1 || !strings.HasSuffix(left[0], "-c") {
		t.Errorf("in quarantine: %v", left)
	}
}

// TestCompaction: a spool that runs for long must not write a journal for ever.
func TestCompaction(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, roomy)
	seg := mustPut(t, s, gateCam, 0, 100)
	for range 10_000 {
		if err := s.Announced([]camera.SegmentID{seg.SegmentID}, nil); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(filepath.Join(dir, "journal.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(b, []byte("\n")); n > 4200 {
		t.Errorf("%d lines for one segment", n)
	}
	s = reopen(t, s, dir, roomy)
	if got := seqs(s); !slices.Equal(got, []int{0}) {
		t.Errorf("waiting %v", got)
	}
}
