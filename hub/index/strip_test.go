package index_test

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index"
	"xulang.vn/camera/hub/index/pack"
)

// wholeHours are whole hours of a camera, as manifests.
func wholeHours(id camera.CameraID, first int64, n int) (all []pack.Manifest) {
	for hour := first; hour < first+int64(n); hour++ {
		all = append(all, pack.Manifest{Camera: id, Hour: hour, Facts: factsOf(id, hour)})
	}
	return all
}

func putHours(t testing.TB, h *hub, all []pack.Manifest) {
	t.Helper()
	if err := h.PutHours(t.Context(), all); err != nil {
		t.Fatal(err)
	}
}

// plain is which segments of a camera touch a window.
func plain(all []pack.Manifest, fresh []pack.Fact, from, to time.Time) (ids []camera.SegmentID) {
	for _, m := range all {
		for _, f := range m.Facts {
			if f.Start.Before(to) && f.End.After(from) {
				ids = append(ids, f.SegmentID)
			}
		}
	}
	for _, f := range fresh {
		if f.Start.Before(to) && f.End.After(from) {
			ids = append(ids, f.SegmentID)
		}
	}
	return ids
}

func ids(s index.Strip) (ids []camera.SegmentID) {
	for _, e := range s.Entries() {
		ids = append(ids, e.SegmentID)
	}
	return ids
}

