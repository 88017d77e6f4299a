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
	"slices"
	"sync"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/upload"
)

const patience = 30 * time.Second // of a test that would otherwise hang

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
	asked   map[camera.SegmentID]bool
	kept    map[camera.SegmentID]bool // held by a case
	opened  map[camera.SegmentID]int
	times   map[camera.SegmentID]int // how often it became stored
	gaps    []camera.Gap
	lent    []camera.Segment // what Unannounced gave away last
	changed chan struct{}
	clock   func() time.Time // the box's; time.Now when nil
	budget  *upload.Budget
	tune    func(*upload.Uploader)
	hub     upload.Hub // the world itself, or somebody in between
	leaves  func(camera.Segment) error
	wait    time.Duration // how long until waits

	announced [][]camera.Segment // batches that the hub received
	sentGaps  int
	slots     int // answers
	questions int // for slots
	notices   int
	objects   map[string][]byte
	puts      []string // object names, in the order in which they came
	happened  chan struct{}
	base      string // the hub's address
	client    *http.Client

	// What goes wrong; nil is the sound behaviour. Called without the lock.
	onAnnounce func(camera.Announce) (camera.AnnounceReply, error)
	onSlot     func(id camera.SegmentID, n int) (camera.SlotAnswer, error, bool)
	onStored   func(camera.SegmentID) (camera.Refusal, error, bool)
	onPut      func(w http.ResponseWriter, r *http.Request, n int) bool
	onRefused  func() error
}

// newWorld has a store on loopback.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := newEmpty(t)
	front := httptest.NewServer(http.HandlerFunc(w.serve))
	t.Cleanup(front.Close)
	w.base, w.client = front.URL, front.Client()
	return w
}

// newSimulated has a store without a network, for simulated time.
func newSimulated(t *testing.T) *world {
	t.Helper()
	w := newEmpty(t)
	w.base, w.client = "http://hub.test", &http.Client{Transport: wire{w.serve}}
	w.tune, w.wait = func(*upload.Uploader) {}, 24*time.Hour
	return w
}

