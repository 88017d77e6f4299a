package fleet_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/fleet"
)

// soon bounds every wait of the tests; nothing depends on it when all is well.
const soon = 20 * time.Second

// event is one call of Facts.
type event struct {
	what string
	id   camera.DeviceID
	m    any
}

// facts records calls. Handlers may be replaced before the hub starts.
type facts struct {
	events chan event // Linked and Unlinked
	calls  chan event // everything else
	wants  []camera.Want
	hello  func(camera.DeviceID, camera.Hello) camera.HelloReply
	status func(context.Context, camera.DeviceID, camera.Status) error
}

func newFacts() *facts {
	return &facts{events: make(chan event, 1000), calls: make(chan event, 10000)}
}

func (f *facts) Hello(_ context.Context, id camera.DeviceID, m camera.Hello) camera.HelloReply {
	f.calls <- event{"hello", id, m}
	if f.hello != nil {
		return f.hello(id, m)
	}
	return camera.HelloReply{}
}

func (f *facts) Announce(_ context.Context, id camera.DeviceID, m camera.Announce) camera.AnnounceReply {
	f.calls <- event{"announce", id, m}
	return camera.AnnounceReply{RefusedGaps: map[int]camera.Refusal{0: {Code: camera.CodeBadClaim, Message: "no"}}}
}

func (f *facts) Slots(_ context.Context, id camera.DeviceID, m []camera.SegmentID) camera.SlotsReply {
	f.calls <- event{"slots", id, m}
	slot := camera.Slot{URL: "/o/footage/x", Header: map[string]string{"If-None-Match": "*"}}
	return camera.SlotsReply{Slots: []camera.SlotAnswer{{Slot: slot}, {Stored: true}, {Refusal: camera.Refusal{Code: camera.CodeNoConsent, Message: "no"}}}}
}

func (f *facts) Stored(_ context.Context, id camera.DeviceID, m []camera.SegmentID) camera.StoredReply {
	f.calls <- event{"stored", id, m}
	return camera.StoredReply{Refused: map[int]camera.Refusal{1: {Code: camera.CodeUnknownSegment, Message: "no"}}}
}

func (f *facts) Wants(_ context.Context, id camera.DeviceID) camera.WantsReply {
	f.calls <- event{"wants", id, nil}
	return camera.WantsReply{Wants: f.wants}
}

func (f *facts) Status(ctx context.Context, id camera.DeviceID, m camera.Status) error {
	f.calls <- event{"status", id, m}
	if f.status != nil {
		return f.status(ctx, id, m)
	}
	return nil
}

func (f *facts) Past(_ context.Context, id camera.DeviceID, m []camera.CameraPast) error {
	f.calls <- event{"past", id, m}
	return nil
}

func (f *facts) Roads(_ context.Context, id camera.DeviceID, m camera.RoadsRequest) camera.RoadsReply {
	f.calls <- event{"roads", id, m}
	return camera.RoadsReply{Sketch: true, Roads: []camera.RoadLine{{ID: "ql4a", Line: [][2]float64{{106.7, 21.9}}}}}
}

func (f *facts) Seen(_ context.Context, id camera.DeviceID, v camera.View) camera.SeenReply {
	f.calls <- event{"seen", id, v}
	return camera.SeenReply{Sights: []camera.Sight{{Name: "Quốc lộ 4A", Metres: 40}}}
}

func (f *facts) Consent(_ context.Context, id camera.DeviceID, m camera.Receipt) camera.ReceiptReply {
	f.calls <- event{"consent", id, m}
	return camera.ReceiptReply{Number: "ABCD-EFGH-JKLM", At: time.UnixMilli(1_700_000_000_000).UTC()}
}

func (f *facts) Answer(_ context.Context, id camera.DeviceID, m camera.Answer) error {
	f.calls <- event{"answer", id, m}
	return camera.Errorf(camera.CodeNotFound, "no such want")
}

func (f *facts) SelfTest(_ context.Context, id camera.DeviceID, m camera.SelfTest) error {
	f.calls <- event{"selftest", id, m}
	return nil
}

func (f *facts) Leave(_ context.Context, id camera.DeviceID) error {
	f.calls <- event{"leave", id, nil}
	return nil
}

func (f *facts) Linked(_ context.Context, id camera.DeviceID, _ time.Time) {
	f.events <- event{"linked", id, nil}
}

