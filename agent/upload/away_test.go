package upload_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/upload"
)

const (
	awayCams = 8
	awayLong = 30 * time.Second // of one segment
	perHour  = int(time.Hour / awayLong)
	awaySegs = awayCams * 72 * perHour
	awaySize = 100
	fromHour = 40 // of what a case asks for and holds: one hour
)

// ring is a spool of segments that are made up when they are looked at: number k
// is of camera k%8 and the (k/8)th in time.
type ring struct {
	mu        sync.Mutex
	recorded  int // segments that exist
	announced int // of these, from the oldest on
	stored    map[int]bool
	heads     [3]int // of each priority: everything older is stored
	wanted    bool
	changed   chan struct{}
}

var (
	awayNames   [awayCams]camera.CameraID
	awayNumbers = map[camera.CameraID]int{}
)

func init() {
	for i := range awayNames {
		awayNames[i] = camera.NewCameraID("household-1", "serial-1", i)
		awayNumbers[awayNames[i]] = i
	}
}

func number(id camera.SegmentID) int { return int(id.Seq)*awayCams + awayNumbers[id.Camera] }

func numbered(k int) camera.Segment {
	start := t0.Add(time.Duration(k/awayCams) * awayLong)
	return camera.Segment{SegmentID: camera.SegmentID{Camera: awayNames[k%awayCams], Run: "00112233aabbccdd", Seq: uint32(k / awayCams)},
		Start: start, End: start.Add(awayLong), Size: awaySize}
}

func (r *ring) Unannounced(most int) (segs []camera.Segment, gaps []camera.Gap) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k := r.announced; k < r.recorded && len(segs) < most; k++ {
		segs = append(segs, numbered(k))
	}
	return segs, nil
}

func (r *ring) Announced(ids []camera.SegmentID, _ []camera.Gap) error {
	r.mu.Lock()
	for _, id := range ids {
		if number(id) != r.announced {
			return fmt.Errorf("announced out of order: %s", id)
		}
		r.announced++
	}
	r.mu.Unlock()
	r.wake()
	return nil
}

func (r *ring) wake() {
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

func (r *ring) Refused(id camera.SegmentID, code camera.Code) error {
	return fmt.Errorf("%s refused: %s", id, code)
}

func (r *ring) Forgotten(id camera.SegmentID) error { return fmt.Errorf("%s forgotten", id) }

// Uploads: of camera 3 an hour is asked for, of camera 5 an hour is held, camera 0
// shall be uploaded whole, the others on request.
func (r *ring) Uploads(most int, skip func(camera.SegmentID) bool) (list []upload.Upload) {
	r.mu.Lock()
	defer r.mu.Unlock()
	add := func(k int, asked, held bool) {
		if id := numbered(k).SegmentID; k < r.announced && !r.stored[k] && len(list) < most && !skip(id) {
			list = append(list, upload.Upload{Segment: numbered(k), Asked: asked, Held: held})
		}
	}
	for c, part := range []struct{ cam, from, to int }{
		{3, fromHour * perHour, (fromHour + 1) * perHour}, {5, fromHour * perHour, (fromHour + 1) * perHour}, {0, 0, awaySegs / awayCams},
	} {
		if c < 2 && !r.wanted {
			continue
		}
		head := max(r.heads[c], part.from)
		for ; head < part.to && r.stored[head*awayCams+part.cam]; head++ {
		}
		r.heads[c] = head
		for n := head; n < part.to && n*awayCams < r.announced && len(list) < most; n++ {
			add(n*awayCams+part.cam, c == 0, c < 2)
		}
	}
	return list
}

func (r *ring) OpenSegment(camera.SegmentID) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(make([]byte, awaySize))), nil
}

func (r *ring) Stored(id camera.SegmentID) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stored[number(id)] = true
	return nil
}

func (r *ring) Changed() <-chan struct{} { return r.changed }

// far is a hub that is away and comes back.
type far struct {
	mu      sync.Mutex
	back    bool
	calls   int // while it was away
	largest int
	next    int // the number of the next segment that it shall hear of
	puts    []int
}

func (f *far) reach() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.back {
		return nil
	}
	f.calls++
	return errors.New("no link")
}

func (f *far) Announce(_ context.Context, m camera.Announce) (camera.AnnounceReply, error) {
	if err := f.reach(); err != nil {
		return camera.AnnounceReply{}, err
	}
	<-time.After(10 * time.Millisecond)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.largest = max(f.largest, len(m.Segments))
	for _, s := range m.Segments {
		if number(s.SegmentID) != f.next {
			return camera.AnnounceReply{}, fmt.Errorf("%s is out of order", s.SegmentID)
		}
		f.next++
	}
	return camera.AnnounceReply{V: camera.LinkVersion}, nil
}

