// Package link is the agent's one connection to the hub: facts go up, commands
// come down. It dials out by WebSocket through the hub's one port and proves the
// device's identity by signing the server's nonce (NATS nkey, Ed25519). The hub
// proves its own by its certificate (Trust), which Meet finds out before the first
// secret is sent.
//
// Every (re)connect begins with a Hello. Until the hub has acknowledged it, all
// other requests fail with CodeUnreachable, as they do without a connection;
// nothing is queued here, the spool is the queue.
package link

import (
	"context"
	cryptorand "crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/url"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	camera "xulang.vn/camera"
)

const (
	proxyPath    = "/link"          // where the hub's port hands the WebSocket to NATS
	askTimeout   = 10 * time.Second // of one request
	firstWait    = time.Second      // before the first reconnect, doubled up to longestWait
	longestWait  = 30 * time.Second
	pingEvery    = 20 * time.Second // two lost ones end the connection: NAT boxes forget quietly
	helloAgain   = 5 * time.Second  // after a hello that was not acknowledged
	greetedMost  = 30 * time.Second // for Config.Greeted
	drainLongest = 5 * time.Second  // for the client's own goroutines to end
)

// Config is what a Link is made of.
type Config struct {
	HubURL   string // "https://hub.example" or "http://127.0.0.1:8080", perhaps with a path
	Identity Identity
	TLS      *tls.Config // how the hub is known: that of its Trust; nil: as machines know a public one
	// Hello introduces the cameras as they are now; V and Boot are filled in.
	Hello func() camera.Hello
	// Greeted, if there, is called after every hello that the hub acknowledged, with
	// its answer. Requests may be made from it. It must return when ctx ends.
	Greeted func(ctx context.Context, reply camera.HelloReply)

	// What the hub may ask for. Each must return when ctx ends; one that is nil is
	// answered with CodeUnavailable.

	// Live starts or stops a publication.
	Live func(ctx context.Context, cmd camera.LiveCommand) camera.Ack
	// Look asks for the wants again. Agreement means that the holds are durable.
	Look func(ctx context.Context) camera.Ack
	// Still reads one key frame, at most camera.StillLargest bytes.
	Still func(ctx context.Context, cmd camera.StillCommand) camera.StillReply

	// Why, if there, is asked after the hub has refused the device's login, and says
	// what Trouble then says; "" where it does not know. It must return when ctx ends.
	Why func(ctx context.Context) camera.Code

	Log *slog.Logger
}

// Link is safe for concurrent use.
type Link struct {
	cfg     Config
	now     func() time.Time
	device  camera.DeviceID
	log     *slog.Logger
	timeout time.Duration // of one request
	wait    time.Duration // before the first reconnect
	boot    string        // of every hello of this Link
	poke    chan struct{} // a hello is due
	refused chan struct{} // a login was refused
	clock   offsets
	probing sync.Mutex // held while the uplink is measured

	mu      sync.Mutex
	nc      *nats.Conn // nil outside of Run
	up      bool
	epoch   uint64      // grows when a hello is due
	greeted uint64      // the epoch whose hello was acknowledged
	trouble camera.Code // see Trouble

	requests uint64                             // that were made, for names in open
	open     map[uint64]context.CancelCauseFunc // those that wait for an answer
}

// New makes a Link; Run connects it.
func New(cfg Config, now func() time.Time) *Link {
	return &Link{
		cfg: cfg, now: now, device: cfg.Identity.Device(),
		log:     cfg.Log,
		timeout: askTimeout, wait: firstWait,
		boot: cryptorand.Text(),
		poke: make(chan struct{}, 1), refused: make(chan struct{}, 1),
		open: map[uint64]context.CancelCauseFunc{},
	}
}

// Run connects and stays connected until ctx ends, which it reports as nil. An
// unreachable hub or a refused identity is no reason to return: the hub may be
// starting, or its administrator correcting a mistake. Call it once.
func (l *Link) Run(ctx context.Context) error {
	hub, err := parseHub(l.cfg.HubURL)
	if err != nil {
		return fmt.Errorf("run link: %w", err)
	}
	closed := make(chan struct{})
	options := append(l.options(hub.JoinPath(proxyPath).Path, closed), nats.SetCustomDialer(l.dialer(ctx, hub)))
	nc, err := nats.Connect("ws://"+dialAddress(hub), options...)
	if err != nil {
		return fmt.Errorf("run link: %w", err)
	}
	if err = l.work(ctx, nc); err != nil {
		err = fmt.Errorf("subscribe: %w", err)
	}
	l.mu.Lock()
	l.nc, l.up = nil, false
	l.mu.Unlock()
	nc.Close()
	select {
	case <-closed:
	case <-time.After(drainLongest):
		err = errors.Join(err, errors.New("client does not close"))
	}
	if err != nil {
		return fmt.Errorf("run link: %w", err)
	}
	return nil
}