func (f *facts) Unlinked(_ context.Context, id camera.DeviceID, _ time.Time) {
	f.events <- event{"unlinked", id, nil}
}

// hub is a running fleet behind a real port.
type hub struct {
	*fleet.Fleet
	devices *devices
	facts   *facts
	url     string
	stop    func()
	log     *lockedLog
}

type lockedLog struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func start(t *testing.T, f *facts, cfg fleet.Config, now func() time.Time) *hub {
	t.Helper()
	h := prepare(t, f, cfg, now)
	h.serve(t)
	return h
}

// prepare is a hub that does not run yet.
func prepare(t *testing.T, f *facts, cfg fleet.Config, now func() time.Time) *hub {
	t.Helper()
	h := &hub{devices: &devices{stands: map[camera.DeviceID]camera.Code{}}, facts: f, log: &lockedLog{}}
	cfg.Log = slog.New(slog.NewTextHandler(h.log, nil))
	var err error
	if h.Fleet, err = fleet.New(cfg, h.devices, f, now); err != nil {
		t.Fatal(err)
	}
	return h
}

// serve runs the fleet and waits until it takes links.
func (h *hub) serve(t *testing.T) {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("/link", h.Handler())
	web := httptest.NewServer(mux)
	t.Cleanup(web.Close)
	h.url = web.URL
	if status := handshake(t, h.url, nil); status != http.StatusServiceUnavailable {
		t.Errorf("before it runs: %d", status)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	h.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	t.Cleanup(h.stop)
	until(t, func() bool { return handshake(t, h.url, nil) == http.StatusBadRequest })
}

// handshake sends a WebSocket handshake without its key: it never succeeds.
func handshake(t *testing.T, url string, header map[string]string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/link", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "websocket")
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

func until(t *testing.T, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(soon)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("did not come about")
		}
	}
}

func next[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(soon):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

func (h *hub) wantEvents(t *testing.T, id camera.DeviceID, whats ...string) {
	t.Helper()
	for _, what := range whats {
		if e := next(t, h.facts.events); e.what != what || e.id != id {
			t.Fatalf("%s of %s, want %s of %s", e.what, e.id, what, id)
		}
	}
}

// agent is a device's side of the link.
type agent struct {
	*nats.Conn
	id   camera.DeviceID
	errs chan error
}

func newKey(t *testing.T) (nkeys.KeyPair, camera.DeviceID) {
	t.Helper()
	key, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	public, err := key.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	return key, camera.DeviceID(public)
}

func (h *hub) dial(key nkeys.KeyPair, id camera.DeviceID, more ...nats.Option) (*agent, error) {
	a := &agent{id: id, errs: make(chan error, 100)}
	options := append([]nats.Option{
		nats.ProxyPath("/link"), nats.Nkey(string(id), key.Sign), nats.CustomInboxPrefix(camera.InboxPrefix(id)),
		nats.NoReconnect(), nats.Timeout(soon),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { a.errs <- err }),
	}, more...)
	var err error
	a.Conn, err = nats.Connect("ws"+h.url[len("http"):], options...)
	return a, err
}

// join enrols a new device and links it.
func (h *hub) join(t *testing.T, more ...nats.Option) (*agent, nkeys.KeyPair) {
	t.Helper()
	key, id := newKey(t)
	h.devices.set(id, "")
	a, err := h.dial(key, id, more...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	h.wantEvents(t, id, "linked")
	return a, key
}

// ask sends a payload and reads the reply as R.
func ask[R any](t *testing.T, a *agent, verb string, payload any) R {
	t.Helper()
	data, raw := payload.([]byte)
	if !raw {
		var err error
		if data, err = json.Marshal(payload); err != nil {
			t.Fatal(err)
		}
	}
	m, err := a.Request(camera.UpSubject(a.id, verb), data, soon)
	if err != nil {
		t.Fatalf("%s: %v", verb, err)
	}
	var r R
	if err := json.Unmarshal(m.Data, &r); err != nil {
		t.Fatalf("%s: %v in %s", verb, err, m.Data)
	}
	return r
}

func status() camera.Status { return camera.Status{V: camera.LinkVersion} }

func wantCode(t *testing.T, a *agent, code camera.Code) {
	t.Helper()
	if r := ask[camera.Ack](t, a, camera.VerbStatus, status()); r.Code != code || r.V != camera.LinkVersion {
		t.Fatalf("status: version %d, %q %s, want %q", r.V, r.Code, r.Message, code)
	}
}
