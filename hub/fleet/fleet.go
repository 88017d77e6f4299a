// Package fleet is the hub's end of the link: an embedded NATS server, to which
// agents connect by WebSocket through the hub's one port ([Fleet.Handler]).
//
// An agent proves its Ed25519 key (a NATS nkey) and may then ask on
// xulang.up.<device>.> and listen on xulang.down.<device>.> and its own inbox;
// the server refuses everything else. What it asks is hostile input: size, rate
// and the number of requests at a time are bounded for each device, and a message
// that cannot be read gets a refusal while the connection lives on.
package fleet

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"golang.org/x/time/rate"

	camera "xulang.vn/camera"
)

// Devices knows the enrolled devices.
type Devices interface {
	// Device gives a device's household and how it stands: "" is believed,
	// CodeQuarantined may link and say hello and nothing else, CodeForbidden (unknown,
	// revoked, left) may not even link.
	Device(ctx context.Context, id camera.DeviceID) (household camera.HouseholdID, standing camera.Code, err error)
}

// Facts takes what agents tell. Refusals travel in the replies; an error becomes
// one. Calls for one device may run at the same time; Linked returns before the
// first other call for a link, and Linked and Unlinked of a device alternate.
//
// All but Hello, Linked and Unlinked are called only for a device that was believed
// when its message came.
type Facts interface {
	Hello(context.Context, camera.DeviceID, camera.Hello) camera.HelloReply
	Announce(context.Context, camera.DeviceID, camera.Announce) camera.AnnounceReply
	Slots(context.Context, camera.DeviceID, []camera.SegmentID) camera.SlotsReply
	Stored(context.Context, camera.DeviceID, []camera.SegmentID) camera.StoredReply
	Wants(context.Context, camera.DeviceID) camera.WantsReply
	Status(context.Context, camera.DeviceID, camera.Status) error
	Past(context.Context, camera.DeviceID, []camera.CameraPast) error
	Roads(context.Context, camera.DeviceID, camera.RoadsRequest) camera.RoadsReply
	Seen(context.Context, camera.DeviceID, camera.View) camera.SeenReply
	Consent(context.Context, camera.DeviceID, camera.Receipt) camera.ReceiptReply
	Answer(context.Context, camera.DeviceID, camera.Answer) error
	SelfTest(context.Context, camera.DeviceID, camera.SelfTest) error
	Leave(context.Context, camera.DeviceID) error
	Linked(ctx context.Context, id camera.DeviceID, at time.Time)
	Unlinked(ctx context.Context, id camera.DeviceID, at time.Time)
}

// Bounds of one device's requests; zero fields of Config mean these.
const (
	defaultRate  = 100 // tokens a second; see cost
	defaultBurst = 300 // tokens
)

// answerWithin bounds one request, either way. An agent gives up after 10 s too.
const answerWithin = 10 * time.Second

// recheckEach is how often the devices that have a link are looked up again, should
// nobody have called Drop: one that was revoked or left loses it then.
const recheckEach = 20 * time.Second

// Config of the link. The zero value works.
type Config struct {
	Rate  float64      // tokens a second of one device
	Burst int          // tokens at once
	Log   *slog.Logger // nil = no log
}

// Fleet knows which agents are here.
type Fleet struct {
	cfg     Config
	devices Devices
	facts   Facts
	now     func() time.Time
	log     *slog.Logger
	few     *rate.Sometimes // for log lines that agents can cause at will

	srv      *server.Server
	gate     *gate
	presence *presence
	recheck  <-chan time.Time // nil: every recheckEach
	started  atomic.Bool
	upstream atomic.Pointer[url.URL]   // of the WebSocket listener, while Run runs
	nc       atomic.Pointer[nats.Conn] // the hub's own client, while Run runs
}