func TestStripsOfManyCameras(t *testing.T) {
	h := stand(t)
	all, fresh := map[camera.CameraID][]pack.Manifest{}, map[camera.CameraID][]pack.Fact{}
	var asked []camera.CameraID
	for i := range 21 {
		id := benchCamera(i)
		asked = append(asked, id)
		if i%3 != 2 { // some have closed hours alone, some open ones, some both
			all[id] = wholeHours(id, hourOne, 2)
			putHours(t, h, all[id])
		}
		if i%3 > 0 {
			fresh[id] = factsOf(id, hourOne+2)[:20]
			if err := h.PutFresh(t.Context(), fresh[id]); err != nil {
				t.Fatal(err)
			}
		}
	}
	asked = append(asked, theirs, asked[3]) // one of which there is nothing, and one twice
	for _, w := range [][2]time.Duration{{0, 90 * time.Minute}, {time.Hour - time.Second, time.Hour + time.Second}, {30 * time.Minute, 3 * time.Hour},
		{2*time.Hour + time.Second, 2*time.Hour + 2*time.Second}, {-time.Hour, 0}, {5 * time.Hour, 6 * time.Hour}, {time.Hour, time.Hour}, {time.Hour, 0}} {
		from, to := start.Add(w[0]), start.Add(w[1])
		strips, err := h.Strips(t.Context(), asked, from, to)
		if err != nil || len(strips) != len(asked) {
			t.Fatalf("%v: %d strips, %v", w, len(strips), err)
		}
		for i, s := range strips {
			want := plain(all[asked[i]], fresh[asked[i]], from, to)
			if w[1] <= w[0] {
				want = nil
			}
			if s.Camera != asked[i] || !reflect.DeepEqual(ids(s), want) || s.ClockKnown != (len(want) > 0) {
				t.Errorf("%v: strip %d of %s has %d segments, want %d; clock %v", w, i, s.Camera, len(s.Segments), len(want), s.ClockKnown)
			}
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Strips(ended, asked, start, closes); err == nil {
		t.Error("a caller that left has an answer")
	}
}

// TestSegmentsReachAcrossHours: one that starts up to two minutes before the window
// counts, also where it stands in the hour before.
func TestSegmentsReachAcrossHours(t *testing.T) {
	h := stand(t)
	next := pack.StartOf(hourOne + 1)
	long := segment(0)
	long.Start, long.End = next.Add(-time.Second), next.Add(119*time.Second)
	h.at = closes.Add(time.Hour)
	accept(t, h.Index, []camera.Segment{long})
	for _, folded := range []string{"open", "folded"} {
		for _, c := range []struct {
			from, to time.Duration
			want     int
		}{{118 * time.Second, 120 * time.Second, 1}, {119 * time.Second, 120 * time.Second, 0}, {-2 * time.Second, -time.Second, 0}, {-2 * time.Second, 0, 1}, {time.Second, 2 * time.Second, 1}} {
			if entries, _ := window(t, h.Index, next.Add(c.from), next.Add(c.to)); len(entries) != c.want {
				t.Errorf("%s, %v–%v: %d entries, want %d", folded, c.from, c.to, len(entries), c.want)
			}
		}
		if folded == "open" {
			foldOnce(t, h, 1)
		}
	}
}

// TestWhatIsInBothShowsOnce: a segment that is folded between the two questions of a
// reader is in both answers, and the hour's is the newer one.
func TestWhatIsInBothShowsOnce(t *testing.T) {
	h := stand(t)
	accept(t, h.Index, segments(10))
	h.at = closes
	foldOnce(t, h, 1)
	if err := h.SetState(t.Context(), segment(4).SegmentID, camera.StateStored); err != nil {
		t.Fatal(err)
	}
	var again []pack.Fact
	for _, s := range sign(segments(11)) {
		again = append(again, pack.Fact{Segment: s, Received: start})
	}
	if err := h.PutFresh(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	strips, err := h.Strips(t.Context(), []camera.CameraID{mine}, start, closes)
	if err != nil || len(strips[0].Segments) != 11 || len(strips[0].Shapes) != 1 {
		t.Fatalf("%+v, %v", strips, err)
	}
	for i, s := range strips[0].Segments {
		if int(s.Seq) != i || (s.State == pack.Stored) != (i == 4) {
			t.Errorf("%d: %+v", i, s)
		}
	}
	// Folding it again takes nothing in twice.
	foldOnce(t, h, 1)
	if e, err := h.Find(t.Context(), segment(4).SegmentID); err != nil || e.State != camera.StateStored {
		t.Errorf("%+v, %v", e, err)
	}
	if err := h.VerifyHour(t.Context(), mine, hourOne); err != nil {
		t.Error(err)
	}
}

func TestClockIsOfTheNewest(t *testing.T) {
	h := stand(t)
	segs := segments(4)
	for i := range segs {
		segs[i].Clock.Offset = camera.Millis(time.Duration(i) * time.Millisecond)
	}
	segs[3].Stream, segs[3].Run, segs[3].Seq, segs[3].Prev = camera.StreamSub, "00000000000000bb", 0, camera.Hash{}
	accept(t, h.Index, segs)
	check := func(when string, to time.Duration, want int) {
		t.Helper()
		strips, err := h.Strips(t.Context(), []camera.CameraID{mine}, start, start.Add(to))
		if err != nil || !strips[0].ClockKnown || strips[0].Clock != segs[want].Clock {
			t.Errorf("%s: %+v, %v, want that of %d", when, strips[0].Clock, err, want)
		}
	}
	check("open", time.Hour, 2)
	check("open, cut", 10*time.Second, 1)
	h.at = closes
	foldOnce(t, h, 1)
	check("folded", time.Hour, 2)
	later := segment(0)
	later.Run, later.Start, later.End = "00000000000000dd", pack.StartOf(hourOne+1), pack.StartOf(hourOne+1).Add(6*time.Second)
	later.Clock.Offset = camera.Millis(99 * time.Millisecond)
	accept(t, h.Index, []camera.Segment{later})
	segs = append(segs, later)
	check("both", 2*time.Hour, 4)
	if strips, err := h.Strips(t.Context(), []camera.CameraID{mine}, start.Add(-time.Hour), start); err != nil || strips[0].ClockKnown {
		t.Errorf("of nothing: %+v, %v", strips, err)
	}
}

func TestActivityOfClosedHours(t *testing.T) {
	h := stand(t)
	segs := segments(6)
	for i := range segs {
		segs[i].Activity = camera.Activity([]byte{0, 0, byte(40 * i), byte(40 * i), 255, 255}[:5])
	}
	across := segment(0)
	across.Run, across.Start, across.End, across.Activity = "00000000000000ff", pack.StartOf(hourOne+1).Add(-2*time.Second), pack.StartOf(hourOne+1).Add(4*time.Second), "\x00\x00\x00\x00\xff\xff"
	h.at = closes.Add(-time.Minute)
	accept(t, h.Index, append(segs, across))
	if err := h.SetState(t.Context(), segs[2].SegmentID, camera.StateWithheld); err != nil {
		t.Fatal(err)
	}
	ask := func(from, to time.Duration, most int, options ...index.Option) (time.Duration, []byte) {
		t.Helper()
		strips, err := h.Strips(t.Context(), []camera.CameraID{mine}, start.Add(from), start.Add(to), options...)
		if err != nil {
			t.Fatal(err)
		}
		return strips[0].Activity(start.Add(from), start.Add(to), most)
	}
	_, open := ask(0, 36*time.Second, 18, index.WithActivity)
	h.at = closes.Add(time.Hour)
	foldOnce(t, h, 1)
	step, folded := ask(0, 36*time.Second, 18, index.WithActivity)
	if step != 2*time.Second || len(folded) != 18 {
		t.Fatalf("%v, %v", step, folded)
	}
	for i := range folded {
		// Rounded up to one of fifteen values, never down, and nothing that is withheld.
		if folded[i] < open[i] || int(folded[i]) > int(open[i])+255/14+1 || open[i] == 0 && folded[i] != 0 {
			t.Errorf("step %d: %d when folded, %d when open", i, folded[i], open[i])
		}
	}
	if slices.Max(folded[6:9]) != 0 || folded[2] != 255 || folded[3] != 0 {
		t.Errorf("%v", folded)
	}
	// What reaches into the next hour is known there.
	if _, values := ask(time.Hour, time.Hour+4*time.Second, 2, index.WithActivity); !slices.Equal(values, []byte{0, 255}) {
		t.Errorf("across the hour: %v", values)
	}
	if _, values := ask(0, 36*time.Second, 18); values != nil {
		t.Errorf("not asked for: %v", values)
	}
}

// TestOnly: what moved in footage that may not be shown does not show, in an open hour
// and in a closed one.
func TestOnly(t *testing.T) {
	h := stand(t)
	segs := segments(6)
	for i := range segs {
		segs[i].Activity = camera.Activity(bytes.Repeat([]byte{200}, 6))
	}
	h.at = closes.Add(-time.Minute)
	accept(t, h.Index, segs)
	ask := func() string {
		t.Helper()
		to := start.Add(36 * time.Second)
		strips, err := h.Strips(t.Context(), []camera.CameraID{mine}, start, to, index.WithActivity)
		if err != nil {
			t.Fatal(err)
		}
		only := strips[0].Only(func(id camera.SegmentID) bool { return id.Seq == segs[2].Seq || id.Seq == segs[3].Seq })
		if n := len(only.Segments); n != 2 || len(strips[0].Segments) != 6 {
			t.Errorf("%d segments of %d", n, len(strips[0].Segments))
		}
		_, none := strips[0].Only(func(camera.SegmentID) bool { return false }).Activity(start, to, 6)
		if none != nil {
			t.Errorf("of nothing: %v", none)
		}
		_, values := only.Activity(start, to, 6)
		for i := range values {
			values[i] /= 200
		}
		return fmt.Sprintf("%d", values)
	}
	if got := ask(); got != "[0 0 1 1 0 0]" {
		t.Errorf("open hour: %s", got)
	}
	h.at = closes.Add(time.Hour)
	foldOnce(t, h, 1)
	if got := ask(); got != "[0 0 1 1 0 0]" {
		t.Errorf("closed hour: %s", got)
	}
}

func TestVerifyFindsWhatWasChanged(t *testing.T) {
	broken := segments(5)
	broken[3].Prev = hashOf(77)
	h := stand(t)
	accept(t, h.Index, broken)
	h.at = closes
	foldOnce(t, h, 1)
	if err := h.VerifyHour(t.Context(), mine, hourOne); camera.CodeOf(err) != camera.CodeConflict {
		t.Errorf("broken chain: %v", err)
	}
	if err := h.VerifyHour(t.Context(), mine, hourOne+1); camera.CodeOf(err) != camera.CodeNotFound {
		t.Errorf("no such hour: %v", err)
	}
	for name, change := range map[string]func([]pack.Fact){
		"size":    func(f []pack.Fact) { f[2].Size++ },
		"end":     func(f []pack.Fact) { f[2].End = f[2].End.Add(time.Millisecond) },
		"run":     func(f []pack.Fact) { f[2].Run = "00000000000000ab" },
		"picture": func(f []pack.Fact) { f[2].KeySize, f[2].KeySHA256 = 0, camera.Hash{} },
		"codec":   func(f []pack.Fact) { f[2].Codec = "avc1" },
		"less":    func(f []pack.Fact) { f[4].Start = f[4].Start.Add(-time.Millisecond) },
	} {
		h := stand(t)
		accept(t, h.Index, segments(5))
		h.at = closes
		foldOnce(t, h, 1)
		if err := h.VerifyHour(t.Context(), mine, hourOne); err != nil {
			t.Fatal(err)
		}
		m := pack.Manifest{Camera: mine, Hour: hourOne}
		for _, s := range sign(segments(5)) {
			m.Facts = append(m.Facts, pack.Fact{Segment: s, Received: clock()})
		}
		change(m.Facts)
		m.Sort()
		if err := h.Swap(t.Context(), m); err != nil { // row and manifest agree, the hour does not
			t.Fatal(err)
		}
		if err := h.VerifyHour(t.Context(), mine, hourOne); camera.CodeOf(err) != camera.CodeConflict {
			t.Errorf("%s: %v", name, err)
		}
	}
}