func newEmpty(t *testing.T) *world {
	w := &world{
		t: t, wait: patience, bytes: map[camera.SegmentID][]byte{}, segs: map[camera.SegmentID]camera.Segment{},
		state: map[camera.SegmentID]string{}, changed: make(chan struct{}, 1),
		asked: map[camera.SegmentID]bool{}, kept: map[camera.SegmentID]bool{},
		opened: map[camera.SegmentID]int{}, times: map[camera.SegmentID]int{},
		objects: map[string][]byte{}, happened: make(chan struct{}, 1),
		tune: func(u *upload.Uploader) { upload.SetPace(u, time.Millisecond, 5*time.Millisecond) },
	}
	w.hub = hubSide{w}
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

// ask makes a case ask for segments.
func (w *world) ask(segs ...camera.Segment) {
	w.mu.Lock()
	for _, s := range segs {
		w.asked[s.SegmentID] = true
	}
	w.mu.Unlock()
	w.wake()
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
	if len(segs) > 0 {
		w.lent = segs
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

func (w *world) Forgotten(id camera.SegmentID) error {
	w.set(id, "")
	w.wake()
	return nil
}

func (w *world) Uploads(most int, skip func(camera.SegmentID) bool) (list []upload.Upload) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, rank := range []func(camera.SegmentID) bool{
		func(id camera.SegmentID) bool { return w.asked[id] },
		func(id camera.SegmentID) bool { return w.kept[id] && !w.asked[id] },
		func(id camera.SegmentID) bool { return !w.kept[id] && !w.asked[id] },
	} {
		for _, id := range w.order {
			if rank(id) && w.state[id] == "announced" && len(list) < most && !skip(id) {
				list = append(list, upload.Upload{Segment: w.segs[id], Asked: w.asked[id], Held: w.kept[id]})
			}
		}
	}
	return list
}

func (w *world) OpenSegment(id camera.SegmentID) (io.ReadCloser, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b, ok := w.bytes[id]
	if !ok {
		return nil, camera.Errorf(camera.CodeNotFound, "open segment: gone")
	}
	w.opened[id]++
	return io.NopCloser(bytes.NewReader(b)), nil
}

func (w *world) stored(id camera.SegmentID) error {
	w.mu.Lock()
	w.times[id]++
	w.mu.Unlock()
	w.set(id, "stored")
	return nil
}

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
	for _, s := range a.Segments {
		if !signed(s.Payload(), s.Signature) {
			h.t.Errorf("%s: signature does not hold", s.SegmentID)
		}
	}
	for _, g := range a.Gaps {
		if !signed(g.Payload(), g.Signature) {
			h.t.Errorf("gap of %s: signature does not hold", g.Camera)
		}
	}
	h.mu.Lock()
	h.announced = append(h.announced, a.Segments)
	h.sentGaps += len(a.Gaps)
	h.mu.Unlock()
	if h.onAnnounce != nil {
		return h.onAnnounce(a)
	}
	return camera.AnnounceReply{V: camera.LinkVersion}, nil
}

func (h hubSide) Slots(_ context.Context, ids []camera.SegmentID) (camera.SlotsReply, error) {
	if len(ids) == 0 || len(ids) > camera.SlotsMost {
		h.t.Errorf("%d slots in one question", len(ids))
	}
	h.mu.Lock()
	h.questions++
	h.mu.Unlock()
	reply := camera.SlotsReply{V: camera.LinkVersion}
	for _, id := range ids {
		h.mu.Lock()
		h.slots++
		n := h.slots
		answer := slotFor(h.segs[id])
		h.mu.Unlock()
		if h.onSlot != nil {
			if special, err, done := h.onSlot(id, n); err != nil {
				return camera.SlotsReply{}, err
			} else if done {
				answer = special
			}
		}
		reply.Slots = append(reply.Slots, answer)
	}
	return reply, nil
}

func slotFor(s camera.Segment) camera.SlotAnswer {
	return camera.SlotAnswer{Slot: camera.Slot{
		URL:     fmt.Sprintf("/o/%s?X-Amz-Signature=secret-signature", objectOf(s.SegmentID)),
		Header:  map[string]string{"If-None-Match": "*", "x-amz-checksum-sha256": s.SHA256.String(), "Content-Length": fmt.Sprint(s.Size)},
		Expires: time.Now().Add(10 * time.Minute),
	}}
}

func objectOf(id camera.SegmentID) string { return fmt.Sprintf("%s-%d", id.Camera, id.Seq) }

func (h hubSide) Stored(_ context.Context, ids []camera.SegmentID) (camera.StoredReply, error) {
	if len(ids) == 0 || len(ids) > camera.SlotsMost {
		h.t.Errorf("%d segments in one notice", len(ids))
	}
	h.mu.Lock()
	h.notices++
	h.mu.Unlock()
	reply := camera.StoredReply{V: camera.LinkVersion, Refused: map[int]camera.Refusal{-1: {}, 77: {}}}
	for i, id := range ids {
		if h.onStored != nil {
			if r, err, done := h.onStored(id); err != nil {
				return camera.StoredReply{}, err
			} else if done {
				reply.Refused[i] = r
				continue
			}
		}
		h.mu.Lock()
		if _, ok := h.objects[objectOf(id)]; !ok {
			reply.Refused[i] = camera.Refusal{Code: camera.CodeNotFound}
		}
		h.mu.Unlock()
	}
	return reply, nil
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
	u := upload.New(upload.Config{Hub: w.hub, Spool: spoolSide{w}, Allow: allow, Leaves: w.leaves, Sign: sign, Budget: w.budget,
		Client: w.client, HubURL: w.base, Log: slog.New(slog.NewTextHandler(logs, nil))}, w.clock)
	w.tune(u)
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

// did tells the names of the puts so far.
func (w *world) did() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.puts)
}
