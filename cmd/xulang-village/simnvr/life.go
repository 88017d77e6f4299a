package simnvr

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"
)

// doors are the bound ports of one life.
type doors struct{ http, rtsp net.Listener }

func (d *doors) close() {
	d.http.Close()
	d.rtsp.Close()
}

// open binds the configured ports, and later those that this gave.
func (r *Recorder) open(ctx context.Context) (*doors, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var lc net.ListenConfig
	web, err := lc.Listen(ctx, "tcp", net.JoinHostPort(r.ip, strconv.Itoa(r.httpPort)))
	if err != nil {
		return nil, fmt.Errorf("bind recorder: %w", err)
	}
	rtsp, err := lc.Listen(ctx, "tcp", net.JoinHostPort(r.ip, strconv.Itoa(r.rtspPort)))
	if err != nil {
		web.Close()
		return nil, fmt.Errorf("bind recorder: %w", err)
	}
	r.httpPort, r.rtspPort = web.Addr().(*net.TCPAddr).Port, rtsp.Addr().(*net.TCPAddr).Port
	return &doors{web, rtsp}, nil
}

// live serves until the context ends or the settings change. It takes over the
// doors; without them it opens the same ones again.
func (r *Recorder) live(ctx context.Context, d *doors, changed <-chan struct{}) error {
	if d == nil {
		var err error
		if d, err = r.open(ctx); err != nil {
			return err
		}
	}
	defer d.close()
	r.cfg.Log.Debug("recorder up", "http", d.http.Addr().String(), "rtsp", d.rtsp.Addr().String())
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return r.serveHTTP(gctx, d.http) })
	g.Go(func() error { return r.serveRTSP(gctx, d.rtsp) })
	if r.cfg.Discovery && r.cfg.ONVIF {
		g.Go(func() error { return r.beFound(gctx) })
	}
	g.Go(func() error {
		select {
		case <-gctx.Done():
			return nil
		case <-changed:
			return errChanged
		}
	})
	err := g.Wait()
	r.cfg.Log.Debug("recorder down")
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (r *Recorder) serveHTTP(ctx context.Context, ln net.Listener) error {
	srv := &http.Server{
		Handler: r.http, ReadTimeout: 20 * time.Second, WriteTimeout: 20 * time.Second, MaxHeaderBytes: 16 << 10,
		ErrorLog: log.New(io.Discard, "", 0), // a client that hangs up is no news
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ln) }()
	var err error
	select {
	case err = <-ended:
	case <-ctx.Done():
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if srv.Shutdown(bounded) != nil {
			srv.Close()
		}
		err = <-ended
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve recorder's pages: %w", err)
}