// dialer makes connections to the hub, with TLS when its address says so. nats.go
// would do that by itself, but without a time-out for the handshake, and deaf to the
// end of ctx; so for it there is only the WebSocket inside, "ws://".
func (l *Link) dialer(ctx context.Context, hub *url.URL) dialTo {
	config := l.cfg.TLS
	if config == nil {
		config = Trust{}.TLS()
	}
	config = config.Clone()
	config.ServerName, config.NextProtos = hub.Hostname(), []string{"http/1.1"} // WebSocket (RFC 6455) is of HTTP/1.1
	return func(network, address string) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, l.timeout)
		defer cancel()
		if hub.Scheme == "http" {
			return new(net.Dialer).DialContext(ctx, network, address)
		}
		return (&tls.Dialer{Config: config}).DialContext(ctx, network, address)
	}
}

// dialTo is a dialer of nats.go.
type dialTo func(network, address string) (net.Conn, error)

// Dial implements nats.CustomDialer.
func (d dialTo) Dial(network, address string) (net.Conn, error) { return d(network, address) }

// work tends the connection and obeys the hub until ctx ends.
func (l *Link) work(ctx context.Context, nc *nats.Conn) error {
	orders := l.orders()
	for i, o := range orders {
		orders[i].waiting = make(chan *nats.Msg, waitingMost)
		if _, err := nc.ChanSubscribe(camera.DownSubject(l.device, o.verb), orders[i].waiting); err != nil {
			return err
		}
	}
	l.mu.Lock()
	l.nc = nc
	l.mu.Unlock()
	var parts sync.WaitGroup
	parts.Go(func() { l.tend(ctx) })
	for _, o := range orders {
		parts.Go(func() { l.obey(ctx, o) })
	}
	parts.Wait()
	return nil
}

func (l *Link) options(path string, closed chan<- struct{}) []nats.Option {
	return []nats.Option{
		nats.Name(string(l.device)),
		nats.Nkey(string(l.device), l.cfg.Identity.Sign),
		nats.ProxyPath(path),
		nats.CustomInboxPrefix(camera.InboxPrefix(l.device)),
		nats.IgnoreDiscoveredServers(), // the hub's inner addresses are no business of ours
		nats.RetryOnFailedConnect(true),
		nats.MaxReconnects(-1),
		nats.IgnoreAuthErrorAbort(),
		nats.CustomReconnectDelay(l.delay),
		nats.ReconnectBufSize(-1), // a request without a connection fails at once
		nats.Timeout(l.timeout),
		nats.PingInterval(pingEvery),
		nats.MaxPingsOutstanding(2),
		nats.ConnectHandler(l.connected),
		nats.ReconnectHandler(l.connected),
		nats.DisconnectErrHandler(l.disconnected),
		nats.SkipHostLookup(), // the dialer does it
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) {
			l.failed(err)
			l.log.Info("hub not reached", "err", err)
		}),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			l.failed(err)
			l.log.Warn("link error", "err", err)
		}),
		nats.ClosedHandler(func(*nats.Conn) { close(closed) }),
	}
}

// delay doubles from wait to longestWait and spreads each value over its upper
// half: after a power cut a whole commune comes back at once.
//
// It is also where a refused login shows: nats.go tells of the second and later ones
// of a connection that never stood by no callback.
func (l *Link) delay(attempts int) time.Duration {
	l.mu.Lock()
	nc := l.nc
	l.mu.Unlock()
	if nc != nil {
		l.failed(nc.LastError())
	}
	d := min(l.wait<<min(max(attempts-1, 0), 10), longestWait)
	return d/2 + rand.N(d/2+1)
}

func (l *Link) connected(*nats.Conn) {
	l.mu.Lock()
	l.up = true
	l.epoch++ // with up, under one lock: linked means greeted on this connection
	if l.trouble != camera.CodeQuarantined {
		l.trouble = "" // whether that has ended the hello finds out
	}
	l.mu.Unlock()
	l.log.Info("connected to hub")
	l.due()
}

func (l *Link) disconnected(_ *nats.Conn, err error) {
	l.mu.Lock()
	was := l.up
	l.up = false
	for _, lost := range l.open {
		lost(errLost)
	}
	l.mu.Unlock()
	if was {
		l.log.Info("lost hub", "err", err)
	}
}

// Refresh sends Hello again, because the cameras have changed. Until it is
// acknowledged Connected is false: what belongs to a new camera must not be sent
// before the camera is known.
func (l *Link) Refresh() {
	l.mu.Lock()
	l.epoch++
	l.mu.Unlock()
	l.due()
}

func (l *Link) due() {
	select {
	case l.poke <- struct{}{}:
	default: // one is due already
	}
}

// Connected tells whether the hub is there and knows our cameras.
func (l *Link) Connected() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.up && l.greeted == l.epoch
}

// Clock is what is known of the agent's clock now.
func (l *Link) Clock() camera.Clock { return l.clock.at(l.now()) }
