package upload_test

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	camera "xulang.vn/camera"
)

func TestAnnounceThenUpload(t *testing.T) {
	w := newWorld(t)
	var segs []camera.Segment
	for n := range 5 {
		segs = append(segs, w.add(gateCam, n, 1000+n))
	}
	w.gaps = []camera.Gap{{Camera: gateCam, Start: t0, End: t0.Add(1), Cause: camera.CauseDisk}}
	stop := w.run(nil, nil)
	w.until("all stored", w.all("stored", segs...))
	later := w.add(gateCam, 5, 100)
	w.until("the later one stored", w.all("stored", later))
	stop()
	w.verify(append(segs, later)...)
	if len(w.announced[0]) != 5 || w.sentGaps != 1 || len(w.puts) != 6 || w.questions != 2 {
		t.Errorf("announced %d and %d gaps, %d puts, %d questions", len(w.announced[0]), w.sentGaps, len(w.puts), w.questions)
	}
	for id, n := range w.opened {
		if n != 1 {
			t.Errorf("%s was read %d times", id, n)
		}
	}
	for _, s := range w.lent {
		if !s.Signature.IsZero() {
			t.Errorf("%s: the spool's own was changed", s.SegmentID)
		}
	}
}

func TestAnnounceRefusals(t *testing.T) {
	w := newWorld(t)
	good, bad := w.add(gateCam, 0, 100), w.add(gateCam, 1, 100)
	last := w.add(gateCam, 2, 100)
	w.gaps = []camera.Gap{{Camera: gateCam, Start: t0, End: t0.Add(1), Cause: camera.CauseDisk}}
	w.onAnnounce = func(a camera.Announce) (camera.AnnounceReply, error) {
		r := camera.AnnounceReply{V: camera.LinkVersion, RefusedGaps: map[int]camera.Refusal{0: {Code: camera.CodeBadClaim}, 9: {}},
			RefusedSegments: map[int]camera.Refusal{-1: {}, 700: {}}}
		for i, s := range a.Segments {
			if s.SegmentID == bad.SegmentID {
				r.RefusedSegments[i] = camera.Refusal{Code: camera.CodeBadClaim, Message: "no"}
			}
		}
		return r, nil
	}
	var disk atomic.Int64
	w.onRefused = func() error { // the first attempt to record it fails
		if disk.Add(1) == 1 {
			return errors.New("disk")
		}
		return nil
	}
	stop := w.run(nil, nil)
	w.until("the others stored", w.all("stored", good, last))
	more := w.add(gateCam, 3, 100)
	w.until("the next stored", w.all("stored", more))
	stop()
	if w.state[bad.SegmentID] != "refused:bad-claim" {
		t.Errorf("state %q", w.state[bad.SegmentID])
	}
	sent := 0
	for _, batch := range w.announced {
		for _, s := range batch {
			if s.SegmentID == bad.SegmentID {
				sent++
			}
		}
	}
	if sent != 2 { // once more because its refusal could not be recorded
		t.Errorf("the refused one was sent %d times", sent)
	}
}

// TestClockAhead: the hub takes three segments for the future until the fifth
// announcement; they wait and are stored. One from a clock that was years ahead
// is given up.
func TestClockAhead(t *testing.T) {
	w := newWorld(t)
	w.clock = func() time.Time { return t0 }
	segs := []camera.Segment{w.add(gateCam, 0, 100), w.add(gateCam, 1, 100), w.add(gateCam, 2, 100)}
	lost := w.add(gateCam, 5_000_000, 100)
	var calls atomic.Int64
	w.onAnnounce = func(a camera.Announce) (camera.AnnounceReply, error) {
		early := calls.Add(1) < 5
		r := camera.AnnounceReply{V: camera.LinkVersion, RefusedSegments: map[int]camera.Refusal{}}
		for i, s := range a.Segments {
			if early || s.SegmentID == lost.SegmentID {
				r.RefusedSegments[i] = camera.Refusal{Code: camera.CodeFutureClaim, Message: "not yet"}
			}
		}
		return r, nil
	}
	stop := w.run(nil, nil)
	w.until("all stored", w.all("stored", segs...))
	stop()
	if w.state[lost.SegmentID] != "refused:future-claim" {
		t.Errorf("the one from years ahead is %q", w.state[lost.SegmentID])
	}
}

func TestHubNotReached(t *testing.T) {
	w := newWorld(t)
	var segs []camera.Segment
	for n := range 6 {
		segs = append(segs, w.add(gateCam, n, 100))
	}
	var calls atomic.Int64
	w.onAnnounce = func(camera.Announce) (camera.AnnounceReply, error) {
		switch calls.Add(1) {
		case 1, 2:
			return camera.AnnounceReply{}, errors.New("no link")
		case 3:
			return camera.AnnounceReply{V: camera.LinkVersion, Refusal: camera.Refusal{Code: camera.CodeInternal}}, nil
		}
		return camera.AnnounceReply{V: camera.LinkVersion}, nil
	}
	w.onSlot = func(_ camera.SegmentID, n int) (camera.SlotAnswer, error, bool) {
		if n <= 5 {
			return camera.SlotAnswer{}, errors.New("no link"), true
		}
		return camera.SlotAnswer{}, nil, false
	}
	var told atomic.Int64
	w.onStored = func(camera.SegmentID) (camera.Refusal, error, bool) {
		switch told.Add(1) {
		case 1, 2:
			return camera.Refusal{}, errors.New("no link"), true
		case 3:
			return camera.Refusal{Code: camera.CodeUnavailable}, nil, true
		}
		return camera.Refusal{}, nil, false
	}
	stop := w.run(nil, nil)
	w.until("all stored", w.all("stored", segs...))
	stop()
	w.verify(segs...)
	if len(w.puts) != len(segs) {
		t.Errorf("puts %v", w.puts)
	}
}

