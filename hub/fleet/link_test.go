package fleet_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/fleet"
)

func TestLinkedAndUnlinked(t *testing.T) {
	h := start(t, newFacts(), fleet.Config{}, time.Now)
	var cable net.Conn
	a, key := h.join(t, nats.SetCustomDialer(dialer(func(network, address string) (net.Conn, error) {
		var err error
		cable, err = net.Dial(network, address)
		return cable, err
	})))
	if !h.Linked(a.id) {
		t.Fatal("not linked")
	}
	// As at a kill -9: the socket closes, and nobody says good-bye.
	if err := cable.Close(); err != nil {
		t.Fatal(err)
	}
	h.wantEvents(t, a.id, "unlinked")
	if h.Linked(a.id) {
		t.Fatal("still linked")
	}
	again, err := h.dial(key, a.id)
	if err != nil {
		t.Fatal(err)
	}
	h.wantEvents(t, a.id, "linked")
	again.Close()
	h.wantEvents(t, a.id, "unlinked")
	if _, err := h.dial(key, a.id); err != nil {
		t.Fatal(err)
	}
	h.wantEvents(t, a.id, "linked")
	h.stop() // the hub's own end is an end, too
	h.wantEvents(t, a.id, "unlinked")
}

type dialer func(network, address string) (net.Conn, error)

func (d dialer) Dial(network, address string) (net.Conn, error) { return d(network, address) }

// TestNewestWins: two programs with one key. The older link goes, as one end and
// one beginning.
func TestNewestWins(t *testing.T) {
	h := start(t, newFacts(), fleet.Config{}, time.Now)
	closed := make(chan struct{})
	old, key := h.join(t, nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
	newer, err := h.dial(key, old.id)
	if err != nil {
		t.Fatal(err)
	}
	defer newer.Close()
	h.wantEvents(t, old.id, "unlinked", "linked")
	next(t, closed)
	wantCode(t, newer, "")
	if !h.Linked(old.id) || len(h.facts.events) != 0 {
		t.Fatal("the end of the older link ended the newer one")
	}
	if !strings.Contains(h.log.String(), "connected again") {
		t.Fatal("not logged")
	}
}

func TestWhoMayConnect(t *testing.T) {
	h := start(t, newFacts(), fleet.Config{}, time.Now)
	enrolled, id := newKey(t)
	h.devices.set(id, "")
	stranger, strange := newKey(t)
	account, err := nkeys.CreateAccount()
	if err != nil {
		t.Fatal(err)
	}
	public, err := account.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	h.devices.set(camera.DeviceID(public), "")
	none := nats.Nkey("", nil)
	cases := []struct {
		name string
		key  nkeys.KeyPair
		id   camera.DeviceID
		more []nats.Option
	}{
		{"unknown device", stranger, strange, nil},
		{"another's key", stranger, id, nil},
		{"key of another kind", account, camera.DeviceID(public), nil},
		{"no key", enrolled, id, []nats.Option{none}},
		{"user and password", enrolled, id, []nats.Option{none, nats.UserInfo("hub", "hub")}},
		{"token", enrolled, id, []nats.Option{none, nats.Token("x")}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a, err := h.dial(c.key, c.id, c.more...)
			if err == nil {
				a.Close()
				t.Fatal("let in")
			}
			if !errors.Is(err, nats.ErrAuthorization) {
				t.Fatalf("%v", err)
			}
		})
	}
	if len(h.facts.events) != 0 {
		t.Fatalf("an event for nobody: %+v", <-h.facts.events)
	}
}

