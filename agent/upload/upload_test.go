package upload_test

import (
	"bytes"
	"errors"
	"io"
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
	if len(w.announced[0]) != 5 || w.sentGaps != 1 || len(w.puts) != 6 {
		t.Errorf("announced %d and %d gaps, %d puts", len(w.announced[0]), w.sentGaps, len(w.puts))
	}
}

func TestAnnounceRefusals(t *testing.T) {
	w := newWorld(t)
	good, bad := w.add(gateCam, 0, 100), w.add(gateCam, 1, 100)
	last := w.add(gateCam, 2, 100)
	w.gaps = []camera.Gap{{Camera: gateCam, Start: t0, End: t0.Add(1), Cause: camera.CauseDisk}}
	w.onAnnounce = func(a camera.Announce) (camera.AnnounceReply, error) {
		r := camera.AnnounceReply{V: 1, RefusedGaps: map[int]camera.Refusal{0: {Code: camera.CodeBadClaim}, 9: {}},
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
		r := camera.AnnounceReply{V: 1, RefusedSegments: map[int]camera.Refusal{}}
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
			return camera.AnnounceReply{V: 1, Refusal: camera.Refusal{Code: camera.CodeInternal}}, nil
		}
		return camera.AnnounceReply{V: 1}, nil
	}
	var tried []string
	w.onSlot = func(id camera.SegmentID, n int) (camera.SlotReply, error, bool) {
		if n <= 30 {
			w.mu.Lock()
			defer w.mu.Unlock()
			tried = append(tried, objectOf(id))
			return camera.SlotReply{}, errors.New("no link"), true
		}
		return camera.SlotReply{}, nil, false
	}
	stop := w.run(nil, nil)
	w.until("all stored", w.all("stored", segs...))
	stop()
	w.verify(segs...)
	oldestOnly(t, tried, segs)
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
			w.onSlot = func(id camera.SegmentID, _ int) (camera.SlotReply, error, bool) {
				w.mu.Lock()
				defer w.mu.Unlock()
				_, there := w.objects[objectOf(id)]
				return camera.SlotReply{V: 1, Stored: true}, nil, there && slotKnows
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

func TestExpiredSlots(t *testing.T) {
	w := newWorld(t)
	seg := w.add(gateCam, 0, 100)
	w.onSlot = func(id camera.SegmentID, n int) (camera.SlotReply, error, bool) {
		reply := slotFor(id, 100)
		if n == 1 { // it was on its way for too long
			reply.Expires = time.Now()
		}
		return reply, nil, true
	}
	w.onPut = func(rw http.ResponseWriter, _ *http.Request, n int) bool {
		if n == 1 { // it expired on the way to the store
			rw.WriteHeader(http.StatusForbidden)
		}
		return n == 1
	}
	stop := w.run(nil, nil)
	w.until("stored", w.all("stored", seg))
	stop()
	w.verify(seg)
	if w.slots != 3 || len(w.puts) != 2 {
		t.Errorf("%d slots, %d puts", w.slots, len(w.puts))
	}
}

func TestRefusedSlots(t *testing.T) {
	cases := []struct {
		reply camera.SlotReply
		state string
	}{
		{camera.SlotReply{Refusal: camera.Refusal{Code: camera.CodeTooLarge}}, "refused:too-large"},
		{camera.SlotReply{Refusal: camera.Refusal{Code: camera.CodeForeignCamera}}, "refused:foreign-camera"},
		{camera.SlotReply{Refusal: camera.Refusal{Code: camera.CodePaused}}, "announced"},
		{camera.SlotReply{Refusal: camera.Refusal{Code: camera.CodeNoConsent}}, "announced"},
		{camera.SlotReply{Refusal: camera.Refusal{Code: camera.CodeInternal}}, "announced"},
		{camera.SlotReply{Refusal: camera.Refusal{Code: "new-code"}}, "announced"},
		{camera.SlotReply{}, "announced"}, // no address
		{camera.SlotReply{Slot: camera.Slot{URL: "ftp://x/y"}}, "announced"},
		{camera.SlotReply{Slot: camera.Slot{URL: "/o/x", Header: map[string]string{"Content-Length": "7"}}}, "announced"},
	}
	for _, c := range cases {
		t.Run(string(c.reply.Code)+c.reply.URL, func(t *testing.T) {
			w := newWorld(t)
			bad := []camera.Segment{w.add(gateCam, 0, 100), w.add(gateCam, 1, 100), w.add(gateCam, 2, 100)}
			good := []camera.Segment{w.add(gateCam, 3, 100), w.add(yardCam, 3, 100)}
			w.onSlot = func(id camera.SegmentID, _ int) (camera.SlotReply, error, bool) {
				return c.reply, nil, id.Seq < 3
			}
			stop := w.run(nil, nil)
			w.until("the others stored", w.all("stored", good...))
			w.until("settled", w.all(c.state, bad...))
			stop()
			w.verify(good...)
			if len(w.puts) != 2 {
				t.Errorf("puts %v", w.puts)
			}
		})
	}
}

// TestPoison: a segment that the store never takes does not stop the others.
func TestPoison(t *testing.T) {
	w := newWorld(t)
	bad := []camera.Segment{w.add(gateCam, 0, 100), w.add(gateCam, 1, 100)}
	good := []camera.Segment{w.add(gateCam, 2, 100), w.add(gateCam, 3, 100)}
	w.onPut = func(rw http.ResponseWriter, r *http.Request, _ int) bool {
		poison := strings.HasSuffix(r.URL.Path, "-0") || strings.HasSuffix(r.URL.Path, "-1")
		if poison {
			rw.WriteHeader(http.StatusInternalServerError)
		}
		return poison
	}
	stop := w.run(nil, nil)
	w.until("the others stored", w.all("stored", good...))
	stop()
	if !w.all("announced", bad...)() {
		t.Errorf("states %v", w.state)
	}
}

func TestStoredNotFound(t *testing.T) {
	w := newWorld(t)
	lost, good := w.add(gateCam, 0, 100), w.add(gateCam, 1, 100)
	w.onStored = func(id camera.SegmentID) (camera.StoredReply, error, bool) {
		return camera.StoredReply{V: 1, Refusal: camera.Refusal{Code: camera.CodeNotFound}}, nil, id == lost.SegmentID
	}
	stop := w.run(nil, nil)
	w.until("the other stored", w.all("stored", good))
	stop()
	if w.state[lost.SegmentID] != "announced" {
		t.Errorf("the hub does not see it and it is %q", w.state[lost.SegmentID])
	}
}

// TestConsent: what the household does not allow stays at home, asks for no slot
// and blocks nobody; when it is allowed again it goes.
func TestConsent(t *testing.T) {
	w := newWorld(t)
	kept := []camera.Segment{w.add(gateCam, 0, 100), w.add(gateCam, 1, 100), w.add(gateCam, 2, 100)}
	free := []camera.Segment{w.add(yardCam, 0, 100), w.add(yardCam, 1, 100)}
	var paused atomic.Bool
	paused.Store(true)
	allow := func(c camera.CameraID) error {
		if c == gateCam && paused.Load() {
			return camera.Errorf(camera.CodePaused, "paused")
		}
		return nil
	}
	w.run(allow, nil)
	w.until("the other camera's stored", w.all("stored", free...))
	w.mu.Lock()
	if len(w.puts) != 2 || w.slots != 2 || !w.all("announced", kept...)() {
		t.Errorf("puts %v, %d slots, %v", w.puts, w.slots, w.state)
	}
	w.mu.Unlock()
	paused.Store(false)
	w.until("all stored", w.all("stored", kept...))
	w.verify(append(kept, free...)...)
}

// TestPauseWhileBytesFlow: the pause cuts a put that is under way.
func TestPauseWhileBytesFlow(t *testing.T) {
	w := newWorld(t)
	seg := w.add(gateCam, 0, 40<<20)
	other := w.add(yardCam, 0, 100)
	var paused atomic.Bool
	got := make(chan int64, 1)
	w.onPut = func(_ http.ResponseWriter, r *http.Request, _ int) bool {
		if r.ContentLength != seg.Size {
			return false
		}
		n, _ := io.ReadFull(r.Body, make([]byte, 1000))
		paused.Store(true)
		rest, err := io.Copy(io.Discard, r.Body)
		if err == nil {
			t.Error("the whole body came")
		}
		got <- int64(n) + rest
		panic(http.ErrAbortHandler)
	}
	stop := w.run(func(c camera.CameraID) error {
		if c == gateCam && paused.Load() {
			return camera.Errorf(camera.CodePaused, "paused")
		}
		return nil
	}, nil)
	select {
	case n := <-got:
		if n >= seg.Size {
			t.Errorf("%d bytes left the house", n)
		}
	case <-time.After(patience):
		t.Fatal("no put")
	}
	w.until("the other stored", w.all("stored", other))
	stop()
	if w.state[seg.SegmentID] != "announced" {
		t.Errorf("state %q", w.state[seg.SegmentID])
	}
}

// TestRestart cuts the uploader off while the store works and starts another one.
func TestRestart(t *testing.T) {
	w := newWorld(t)
	var segs []camera.Segment
	for n := range 10 {
		segs = append(segs, w.add(gateCam, n, 5000))
	}
	reached, let := make(chan struct{}, 20), make(chan struct{})
	w.onPut = func(_ http.ResponseWriter, r *http.Request, n int) bool {
		if n > 4 && n <= 6 { // the store keeps the bytes, the answer is never heard
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
	stop()
	close(let)
	w.mu.Lock()
	before := len(w.announced)
	w.mu.Unlock()
	stop = w.run(nil, nil)
	w.until("all stored", w.all("stored", segs...))
	stop()
	w.verify(segs...)
	if len(w.objects) != 10 || len(w.puts) != 12 || len(w.announced) != before {
		t.Errorf("%d objects, %d puts, %d announcements more", len(w.objects), len(w.puts), len(w.announced)-before)
	}
}

func TestBytesChangedAtHome(t *testing.T) {
	w := newWorld(t)
	bad, good := w.add(gateCam, 0, 100), w.add(gateCam, 1, 100)
	w.bytes[bad.SegmentID] = bytes.Repeat([]byte{9}, 100)
	w.onPut = func(rw http.ResponseWriter, r *http.Request, _ int) bool {
		wrong := strings.HasSuffix(r.URL.Path, "-0")
		if wrong {
			rw.WriteHeader(http.StatusBadRequest)
		}
		return wrong
	}
	stop := w.run(nil, nil)
	w.until("settled", func() bool { return w.all("refused:bad-claim", bad)() && w.all("stored", good)() })
	stop()
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
