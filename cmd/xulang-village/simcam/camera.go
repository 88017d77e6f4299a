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
	SubPath  string // "/live/sub": the same pictures once more, in place of a small stream; empty: none
	User     string // without quotes, backslashes or control characters: a header carries it as it is
	Password string // any characters
	Home     *scene.Home
	Passes   func(from, to time.Time) []Pass // that enter in [from, to); none overlap
	Now      func() time.Time                // the scenario's clock
	Log      *slog.Logger
}

// Camera serves one stream to any number of clients, over TCP only.
type Camera struct {
	cfg   Config
	ready chan struct{} // closed by Run when addr is known

	mu       sync.Mutex
	addr     string        // with the port
	down     bool          // switched off
	password string        // asked for now
	changed  chan struct{} // closed when down or password changes
}

// errChanged ends a server that has to make way for new settings.
var errChanged = errors.New("settings changed")

// retry is how long the camera waits when its port is taken after a pause.
const retry = time.Second

// New makes a camera that Run brings to life.
func New(cfg Config) *Camera {
	cfg.Log = cfg.Log.With("camera", cfg.Home.ID)
	return &Camera{
		cfg: cfg, ready: make(chan struct{}), addr: cfg.Addr,
		password: cfg.Password, changed: make(chan struct{}),
	}
}

// Ready returns when the camera has its address, or with the context's error.
func (c *Camera) Ready(ctx context.Context) error {
	select {
	case <-c.ready:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// URL is the camera's address, without credentials. The port is known once Ready
// has returned.
func (c *Camera) URL() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	host, port, err := net.SplitHostPort(c.addr)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip.IsUnspecified()) {
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

// Run serves until the context ends, and then gives back nil. It fails when the
// configuration does not fit or the port cannot be had. It is called once.
func (c *Camera) Run(ctx context.Context) error {
	if err := c.cfg.check(); err != nil {
		return err
	}
	ln, err := c.listen(ctx)
	if err != nil {
		return err
	}
	close(c.ready)
	for {
		down, password, changed := c.settings()
		var again <-chan time.Time
		switch {
		case down && ln != nil:
			ln.Close() // nothing was accepted, nothing can be lost
		case !down:
			err := c.serve(ctx, ln, password, changed)
			if errors.Is(err, errChanged) {
				ln = nil
				continue
			}
			if err != nil {
				c.cfg.Log.Warn("camera stopped, starting it again", "error", err)
				again = time.After(retry)
			}
		}
		ln = nil
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		case <-again:
		}
	}
}

func (c *Camera) settings() (down bool, password string, changed <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.down, c.password, c.changed
}

// listen binds the configured port, and later the one that this gave.
func (c *Camera) listen(ctx context.Context) (net.Listener, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", c.addr)
	if err != nil {
		return nil, fmt.Errorf("bind camera: %w", err)
	}
	c.addr = ln.Addr().String()
	return ln, nil
}

func (c Config) check() error {
	if c.User == "" || strings.ContainsFunc(c.User, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' }) {
		return errors.New("set up camera: user name does not fit into a header")
	}
	if !strings.HasPrefix(c.Path, "/") || strings.HasSuffix(c.Path, "/") {
		return fmt.Errorf("set up camera: path %q", c.Path)
	}
	return nil
}
