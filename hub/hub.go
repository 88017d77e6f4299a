// Package hub joins the rooms of the hub. README.md tells the life of a question.
package hub

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/api"
	"xulang.vn/camera/hub/api/gen"
	"xulang.vn/camera/hub/audit"
	"xulang.vn/camera/hub/auth"
	"xulang.vn/camera/hub/cases"
	"xulang.vn/camera/hub/cert"
	"xulang.vn/camera/hub/db"
	"xulang.vn/camera/hub/fleet"
	"xulang.vn/camera/hub/index"
	"xulang.vn/camera/hub/keep"
	"xulang.vn/camera/hub/live"
	"xulang.vn/camera/hub/registry"
	"xulang.vn/camera/hub/road"
	"xulang.vn/camera/hub/road/sign"
	"xulang.vn/camera/hub/store"
	"xulang.vn/camera/hub/trace"
)

// Version is of the hub's program.
const Version = "0.2.0"

// Outside is what the program around the hub hands in.
type Outside struct {
	Web   http.Handler // the built web
	Log   *slog.Logger
	Now   func() time.Time
	Ready func(address string) // called once when the hub answers; may be nil
}

// Run opens everything, serves until ctx ends, and closes everything again.
func Run(ctx context.Context, cfg Config, out Outside) error {
	if err := cfg.Check(); err != nil {
		return err
	}
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	// First of all, so that an address that is taken is told before roads are read.
	listener, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	door, err := openDoor(cfg, listener.Addr(), out)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	h, err := open(ctx, cfg, out)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	h.door = door
	return errors.Join(h.run(ctx, listener), h.db.Close())
}

// hub holds the rooms.
type hub struct {
	cfg      Config
	out      Outside
	log      *slog.Logger
	now      func() time.Time
	db       *db.DB
	auth     *auth.Auth
	registry *registry.Registry
	index    *index.Index
	audit    *audit.Log
	store    *store.Store
	fleet    *fleet.Fleet
	live     *live.Live
	roads    *road.Graph
	signs    *sign.Zeros
	watch    *road.Watch // what cameras see of the roads, through time
	again    again       // what of it may be old
	cases    *cases.Cases
	keep     *keep.Keep
	door     door
}

func open(ctx context.Context, cfg Config, out Outside) (*hub, error) {
	h := &hub{cfg: cfg, out: out, log: out.Log, now: out.Now, again: again{due: map[camera.CameraID]bool{}}}
	var err error
	if h.roads, err = loadRoads(ctx, cfg.Roads, h.room("road")); err != nil {
		return nil, err
	}
	if h.store, err = openStore(cfg.Store, h.room("store")); err != nil {
		return nil, err
	}
	if h.db, err = openDatabase(ctx, cfg); err != nil {
		return nil, err
	}
	if err = h.openRooms(ctx); err == nil {
		err = h.openLink() // opens sockets: nothing after it may fail
	}
	if err != nil {
		return nil, errors.Join(err, h.db.Close())
	}
	h.cases = cases.New(cases.Parts{
		DB: h.db, Cameras: cameras{h}, Past: past{h}, Roads: roads{h.roads}, Links: h.store, Home: home{h},
		Live: h.live, Audit: auditor{h.audit}, Reach: reach{h}, Tracer: tracer{trace.NewNetwork(h.roads)}, Paths: paths{h.roads}, Promised: func() { h.keep.Soon() }, Logger: h.room("cases"), Now: h.now,
	})
	h.keep = newKeep(h.db, h.index, h.store, cfg.Store.Index, h.registry, h.cases, h.room("keep"), h.now)
	return h, nil
}

// openRooms makes the rooms that stand on the database.
func (h *hub) openRooms(ctx context.Context) error {
	h.auth, h.registry, h.audit = auth.New(h.db, h.now), registry.New(h.db, h.now), audit.New(h.db, h.now)
	h.signs, h.watch = sign.New(h.db, h.roads), road.NewWatch(h.roads)
	var err error
	if h.index, err = index.Open(ctx, h.db, h.store.Shelf(h.cfg.Store.Index), h.room("index"), h.now); err != nil {
		return err
	}
	if err := h.watchAll(ctx); err != nil {
		return fmt.Errorf("read views: %w", err)
	}
	return h.registry.EndAllPresence(ctx, h.now())
}