func (f *far) Slots(_ context.Context, ids []camera.SegmentID) (camera.SlotsReply, error) {
	if err := f.reach(); err != nil {
		return camera.SlotsReply{}, err
	}
	reply := camera.SlotsReply{V: camera.LinkVersion}
	for _, id := range ids {
		reply.Slots = append(reply.Slots, camera.SlotAnswer{Slot: camera.Slot{
			URL: fmt.Sprintf("/o/%d", number(id)), Expires: time.Now().Add(10 * time.Minute)}})
	}
	return reply, nil
}

func (f *far) Stored(context.Context, []camera.SegmentID) (camera.StoredReply, error) {
	return camera.StoredReply{V: camera.LinkVersion}, f.reach()
}

// put takes half a second, as on a long line.
func (f *far) put(_ http.ResponseWriter, r *http.Request) {
	var k int
	if _, err := fmt.Sscan(strings.TrimPrefix(r.URL.Path, "/o/"), &k); err != nil {
		panic(http.ErrAbortHandler)
	}
	f.mu.Lock()
	f.puts = append(f.puts, k)
	f.mu.Unlock()
	<-time.After(500 * time.Millisecond)
	if n, err := io.Copy(io.Discard, r.Body); n != awaySize || err != nil {
		panic(http.ErrAbortHandler)
	}
}

// TestHubAway: the hub is away for 72 h while 8 cameras record, and comes back.
func TestHubAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, spool := &far{}, &ring{stored: map[int]bool{}, changed: make(chan struct{}, 1)}
		spool.announced, hub.next = 80, 80 // the hub knew of these when it went
		u := upload.New(upload.Config{Hub: hub, Spool: spool, Allow: func(camera.CameraID) error { return nil },
			Sign:   func([]byte) (camera.Signature, error) { return camera.Signature{1}, nil },
			Client: &http.Client{Transport: wire{hub.put}}, HubURL: "http://hub.test", Log: slog.New(slog.DiscardHandler)}, time.Now)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- u.Run(ctx) }()

		remembered := 0
		for minute := 1; minute <= 72*60; minute++ {
			<-time.After(time.Minute)
			spool.mu.Lock()
			spool.recorded = perHour * minute / 60 * awayCams
			spool.mu.Unlock()
			spool.wake()
			remembered = max(remembered, upload.Remembered(u))
		}
		hub.mu.Lock()
		t.Logf("%d segments waited, %d calls in 72 h, %d remembered", spool.recorded, hub.calls, remembered)
		// Two loops need the hub; each tries every 15 to 30 s.
		if hub.calls < 2*72*120 || hub.calls > 2*(72*240+20) || len(hub.puts) > 0 {
			t.Errorf("%d calls and %d puts while the hub was away", hub.calls, len(hub.puts))
		}
		hub.back = true
		hub.mu.Unlock()
		spool.mu.Lock()
		spool.wanted = true // what cases want is among the first that the agent hears
		spool.mu.Unlock()

		uploads := 6 * perHour
		for n := 0; n < uploads; {
			<-time.After(10 * time.Second)
			remembered = max(remembered, upload.Remembered(u))
			hub.mu.Lock()
			n = len(hub.puts)
			hub.mu.Unlock()
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if hub.next != awaySegs || hub.largest > camera.AnnounceMost || remembered > 100 {
			t.Errorf("hub heard of %d of %d, at most %d at once, %d remembered", hub.next, awaySegs, hub.largest, remembered)
		}
		checkAwayOrder(t, hub.puts[:uploads])
	})
}

// checkAwayOrder: while the announcements catch up some old ones go; then what is
// asked for, what is held, the rest. Puts that begin at the same time may be seen
// in any order, so each may be six places off.
func checkAwayOrder(t *testing.T, puts []int) {
	t.Helper()
	class := map[int]int{3: 0, 5: 1, 0: 2}
	seen, again := map[int]bool{}, 0
	last, newest := [3]int{}, [3]int{}
	for i, k := range puts {
		c, known := class[k%awayCams]
		if !known || seen[k] && c < 2 {
			t.Fatalf("put %d: segment %d, unknown or again", i, k)
		}
		if seen[k] {
			again++
		}
		seen[k] = true
		if k < newest[c]-6*awayCams {
			t.Errorf("put %d: segment %d after %d", i, k, newest[c])
		}
		last[c], newest[c] = i, max(newest[c], k)
	}
	if again > 5 { // they were on their way, and waited for what was asked for
		t.Errorf("%d began again", again)
	}
	if last[0] > perHour+150 || last[1] > 2*perHour+150 || last[2] != len(puts)-1 {
		t.Errorf("the last of each priority came at %v of %d", last, len(puts))
	}
}
