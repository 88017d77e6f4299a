package simcam

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/auth"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/liberrors"
	"golang.org/x/sync/errgroup"
)

const (
	payloadType = 96
	writeQueue  = 1024 // packets per client: several groups, for a client that stalls
)

// serve runs one server until the context ends or the settings change. It takes
// over the listener; without one it binds the camera's port again.
func (c *Camera) serve(ctx context.Context, ln net.Listener, password string, changed <-chan struct{}) error {
	if ln == nil {
		var err error
		if ln, err = c.listen(ctx); err != nil {
			return err
		}
	}
	defer ln.Close() // the server has closed it, unless it never started
	media, encoder, err := Track(c.cfg.Home)
	if err != nil {
		return fmt.Errorf("describe stream: %w", err)
	}
	h := &handler{paths: []string{c.cfg.Path, c.cfg.SubPath}, user: c.cfg.User, password: password, playing: make(map[*gortsplib.ServerSession]struct{})}
	srv := &gortsplib.Server{
		Handler:        h,
		RTSPAddress:    ln.Addr().String(),
		AuthMethods:    []auth.VerifyMethod{auth.VerifyMethodDigestMD5},
		WriteQueueSize: writeQueue,
		Listen:         func(string, string) (net.Listener, error) { return ln, nil },
	}
	stream := &gortsplib.ServerStream{
		Server: srv,
		Desc:   &description.Session{Title: c.cfg.Home.ID, Medias: []*description.Media{media}},
	}
	if err := h.publish(srv, stream); err != nil {
		if h.started {
			srv.Close()
		}
		return err
	}
	p := &pump{
		reel: Reel{Home: c.cfg.Home, Passes: c.cfg.Passes}, now: c.cfg.Now, watched: h.watched,
		stream: stream, media: media, encoder: encoder,
	}
	c.cfg.Log.Debug("camera up")
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return p.run(gctx) })
	g.Go(srv.Wait)
	g.Go(func() error {
		var err error
		select {
		case <-gctx.Done():
		case <-changed:
			err = errChanged
		}
		srv.Close() // before the stream: a closed stream still lets clients in
		stream.Close()
		return err
	})
	err = g.Wait()
	c.cfg.Log.Debug("camera down")
	select {
	case <-changed: // srv.Wait may have been the first to end
		return errChanged
	default:
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// handler answers the requests of clients and knows who plays.
type handler struct {
	paths          []string
	user, password string

	mu      sync.Mutex // held by publish until the stream stands
	started bool
	stream  *gortsplib.ServerStream
	playing map[*gortsplib.ServerSession]struct{}
}

// publish starts the server; a request that comes before the stream is ready waits.
func (h *handler) publish(srv *gortsplib.Server, stream *gortsplib.ServerStream) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := srv.Start(); err != nil {
		return fmt.Errorf("start server: %w", err)
	}
	h.started = true
	if err := stream.Initialize(); err != nil {
		return fmt.Errorf("start stream: %w", err)
	}
	h.stream = stream
	return nil
}

func (h *handler) watched() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.playing) > 0
}

// OnDescribe implements gortsplib.ServerHandlerOnDescribe.
func (h *handler) OnDescribe(ctx *gortsplib.ServerHandlerOnDescribeCtx) (*base.Response, *gortsplib.ServerStream, error) {
	return h.open(ctx.Conn, ctx.Request, ctx.Path)
}

// OnSetup implements gortsplib.ServerHandlerOnSetup.
func (h *handler) OnSetup(ctx *gortsplib.ServerHandlerOnSetupCtx) (*base.Response, *gortsplib.ServerStream, error) {
	return h.open(ctx.Conn, ctx.Request, ctx.Path)
}

// OnPlay implements gortsplib.ServerHandlerOnPlay. The session was set up by an
// authenticated request, and its secret name belongs to that client.
func (h *handler) OnPlay(ctx *gortsplib.ServerHandlerOnPlayCtx) (*base.Response, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.playing[ctx.Session] = struct{}{}
	return &base.Response{StatusCode: base.StatusOK}, nil
}

// OnSessionClose implements gortsplib.ServerHandlerOnSessionClose.
func (h *handler) OnSessionClose(ctx *gortsplib.ServerHandlerOnSessionCloseCtx) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.playing, ctx.Session)
}

func (h *handler) open(conn *gortsplib.ServerConn, req *base.Request, path string) (*base.Response, *gortsplib.ServerStream, error) {
	if !conn.VerifyCredentials(req, h.user, h.password) {
		return &base.Response{StatusCode: base.StatusUnauthorized}, nil, liberrors.ErrServerAuth{}
	}
	if path == "" || !slices.Contains(h.paths, path) {
		return &base.Response{StatusCode: base.StatusNotFound}, nil, nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return &base.Response{StatusCode: base.StatusOK}, h.stream, nil
}
