// Package ingest pulls one camera by RTSP over TCP and hands its units on.
//
// It never gives up: whatever ends a session is named by a gap cause, and the
// next one is tried after a pause. The one exception is a refused password,
// which is tried twice and then waits for a person (recorders lock their owner
// out after a few wrong tries).
package ingest

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/bluenviron/gortsplib/v4/pkg/base"
	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/media"
)

// Config says which camera to pull.
type Config struct {
	URL                string         // rtsp://host:port/path, without credentials
	Username, Password string         // sent by digest (or basic, when the camera has nothing else), never in a URL
	Sound              bool           // take AAC or Opus as well, when the camera has it
	Networks           []netip.Prefix // addresses that may be dialled; none when empty

	NoKeyFrame time.Duration // a session without a key frame for so long is ended; 0 is 30 s
	Stall      time.Duration // a session without video for so long is ended; 0 is 10 s
}

// Receiver takes what the camera sends. Its methods are called one at a time.
//
// Start comes with the first key frame whose parameter sets are known; frames
// before it are dropped. Stop ends what Start began and also tells of sessions
// that never got that far. An error of Start or Unit means that the footage
// cannot be kept: the session ends with CauseDisk and is tried again.
type Receiver interface {
	Start(media.Session) error
	Unit(media.Unit) error
	Stop(cause camera.GapCause, detail string) // detail is for a technician, without secrets, at most 200 bytes
}

// mostRefusals is how often one password is tried.
const mostRefusals = 2

// Ingest pulls one camera.
type Ingest struct {
	cfg   Config
	r     Receiver
	now   func() time.Time
	log   *slog.Logger
	sound *folded // says once that a sound is not recorded
	lost  *folded // says once a minute that packets are missing

	mu      sync.Mutex // guards the two below
	user    string
	pass    string
	changed chan struct{} // holds one token after SetCredentials
}

// New makes an ingest; now is the wall clock with a monotonic reading.
func New(cfg Config, r Receiver, now func() time.Time, log *slog.Logger) *Ingest {
	if cfg.NoKeyFrame == 0 {
		cfg.NoKeyFrame = 30 * time.Second
	}
	if cfg.Stall == 0 {
		cfg.Stall = 10 * time.Second
	}
	log = log.With("room", "ingest")
	return &Ingest{
		cfg: cfg, r: r, now: now, log: log,
		sound: &folded{now: now, every: 24 * time.Hour}, lost: &folded{now: now, every: time.Minute},
		user: cfg.Username, pass: cfg.Password, changed: make(chan struct{}, 1),
	}
}

// SetCredentials replaces the name and password; a refused camera is tried again.
func (i *Ingest) SetCredentials(username, password string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.user, i.pass = username, password
	select {
	case i.changed <- struct{}{}:
	default: // a change is waiting already
	}
}

func (i *Ingest) credentials() (user, pass string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	select {
	case <-i.changed: // these are the new ones
	default:
	}
	return i.user, i.pass
}

// Run pulls until ctx ends, and then returns nil. It returns an error at once
// when the address cannot be one of a camera.
func (i *Ingest) Run(ctx context.Context) error {
	address, err := parseAddress(i.cfg.URL)
	if err != nil {
		return err
	}
	var wait pause
	refusals := 0
	for ctx.Err() == nil {
		began := i.now()
		out := i.session(ctx, address)
		if ctx.Err() != nil {
			if out.started {
				i.r.Stop(camera.CauseAgentOff, "agent is stopping")
			}
			break
		}
		if !out.refused {
			refusals = 0
		} else if refusals++; refusals < mostRefusals {
			i.log.Warn("camera refused the password, trying once more", "address", address)
			if i.sleep(ctx, shortest) {
				refusals = 0
			}
			continue
		}
		i.log.Warn("no footage", "address", address, "cause", string(out.cause), "detail", out.detail)
		i.r.Stop(out.cause, out.detail)
		if refusals == mostRefusals {
			i.sleep(ctx, forever)
			refusals, wait = 0, pause{}
			continue
		}
		if i.sleep(ctx, wait.next(out.started, i.now().Sub(began))) {
			refusals = 0
		}
	}
	return nil
}

// forever makes sleep wait for new credentials only.
const forever = time.Duration(-1)

// sleep waits for the time, the end of ctx or new credentials, and tells whether
// it was the last.
func (i *Ingest) sleep(ctx context.Context, d time.Duration) bool {
	var after <-chan time.Time
	if d != forever {
		t := time.NewTimer(d)
		defer t.Stop()
		after = t.C
	}
	select {
	case <-ctx.Done():
	case <-after:
	case <-i.changed:
		return true
	}
	return false
}

// parseAddress reads the address; its errors do not repeat it, since it may hold
// a password that was put there by mistake.
func parseAddress(s string) (*base.URL, error) {
	u, err := base.ParseURL(s)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read camera address: not an RTSP URL")
	case u.User != nil:
		return nil, fmt.Errorf("read camera address: it holds credentials, which belong beside it")
	case u.Hostname() == "":
		return nil, fmt.Errorf("read camera address: no host")
	}
	return u, nil
}