// openLink makes the two rooms that speak with agents.
func (h *hub) openLink() error {
	var err error
	h.fleet, err = fleet.New(fleet.Config{Log: h.room("fleet")}, h.registry, facts{h}, h.now)
	if err != nil {
		return fmt.Errorf("open link: %w", err)
	}
	h.live, err = live.New(live.Config{
		UDPAddr: h.cfg.Live.UDP, TCPAddr: h.cfg.Live.TCP, HostIPs: h.cfg.Live.Hosts, Path: api.WHIPPath, Log: h.room("live"),
		Gone: func(viewer string, _ camera.CameraID, _ error) { h.cases.Gone(viewer) },
	}, starter{h}, h.now)
	if err != nil {
		return fmt.Errorf("open live: %w", err)
	}
	return nil
}

func (h *hub) room(name string) *slog.Logger { return h.log.With("room", name) }

func (h *hub) run(ctx context.Context, listener net.Listener) error {
	group, ctx := errgroup.WithContext(ctx)
	server := &http.Server{
		Handler: h.handler(ctx.Done()), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(h.room("http").Handler(), slog.LevelDebug),
	}
	group.Go(func() error { return h.fleet.Run(ctx) })
	group.Go(func() error { return h.live.Run(ctx) })
	group.Go(func() error { return h.cases.Run(ctx) })
	group.Go(func() error { return h.keepBuckets(ctx) })
	group.Go(func() error { return h.serve(server, listener) })
	if h.door.certs != nil {
		group.Go(func() error { return h.door.certs.Run(ctx) })
	}
	group.Go(func() error {
		<-ctx.Done()
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
		defer cancel()
		if err := server.Shutdown(bounded); err != nil {
			return server.Close()
		}
		return nil
	})
	if err := h.announce(ctx); err != nil {
		h.log.Error("write setup link", "err", err)
	}
	return group.Wait()
}

func (h *hub) serve(server *http.Server, listener net.Listener) error {
	if h.door.certs != nil {
		server.TLSConfig = h.door.certs.TLS() // for HTTP/2
		listener = cert.Listen(listener, server.TLSConfig)
		server.Handler = cert.Guard(server.Handler)
	}
	err := server.Serve(listener)
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve: %w", err)
}

// announce says where the hub is, and gives the one-time setup link while there
// is nobody who could sign in. The link goes to a file of the hub's own folder
// and to the starter's terminal, never to the log.
func (h *hub) announce(ctx context.Context) error {
	token, needed, err := h.auth.SetupToken(ctx)
	if err != nil {
		return fmt.Errorf("make setup token: %w", err)
	}
	if needed {
		err = os.WriteFile(h.setupLink(), []byte(h.door.people+"/setup#"+token+"\n"), 0o600)
	} else {
		h.forgetSetup()
	}
	h.log.Info("hub is up", "address", h.door.public, "setup_needed", needed)
	if h.out.Ready != nil {
		h.out.Ready(h.door.people)
	}
	return err
}

func (h *hub) setupLink() string { return filepath.Join(h.cfg.Data, "setup-link") }

// forgetSetup takes the link away once it is worth nothing any more.
func (h *hub) forgetSetup() {
	if err := os.Remove(h.setupLink()); err != nil && !errors.Is(err, os.ErrNotExist) {
		h.log.Error("remove setup link", "err", err)
	}
}

// handler serves until ending is closed: what has no end of its own ends then.
func (h *hub) handler(ending <-chan struct{}) http.Handler {
	return api.New(api.Config{
		Auth: h.auth, Registry: h.registry, Cases: h.cases, Publisher: h.live, Devices: h.fleet, Past: h.index,
		Roads: h.roads, Signs: h.signs, Coverage: h.coverage, Upkeep: h.upkeep, Sketch: h.cfg.Sketch, Public: h.door.public, CA: h.door.ca, Secure: h.cfg.Plain,
		Version: Version, Health: h.health, SetUp: h.forgetSetup, Link: h.fleet.Handler(), Objects: h.store.Proxy(), Web: h.out.Web,
		Log: h.room("api"), Now: h.now, Ending: ending,
	})
}

func (h *hub) health(ctx context.Context) gen.Health {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	return gen.Health{Database: h.db.Ping(ctx) == nil, Store: h.store.Ping(ctx) == nil, Link: h.fleet.Up()}
}
