package ingest_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/ingest"
	"xulang.vn/camera/agent/media"
)

// event is one call of the receiver.
type event struct {
	session *media.Session
	unit    *media.Unit
	cause   camera.GapCause
	detail  string
}

// receiver keeps what it is told.
type receiver struct {
	fail error // of Unit

	mu     sync.Mutex
	events []event
	more   chan struct{}
}

func (r *receiver) add(e event) {
	r.mu.Lock()
	r.events = append(r.events, e)
	r.mu.Unlock()
	select {
	case r.more <- struct{}{}:
	default:
	}
}

func (r *receiver) Start(s media.Session) error { r.add(event{session: &s}); return nil }
func (r *receiver) Unit(u media.Unit) error     { r.add(event{unit: &u}); return r.fail }
func (r *receiver) Stop(c camera.GapCause, detail string) {
	r.add(event{cause: c, detail: detail})
}

// until waits until the events are enough; they are a copy.
func (r *receiver) until(t *testing.T, what string, enough func([]event) bool) []event {
	t.Helper()
	late := time.After(30 * time.Second)
	for {
		r.mu.Lock()
		now := append([]event(nil), r.events...)
		r.mu.Unlock()
		if enough(now) {
			return now
		}
		select {
		case <-r.more:
		case <-late:
			t.Fatalf("waited in vain for %s; had %d events, stops %+v", what, len(now), stops(now))
		}
	}
}

func units(es []event) (out []media.Unit) {
	for _, e := range es {
		if e.unit != nil {
			out = append(out, *e.unit)
		}
	}
	return out
}

func stops(es []event) (out []event) {
	for _, e := range es {
		if e.cause != "" {
			out = append(out, e)
		}
	}
	return out
}

func sessions(es []event) (out []media.Session) {
	for _, e := range es {
		if e.session != nil {
			out = append(out, *e.session)
		}
	}
	return out
}

var loopback = only("127.0.0.0/8")

// only allows the addresses of one network.
func only(network string) ingest.Control {
	allowed := netip.MustParsePrefix(network)
	return func(_, address string, _ syscall.RawConn) error {
		if at, err := netip.ParseAddrPort(address); err != nil || !allowed.Contains(at.Addr().Unmap()) {
			return camera.Errorf(camera.CodeOutsideLAN, "address is outside of the allowed networks")
		}
		return nil
	}
}

// rig is an ingest that runs against a camera.
type rig struct {
	*ingest.Ingest
	*receiver
	logs *logs
	stop func()
}

type logs struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logs) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// pull runs an ingest until the test ends.
func pull(t *testing.T, cfg ingest.Config, fail error) *rig {
	t.Helper()
	return pullBy(t, cfg, fail, time.Now)
}

// pullBy is pull by a clock of the test.
func pullBy(t *testing.T, cfg ingest.Config, fail error, now func() time.Time) *rig {
	t.Helper()
	r := &rig{receiver: &receiver{fail: fail, more: make(chan struct{}, 1)}, logs: &logs{}}
	r.Ingest = ingest.New(cfg, r.receiver, now, slog.New(slog.NewTextHandler(r.logs, nil)))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
		if text := r.logs.String(); strings.Contains(text, secret) || strings.Contains(text, "p@ss") {
			t.Errorf("the log holds the password:\n%s", text)
		}
	})
	t.Cleanup(r.stop)
	return r
}

func config(f *fake) ingest.Config {
	return ingest.Config{URL: "rtsp://" + f.address + "/live", Username: user, Password: secret, Control: loopback}
}

var errFull = errors.New("no room")
