// Package health shows how the agent is doing: Prometheus metrics for programs on
// the same machine, the box's temperature, and a log whose repeated lines are folded.
package health

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	camera "xulang.vn/camera"
)

// Path is where the metrics are.
const Path = "/metrics"

// Limits of the server. A scrape takes milliseconds; the rest is for a machine
// that is busy.
const (
	readWithin   = 5 * time.Second
	answerWithin = 10 * time.Second
	idleMost     = 2 * time.Minute // scrapers come every 15 s to 60 s
	headerMost   = 8 << 10         // bytes
	scrapesMost  = 4               // at once
	stopWithin   = 2 * time.Second
	bindAgain    = 10 * time.Second
)

// Config of the metrics.
type Config struct {
	Listen   string // "127.0.0.1:9470"; loopback only; empty: off
	Snapshot func() Snapshot
	Log      *slog.Logger
}

// Snapshot is the agent's state at one moment.
type Snapshot struct {
	camera.Status
	Counters map[camera.CameraID]Counters // since the agent started
}

// Counters of one camera. They only grow.
type Counters struct {
	Segments int64
	Bytes    int64
	Gaps     map[camera.GapCause]time.Duration
	Lost     *int64 // RTP packets that never came; nil: not known
}

// Health serves the metrics.
type Health struct {
	cfg     Config
	handler http.Handler

	mu    sync.Mutex
	addr  string        // with the port, once bound
	bound chan struct{} // closed when addr is known
}

// New checks the address. Nothing is opened before Run.
func New(cfg Config) (*Health, error) {
	if cfg.Listen != "" {
		if err := CheckListen(cfg.Listen); err != nil {
			return nil, err
		}
	}
	return &Health{cfg: cfg, handler: handler(cfg), bound: make(chan struct{})}, nil
}

// CheckListen refuses every address that other machines could reach. Names are
// refused as well, "localhost" too: what they mean is decided elsewhere.
func CheckListen(listen string) error {
	at, err := netip.ParseAddrPort(listen)
	if err != nil {
		return fmt.Errorf("check metrics address %q: not IP:port, such as 127.0.0.1:9470", listen)
	}
	if !at.Addr().Unmap().IsLoopback() {
		return fmt.Errorf("check metrics address %q: only this machine may read the metrics, so it must be a loopback address such as 127.0.0.1:9470", listen)
	}
	return nil
}

// Address waits until the metrics are served and tells where.
func (h *Health) Address(ctx context.Context) (string, error) {
	select {
	case <-h.bound:
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.addr, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// Run serves until ctx ends, and then gives back nil: that metrics cannot be
// served, because their port is taken, must not end a recording. It is said in
// the log and tried again.
func (h *Health) Run(ctx context.Context) error {
	if h.cfg.Listen == "" {
		<-ctx.Done()
		return nil
	}
	for {
		err := h.serve(ctx)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the agent stops
		}
		h.cfg.Log.Warn("metrics are not served; trying again", "err", err, "after", bindAgain)
		wait := time.NewTimer(bindAgain)
		select {
		case <-ctx.Done():
			wait.Stop()
			return nil
		case <-wait.C:
		}
	}
}

func (h *Health) serve(ctx context.Context) error {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", h.cfg.Listen)
	if err != nil {
		return fmt.Errorf("bind metrics: %w", err)
	}
	h.note(ln.Addr().String())
	server := &http.Server{
		Handler: h.handler, ReadHeaderTimeout: readWithin, ReadTimeout: readWithin, WriteTimeout: answerWithin,
		IdleTimeout: idleMost, MaxHeaderBytes: headerMost,
		ErrorLog: slog.NewLogLogger(h.cfg.Log.Handler(), slog.LevelDebug),
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ln) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve metrics: %w", errors.Join(err, server.Close()))
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	err = server.Shutdown(last)
	if err != nil {
		err = errors.Join(err, server.Close())
	}
	if end := <-ended; !errors.Is(end, http.ErrServerClosed) {
		err = errors.Join(err, end)
	}
	return err
}

func (h *Health) note(addr string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.addr == "" {
		close(h.bound)
	}
	h.addr = addr
}
