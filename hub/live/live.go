package live

import (
	"context"
	"log/slog"
	"sync"
	"time"

	camera "xulang.vn/camera"
)

// Starter reaches the agent of a camera. Errors carry codes
// (camera.CodeUnreachable, camera.CodeLiveCodec, …) and are handed to the viewers.
type Starter interface {
	// StartLive has the agent publish by WHIP to a path on the hub, for a case of a
	// purpose. It may return
	// before or after the agent's offer came.
	StartLive(ctx context.Context, cam camera.CameraID, purpose camera.Purpose, path, token string) error
	// StopLive has the agent stop. It is never called while a StartLive for the
	// same camera that came after it is under way.
	StopLive(ctx context.Context, cam camera.CameraID) error
}

// Config holds the settings; zero values mean the defaults.
type Config struct {
	UDPAddr string   // host:port for media over UDP; ":0" takes a free port
	TCPAddr string   // host:port for ICE over TCP
	HostIPs []string // announced addresses; empty: those of the interfaces, loopback too

	Linger   time.Duration // publisher without viewers; 10 s
	Patience time.Duration // from the first viewer to a connected publisher, and for any peer to connect; 10 s
	Silence  time.Duration // a peer that is not heard of for this long is gone; 10 s

	MostViewers int // of one camera; 8
	MostTotal   int // of the hub; 64

	Path func(camera.CameraID) string                          // WHIP endpoint of a camera; /api/v1/live/<camera>/whip
	Gone func(viewer string, cam camera.CameraID, cause error) // after a viewer ended for whatever reason; may be nil
	Log  *slog.Logger
}

// tokenAge is how long an agent may take from the command to its offer.
const tokenAge = 15 * time.Second

// stopWait bounds the StopLive call.
const stopWait = 10 * time.Second

// Live is the relay.
type Live struct {
	cfg     Config
	starter Starter
	now     func() time.Time
	log     *slog.Logger
	net     *network

	mu      sync.Mutex
	closed  bool                      // guarded by mu
	feeds   map[camera.CameraID]*feed // guarded by mu, with everything in them
	viewers map[string]*viewer        // by session, guarded by mu
	total   int                       // viewers and waiting ones, guarded by mu
	tokens  map[tokenHash]grant       // guarded by mu
	wg      sync.WaitGroup            // every goroutine of the room; Add only under mu while not closed
}

// New opens the sockets. They are closed when Run returns.
func New(cfg Config, starter Starter, now func() time.Time) (*Live, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	orDuration(&cfg.Linger, 10*time.Second)
	orDuration(&cfg.Patience, 10*time.Second)
	orDuration(&cfg.Silence, 10*time.Second)
	if cfg.MostViewers <= 0 {
		cfg.MostViewers = 8
	}
	if cfg.MostTotal <= 0 {
		cfg.MostTotal = 64
	}
	if cfg.Path == nil {
		cfg.Path = func(cam camera.CameraID) string { return "/api/v1/live/" + string(cam) + "/whip" }
	}
	n, err := openNetwork(cfg)
	if err != nil {
		return nil, err
	}
	return &Live{
		cfg: cfg, starter: starter, now: now, log: cfg.Log.With("room", "live"), net: n,
		feeds:   map[camera.CameraID]*feed{},
		viewers: map[string]*viewer{},
		tokens:  map[tokenHash]grant{},
	}, nil
}

func orDuration(d *time.Duration, fallback time.Duration) {
	if *d <= 0 {
		*d = fallback
	}
}

// Run ends what nobody watches until ctx is done, then closes every peer and
// the sockets and waits for them.
func (l *Live) Run(ctx context.Context) error {
	tick := time.NewTicker(min(l.cfg.Linger, 250*time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			l.sweep()
		case <-ctx.Done():
			l.shut()
			l.wg.Wait()
			l.net.close()
			return nil
		}
	}
}

func (l *Live) sweep() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	for hash, g := range l.tokens {
		if !now.Before(g.expires) {
			delete(l.tokens, hash)
		}
	}
	for _, f := range l.feeds {
		if f.pub != nil && f.unwatched() && now.Sub(f.idle) >= l.cfg.Linger {
			l.dropLocked(f, errUnwatched, true)
		}
	}
}

func (l *Live) shut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for _, f := range l.feeds {
		l.failLocked(f, f.attempt, errClosing)
		l.dropLocked(f, errClosing, false)
	}
}

// Viewers counts who watches a camera now.
func (l *Live) Viewers(cam camera.CameraID) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f := l.feeds[cam]; f != nil {
		return len(f.viewers)
	}
	return 0
}

// Disconnect ends the publisher and all viewers of a camera, and every View that
// is still waiting: the household paused or withdrew it. The agent is told.
func (l *Live) Disconnect(cam camera.CameraID, why string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.feeds[cam]
	if f == nil || l.closed {
		return
	}
	cause := camera.Errorf(camera.CodeUnavailable, "live view ended: %s", why)
	if f.attempt != nil {
		l.failLocked(f, f.attempt, cause)
		l.tellStopLocked(f)
	}
	l.dropLocked(f, cause, true)
}

var (
	errUnwatched = camera.Errorf(camera.CodeUnavailable, "nobody watches")
	errClosing   = camera.Errorf(camera.CodeUnavailable, "the hub is closing")
	errLeft      = camera.Errorf(camera.CodeUnavailable, "peer left")
	errSilent    = camera.Errorf(camera.CodeUnavailable, "peer is silent")
	errLate      = camera.Errorf(camera.CodeUnavailable, "peer did not connect in time")
	errUnpublish = camera.Errorf(camera.CodeUnavailable, "the agent stopped publishing")
)
