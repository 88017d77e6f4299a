package upload_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/upload"
)

const patience = 20 * time.Second

var (
	t0      = time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC)
	gateCam = camera.NewCameraID("household-1", "serial-1", 1)
	yardCam = camera.NewCameraID("household-1", "serial-1", 2)
)

// world is a spool in memory, a hub and a store: one lock for all of it.
type world struct {
	t       *testing.T
	mu      sync.Mutex
	order   []camera.SegmentID
	bytes   map[camera.SegmentID][]byte
	segs    map[camera.SegmentID]camera.Segment
	state   map[camera.SegmentID]string // "", announced, stored, refused:<code>
	gaps    []camera.Gap
	changed chan struct{}
	clock   func() time.Time // the box's; time.Now when nil

	announced [][]camera.Segment // batches that the hub received
	sentGaps  int
	slots     int
	objects   map[string][]byte
	puts      []string // object names, in the order in which they came
	happened  chan struct{}
	front     *httptest.Server

	// What goes wrong; nil is the sound behaviour. Called without the lock.
	onAnnounce func(camera.Announce) (camera.AnnounceReply, error)
	onSlot     func(id camera.SegmentID, n int) (camera.SlotReply, error, bool)
	onStored   func(camera.SegmentID) (camera.StoredReply, error, bool)
	onPut      func(w http.ResponseWriter, r *http.Request, n int) bool
	onRefused  func() error
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		t: t, bytes: map[camera.SegmentID][]byte{}, segs: map[camera.SegmentID]camera.Segment{},
		state: map[camera.SegmentID]string{}, changed: make(chan struct{}, 1),
		objects: map[string][]byte{}, happened: make(chan struct{}, 1),
	}
	w.front = httptest.NewServer(http.HandlerFunc(w.serve))
	t.Cleanup(w.front.Close)
	return w
}

func (w *world) add(c camera.CameraID, n, size int) camera.Segment {
	body := bytes.Repeat([]byte{byte(n)}, size)
	start := t0.Add(time.Duration(n) * 6 * time.Second)
	seg := camera.Segment{SegmentID: camera.SegmentID{Camera: c, Run: "00112233aabbccdd", Seq: uint32(n)},
		Start: start, End: start.Add(6 * time.Second), Size: int64(size), SHA256: sha256.Sum256(body)}
	w.mu.Lock()
	w.order = append(w.order, seg.SegmentID)
	w.bytes[seg.SegmentID], w.segs[seg.SegmentID] = body, seg
	w.mu.Unlock()
	w.wake()
	return seg
}

func (w *world) wake() {
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

func (w *world) note() {
	select {
	case w.happened <- struct{}{}:
	default:
	}
}

// The spool.

func (w *world) Unannounced(most int) (segs []camera.Segment, gaps []camera.Gap) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range w.order {
		if w.state[id] == "" && len(segs) < most {
			segs = append(segs, w.segs[id])
		}
	}
	return segs, append(gaps, w.gaps...)
}

func (w *world) Announced(ids []camera.SegmentID, gaps []camera.Gap) error {
	w.mu.Lock()
	for _, id := range ids {
		w.state[id] = "announced"
	}
	w.gaps = w.gaps[len(gaps):]
	w.mu.Unlock()
	w.wake()
	w.note()
	return nil
}

func (w *world) Refused(id camera.SegmentID, code camera.Code) error {
	if w.onRefused != nil {
		if err := w.onRefused(); err != nil {
			return err
		}
	}
	w.set(id, "refused:"+string(code))
	return nil
}

func (w *world) NextUpload(skip func(camera.SegmentID) bool) (camera.Segment, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range w.order {
		if w.state[id] == "announced" && !skip(id) {
			return w.segs[id], true
		}
	}
	return camera.Segment{}, false
}

func (w *world) OpenSegment(id camera.SegmentID) (io.ReadCloser, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b, ok := w.bytes[id]
	if !ok {
		return nil, camera.Errorf(camera.CodeNotFound, "open segment: gone")
	}
	return io.NopCloser(bytes.NewReader(b)), nil
}

func (w *world) stored(id camera.SegmentID) error { w.set(id, "stored"); return nil }

func (w *world) set(id camera.SegmentID, state string) {
	w.mu.Lock()
	w.state[id] = state
	w.mu.Unlock()
	w.note()
}

// spoolSide and hubSide split the world where two methods have one name.
type spoolSide struct{ *world }

func (s spoolSide) Changed() <-chan struct{}         { return s.changed }
func (s spoolSide) Stored(id camera.SegmentID) error { return s.stored(id) }