func TestDrop(t *testing.T) {
	h := start(t, newFacts(), fleet.Config{}, time.Now)
	closed := make(chan struct{})
	a, key := h.join(t, nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
	other, _ := h.join(t)
	h.devices.set(a.id, camera.CodeForbidden)
	h.Drop(a.id)
	next(t, closed)
	h.wantEvents(t, a.id, "unlinked")
	if h.Linked(a.id) {
		t.Fatal("still linked")
	}
	if _, err := h.dial(key, a.id); !errors.Is(err, nats.ErrAuthorization) {
		t.Fatalf("a revoked device came back: %v", err)
	}
	h.Drop(a.id) // nothing to drop
	wantCode(t, other, "")
}

// TestRevokedMeanwhile: the revocation comes between the look-up and the link.
func TestRevokedMeanwhile(t *testing.T) {
	key, id := newKey(t)
	reg := &turncoat{}
	f := newFacts()
	fl, err := fleet.New(fleet.Config{}, reg, f, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	h := &hub{Fleet: fl, facts: f}
	h.serve(t)
	if _, err := h.dial(key, id); !errors.Is(err, nats.ErrAuthorization) {
		t.Fatalf("%v", err)
	}
	h.wantEvents(t, id, "linked", "unlinked")
	if h.Linked(id) {
		t.Fatal("linked")
	}
}

// turncoat says yes once.
type turncoat struct {
	mu    sync.Mutex
	asked bool
}

func (d *turncoat) Device(context.Context, camera.DeviceID) (camera.HouseholdID, camera.Code, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.asked {
		return "", camera.CodeForbidden, nil
	}
	d.asked = true
	return "h1", "", nil
}

func TestForeignSubjects(t *testing.T) {
	h := start(t, newFacts(), fleet.Config{}, time.Now)
	a, _ := h.join(t)
	b, _ := h.join(t)
	for _, subject := range []string{
		camera.UpSubject(b.id, "status"), camera.DownSubject(b.id, "live"), camera.DownSubject(a.id, "live"),
		camera.InboxPrefix(b.id) + ".x", "_INBOX.x", "$SYS.REQ.SERVER.PING", "anything",
	} {
		t.Run("publish "+subject[:8], func(t *testing.T) {
			if err := a.Publish(subject, []byte(`{"v":2}`)); err != nil {
				t.Fatal(err)
			}
			if err := next(t, a.errs); !errors.Is(err, nats.ErrPermissionViolation) {
				t.Fatalf("%v", err)
			}
		})
	}
	for _, subject := range []string{
		">", "xulang.>", "xulang.up.>", camera.DownSubject(b.id, "live"), "xulang.down.*.live", camera.UpSubject(a.id, "hello"),
		camera.InboxPrefix(b.id) + ".>", "_INBOX.>", "*.*.*", "$SYS.>",
	} {
		t.Run("subscribe "+subject, func(t *testing.T) {
			if _, err := a.SubscribeSync(subject); err != nil {
				t.Fatal(err)
			}
			if err := next(t, a.errs); !errors.Is(err, nats.ErrPermissionViolation) {
				t.Fatalf("%v", err)
			}
		})
	}
	wantCode(t, a, "") // the connection lives
	if e := next(t, h.facts.calls); e.id != a.id || len(h.facts.calls) != 0 {
		t.Fatalf("a foreign message went through: %+v", e)
	}
}

// TestOneIdentityForOneConnection sends a second CONNECT, for another enrolled
// device, on a link that stands. Its signature is good.
func TestOneIdentityForOneConnection(t *testing.T) {
	h := start(t, newFacts(), fleet.Config{}, time.Now)
	key, id := newKey(t)
	other, otherID := newKey(t)
	h.devices.set(id, "")
	h.devices.set(otherID, "")
	var cable net.Conn
	var challenge []byte
	closed := make(chan struct{})
	_, err := h.dial(key, id,
		nats.SetCustomDialer(dialer(func(network, address string) (net.Conn, error) {
			var err error
			cable, err = net.Dial(network, address)
			return cable, err
		})),
		nats.Nkey(string(id), func(nonce []byte) ([]byte, error) {
			challenge = nonce
			return key.Sign(nonce)
		}),
		nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
	if err != nil {
		t.Fatal(err)
	}
	h.wantEvents(t, id, "linked")
	sig, err := other.Sign(challenge)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cable.Write(frame(fmt.Sprintf(`CONNECT {"nkey":%q,"sig":%q,"protocol":1}`+"\r\n",
		otherID, base64.RawURLEncoding.EncodeToString(sig)))); err != nil {
		t.Fatal(err)
	}
	next(t, closed)
	h.wantEvents(t, id, "unlinked")
	if h.Linked(otherID) || len(h.facts.events) != 0 {
		t.Fatal("the second identity was taken")
	}
}

// frame is one binary WebSocket message of a client (RFC 6455 section 5.2), masked
// with zeros.
func frame(text string) []byte {
	head := []byte{0x82, 0x80 | 126, byte(len(text) >> 8), byte(len(text)), 0, 0, 0, 0}
	return append(head, text...)
}

// TestHubSpeaksForNobody: a reply subject of another device makes no answer there.
func TestHubSpeaksForNobody(t *testing.T) {
	h := start(t, newFacts(), fleet.Config{}, time.Now)
	a, _ := h.join(t)
	b, _ := h.join(t)
	heard := make(chan *nats.Msg, 10)
	for _, subject := range []string{camera.DownSubject(b.id, ">"), camera.InboxPrefix(b.id) + ".>"} {
		if _, err := b.ChanSubscribe(subject, heard); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Flush(); err != nil {
		t.Fatal(err)
	}
	for _, reply := range []string{camera.DownSubject(b.id, "live"), camera.InboxPrefix(b.id) + ".x", camera.InboxPrefix(a.id)} {
		if err := a.PublishRequest(camera.UpSubject(a.id, "status"), reply, []byte(`{"v":2}`)); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Publish(camera.UpSubject(a.id, "status"), []byte(`{"v":2}`)); err != nil {
		t.Fatal(err)
	}
	wantCode(t, a, "") // everything before it has been dealt with
	if err := b.Flush(); err != nil {
		t.Fatal(err)
	}
	if len(h.facts.calls) != 1 || len(heard) != 0 {
		t.Fatalf("%d calls, %d messages at the other device", len(h.facts.calls), len(heard))
	}
}

func TestHandler(t *testing.T) {
	h := start(t, newFacts(), fleet.Config{}, time.Now)
	if status := handshake(t, h.url, map[string]string{"Origin": "https://page.example"}); status != http.StatusForbidden {
		t.Errorf("a page: %d", status)
	}
	if status := handshake(t, h.url, map[string]string{"Upgrade": "h2c"}); status != http.StatusUpgradeRequired {
		t.Errorf("another protocol: %d", status)
	}
	resp, err := http.Get(h.url + "/link")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusUpgradeRequired {
		t.Errorf("plain GET: %d", resp.StatusCode)
	}
	a, _ := h.join(t)
	if found := append(a.DiscoveredServers(), a.Servers()[1:]...); len(found) != 0 {
		t.Errorf("the hub tells of other addresses: %v", found)
	}
}

func TestBeforeAndAfterRun(t *testing.T) {
	fl, err := fleet.New(fleet.Config{}, &devices{}, newFacts(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	h := &hub{Fleet: fl}
	if h.Up() {
		t.Error("up before it runs")
	}
	h.serve(t)
	if !h.Up() {
		t.Error("not up while it runs")
	}
	h.stop()
	if h.Up() {
		t.Error("up after it ran")
	}
	if status := handshake(t, h.url, nil); status != http.StatusServiceUnavailable {
		t.Errorf("after it ran: %d", status)
	}
	if err := fl.Run(t.Context()); err == nil {
		t.Fatal("ran twice")
	}
	if err := fl.Live(t.Context(), "U", camera.LiveCommand{}); camera.CodeOf(err) != camera.CodeUnreachable {
		t.Fatalf("live after the end: %v", err)
	}
}
