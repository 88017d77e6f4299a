package simnvr

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"
)

// Recorder serves HTTP, RTSP and perhaps WS-Discovery at one address.
type Recorder struct {
	cfg   Config
	clock *clock
	guard *guard
	seats *seats
	http  *web
	ready chan struct{} // closed by Run when the ports are known

	mu       sync.Mutex
	ip       string
	httpPort int
	rtspPort int
	down     bool          // switched off
	changed  chan struct{} // closed when the ones above or the password change
}

// errChanged ends a life that has to make way for new settings.
var errChanged = errors.New("settings changed")

// retry is how long the recorder waits when a port is taken after a pause.
const retry = time.Second

// New checks the configuration and makes a recorder that Run brings to life.
func New(cfg Config) (*Recorder, error) {
	cfg = cfg.withDefaults()
	if err := cfg.check(); err != nil {
		return nil, err
	}
	cfg.Log = cfg.Log.With("recorder", cfg.Serial)
	g, err := newGuard(cfg.User, cfg.Password, realm(cfg), cfg.Now)
	if err != nil {
		return nil, fmt.Errorf("set up recorder: %w", err)
	}
	r := &Recorder{
		cfg: cfg, guard: g, ready: make(chan struct{}), changed: make(chan struct{}),
		clock: &clock{now: cfg.Now, zone: cfg.Zone, keep: cfg.Keep},
		seats: &seats{most: [2]int{liveSeat: cfg.LiveSessions, playbackSeat: cfg.PlaybackSessions}},
		ip:    cfg.IP, httpPort: cfg.HTTPPort, rtspPort: cfg.RTSPPort,
	}
	r.clock.offset.Store(int64(cfg.ClockOffset))
	r.http, err = newWeb(r)
	return r, err
}

// realm is by what makers can be told apart before anybody has signed in.
func realm(c Config) string {
	switch c.Dialect {
	case Hikvision:
		return "DVRNVRDVS"
	case Dahua:
		return "Login to " + c.Serial
	}
	return c.Brand + " " + c.Model
}

// Ready returns when the recorder has its ports, or with the context's error.
func (r *Recorder) Ready(ctx context.Context) error {
	select {
	case <-r.ready:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// HTTPAddr is host:port, known once Ready has returned.
func (r *Recorder) HTTPAddr() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return net.JoinHostPort(r.ip, strconv.Itoa(r.httpPort))
}

// RTSPAddr is host:port, known once Ready has returned.
func (r *Recorder) RTSPAddr() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return net.JoinHostPort(r.ip, strconv.Itoa(r.rtspPort))
}

// SetDown switches the recorder off, or on again: while off, its ports refuse.
func (r *Recorder) SetDown(down bool) {
	r.change(func() bool { was := r.down; r.down = down; return was != down })
}

// MoveTo gives the recorder another address of this machine, as a router does that
// has forgotten it. Serial and ports stay.
func (r *Recorder) MoveTo(ip string) {
	r.change(func() bool { was := r.ip; r.ip = ip; return was != ip })
}

// SetPassword changes the password and drops every client, as recorders do.
func (r *Recorder) SetPassword(password string) {
	r.change(func() bool { return r.guard.setPassword(password) })
}

// SetClockOffset sets the recorder's clock; all its past moves along.
func (r *Recorder) SetClockOffset(offset time.Duration) { r.clock.offset.Store(int64(offset)) }

// WrongTries is how many wrong passwords were tried since New, over any protocol.
func (r *Recorder) WrongTries() int {
	wrong, _ := r.guard.tries()
	return wrong
}

// Locked says whether the account is locked after wrong passwords.
func (r *Recorder) Locked() bool { return r.guard.isLocked() }

// Sessions counts the RTSP sessions that are set up now.
func (r *Recorder) Sessions() (live, playback int) {
	return r.seats.count(liveSeat), r.seats.count(playbackSeat)
}

func (r *Recorder) change(do func() bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if do() {
		close(r.changed)
		r.changed = make(chan struct{})
	}
}

func (r *Recorder) settings() (down bool, changed <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.down, r.changed
}

// Run serves until the context ends, and then gives back nil. It fails when a port
// cannot be had at the start. It is called once.
func (r *Recorder) Run(ctx context.Context) error {
	doors, err := r.open(ctx)
	if err != nil {
		return err
	}
	close(r.ready)
	for {
		down, changed := r.settings()
		var again <-chan time.Time
		switch {
		case down && doors != nil:
			doors.close()
		case !down:
			err := r.live(ctx, doors, changed)
			if errors.Is(err, errChanged) {
				doors = nil
				continue
			}
			if err != nil {
				r.cfg.Log.Warn("recorder stopped, starting it again", "error", err)
				again = time.After(retry)
			}
		}
		doors = nil
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		case <-again:
		}
	}
}
