package setup

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/netutil"
	"golang.org/x/sync/errgroup"

	"xulang.vn/camera/agent/home"
	"xulang.vn/camera/agent/setup/gen"
)

// Config of the page's server.
type Config struct {
	Listen    string // ":9471"; port 0 is any free one
	Store     *home.Store
	Agent     Agent
	Finder    Finder
	Web       http.Handler // the page
	CodeFile  string       // where the code for coming in is, made at the first start
	Version   string
	Hostname  string // of the box, without .local; empty: as the system says
	Simulated bool   // this box may dial its own machine: a demonstration
	Keep      int    // days for which the hub keeps footage, while the household has not chosen; 0: as usual
	Notice    func(io.Writer, Notice) error
	Compare   func(reference, now image.Image) Finding
	Log       *slog.Logger
}

// Limits of the server. The longest answer waits for a hub or a recorder.
const (
	connectionsMost = 128
	headWithin      = 10 * time.Second
	readWithin      = time.Minute
	answerWithin    = 3 * time.Minute
	idleMost        = 30 * time.Second
	headMost        = 16 << 10 // bytes
	stopWithin      = 2 * time.Second
)

// Setup is the page's server.
type Setup struct {
	server   *server
	listener net.Listener
}

// server answers the operations of openapi.yaml.
type server struct {
	Config
	now      func() time.Time
	code     string
	sessions sessions
	slow     slow
	turns    turns
	look     look // the search
	test     test // the self-test

	// joining is held for writing while the household changes, for reading while a
	// camera's identity is made of it.
	joining    sync.RWMutex
	delivering sync.Mutex           // one delivery to the hub at a time
	decoding   sync.Mutex           // one picture at a time: decoded ones are large
	checked    map[string]time.Time // by camera: when the daily check last tried; of tend alone
	wake       chan struct{}        // a token: there is something for the hub
}

var _ gen.StrictServerInterface = (*server)(nil)

// New reads or makes the code and takes the address. Nothing is answered before Run.
func New(cfg Config, now func() time.Time) (*Setup, error) {
	s := &server{
		Config: cfg, now: now, wake: make(chan struct{}, 1),
		look: look{ask: make(chan struct{}, 1)}, test: test{ask: make(chan struct{}, 1)},
		checked: map[string]time.Time{},
	}
	var err error
	if s.code, err = openCode(cfg.CodeFile); err != nil {
		return nil, err
	}
	if s.Hostname == "" {
		if s.Hostname, err = os.Hostname(); err != nil {
			return nil, fmt.Errorf("ask for the box's name: %w", err)
		}
	}
	s.Hostname = strings.ToLower(s.Hostname)
	l, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("open the household's page: %w", err)
	}
	return &Setup{server: s, listener: netutil.LimitListener(l, connectionsMost)}, nil
}

// Addr is where the page is.
func (p *Setup) Addr() net.Addr { return p.listener.Addr() }

// Code lets people in, in two groups. It is for the screen of who installs, never
// for a log.
func (p *Setup) Code() string { return grouped(p.server.code) }

// Run serves the page, and brings to the hub what it did not get while it was away,
// until ctx ends.
func (p *Setup) Run(ctx context.Context) error {
	s := p.server
	web := &http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: headWithin, ReadTimeout: readWithin, WriteTimeout: answerWithin,
		IdleTimeout: idleMost, MaxHeaderBytes: headMost,
		ErrorLog:    slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	s.Log.Info("household's page", "at", p.Addr().String(), "code", "see "+filepath.Base(s.CodeFile))
	if networks := s.Store.Book().Networks; len(networks) > 0 {
		if err := s.allow(networks); err != nil {
			s.Log.Warn("allow the household's networks", "err", err)
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := web.Serve(p.listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve the household's page: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
		defer cancel()
		if err := web.Shutdown(stop); err != nil {
			return web.Close()
		}
		return nil
	})
	group.Go(func() error { s.runSearches(ctx); return nil })
	group.Go(func() error { s.runTests(ctx); return nil })
	group.Go(func() error { s.tend(ctx); return nil })
	return group.Wait()
}

// Close gives the address back when Run is never called.
func (p *Setup) Close() error { return p.listener.Close() }
