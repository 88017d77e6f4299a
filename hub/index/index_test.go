package index_test

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
	"xulang.vn/camera/hub/index"
)

var start = time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC)

const (
	mine   = camera.CameraID("caaaaaaaaaaaaaaaa")
	theirs = camera.CameraID("cbbbbbbbbbbbbbbbb")
	run    = camera.RunID("00000000000000aa")
)

func owned(id camera.CameraID) bool { return id == mine }

// clock is an hour after start: every fact below lies in its past.
func clock() time.Time { return start.Add(time.Hour) }

func open(t testing.TB) (*index.Index, *db.DB) {
	t.Helper()
	d, err := db.Open(t.Context(), filepath.Join(t.TempDir(), "hub.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return index.New(d, clock), d
}

func hashOf(seq uint32) camera.Hash { return sha256.Sum256(fmt.Append(nil, "segment ", seq)) }

// segment is the seq-th of a run of six-second segments.
func segment(seq uint32) camera.Segment {
	s := camera.Segment{
		SegmentID: camera.SegmentID{Camera: mine, Run: run, Seq: seq},
		Start:     start.Add(time.Duration(seq) * 6 * time.Second), End: start.Add(time.Duration(seq+1) * 6 * time.Second),
		Media: camera.Millis(5990 * time.Millisecond), SenderReport: start.Add(time.Duration(seq)*6*time.Second + 40*time.Millisecond),
		Clock: camera.Clock{Synchronised: true, Offset: camera.Millis(-12 * time.Millisecond), Bound: camera.Millis(7 * time.Millisecond)},
		Size:  1_000_000, InitSize: 800, SHA256: hashOf(seq), Codec: "avc1.64001f,mp4a.40.2", Width: 1920, Height: 1080,
	}
	if seq > 0 {
		s.Prev = hashOf(seq - 1)
	}
	return s
}

func segments(n int) []camera.Segment {
	list := make([]camera.Segment, n)
	for i := range list {
		list[i] = segment(uint32(i))
	}
	return list
}

func gap(from, to int) camera.Gap {
	return camera.Gap{Camera: mine, Start: start.Add(time.Duration(from) * time.Second), End: start.Add(time.Duration(to) * time.Second), Cause: camera.CauseCameraOff}
}

func put(t testing.TB, x *index.Index, segs []camera.Segment, gaps ...camera.Gap) camera.AnnounceReply {
	t.Helper()
	reply, err := x.Put(t.Context(), camera.Announce{V: camera.LinkVersion, Segments: segs, Gaps: gaps}, owned)
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

func accept(t testing.TB, x *index.Index, segs []camera.Segment, gaps ...camera.Gap) {
	t.Helper()
	if r := put(t, x, segs, gaps...); len(r.RefusedSegments)+len(r.RefusedGaps) > 0 || r.Err() != nil {
		t.Fatalf("refused: %+v", r)
	}
}

func window(t testing.TB, x *index.Index, from, to time.Time) ([]index.Entry, []camera.Gap) {
	t.Helper()
	entries, gaps, err := x.Window(t.Context(), mine, from, to)
	if err != nil {
		t.Fatal(err)
	}
	return entries, gaps
}

func TestWhatWasAnnouncedComesBack(t *testing.T) {
	x, _ := open(t)
	announced := segments(3)
	announced[1].SenderReport = time.Time{}
	accept(t, x, announced, gap(18, 30))
	entries, gaps := window(t, x, start, start.Add(time.Minute))
	if len(entries) != 3 || len(gaps) != 1 || gaps[0] != gap(18, 30) {
		t.Fatalf("%d entries, gaps %v", len(entries), gaps)
	}
	for i, e := range entries {
		if e.Segment != announced[i] || e.State != camera.StateHome || e.Received != clock() {
			t.Errorf("entry %d: %+v, announced %+v", i, e, announced[i])
		}
		one, err := x.Segment(t.Context(), e.SegmentID)
		if err != nil || one != e {
			t.Errorf("segment %s: %+v, %v", e.SegmentID, one, err)
		}
	}
	_, err := x.Segment(t.Context(), camera.SegmentID{Camera: mine, Run: run, Seq: 9})
	if camera.CodeOf(err) != camera.CodeUnknownSegment {
		t.Errorf("unknown segment: %v", err)
	}
}

func TestAnnouncingIsIdempotent(t *testing.T) {
	x, _ := open(t)
	segs := segments(40)
	growing := []camera.Gap{gap(300, 310), gap(300, 320), gap(300, 330), gap(400, 401), gap(500, 520)}
	want := []camera.Gap{gap(300, 330), gap(400, 401), gap(500, 520)}
	accept(t, x, segs, growing...)
	accept(t, x, append(segs, segs...), growing...) // twice over, and twice in one message
	check := func(how string) {
		t.Helper()
		entries, gaps := window(t, x, start, clock())
		if len(entries) != len(segs) || !reflect.DeepEqual(gaps, want) {
			t.Errorf("%s: %d entries, gaps %v", how, len(entries), gaps)
		}
	}
	check("again")

	x, _ = open(t)
	dice := rand.New(rand.NewPCG(1, 2))
	var wg sync.WaitGroup
	for range 8 {
		mixedSegs, mixedGaps := append([]camera.Segment{}, segs...), append([]camera.Gap{}, growing...)
		dice.Shuffle(len(mixedSegs), func(i, j int) { mixedSegs[i], mixedSegs[j] = mixedSegs[j], mixedSegs[i] })
		dice.Shuffle(len(mixedGaps), func(i, j int) { mixedGaps[i], mixedGaps[j] = mixedGaps[j], mixedGaps[i] })
		wg.Go(func() {
			for len(mixedSegs) > 0 {
				m := camera.Announce{V: camera.LinkVersion, Segments: mixedSegs[:10], Gaps: mixedGaps}
				if r, err := x.Put(t.Context(), m, owned); err != nil || len(r.RefusedSegments)+len(r.RefusedGaps) > 0 {
					t.Errorf("concurrent: %+v, %v", r, err)
				}
				mixedSegs = mixedSegs[10:]
			}
		})
	}
	wg.Wait()
	check("reordered, from eight at once")
}

func TestAnnouncedAgainKeepsItsState(t *testing.T) {
	x, _ := open(t)
	accept(t, x, segments(1))
	if err := x.SetState(t.Context(), segment(0).SegmentID, camera.StateStored); err != nil {
		t.Fatal(err)
	}
	accept(t, x, segments(1))
	if e, err := x.Segment(t.Context(), segment(0).SegmentID); err != nil || e.State != camera.StateStored {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestWindow(t *testing.T) {
	x, _ := open(t)
	long := segment(0)
	long.Run, long.Start, long.End = "00000000000000bb", start.Add(10*time.Minute), start.Add(12*time.Minute)
	accept(t, x, append(segments(10), long), gap(60, 70), gap(65, 3000))
	at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	for _, c := range []struct{ from, to, entries, gaps int }{
		{0, 60, 10, 0}, {-100, 0, 0, 0}, {6, 12, 1, 0}, {5, 13, 3, 0}, {11, 12, 1, 0}, {59, 61, 1, 1},
		{70, 80, 0, 1}, {719, 720, 1, 1}, {720, 800, 0, 1}, {601, 602, 1, 1}, {12, 12, 0, 0}, {13, 12, 0, 0},
	} {
		entries, gaps := window(t, x, at(c.from), at(c.to))
		if len(entries) != c.entries || len(gaps) != c.gaps {
			t.Errorf("%d–%d: %d entries and %d gaps, want %d and %d", c.from, c.to, len(entries), len(gaps), c.entries, c.gaps)
		}
		for i := 1; i < len(entries); i++ {
			if entries[i].Start.Before(entries[i-1].Start) {
				t.Errorf("%d–%d: out of order", c.from, c.to)
			}
		}
	}
}

func TestLast(t *testing.T) {
	x, _ := open(t)
	if _, ok, err := x.Last(t.Context(), mine); ok || err != nil {
		t.Errorf("of nothing: %v, %v", ok, err)
	}
	// The one that ends last did not start last.
	long := segment(0)
	long.Run, long.End = "00000000000000bb", start.Add(100*time.Second)
	accept(t, x, append(segments(10), long))
	if end, ok, err := x.Last(t.Context(), mine); !ok || err != nil || end != long.End {
		t.Errorf("%v, %v, %v, want %v", end, ok, err, long.End)
	}
}

func TestDiskGapMeansLost(t *testing.T) {
	x, _ := open(t)
	accept(t, x, segments(4))
	if err := x.SetState(t.Context(), segment(1).SegmentID, camera.StateStored); err != nil {
		t.Fatal(err)
	}
	disk := gap(0, 20) // covers the first three and a part of the fourth
	disk.Cause = camera.CauseDisk
	accept(t, x, nil, disk)
	entries, _ := window(t, x, start, clock())
	for i, want := range []camera.ByteState{camera.StateLost, camera.StateStored, camera.StateLost, camera.StateHome} {
		if entries[i].State != want {
			t.Errorf("segment %d is %s, want %s", i, entries[i].State, want)
		}
	}
}

func BenchmarkPut(b *testing.B) {
	x, _ := open(b)
	seq := uint32(0)
	for b.Loop() {
		batch := make([]camera.Segment, 100)
		for i := range batch {
			batch[i] = segment(seq % 500)
			batch[i].Run = camera.RunID(fmt.Sprintf("%016x", seq/500))
			seq++
		}
		for i := range batch {
			if batch[i].Seq > 0 {
				batch[i].Prev = hashOf(batch[i].Seq - 1)
			}
		}
		accept(b, x, batch)
	}
	b.ReportMetric(float64(seq)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkWindow(b *testing.B) {
	x, _ := open(b)
	accept(b, x, segments(500))
	rows := 0
	for b.Loop() {
		entries, _ := window(b, x, start, clock())
		rows += len(entries)
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}
