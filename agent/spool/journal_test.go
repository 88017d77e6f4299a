package spool_test

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/spool"
)

func FuzzReadJournal(f *testing.F) {
	seg, _ := made(gateCam, 0, 100)
	good := spool.SegmentLine(seg)
	f.Add(good)
	f.Add(append(slices.Clone(good), good[:40]...))
	f.Add([]byte("00000000 {}\nzzzzzzzz {}\n\n\x00"))
	f.Add(append([]byte("x\n"), good...))
	for _, seed := range seeds(f) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		lines, inside, tail, err := spool.ReadJournal(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(b, []byte("\n")) + 1; len(lines)+inside+tail > n {
			t.Fatalf("%d good, %d+%d bad of %d lines", len(lines), inside, tail, n)
		}
		again, inside, tail, err := spool.ReadJournal(strings.NewReader(strings.Join(lines, "")))
		if err != nil || inside+tail > 0 || !slices.Equal(again, lines) {
			t.Fatalf("written again: %d+%d bad, %v", inside, tail, err)
		}
	})
}

// seeds are journals with a line of every kind.
func seeds(f *testing.F) [][]byte {
	f.Helper()
	released, err := os.ReadFile("testdata/journal-1.jsonl")
	if err != nil {
		f.Fatal(err)
	}
	seg, _ := made(gateCam, 1, 100)
	sub := fingerprint(yardCam, camera.StreamSub, 0, [][]byte{make([]byte, 100)})
	gap := camera.Gap{Camera: yardCam, Stream: camera.StreamSub, Start: t0, End: t0.Add(time.Minute), Cause: camera.CauseOverwritten}
	return [][]byte{
		released,
		slices.Concat(spool.PolicyLine(yardCam, camera.StreamSub, true), spool.PolicyLine(yardCam, camera.StreamSub, false),
			spool.WantsLine(window(gateCam, 0, 3, true), window(yardCam, 0, 1, false)), spool.SegmentLine(seg), spool.SegmentLine(sub),
			spool.GapLine(gap, true), spool.WantsLine()),
		slices.Concat(spool.SegmentLine(sub), spool.SegmentLine(sub), spool.GapLine(gap, false), spool.GapLine(gap, true)),
	}
}

// FuzzRecords hands lines with right checksums to the book: whatever they say, what
// it writes makes the same book again.
func FuzzRecords(f *testing.F) {
	for _, seed := range seeds(f) {
		var bodies []string
		for line := range strings.Lines(string(seed)) {
			bodies = append(bodies, strings.TrimSpace(line[9:]))
		}
		f.Add(strings.Join(bodies, "\n"))
	}
	f.Add(`{"k":"wants","wants":[{"camera":"c6ku4hhdnhewlxcv4","from":"2026-11-22T07:00:00Z","to":"2026-11-22T07:00:00Z"}]}`)
	f.Add(`{"k":"wants","wants":[{"camera":"c6ku4hhdnhewlxcv4","from":"0001-01-01T00:00:00Z","to":"9999-12-31T23:59:59.999999999Z","fetch":true}]}`)
	f.Add(`{"k":"policy","camera":"c6ku4hhdnhewlxcv4","stream":"other","free":true}`)
	f.Add(`{"k":"gone","ids":[]}`)
	f.Fuzz(func(t *testing.T, bodies string) {
		var journal []byte
		for body := range strings.SplitSeq(bodies, "\n") {
			journal = append(journal, spool.Checked([]byte(body))...)
		}
		first, err := spool.Rewritten(bytes.NewReader(journal))
		if err != nil {
			t.Fatal(err)
		}
		if again, err := spool.Rewritten(strings.NewReader(first)); err != nil || again != first {
			t.Fatalf("first:\n%s\nthen (%v):\n%s", first, err, again)
		}
	})
}

// TestRecordsAreStrict: a line with the right checksum is refused when it makes no
// sense.
func TestRecordsAreStrict(t *testing.T) {
	const cam = `"camera":"c6ku4hhdnhewlxcv4"`
	want := `{` + cam + `,"from":"2026-11-22T07:00:00Z","to":"2026-11-22T07:00:01Z"}`
	cases := []struct {
		body string
		good bool
	}{
		{`{"k":"wants"}`, true},
		{`{"k":"wants","wants":[` + want + `]}`, true},
		{`{"k":"wants","wants":[` + strings.Repeat(want+",", camera.WantsMost) + want + `]}`, false},
		{`{"k":"wants","wants":[{` + cam + `}]}`, false},
		{`{"k":"wants","wants":[{"camera":"../x","from":"2026-11-22T07:00:00Z","to":"2026-11-22T07:00:01Z"}]}`, false},
		{`{"k":"policy",` + cam + `}`, true},
		{`{"k":"policy",` + cam + `,"stream":"sub","free":true}`, true},
		{`{"k":"policy",` + cam + `,"stream":"side"}`, false},
		{`{"k":"policy"}`, false},
		{`{"k":"gone"}`, false},
		{`{"k":"commit"}`, false},
		{`{"k":"last",` + cam + `}`, false},
		{`{"k":"gap","gaps":[{` + cam + `,"stream":"side","start":"2026-11-22T07:00:00Z","end":"2026-11-22T07:00:01Z","cause":"disk"}]}`, false},
		{`{"k":"gap","gaps":[{` + cam + `,"start":"2026-11-22T07:00:00Z","end":"2026-11-22T07:00:01Z","cause":"lost"}]}`, false},
		{`{"k":"segment"}`, false},
		{`{"k":"other"}`, false},
	}
	for _, c := range cases {
		lines, inside, tail, err := spool.ReadJournal(bytes.NewReader(spool.Checked([]byte(c.body))))
		if err != nil || (len(lines) == 1) != c.good || inside+tail == 0 != c.good {
			t.Errorf("%.80s: %d good, %d bad, %v", c.body, len(lines), inside+tail, err)
		}
	}
}