// TestStoreDown: while nothing goes through, nothing loses its place.
func TestStoreDown(t *testing.T) {
	for name, fault := range map[string]func(http.ResponseWriter){
		"connection broken": func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
		"unavailable":       func(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) },
		"redirect": func(w http.ResponseWriter) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(http.StatusTemporaryRedirect)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			var segs []camera.Segment
			for n := range 6 {
				segs = append(segs, w.add(gateCam, n, 100))
			}
			w.onPut = func(rw http.ResponseWriter, _ *http.Request, n int) bool {
				if n <= 8 {
					fault(rw)
				}
				return n <= 8
			}
			stop := w.run(nil, nil)
			w.until("all stored", w.all("stored", segs...))
			stop()
			w.verify(segs...)
			oldestOnly(t, w.puts[:8], segs)
		})
	}
}

// oldestOnly: what is tried while nothing goes through are the two oldest, for
// two are tried at once.
func oldestOnly(t *testing.T, tried []string, segs []camera.Segment) {
	t.Helper()
	for _, name := range tried {
		if name != objectOf(segs[0].SegmentID) && name != objectOf(segs[1].SegmentID) {
			t.Errorf("lost their place: %v", tried)
			return
		}
	}
}

// TestAnswerLost: the store keeps the bytes and then breaks the connection.
func TestAnswerLost(t *testing.T) {
	for name, slotKnows := range map[string]bool{"found by 412": false, "found by the slot": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			segs := []camera.Segment{w.add(gateCam, 0, 50_000), w.add(gateCam, 1, 100)}
			w.onPut = func(_ http.ResponseWriter, r *http.Request, n int) bool {
				if n <= 2 {
					w.keep(strings.TrimPrefix(r.URL.Path, "/o/"), r)
					panic(http.ErrAbortHandler)
				}
				return false
			}
			w.onSlot = func(id camera.SegmentID, _ int) (camera.SlotAnswer, error, bool) {
				w.mu.Lock()
				defer w.mu.Unlock()
				_, there := w.objects[objectOf(id)]
				return camera.SlotAnswer{Stored: true}, nil, there && slotKnows
			}
			stop := w.run(nil, nil)
			w.until("all stored", w.all("stored", segs...))
			stop()
			w.verify(segs...)
			if most := map[bool]int{true: 2, false: 4}[slotKnows]; len(w.puts) != most {
				t.Errorf("%d puts, want %d", len(w.puts), most)
			}
		})
	}
}

// TestRestart cuts the uploader off while the store works and starts another one.
// What was stored stays stored.
func TestRestart(t *testing.T) {
	w := newWorld(t)
	var segs []camera.Segment
	for n := range 10 {
		segs = append(segs, w.add(gateCam, n, 5000))
	}
	reached, let := make(chan struct{}, 20), make(chan struct{})
	w.onPut = func(_ http.ResponseWriter, r *http.Request, n int) bool {
		select {
		case <-let:
			return false
		default:
		}
		if n > 4 { // the store keeps the bytes, the answer is never heard
			w.keep(strings.TrimPrefix(r.URL.Path, "/o/"), r)
			reached <- struct{}{}
			<-let
			panic(http.ErrAbortHandler)
		}
		return false
	}
	stop := w.run(nil, nil)
	for range 2 {
		select {
		case <-reached:
		case <-time.After(patience):
			t.Fatal("not reached")
		}
	}
	w.until("four stored", func() bool { return len(w.times) == 4 })
	stop()
	close(let)
	before := len(w.announced)
	stop = w.run(nil, nil)
	w.until("all stored", w.all("stored", segs...))
	stop()
	w.verify(segs...)
	sent := map[string]int{}
	for _, name := range w.puts {
		sent[name]++
	}
	for _, name := range w.puts[:4] {
		if sent[name] != 1 {
			t.Errorf("%s was stored and sent again", name)
		}
	}
	if len(w.objects) != 10 || len(w.announced) != before {
		t.Errorf("%d objects, %d announcements more", len(w.objects), len(w.announced)-before)
	}
}

// TestBytesChangedAtHome: only a refusal of the bytes makes a file be read again.
func TestBytesChangedAtHome(t *testing.T) {
	w := newWorld(t)
	bad, good, short := w.add(gateCam, 0, 100), w.add(gateCam, 1, 100), w.add(gateCam, 2, 100)
	w.bytes[bad.SegmentID] = bytes.Repeat([]byte{9}, 150)
	w.bytes[short.SegmentID] = w.bytes[short.SegmentID][:50]
	stop := w.run(nil, nil)
	w.until("settled", func() bool {
		return w.all("refused:bad-claim", bad)() && w.all("stored", good)() && w.opened[short.SegmentID] == 1
	})
	stop()
	if w.opened[bad.SegmentID] != 2 || w.opened[good.SegmentID] != 1 || !w.all("announced", short)() {
		t.Errorf("opened %v, states %v", w.opened, w.state)
	}
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func TestNoAddressInLogs(t *testing.T) {
	w := newWorld(t)
	seg := w.add(gateCam, 0, 100)
	w.onPut = func(http.ResponseWriter, *http.Request, int) bool {
		w.mu.Lock()
		n := len(w.puts)
		w.mu.Unlock()
		if n < 4 {
			panic(http.ErrAbortHandler)
		}
		return false
	}
	logs := &safeBuffer{}
	stop := w.run(nil, logs)
	w.until("stored", w.all("stored", seg))
	stop()
	if s := logs.b.String(); strings.Contains(s, "secret-signature") || !strings.Contains(s, "upload waits") {
		t.Errorf("log: %s", s)
	}
}
