package archive

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/media"
)

// Source is one recorder in its dialect. All times are by the recorder's own clock.
// Its errors have CodeWrongPassword, CodeUnreachable, CodeOutsideLAN or CodeBadClaim
// (an answer that makes no sense) and hold no secret. It belongs to one goroutine.
type Source interface {
	// Clock asks how far the recorder's clock is ahead of ours; the error of that is at
	// most bound (half of the round trip, and what its answer leaves out). It is asked
	// before anything else.
	Clock(ctx context.Context) (ahead, bound time.Duration, err error)
	// Spans tells what there is of a channel within [from, to), in any order.
	Spans(ctx context.Context, ch Channel, from, to time.Time) ([]camera.Interval, error)
	// Ask tells how a time is played. Only URL, Range and Header are filled.
	Ask(ctx context.Context, ch Channel, from, to time.Time) (Playback, error)
}

// Channel is a camera of the recorder.
type Channel struct {
	Camera camera.CameraID
	Number int    // from 0
	Sound  bool   // is recorded as well
	Token  string // ONVIF: of the recording
}

// Playback is what to play (ingest.ReplayConfig, without the credentials).
type Playback struct {
	URL    string // without credentials
	Range  string
	Header map[string]string
	Sound  bool

	Start, End time.Time // by the recorder's clock
	Early      time.Duration
	Ahead      time.Duration
	Loose      func(time.Duration)
}

// Receiver takes what is played (ingest.Receiver).
type Receiver interface {
	Start(media.Session) error
	Unit(media.Unit) error
	Stop(cause camera.GapCause, detail string)
}

// Writer makes segments (segment.Writer). An error of Unit means that the footage
// cannot be kept and ends the playback: that a run has ended by itself is none.
type Writer interface {
	Start(media.Session) error
	Unit(media.Unit) error
	Stop() error
}

// Config says which recorder.
type Config struct {
	Name     string // in the log
	Source   Source
	Channels []Channel
	Play     func(context.Context, Playback, Receiver) error // ingest.Replay, proven: the source took the same password before

	// NewWriter begins a run for OriginRecorder; clock is the recorder's.
	NewWriter func(id camera.CameraID, clock func() (offset, bound camera.Millis)) Writer
	Have      func(id camera.CameraID, from, to time.Time) []camera.Interval // spool.Covered
	May       func(id camera.CameraID, from, to time.Time) error             // what the household agreed to
	// Yield tells that a live session of this recorder does not come about: while it
	// does, nothing is played. May be nil.
	Yield func() bool
	Log   *slog.Logger
}

// Archive is one recorder's past. It is safe for concurrent use; its Run may run
// once.
type Archive struct {
	cfg     Config
	now     func() time.Time
	log     *slog.Logger
	changed chan struct{}
	poke    chan struct{} // holds one token when there may be something to do
	fetches chan fetch
	asking  atomic.Int32 // callers of Fetch

	// Of Run's goroutine.
	books   []*book
	due     time.Time // when spans are asked for next
	full    time.Time // and all of them, not the newest alone
	waits   pause
	refused int // how often the password was refused in a row

	mu    sync.Mutex
	wants []camera.Want
	past  []camera.CameraPast
	clock reading
}

// New makes the archive of a recorder; now is the agent's clock.
func New(cfg Config, now func() time.Time) *Archive {
	a := &Archive{
		cfg: cfg, now: now, log: cfg.Log.With("room", "archive", "recorder", cfg.Name),
		changed: make(chan struct{}, 1), poke: make(chan struct{}, 1), fetches: make(chan fetch),
	}
	for _, ch := range cfg.Channels {
		a.books = append(a.books, &book{channel: ch})
	}
	return a
}

// SetWants replaces what cases want. Those of other cameras are left out.
func (a *Archive) SetWants(wants []camera.Want) {
	mine := slices.DeleteFunc(slices.Clone(wants), func(w camera.Want) bool {
		return !slices.ContainsFunc(a.cfg.Channels, func(ch Channel) bool { return ch.Camera == w.Camera })
	})
	a.mu.Lock()
	a.wants = mine
	a.mu.Unlock()
	signal(a.poke)
}

// Past is what the recorder has of its cameras, in true time; a camera of which it
// is not known yet is missing.
func (a *Archive) Past() []camera.CameraPast {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.past)
}

// Changed receives when Past may have changed. One value can stand for many changes.
func (a *Archive) Changed() <-chan struct{} { return a.changed }

// Ahead is how far the recorder's clock is ahead of ours; ok is false until it was
// measured.
func (a *Archive) Ahead() (ahead, bound time.Duration, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.clock.ahead, a.clock.bound, !a.clock.at.IsZero()
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // one is pending already
	}
}