type hubSide struct{ *world }

func (h hubSide) Announce(_ context.Context, a camera.Announce) (camera.AnnounceReply, error) {
	h.mu.Lock()
	h.announced = append(h.announced, a.Segments)
	h.sentGaps += len(a.Gaps)
	h.mu.Unlock()
	if h.onAnnounce != nil {
		return h.onAnnounce(a)
	}
	return camera.AnnounceReply{V: 1}, nil
}

func (h hubSide) Slot(_ context.Context, id camera.SegmentID) (camera.SlotReply, error) {
	h.mu.Lock()
	h.slots++
	n := h.slots
	size := h.segs[id].Size
	h.mu.Unlock()
	if h.onSlot != nil {
		if reply, err, done := h.onSlot(id, n); done {
			return reply, err
		}
	}
	return slotFor(id, size), nil
}

func slotFor(id camera.SegmentID, size int64) camera.SlotReply {
	return camera.SlotReply{V: 1, Slot: camera.Slot{
		URL:     fmt.Sprintf("/o/%s?X-Amz-Signature=secret-signature", objectOf(id)),
		Header:  map[string]string{"If-None-Match": "*", "x-amz-checksum-sha256": "sum", "Content-Length": fmt.Sprint(size)},
		Expires: time.Now().Add(time.Hour),
	}}
}

func objectOf(id camera.SegmentID) string { return fmt.Sprintf("%s-%d", id.Camera, id.Seq) }

func (h hubSide) Stored(_ context.Context, id camera.SegmentID) (camera.StoredReply, error) {
	if h.onStored != nil {
		if reply, err, done := h.onStored(id); done {
			return reply, err
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.objects[objectOf(id)]; !ok {
		return camera.StoredReply{V: 1, Refusal: camera.Refusal{Code: camera.CodeNotFound}}, nil
	}
	return camera.StoredReply{V: 1}, nil
}

// The store: write-once objects.

func (w *world) serve(rw http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/o/")
	w.mu.Lock()
	w.puts = append(w.puts, name)
	n := len(w.puts)
	w.mu.Unlock()
	defer w.note()
	if w.onPut != nil && w.onPut(rw, r, n) {
		return
	}
	if status := w.keep(name, r); status != http.StatusOK {
		rw.WriteHeader(status)
	}
}

func (w *world) keep(name string, r *http.Request) int {
	body, err := io.ReadAll(r.Body)
	if err != nil || r.Method != http.MethodPut || int64(len(body)) != r.ContentLength ||
		r.Header.Get("If-None-Match") != "*" || r.Header.Get("X-Amz-Checksum-Sha256") != "sum" {
		return http.StatusForbidden
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, there := w.objects[name]; there {
		return http.StatusPreconditionFailed
	}
	w.objects[name] = body
	return http.StatusOK
}

// run starts an uploader; the returned function ends it.
func (w *world) run(allow func(camera.CameraID) error, logs io.Writer) (stop func()) {
	w.t.Helper()
	if allow == nil {
		allow = func(camera.CameraID) error { return nil }
	}
	if logs == nil {
		logs = io.Discard
	}
	if w.clock == nil {
		w.clock = time.Now
	}
	client := w.front.Client()
	u := upload.New(hubSide{w}, spoolSide{w}, allow, client, w.front.URL, w.clock, slog.New(slog.NewTextHandler(logs, nil)))
	upload.SetPace(u, time.Millisecond, 5*time.Millisecond)
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error, 1)
	go func() { done <- u.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("run: %v", err)
		}
	})
	w.t.Cleanup(stop)
	return stop
}

// until waits for a condition; it is looked at after each thing that happens.
func (w *world) until(what string, holds func() bool) {
	w.t.Helper()
	end := time.After(patience)
	for {
		w.mu.Lock()
		ok := holds()
		w.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-w.happened:
		case <-end:
			w.t.Fatalf("never: %s; states %v, puts %v", what, w.state, w.puts)
		}
	}
}

func (w *world) all(state string, segs ...camera.Segment) func() bool {
	return func() bool {
		for _, s := range segs {
			if w.state[s.SegmentID] != state {
				return false
			}
		}
		return true
	}
}

// verify compares the store with what was at home.
func (w *world) verify(segs ...camera.Segment) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range segs {
		if !bytes.Equal(w.objects[objectOf(s.SegmentID)], w.bytes[s.SegmentID]) {
			w.t.Errorf("%s: other bytes in the store", s.SegmentID)
		}
	}
}
