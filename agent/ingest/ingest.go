// Package ingest pulls one camera by RTSP and hands its units on.
//
// It never gives up: whatever ends a session is named by a gap cause, and the
// next one is tried after a pause. The one exception is a refused password,
// which is tried twice and then waits for a person (recorders lock their owner
// out after a few wrong tries).
//
// Times: a unit's Received is when its first packet was read, which is up to
// Config.Gather after it came, and more while the receiver is so slow that the
// queue before it is full. As with jitter on the network, that only ever delays,
// so the minimum of (received − media time) stays a sound start of a run, late by
// at most Gather.
package ingest

import (
	"context"
	"log/slog"
	"sync"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/media"
)

// Config says which camera to pull.
type Config struct {
	// URL is rtsp://host:port/path, without credentials. With rtsps:// the certificate
	// is not checked (cameras sign their own): what passes cannot be overheard, but
	// that it is the right camera is known by its address and password alone.
	URL                string
	Username, Password string // sent by digest (or basic, when the camera has nothing else), never in a URL
	Sound              bool   // take AAC, Opus or G.711 as well, when the camera has it

	// Control is asked about each address before it is dialled; nil: nothing may be.
	// It refuses with CodeOutsideLAN.
	Control Control

	// Try is asked before a password is sent that this camera was not seen to take yet:
	// a recorder locks its family out after a few wrong ones, whichever of its channels
	// they came with. It waits until nobody else tries, or until stop. done is told once
	// how it went; without ok it was refused often enough already. May be nil.
	Try func(stop <-chan struct{}) (done func(Verdict), ok bool)

	// UDP takes RTP over UDP instead of inside of the connection: what the network
	// loses is lost, and nothing gathers. With rtsps it does not apply: the pictures
	// would leave the encryption.
	UDP bool
	// Find is asked before a dial after the camera was not reached, or refused a
	// password that it took before, or gave nothing where Find said that it was:
	// where is it now. It must answer at once from what
	// is known (it has a second); the address goes through the same checks as URL,
	// which counts again when ok is false. May be nil.
	Find func(context.Context) (url string, ok bool)

	Gather time.Duration // let the connection gather so long before it is read; 0 is 40 ms, less is not at all
	Live   func() bool   // while true, do not gather: somebody watches; may be nil

	NoKeyFrame time.Duration // a session without a key frame for so long is ended; 0 is 30 s
	Stall      time.Duration // a session without video for so long is ended; 0 is 10 s
}

// Verdict is what a camera made of a password.
type Verdict int

// Verdicts.
const (
	Unknown Verdict = iota // it broke off before it told
	Taken
	Refused
)

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
	sound *folded   // says once a day that a sound is not recorded
	lost  *folded   // says once a minute that packets are missing
	deaf  time.Time // until then no sound is asked for; of Run's goroutine

	mu      sync.Mutex // guards the ones below
	login   login
	worked  login         // that the camera took last
	proven  bool          // worked is one
	changed chan struct{} // holds one token after SetCredentials
}

type login struct{ user, pass string }

// New makes an ingest; now is the wall clock with a monotonic reading.
func New(cfg Config, r Receiver, now func() time.Time, log *slog.Logger) *Ingest {
	if cfg.NoKeyFrame == 0 {
		cfg.NoKeyFrame = 30 * time.Second
	}
	if cfg.Stall == 0 {
		cfg.Stall = 10 * time.Second
	}
	if cfg.Gather == 0 {
		cfg.Gather = 40 * time.Millisecond
	}
	log = log.With("room", "ingest")
	return &Ingest{
		cfg: cfg, r: r, now: now, log: log,
		sound: &folded{now: now, every: 24 * time.Hour}, lost: &folded{now: now, every: time.Minute},
		login: login{cfg.Username, cfg.Password}, changed: make(chan struct{}, 1),
	}
}

// SetCredentials replaces the name and password; a refused camera is tried again.
func (i *Ingest) SetCredentials(username, password string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.login = login{username, password}
	select {
	case i.changed <- struct{}{}:
	default: // a change is waiting already
	}
}

// credentials gives what to log in with.
func (i *Ingest) credentials() login {
	i.mu.Lock()
	defer i.mu.Unlock()
	select {
	case <-i.changed: // these are the new ones
	default:
	}
	return i.login
}

// accepted notes that the camera took these credentials.
func (i *Ingest) accepted(l login) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.worked, i.proven = l, true
}

// took tells whether the camera took these credentials before.
func (i *Ingest) took(l login) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.proven && i.worked == l
}
