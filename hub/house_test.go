package hub_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nkeys"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub"
)

// bucket is an object store that holds what the test puts into it.
type bucket struct {
	mu      sync.Mutex
	objects map[string][]byte // by key
	broken  bool
}

func newBucket(t *testing.T) (*bucket, string) {
	b := &bucket{objects: map[string][]byte{}}
	s := httptest.NewServer(b)
	t.Cleanup(s.Close)
	return b, strings.TrimPrefix(s.URL, "http://")
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	name := strings.TrimPrefix(r.URL.Path, "/footage/")
	object, ok := b.objects[name]
	switch {
	case b.broken:
		w.WriteHeader(http.StatusForbidden)
	case strings.Trim(r.URL.Path, "/") == "footage":
	case r.Method == http.MethodPut:
		b.objects[name], _ = io.ReadAll(r.Body)
	case !ok:
		w.WriteHeader(http.StatusNotFound)
	default:
		sum := sha256.Sum256(object)
		w.Header().Set("X-Amz-Checksum-Sha256", base64.StdEncoding.EncodeToString(sum[:]))
		w.Header().Set("Content-Length", strconv.Itoa(len(object)))
		w.Header().Set("Last-Modified", time.Now().UTC().Format(http.TimeFormat))
		w.Header().Set("Etag", `"1"`)
	}
}

func (b *bucket) put(s camera.Segment, object []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.objects[s.Key().String()] = object
}

func (b *bucket) fail(broken bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broken = broken
}

// lines is a log that a test may read while it is written.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// home is one enrolled agent at a hub that does not serve.
type home struct {
	hub.Opened
	cfg    hub.Config
	bucket *bucket
	log    *lines
	key    nkeys.KeyPair
	device camera.DeviceID
	house  camera.HouseholdID
	note   camera.CameraNote
}

func config(t *testing.T, endpoint string) hub.Config {
	cfg := hub.Default()
	cfg.Listen, cfg.Data = "127.0.0.1:0", t.TempDir()
	cfg.Live = hub.Live{UDP: "127.0.0.1:0", TCP: "127.0.0.1:0"}
	cfg.Store.Limited = false // the bucket of these tests mints no keys
	cfg.Store.Endpoint, cfg.Store.KeyFile = endpoint, filepath.Join(cfg.Data, "keys")
	if err := os.WriteFile(cfg.Store.KeyFile, []byte("access\nsecret-key\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return cfg
}

func (h *home) outside() hub.Outside {
	return hub.Outside{Web: http.NotFoundHandler(), Log: slog.New(slog.NewTextHandler(h.log, nil)), Now: time.Now}
}

func newHome(t *testing.T) *home {
	t.Helper()
	h := &home{log: &lines{}}
	var endpoint string
	h.bucket, endpoint = newBucket(t)
	h.cfg = config(t, endpoint)
	h.open(t)
	h.key = newKey(t)
	h.device = deviceOf(t, h.key)
	household, err := h.Join(t.Context(), func(code string) camera.EnrolRequest {
		sig, _ := h.key.Sign(camera.EnrolPayload(code, h.device))
		return camera.EnrolRequest{Code: code, Device: h.device, Signature: base64.StdEncoding.EncodeToString(sig)}
	})
	if err != nil {
		t.Fatal(err)
	}
	h.house = household
	h.note = camera.CameraNote{
		Camera: camera.NewCameraID(household, "S1", 0), Serial: "S1", Label: "Cổng", Consent: camera.Consent{Level: camera.ConsentClip},
		View: camera.View{Position: camera.Position{Lon: 106.7, Lat: 21.9}, FOV: 90, Range: 50},
	}
	h.hello(t, h.note)
	return h
}

func (h *home) open(t *testing.T) {
	t.Helper()
	var err error
	if h.Opened, err = hub.Open(t.Context(), h.cfg, h.outside()); err != nil {
		t.Fatal(err)
	}
	opened := h.Opened
	t.Cleanup(func() { _ = opened.Close() }) // some tests have closed it
}

// reopen is a restart.
func (h *home) reopen(t *testing.T) {
	t.Helper()
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	h.open(t)
}

func (h *home) hello(t *testing.T, notes ...camera.CameraNote) {
	t.Helper()
	if r := h.Hello(t.Context(), h.device, camera.Hello{V: camera.LinkVersion, Cameras: notes}); r.Err() != nil || len(r.Refused) > 0 {
		t.Fatalf("hello: %+v", r)
	}
}

func newKey(t *testing.T) nkeys.KeyPair {
	t.Helper()
	key, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func deviceOf(t *testing.T, key nkeys.KeyPair) camera.DeviceID {
	t.Helper()
	public, err := key.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	return camera.DeviceID(public)
}

func sign(t *testing.T, key nkeys.KeyPair, payload []byte) (s camera.Signature) {
	t.Helper()
	raw, err := key.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	copy(s[:], raw)
	return s
}

// segment is one that ends now.
func (h *home) segment(object []byte) camera.Segment {
	end := time.Now().UTC().Truncate(time.Millisecond)
	return camera.Segment{
		SegmentID: camera.SegmentID{Camera: h.note.Camera, Run: "0123456789abcdef"}, Start: end.Add(-6 * time.Second), End: end,
		Media: camera.Millis(6 * time.Second), Size: int64(len(object)), InitSize: 10, SHA256: sha256.Sum256(object), Codec: "avc1.64001f",
	}
}

// announced makes a segment of these bytes and announces it.
func (h *home) announced(t *testing.T, object []byte) camera.Segment {
	t.Helper()
	return h.announce(t, h.segment(object))
}

func (h *home) announce(t *testing.T, s camera.Segment) camera.Segment {
	t.Helper()
	s.Signature = sign(t, h.key, s.Payload())
	r := h.Announce(t.Context(), h.device, camera.Announce{V: camera.LinkVersion, Segments: []camera.Segment{s}})
	if r.Err() != nil || len(r.RefusedSegments) > 0 {
		t.Fatalf("announce: %+v", r)
	}
	return s
}

// slot asks for one.
func (h *home) slot(t *testing.T, d camera.DeviceID, id camera.SegmentID) camera.SlotAnswer {
	t.Helper()
	r := h.Slots(t.Context(), d, []camera.SegmentID{id})
	if r.Err() != nil || len(r.Slots) != 1 {
		t.Fatalf("slots: %+v", r)
	}
	return r.Slots[0]
}

// stored tells of one, and gives the hub's refusal.
func (h *home) stored(t *testing.T, d camera.DeviceID, id camera.SegmentID) camera.Refusal {
	t.Helper()
	r := h.Stored(t.Context(), d, []camera.SegmentID{id})
	if r.Err() != nil {
		t.Fatalf("stored: %+v", r)
	}
	return r.Refused[0]
}

func (h *home) wantState(t *testing.T, id camera.SegmentID, want camera.ByteState) {
	t.Helper()
	if got, err := h.State(t.Context(), id); err != nil || got != want {
		t.Errorf("state %q, %v, want %q", got, err, want)
	}
}