// New prepares a fleet. Nothing listens before [Fleet.Run].
func New(cfg Config, devices Devices, facts Facts, now func() time.Time) (*Fleet, error) {
	if cfg.Rate <= 0 {
		cfg.Rate = defaultRate
	}
	if cfg.Burst <= 0 {
		cfg.Burst = defaultBurst
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	f := &Fleet{cfg: cfg, devices: devices, facts: facts, now: now, log: cfg.Log}
	f.few = &rate.Sometimes{First: 50, Interval: time.Second}
	f.presence = newPresence(now, cfg.Log)
	var err error
	if f.gate, err = newGate(f.presence, cfg.Log, f.few); err != nil {
		return nil, err
	}
	if f.srv, err = newServer(f.gate, cfg.Log, f.few); err != nil {
		return nil, err
	}
	f.gate.srv = f.srv
	return f, nil
}

// Run serves the link until ctx ends, once. When it returns, every agent has been
// reported as unlinked and no goroutine of the room is left.
func (f *Fleet) Run(ctx context.Context) error {
	if !f.started.CompareAndSwap(false, true) {
		return errors.New("run fleet: it has run already")
	}
	f.gate.open(func(id camera.DeviceID) (camera.Code, error) { return f.standing(ctx, id) })
	f.srv.Start()
	defer func() {
		f.srv.Shutdown()
		f.srv.WaitForShutdown()
	}()
	if !f.srv.ReadyForConnections(10 * time.Second) {
		return errors.New("start link: the server does not get ready")
	}
	var told sync.WaitGroup
	told.Go(func() { f.presence.run(ctx, f.facts, f.srv) })
	told.Go(func() { f.recheckAll(ctx) })
	err := f.serve(ctx)
	f.gate.close()
	f.presence.stop()
	told.Wait()
	return err
}

// serve connects the hub's own clients and waits for the end. It leaves in this
// order: no new connections, no new messages, then the work in hand.
func (f *Fleet) serve(ctx context.Context) error {
	sys, err := f.gate.connect(f.srv, roleSystem)
	if err != nil {
		return err
	}
	defer sys.Close()
	hub, err := f.gate.connect(f.srv, roleHub)
	if err != nil {
		return err
	}
	defer hub.Close()
	if err := f.presence.watch(sys); err != nil {
		return err
	}
	q := newQueue(ctx, f)
	defer q.close()
	sub, err := hub.Subscribe(camera.UpSubject("*", "*"), q.take)
	if err != nil {
		return fmt.Errorf("subscribe to agents: %w", err)
	}
	// The queue bounds each device; this only bounds all of them together.
	if err := sub.SetPendingLimits(65536, 256<<20); err != nil {
		return fmt.Errorf("set pending limits: %w", err)
	}
	if err := errors.Join(sys.Flush(), hub.Flush()); err != nil {
		return fmt.Errorf("subscribe to agents: %w", err)
	}
	ws, err := url.Parse(f.srv.WebsocketURL())
	if err != nil {
		return fmt.Errorf("read link address: %w", err)
	}
	f.nc.Store(hub)
	defer f.nc.Store(nil)
	f.upstream.Store(&url.URL{Scheme: "http", Host: ws.Host})
	defer f.upstream.Store(nil)
	<-ctx.Done()
	return nil
}

// Up tells whether agents can link now.
func (f *Fleet) Up() bool { return f.upstream.Load() != nil }

// Linked tells whether the device has a link now.
func (f *Fleet) Linked(id camera.DeviceID) bool { return f.presence.linked(id) }

// standing looks a device up; see Devices.
func (f *Fleet) standing(ctx context.Context, id camera.DeviceID) (camera.Code, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, standing, err := f.devices.Device(ctx, id)
	return standing, err
}

// recheckAll cuts the links of devices that may not have one any more. One that
// cannot be looked up keeps it: its messages are not answered either.
func (f *Fleet) recheckAll(ctx context.Context) {
	tick := f.recheck
	if tick == nil {
		own := time.NewTicker(recheckEach)
		defer own.Stop()
		tick = own.C
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick:
		}
		for _, id := range f.presence.all() {
			switch standing, err := f.standing(ctx, id); {
			case ctx.Err() != nil:
				return
			case err != nil:
				f.log.Error("look up linked device", "device", id, "err", err)
			case standing == camera.CodeForbidden:
				f.Drop(id)
			}
		}
	}
}

// Drop ends a device's link. When the device has been revoked before, it cannot
// come back.
func (f *Fleet) Drop(id camera.DeviceID) {
	cid, ok := f.presence.current(id)
	if !ok {
		return
	}
	f.log.Info("link dropped", "device", id)
	f.gate.disconnect(cid)
}
