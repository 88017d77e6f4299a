package fleet

import (
	"encoding/base64"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
	"golang.org/x/time/rate"

	camera "xulang.vn/camera"
)

// role is what one of the hub's own connections is for.
type role int

const (
	roleHub    role = iota // asks agents and answers them
	roleSystem             // hears of connections that end
)

// gate decides who may connect, and to which subjects. It is called by the NATS
// server, from the goroutine of the connection.
type gate struct {
	log      *slog.Logger
	few      *rate.Sometimes
	presence *presence
	srv      *server.Server // set before the server starts
	own      [2]nkeys.KeyPair

	mu     sync.Mutex
	lookup func(camera.DeviceID) (camera.Code, error) // how a device stands; nil: closed
}

// newGate makes the keys of the hub's own connections; they never leave memory.
func newGate(p *presence, log *slog.Logger, few *rate.Sometimes) (*gate, error) {
	g := &gate{log: log, few: few, presence: p}
	for i := range g.own {
		key, err := nkeys.CreateUser()
		if err != nil {
			return nil, fmt.Errorf("make hub key: %w", err)
		}
		g.own[i] = key
	}
	return g, nil
}

func (g *gate) open(lookup func(camera.DeviceID) (camera.Code, error)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.lookup = lookup
}

func (g *gate) close() { g.open(nil) }

// verdict is what the look-up of a device came to.
type verdict int

const (
	refuse verdict = iota // NATS tells the client "Authorization Violation"
	admit                 // also in quarantine: it is told in answer to its hello
	notNow                // nobody knows: the hub ends, or its database does not answer
)

func (g *gate) ask(id camera.DeviceID) verdict {
	g.mu.Lock()
	lookup := g.lookup
	g.mu.Unlock()
	if lookup == nil {
		return notNow
	}
	standing, err := lookup(id)
	switch {
	case err != nil:
		g.log.Error("look up device", "device", id, "err", err)
		return notNow
	case standing == "" || standing == camera.CodeQuarantined:
		return admit
	}
	return refuse
}

// Check implements server.Authentication.
func (g *gate) Check(c server.ClientAuthentication) bool {
	if c.Kind() != server.CLIENT {
		return false
	}
	opts := c.GetOpts()
	if !proven(opts.Nkey, opts.Sig, c.GetNonce()) {
		return false
	}
	if addr := c.RemoteAddress(); addr != nil && addr.Network() == "pipe" {
		return g.admitOwn(c, opts.Nkey)
	}
	return g.admitDevice(c, camera.DeviceID(opts.Nkey))
}

// proven checks the signature of the server's nonce, as the NATS server does for
// configured nkeys.
func proven(public, sig string, nonce []byte) bool {
	if !nkeys.IsValidPublicUserKey(public) || len(nonce) == 0 {
		return false
	}
	raw, err := base64.RawURLEncoding.DecodeString(sig)
	if err != nil {
		return false
	}
	key, err := nkeys.FromPublicKey(public)
	return err == nil && key.Verify(nonce, raw) == nil
}

// admitOwn lets the hub's own clients in. They connect inside the process; no key
// works both inside and outside.
func (g *gate) admitOwn(c server.ClientAuthentication, public string) bool {
	accounts := [2]*server.Account{roleHub: g.srv.GlobalAccount(), roleSystem: g.srv.SystemAccount()}
	for i, key := range g.own {
		if own, err := key.PublicKey(); err == nil && own == public {
			c.RegisterUser(&server.User{Account: accounts[i]})
			return true
		}
	}
	return false
}

// admitDevice asks twice: between the first answer and the entry in the table a
// revocation finds no connection to drop. The second answer comes after the entry.
//
// An agent takes "Authorization Violation" for the word that it was revoked. So where
// that is not sure the connection is closed before NATS can say it.
func (g *gate) admitDevice(c server.ClientAuthentication, id camera.DeviceID) bool {
	cid := c.GetID()
	if v := g.ask(id); v != admit {
		g.turnAway(v, cid, id)
		return false
	}
	old, replaced, ok := g.presence.enter(id, cid)
	if !ok {
		g.warn("link refused: a second identity on one connection", id)
		return false
	}
	if v := g.ask(id); v != admit {
		g.presence.leave(cid)
		g.turnAway(v, cid, id)
		return false
	}
	if replaced {
		g.warn("device connected again: the older link is dropped", id)
		g.disconnect(old)
	}
	c.RegisterUser(&server.User{Account: g.srv.GlobalAccount(), Permissions: permissions(id)})
	if g.srv.GetClient(cid) == nil {
		g.presence.leave(cid) // it closed before it had an account: the server reports no end
	}
	return true
}

func (g *gate) turnAway(v verdict, cid uint64, id camera.DeviceID) {
	if v == notNow {
		g.disconnect(cid)
		return
	}
	g.warn("link refused: device unknown, revoked or left", id)
}

func (g *gate) warn(what string, id camera.DeviceID) {
	g.few.Do(func() { g.log.Warn(what, "device", id) })
}

// permissions are all that a device may do. A reply may go to whoever asked it
// on its own down subjects, once and soon.
func permissions(id camera.DeviceID) *server.Permissions {
	return &server.Permissions{
		Publish:   &server.SubjectPermission{Allow: []string{camera.UpSubject(id, ">")}},
		Subscribe: &server.SubjectPermission{Allow: []string{camera.DownSubject(id, ">"), camera.InboxPrefix(id) + ".>"}},
		Response:  &server.ResponsePermission{MaxMsgs: 1, Expires: answerWithin + 5*time.Second},
	}
}

// disconnect closes a connection of the server. One that is gone already is what
// was wanted.
func (g *gate) disconnect(cid uint64) {
	g.presence.leave(cid)
	if err := g.srv.DisconnectClientByID(cid); err != nil {
		g.log.Debug("disconnect", "cid", cid, "err", err)
	}
}

// connect makes one of the hub's own connections.
func (g *gate) connect(srv *server.Server, r role) (*nats.Conn, error) {
	key := g.own[r]
	public, err := key.PublicKey()
	if err != nil {
		return nil, fmt.Errorf("read hub key: %w", err)
	}
	nc, err := nats.Connect("", nats.InProcessServer(srv), nats.Nkey(public, key.Sign), nats.Name("hub"),
		nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			g.log.Error("hub's own link", "err", err)
		}))
	if err != nil {
		return nil, fmt.Errorf("connect hub to its own link: %w", err)
	}
	return nc, nil
}
