package link_test

import (
	"context"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/link"
)

func troubled(l *link.Link, code camera.Code) func() bool {
	return func() bool { return l.Trouble() == code && l.Connected() == (code == "") }
}

// TestLinkTLS: a renewed certificate of the same CA changes nothing; one of another
// CA ends the link, and says why.
func TestLinkTLS(t *testing.T) {
	id := identity(t)
	ca, twin := newAuthority("CA"), newAuthority("CA")
	hub := newSecureHub(t, id.Device(), ca.server(nil))
	trust := link.Trust{CA: ca.pem()}
	l, _, _ := started(t, link.Config{HubURL: hub.front.URL, Identity: id, TLS: trust.TLS()}, time.Now)
	until(t, "linked", troubled(l, ""))
	again := func() { hub.stop(); hub.start() }

	renewed := ca.server(nil)
	hub.shown.Store(&renewed)
	again()
	until(t, "linked over the renewed certificate", troubled(l, ""))

	replaced := twin.server(nil)
	hub.shown.Store(&replaced)
	again()
	until(t, "a certificate of another CA", troubled(l, camera.CodeBadCertificate))

	hub.shown.Store(&renewed)
	until(t, "linked again", troubled(l, ""))
}

func TestLinkRefusesCertificates(t *testing.T) {
	id := identity(t)
	ca, twin := newAuthority("CA"), newAuthority("CA")
	hub := newSecureHub(t, id.Device(), ca.server(nil))
	for name, trust := range map[string]link.Trust{"another CA": {CA: twin.pem()}, "the machine's": {}, "a damaged one": {CA: []byte("x")}} {
		l, _, stop := started(t, link.Config{HubURL: hub.front.URL, Identity: id, TLS: trust.TLS()}, time.Now)
		until(t, name, troubled(l, camera.CodeBadCertificate))
		stop()
	}
	l, _, _ := started(t, link.Config{HubURL: hub.front.URL, Identity: id}, time.Now)
	until(t, "without a trust", troubled(l, camera.CodeBadCertificate))
	known := public.server(nil)
	hub.shown.Store(&known)
	until(t, "a public certificate", troubled(l, ""))
}

func TestLinkInTheClear(t *testing.T) {
	l := link.New(link.Config{HubURL: "http://192.0.2.7:8470", Identity: identity(t), Log: quiet}, time.Now)
	if err := l.Run(t.Context()); camera.CodeOf(err) != camera.CodeBadCertificate {
		t.Errorf("without TLS: %v", err)
	}
}

// TestSilentHub: what accepts a connection and says nothing does not keep the agent
// from ending.
func TestSilentHub(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	l := link.New(link.Config{HubURL: "https://" + silent.Addr().String(), Identity: identity(t), Log: quiet}, time.Now)
	link.SetPace(l, time.Hour, time.Millisecond)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	conn, err := silent.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.ReadFull(conn, make([]byte, 5)); err != nil { // it waits for an answer now
		t.Fatal(err)
	}
	cancel()
	if err := receive(t, "end", done); err != nil {
		t.Error(err)
	}
}

func TestRevoked(t *testing.T) {
	id := identity(t)
	hub := newHub(t, id.Device())
	l, _, _ := started(t, link.Config{HubURL: hub.front.URL, Identity: id}, time.Now)
	until(t, "linked", troubled(l, ""))
	hub.knows("")
	hub.stop()
	if l.Trouble() != "" {
		t.Error("a hub that is not there has no reason")
	}
	hub.start()
	until(t, "revoked", troubled(l, camera.CodeForbidden))
	hub.stop()
	until(t, "the hub is away", func() bool { return !l.Connected() })
	if l.Trouble() != camera.CodeForbidden {
		t.Error("forgotten while the hub is away")
	}
	hub.knows(id.Device())
	hub.start()
	until(t, "linked again", troubled(l, ""))
}

func TestWhy(t *testing.T) {
	id := identity(t)
	hub := newHub(t, "")
	var code atomic.Value
	code.Store(camera.CodeQuarantined)
	l, _, _ := started(t, link.Config{HubURL: hub.front.URL, Identity: id, Why: func(ctx context.Context) camera.Code {
		if _, bounded := ctx.Deadline(); !bounded {
			t.Error("it may take for ever")
		}
		return code.Load().(camera.Code)
	}}, time.Now)
	until(t, "the reason", troubled(l, camera.CodeQuarantined))
	code.Store(camera.CodeConflict)
	until(t, "another reason", troubled(l, camera.CodeConflict))
	code.Store(camera.Code(""))
	until(t, "no reason: as without", troubled(l, camera.CodeForbidden))
	hub.knows(id.Device())
	until(t, "linked", troubled(l, ""))
}

func TestQuarantine(t *testing.T) {
	id := identity(t)
	hub := newHub(t, id.Device())
	var apart atomic.Bool
	refusal := camera.Refusal{Code: camera.CodeQuarantined, Message: "two boxes"}
	boots := make(chan string, 100)
	var known atomic.Pointer[link.Link] // once it is in quarantine
	hub.on(camera.VerbHello, func(b []byte) any {
		boots <- parsed[camera.Hello](t, b).Boot
		if l := known.Load(); l != nil && l.Trouble() != camera.CodeQuarantined {
			t.Errorf("it is %q before the hub has said so", l.Trouble())
		}
		if apart.Load() {
			return camera.HelloReply{V: camera.LinkVersion, Refusal: refusal}
		}
		return camera.HelloReply{V: camera.LinkVersion}
	})
	hub.on(camera.VerbAnnounce, func([]byte) any {
		if apart.Load() {
			return camera.Ack{V: camera.LinkVersion, Refusal: refusal}
		}
		return camera.AnnounceReply{V: camera.LinkVersion}
	})
	l, _, stop := started(t, link.Config{HubURL: hub.front.URL, Identity: id,
		Hello: func() camera.Hello { return camera.Hello{Boot: "not the link's"} }}, time.Now)
	until(t, "linked", troubled(l, ""))
	boot := receive(t, "hello", boots)
	apart.Store(true)
	if _, err := l.Announce(t.Context(), camera.Announce{}); camera.CodeOf(err) != camera.CodeQuarantined {
		t.Errorf("announce: %v", err) // an agreement that names no refusals would lose them
	}
	if !troubled(l, camera.CodeQuarantined)() {
		t.Errorf("%q, linked %t", l.Trouble(), l.Connected())
	}
	known.Store(l)
	l.Refresh()
	if again := receive(t, "hello in quarantine", boots); again != boot || len(boot) < 20 {
		t.Errorf("boot %q, then %q", boot, again)
	}
	hub.stop()
	hub.start()
	receive(t, "hello after a reconnect", boots)
	until(t, "still apart", troubled(l, camera.CodeQuarantined))
	apart.Store(false)
	l.Refresh()
	until(t, "linked again", troubled(l, ""))
	known.Store(nil)
	stop()
	_, _, _ = started(t, link.Config{HubURL: hub.front.URL, Identity: id}, time.Now)
	until(t, "another run's boot", func() bool {
		select {
		case b := <-boots:
			return b != boot
		default:
			return false
		}
	})
}

func TestHelloForbidden(t *testing.T) {
	id := identity(t)
	hub := newHub(t, id.Device())
	hub.on(camera.VerbHello, func([]byte) any {
		return camera.HelloReply{V: camera.LinkVersion, Refusal: camera.Refusal{Code: camera.CodeForbidden}}
	})
	l, _, _ := started(t, link.Config{HubURL: hub.front.URL, Identity: id}, time.Now)
	until(t, "revoked", troubled(l, camera.CodeForbidden))
}
