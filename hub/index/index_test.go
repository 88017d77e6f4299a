package index_test

import (
	"crypto/ed25519"
	"math/rand/v2"
	"reflect"
	"sync"
	"testing"
	"time"

	camera "xulang.vn/camera"
)

func TestWhatWasAnnouncedComesBack(t *testing.T) {
	x, _ := open(t)
	announced := segments(3)
	announced[1].SenderReport = time.Time{}
	announced[2].Stream, announced[2].Run = camera.StreamSub, "00000000000000bb"
	announced[2].KeySize, announced[2].KeySHA256, announced[2].Activity = 0, camera.Hash{}, ""
	announced[1].Origin, announced[1].RecorderOffset, announced[1].RecorderBound = camera.OriginRecorder, camera.Millis(-7*time.Minute), camera.Millis(600*time.Millisecond)
	announced = sign(announced)
	accept(t, x, announced, gap(18, 30))
	entries, gaps := window(t, x, start, start.Add(time.Minute))
	if len(entries) != 3 || len(gaps) != 1 || gaps[0] != signGaps([]camera.Gap{gap(18, 30)})[0] {
		t.Fatalf("%d entries, gaps %v", len(entries), gaps)
	}
	for i, e := range entries {
		one, err := x.Segment(t.Context(), e.SegmentID)
		if err != nil || one.Segment != announced[i] || one.State != camera.StateHome || one.Received != clock() {
			t.Errorf("segment %s: %+v, %v, announced %+v", e.SegmentID, one, err, announced[i])
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
	want := signGaps([]camera.Gap{gap(300, 330), gap(400, 401), gap(500, 520)})
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
		mixedSegs, mixedGaps := sign(segs), signGaps(growing)
		dice.Shuffle(len(mixedSegs), func(i, j int) { mixedSegs[i], mixedSegs[j] = mixedSegs[j], mixedSegs[i] })
		dice.Shuffle(len(mixedGaps), func(i, j int) { mixedGaps[i], mixedGaps[j] = mixedGaps[j], mixedGaps[i] })
		wg.Go(func() {
			for len(mixedSegs) > 0 {
				m := camera.Announce{V: camera.LinkVersion, Segments: mixedSegs[:10], Gaps: mixedGaps}
				if r, err := x.Put(t.Context(), m, device); err != nil || len(r.RefusedSegments)+len(r.RefusedGaps) > 0 {
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
	want := sign(segments(1))[0]
	if e, err := x.Segment(t.Context(), want.SegmentID); err != nil || e.State != camera.StateStored || e.Segment != want {
		t.Errorf("%+v, %v", e, err)
	}
	// The box got a new key and announces from the old disk: what was first stays.
	again := segment(0)
	_, other, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	again.Signature = camera.Signature(ed25519.Sign(other, again.Payload()))
	reply, err := x.Put(t.Context(), camera.Announce{V: camera.LinkVersion, Segments: []camera.Segment{again}}, household{other})
	if err != nil || len(reply.RefusedSegments) > 0 {
		t.Errorf("announced with another key: %+v, %v", reply, err)
	}
	if e, err := x.Segment(t.Context(), want.SegmentID); err != nil || e.State != camera.StateStored || e.Segment != want {
		t.Errorf("after another key: %+v, %v", e, err)
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
	fetched := segment(0) // tells nothing of what the agent records
	fetched.Run, fetched.Start, fetched.End, fetched.Origin = "00000000000000cc", start.Add(10*time.Minute), start.Add(11*time.Minute), camera.OriginRecorder
	accept(t, x, append(segments(10), long, fetched))
	if end, ok, err := x.Last(t.Context(), mine); !ok || err != nil || end != long.End {
		t.Errorf("%v, %v, %v, want %v", end, ok, err, long.End)
	}
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
