// Package simcam is a camera of the demo village: a real RTSP server with digest
// authentication whose picture is a drawn scene. What passes is decided at each
// group of pictures by the scenario's clock, so the picture at a time depends on
// that time alone, not on who watched or for how long.
package simcam

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	"xulang.vn/camera/cmd/xulang-village/scene"
)

// Pass is a vehicle in the picture, for as long as its clip lasts.
type Pass struct {
	Kind      scene.Kind
	Direction scene.Direction
	Enter     time.Time
}

// Config of one camera.
type Config struct {
	Addr     string // "127.0.0.1:0" picks a port; the camera keeps it while it is down
	Path     string // "/live/main"
	User     string // without quotes, backslashes or control characters: a header carries it as it is
	Password string // any characters
	Home     *scene.Home
	Passes   func(from, to time.Time) []Pass // that enter in [from, to); none overlap
	Now      func() time.Time                // the scenario's clock
	Log      *slog.Logger
}

// Camera serves one stream to any number of clients, over TCP only.
type Camera struct {
	cfg  Config
	addr string // with the port

	mu       sync.Mutex
	ln       net.Listener  // bound by New, until Run takes it; owned by Run then
	down     bool          // switched off
	password string        // asked for now
	changed  chan struct{} // closed when down or password changes
}

// errChanged ends a server that has to make way for new settings.
var errChanged = errors.New("settings changed")

// retry is how long the camera waits when its port is taken after a pause.
const retry = time.Second

// New binds the camera's port. Run serves it and releases it.
func New(cfg Config) (*Camera, error) {
	if cfg.User == "" || strings.ContainsFunc(cfg.User, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' }) {
		return nil, errors.New("set up camera: user name does not fit into a header")
	}
	if !strings.HasPrefix(cfg.Path, "/") || strings.HasSuffix(cfg.Path, "/") {
		return nil, fmt.Errorf("set up camera: path %q", cfg.Path)
	}
	ln, err := net.Listen("tcp", cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("set up camera: %w", err)
	}
	cfg.Log = cfg.Log.With("camera", cfg.Home.ID)
	return &Camera{
		cfg: cfg, addr: ln.Addr().String(), ln: ln,
		password: cfg.Password, changed: make(chan struct{}),
	}, nil
}

// URL is the camera's address, without credentials.
func (c *Camera) URL() string {
	host, port, err := net.SplitHostPort(c.addr)
	if ip := net.ParseIP(host); err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	u := url.URL{Scheme: "rtsp", Host: net.JoinHostPort(host, port), Path: c.cfg.Path}
	return u.String()
}

// SetDown switches the camera off, or on again: while off, its port refuses
// connections. It returns at once; clients are dropped soon after.
func (c *Camera) SetDown(down bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.down != down {
		c.down = down
		c.change()
	}
}

// SetPassword changes the password and drops every client, as cameras do.
func (c *Camera) SetPassword(password string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.password != password {
		c.password = password
		c.change()
	}
}

// change is called with mu held.
func (c *Camera) change() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// Run serves until the context ends, and then gives back nil.
func (c *Camera) Run(ctx context.Context) error {
	defer c.release()
	for {
		c.mu.Lock()
		down, password, changed := c.down, c.password, c.changed
		c.mu.Unlock()
		var again <-chan time.Time
		if down {
			c.release()
		} else {
			err := c.serve(ctx, password, changed)
			if err != nil && !errors.Is(err, errChanged) {
				c.cfg.Log.Warn("camera stopped, starting it again", "error", err)
				again = time.After(retry)
			} else if ctx.Err() == nil {
				continue
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		case <-again:
		}
	}
}

// listen takes the listener of New, or binds the same port again.
func (c *Camera) listen() (net.Listener, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ln := c.ln; ln != nil {
		c.ln = nil
		return ln, nil
	}
	return net.Listen("tcp", c.addr)
}

// release closes the listener of New if nobody took it.
func (c *Camera) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ln != nil {
		c.ln.Close() // nothing was accepted, nothing can be lost
		c.ln = nil
	}
}
