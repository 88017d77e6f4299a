package link_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/link"
)

const patience = 20 * time.Second // of a test that would otherwise hang

// fakeHub is a real NATS server behind a reverse proxy at /link. It answers with
// the handlers given by verb.
type fakeHub struct {
	t       *testing.T
	known   camera.DeviceID
	front   *httptest.Server
	target  atomic.Pointer[url.URL]
	srv     *server.Server
	inside  *nats.Conn
	mu      sync.Mutex
	answers map[string]func([]byte) any     // nil answer: silence
	refused atomic.Int64                    // connections whose key was not accepted
	shown   atomic.Pointer[tls.Certificate] // what the port shows, of a hub with TLS
}

const insidePassword = "inside-password"

func newHub(t *testing.T, known camera.DeviceID) *fakeHub {
	t.Helper()
	h := makeHub(t, known)
	h.front.Start()
	h.start()
	return h
}

// newSecureHub speaks TLS.
func newSecureHub(t *testing.T, known camera.DeviceID, first tls.Certificate) *fakeHub {
	t.Helper()
	h := makeHub(t, known)
	h.shown.Store(&first)
	h.front.TLS = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		return &tls.Config{Certificates: []tls.Certificate{*h.shown.Load()}}, nil
	}}
	h.front.StartTLS()
	h.start()
	return h
}

func makeHub(t *testing.T, known camera.DeviceID) *fakeHub {
	t.Helper()
	h := &fakeHub{t: t, known: known, answers: map[string]func([]byte) any{
		camera.VerbHello: func([]byte) any { return camera.HelloReply{V: camera.LinkVersion} },
		camera.VerbClock: func([]byte) any { return camera.ClockReply{V: camera.LinkVersion, Hub: time.Now()} },
	}}
	h.target.Store(&url.URL{Scheme: "http", Host: "127.0.0.1:1"})
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(h.target.Load())
			r.Out.URL.Path = "/"
		},
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo),
	}
	mux := http.NewServeMux()
	mux.Handle("/link", proxy)
	h.front = httptest.NewUnstartedServer(mux)
	h.front.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	t.Cleanup(func() { h.stop(); h.front.Close() })
	return h
}

func (h *fakeHub) start() {
	h.t.Helper()
	srv, err := server.NewServer(&server.Options{
		DontListen: true, NoLog: true, NoSigs: true, MaxPayload: camera.MessageLargest,
		AlwaysEnableNonce: true, CustomClientAuthentication: h,
		Websocket: server.WebsocketOpts{Host: "127.0.0.1", Port: -1, NoTLS: true},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	srv.Start()
	if !srv.ReadyForConnections(patience) {
		h.t.Fatal("server does not start")
	}
	inside, err := nats.Connect("", nats.InProcessServer(srv), nats.UserInfo("hub", insidePassword))
	if err != nil {
		h.t.Fatal(err)
	}
	if _, err := inside.Subscribe("xulang.up.*.*", h.serve); err != nil {
		h.t.Fatal(err)
	}
	if err := inside.Flush(); err != nil {
		h.t.Fatal(err)
	}
	u, err := url.Parse(strings.Replace(srv.WebsocketURL(), "ws", "http", 1))
	if err != nil {
		h.t.Fatal(err)
	}
	h.srv, h.inside = srv, inside
	h.target.Store(u)
}

func (h *fakeHub) stop() {
	h.inside.Close()
	h.srv.Shutdown()
	h.srv.WaitForShutdown()
}

// Check is the server's question who may come in, with what rights.
func (h *fakeHub) Check(c server.ClientAuthentication) bool {
	o := c.GetOpts()
	if o.Username == "hub" && o.Password == insidePassword {
		c.RegisterUser(&server.User{Username: "hub"})
		return true
	}
	sig, err := base64.RawURLEncoding.DecodeString(o.Sig)
	pub, keyErr := nkeys.FromPublicKey(o.Nkey)
	h.mu.Lock()
	known := h.known
	h.mu.Unlock()
	if err != nil || keyErr != nil || o.Nkey != string(known) || pub.Verify(c.GetNonce(), sig) != nil {
		h.refused.Add(1)
		return false
	}
	d := camera.DeviceID(o.Nkey)
	c.RegisterUser(&server.User{Username: o.Nkey, Permissions: &server.Permissions{
		Publish:   &server.SubjectPermission{Allow: []string{camera.UpSubject(d, "*")}},
		Subscribe: &server.SubjectPermission{Allow: []string{camera.DownSubject(d, "*"), camera.InboxPrefix(d) + ".>"}},
		Response:  &server.ResponsePermission{MaxMsgs: 1, Expires: time.Minute},
	}})
	return true
}

// knows makes another device the known one; "" makes it none.
func (h *fakeHub) knows(d camera.DeviceID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.known = d
}

func (h *fakeHub) on(verb string, answer func([]byte) any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answers[verb] = answer
}

func (h *fakeHub) serve(m *nats.Msg) {
	h.mu.Lock()
	answer := h.answers[m.Subject[strings.LastIndex(m.Subject, ".")+1:]]
	h.mu.Unlock()
	if answer == nil {
		return
	}
	reply := answer(m.Data)
	if reply == nil {
		return
	}
	body, err := json.Marshal(reply)
	if err == nil {
		err = m.Respond(body)
	}
	if err != nil && !errors.Is(err, nats.ErrConnectionClosed) { // the hub was stopped meanwhile
		h.t.Error(err)
	}
}

// buffer is a log that may be written from many goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func identity(t *testing.T) link.Identity {
	t.Helper()
	id, err := link.LoadOrCreateIdentity(filepath.Join(t.TempDir(), "device.seed"))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// started runs a link until the test ends; stop ends it earlier.
func started(t *testing.T, cfg link.Config, now func() time.Time) (l *link.Link, logs *buffer, stop func()) {
	t.Helper()
	logs = &buffer{}
	cfg.Log = slog.New(slog.NewTextHandler(logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if cfg.Hello == nil {
		cfg.Hello = func() camera.Hello { return camera.Hello{Version: "test"} }
	}
	l = link.New(cfg, now)
	link.SetPace(l, patience, 5*time.Millisecond)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	t.Cleanup(stop)
	return l, logs, stop
}

// until waits for a condition that another goroutine brings about.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	end := time.After(patience)
	for !holds() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("never: %s", what)
		}
	}
}

func receive[T any](t *testing.T, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatalf("never: %s", what)
		panic("unreachable")
	}
}

func parsed[M any](t *testing.T, b []byte) M {
	t.Helper()
	var m M
	if err := json.Unmarshal(b, &m); err != nil {
		t.Errorf("read %.100q: %v", b, err)
	}
	return m
}

func parseInto(t *testing.T, b []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(b, into); err != nil {
		t.Errorf("read %.100q: %v", b, err)
	}
}
