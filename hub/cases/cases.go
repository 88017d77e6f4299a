// Package cases is the one door through which footage leaves the hub. Every look
// is bound to an open case of the asker's unit, checked against the household's
// consent, and written to the audit before it is answered; when the audit cannot
// be written, nothing is answered.
package cases

import (
	"context"
	"log/slog"
	"sync"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
)

// Limits of one question. Wider ones need a second officer, who is not asked yet.
const (
	WindowLongest  = 6 * time.Hour
	StretchLongest = 5000.0 // metres
	CamerasMost    = 40
	ClickWithin    = 200.0 // metres from a click to the road it means
)

// Officer is who asks.
type Officer struct {
	ID, Name, Unit string
	Role           string // as the audit writes it
	Watches        bool   // the role may watch footage at all; an administrator's may not
}

// Camera is what this room needs to know of a camera.
type Camera struct {
	ID         camera.CameraID
	Label      string
	Consent    camera.Consent
	Shared     bool // still among the cameras that its agent names
	View       camera.View
	State      camera.RecordState
	Since      time.Time
	Codec      string
	Linked     bool
	Registered time.Time
}

// Span is a part of a window: footage in a state, or a gap with its cause.
type Span struct {
	From, To time.Time
	State    camera.ByteState // "" for a gap; StateRecorder for what is in the household's recorder alone
	Cause    camera.GapCause  // "" for footage
}

// RecorderClock is how a household's recorder's own clock stands. Times here are
// already corrected by it.
type RecorderClock struct {
	Offset camera.Millis // recorder's clock − agent's
	Bound  camera.Millis // |error of Offset| is at most this
}

// Footage is an announced segment and where its bytes are. Of the segment that is at
// hand which is asked all the time: identity, stream, origin, times, sizes, codec.
// Hashes, signature and the like come with Past.At alone.
type Footage struct {
	camera.Segment
	State camera.ByteState
}

// Window is a camera's part of a window of time.
type Window struct {
	Spans   []Span        // every millisecond is in exactly one
	Footage []Footage     // by start
	Clock   *camera.Clock // the agent's, of the newest footage in the window; nil: not known
	// Moved tells how much moved in some of the footage: at most that many values, in
	// whole-second steps from the window's start; nil when nothing is known. It is nil
	// when it was not asked for.
	Moved func(shown []Footage, most int) (step time.Duration, values []byte)
}

// Cameras knows the cameras and their views through time.
type Cameras interface {
	Camera(context.Context, camera.CameraID) (Camera, error)
	// Shared gives the cameras that are shared, with their present views.
	Shared(context.Context) ([]Camera, error)
	// Seeing gives the cameras that saw a part of the place at some time in the window,
	// each once: one that was turned meanwhile stands with the view that counts.
	Seeing(ctx context.Context, w Where, from, to time.Time) ([]Sighted, error)
	// ClockAt gives the newest record of its agent's clock at or before a moment;
	// ok is false when the ledger has none.
	ClockAt(ctx context.Context, id camera.CameraID, at time.Time) (c camera.Clock, ok bool, err error)
}

// Past knows what footage exists.
type Past interface {
	// Windows answers for each camera, in their order, with how much moved when that
	// is asked.
	Windows(ctx context.Context, cams []Camera, from, to time.Time, moved bool) ([]Window, error)
	Segment(context.Context, camera.SegmentID) (Footage, error)
	// At gives the segment whose first picture stands for a moment: one that covers
	// it, or the newest that starts before it within that time; with here only of
	// those that are playable. CodeNoFootage when there is none. This one has its
	// fingerprint whole.
	At(ctx context.Context, id camera.CameraID, at time.Time, within time.Duration, here bool) (Footage, error)
	// Request turns the main stream that is at home in [from, to) into requested and
	// tells how many segments these are. Unrequest is the way back, but for what is
	// still wanted.
	Request(ctx context.Context, id camera.CameraID, from, to time.Time) (int, error)
	Unrequest(ctx context.Context, id camera.CameraID, from, to time.Time, keep []camera.Want) error
	// Recorder tells how the own clock of the household's recorder stands; ok is false
	// when there was no word of one.
	Recorder(context.Context, camera.CameraID) (clock RecorderClock, ok bool, err error)
}

// Roads is the hub's road graph.
type Roads interface {
	Check(camera.Stretch) (camera.Stretch, error)
	Stretch(a, b camera.Position, within float64) (camera.Stretch, error)
	// Nearest gives the piece of the nearest road that lies within the metres of a point.
	Nearest(p camera.Position, metres float64) (camera.Stretch, error)
	Seen(camera.View) []camera.Seen
}

// Links gives one-minute links to bytes, and the leading bytes of an object.
type Links interface {
	Link(ctx context.Context, key camera.Key, ttl time.Duration) (string, error)
	ReadKey(ctx context.Context, key camera.Key, size int64) ([]byte, error)
}

// Home reaches the box that records a camera; CodeUnreachable when it has no link.
type Home interface {
	// Look has the box ask for its wants again; nil means that it holds them from now on.
	Look(context.Context, camera.CameraID) error
	// Still gives the leading KeySize bytes of a segment, for a case of that purpose.
	// What comes is not trusted.
	Still(context.Context, camera.SegmentID, camera.Purpose) ([]byte, error)
}

// Live relays what cameras see now (WHEP), for cases of a purpose: the box at home
// decides by it.
type Live interface {
	View(ctx context.Context, cam camera.CameraID, offer string, purpose camera.Purpose) (viewer, answer string, err error)
	Leave(viewer string) error
}

// Record is a line of the audit.
type Record struct {
	ID      int64
	At      time.Time
	Actor   Officer
	Action  string
	Case    string
	Camera  camera.CameraID
	Detail  string
	Refused camera.Code
}

// Audit appends durably before it returns.
type Audit interface {
	Append(context.Context, Record) error
	ForCase(ctx context.Context, caseID string, most int) ([]Record, error)
}

// Parts are the rooms that the door stands between.
type Parts struct {
	DB      *db.DB
	Cameras Cameras
	Past    Past
	Roads   Roads
	Links   Links
	Home    Home
	Live    Live
	Audit   Audit
	// Without one of these three nothing can be traced.
	Reach  Reach
	Tracer Tracer
	Paths  Paths
	// Promised is called when footage was promised to be kept; nil: nobody wants to know.
	Promised func()
	Logger   *slog.Logger // nil: no log
	Now      func() time.Time
}

// Cases is the door.
type Cases struct {
	Parts
	mu      sync.Mutex
	watches map[string]watch // live views by viewer, guarded by mu
	untold  []wanted         // what boxes are still to be told of, guarded by mu
	wake    chan struct{}    // there is something in untold
	asking  sync.Mutex       // held while the table of wants and the states that follow from it change
	engines *engines
}

// New makes the door. [Cases.Run] keeps watch over live views and requests.
func New(p Parts) *Cases {
	if p.Logger == nil {
		p.Logger = slog.New(slog.DiscardHandler)
	}
	if p.Promised == nil {
		p.Promised = func() {}
	}
	return &Cases{Parts: p, watches: map[string]watch{}, wake: make(chan struct{}, 1), engines: newEngines()}
}
