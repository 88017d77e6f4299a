// Package upload carries what the spool holds to the hub: first fingerprints and
// gaps, each signed, then bytes. What a case asks for goes before what a case
// holds, and that before what flows by itself; within each the oldest goes first.
//
// Four kinds of loop share the work, so that a round trip of a second costs no
// more than its first second:
//
//	announce   fingerprints and gaps, oldest first
//	ask        slots for the next segments, many in one question, before they are needed
//	put        bytes, up to 6 segments at once, paced by the [Budget]
//	notice     tells the hub of all that arrived since the last notice, and the spool what the hub confirmed
//
// A segment leaves the queue in one of two ways: the hub has said that it has the
// bytes, or the hub has refused it for good. Everything else (no link, a store
// that does not answer, a consent that is withheld for now) leaves it at home, to
// be tried again. A network that fails never counts against a segment.
//
// Resumable means: the unit is one segment, about 6 s. What was stored stays
// stored, whatever breaks or restarts afterwards; a segment that was cut off in
// its middle is sent again from its start. A put whose answer was lost is found by
// the next try: the slot says "stored", or the store answers 412 to the write-once
// key.
package upload

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"time"

	camera "xulang.vn/camera"
)

const (
	parallel    = 6                // puts at once; one of them is only for what a case asks for
	firstWait   = time.Second      // after an error, doubled up to longestWait
	longestWait = 30 * time.Second // the longest silence after which the hub is tried again
	idle        = 15 * time.Second // between looks without a wake-up: consent may be back
	stall       = 30 * time.Second // a put that does not move for so long is cut off
	askLongest  = 30 * time.Second // of one question to the hub, whatever the link does
)

// Hub is the link's end for facts and slots. An error means that the hub was not
// reached; what it refuses stands in the reply. At most camera.SlotsMost segments
// are named in one call.
type Hub interface {
	Announce(context.Context, camera.Announce) (camera.AnnounceReply, error)
	Slots(context.Context, []camera.SegmentID) (camera.SlotsReply, error)
	Stored(context.Context, []camera.SegmentID) (camera.StoredReply, error)
}

// Upload is a segment whose bytes shall go to the hub.
type Upload struct {
	Segment camera.Segment
	Asked   bool // a case asks for it
	Held    bool // a case holds it
}

// Facts is the spool as the announcer sees it.
type Facts interface {
	Unannounced(most int) ([]camera.Segment, []camera.Gap)
	Announced([]camera.SegmentID, []camera.Gap) error
	Refused(camera.SegmentID, camera.Code) error
}

// Bytes is the spool as the uploads see it.
type Bytes interface {
	// Uploads are announced segments that the hub shall have and has not: asked ones
	// first, then held ones, then others; the oldest first within each.
	Uploads(most int, skip func(camera.SegmentID) bool) []Upload
	OpenSegment(camera.SegmentID) (io.ReadCloser, error)
	Stored(camera.SegmentID) error
	// Forgotten is called for what the hub does not know any more: it is to be announced again.
	Forgotten(camera.SegmentID) error
}

// Spool is both, and wakes whoever waits for work.
type Spool interface {
	Facts
	Bytes
	Changed() <-chan struct{}
}

// Config is what an Uploader is made of.
type Config struct {
	Hub   Hub
	Spool Spool
	// Allow is the household's last word: an error keeps a camera's bytes at home, and
	// it is asked again while they flow. It must be quick and must not call the spool.
	Allow func(camera.CameraID) error
	// Leaves is the same about one segment, for what the household shares in part only.
	// It may call the spool; nil: Allow is enough.
	Leaves func(camera.Segment) error
	// Sign signs the payload of a fingerprint or a gap with the device's key.
	Sign func(payload []byte) (camera.Signature, error)
	// Budget paces the bytes; nil: no limit and no live views.
	Budget *Budget
	// Client sends the bytes. Its own time-out is not used: a put may take as long as
	// its size needs on a weak uplink, as long as it moves.
	Client *http.Client
	HubURL string
	Log    *slog.Logger
}

// Uploader announces and uploads while Run runs.
type Uploader struct {
	hub    Hub
	spool  Spool
	allow  func(camera.CameraID) error
	leaves func(camera.Segment) error
	sign   func([]byte) (camera.Signature, error)
	budget *Budget
	client *http.Client
	hubURL string
	now    func() time.Time
	log    *slog.Logger

	first, longest, idle, stall, askMost time.Duration

	facts int // in the next announcement; the announcer's own

	mu      sync.Mutex
	plan    []*job                        // what goes next, in order; see look
	busy    map[camera.SegmentID]bool     // on its way, or there and the hub was not told yet
	arrived []camera.SegmentID            // the latter, in the order in which they came
	trials  map[camera.SegmentID]*trial   // what did not go through, or shall not be tried before a time
	shut    map[camera.CameraID]time.Time // cameras of which the hub takes no bytes until then
	wins    int                           // puts that succeeded
	width   int                           // puts at once that the uplink carries well
	flying  map[bool]int                  // puts under way, by whether a case asks for them
	tidied  time.Time                     // trials were last looked through
	wakes   []chan struct{}               // one per loop; set once in Run
}

// New makes an Uploader; Run works.
func New(cfg Config, now func() time.Time) *Uploader {
	if cfg.Budget == nil {
		cfg.Budget = NewBudget(nil, time.UTC, now)
	}
	if cfg.Leaves == nil {
		cfg.Leaves = func(camera.Segment) error { return nil }
	}
	return &Uploader{
		hub: cfg.Hub, spool: cfg.Spool, allow: cfg.Allow, leaves: cfg.Leaves, sign: cfg.Sign, budget: cfg.Budget,
		client: direct(cfg.Client), hubURL: cfg.HubURL, now: now, log: cfg.Log,
		first: firstWait, longest: longestWait, idle: idle, stall: stall, askMost: askLongest,
		facts: camera.AnnounceMost, width: widthFirst, flying: map[bool]int{},
		busy: map[camera.SegmentID]bool{}, trials: map[camera.SegmentID]*trial{}, shut: map[camera.CameraID]time.Time{},
	}
}

// step does one piece of work. next is how long to wait for a wake-up before the
// next one; zero: there may be more to do at once. An error means that something
// that is needed does not answer.
type step func(context.Context) (next time.Duration, err error)

// Run works until ctx ends, which it reports as nil. What is under way then is
// cut off; the next Run finds out how far it came. Call it once.
func (u *Uploader) Run(ctx context.Context) error {
	hub, err := url.Parse(u.hubURL)
	if err != nil || hub.Host == "" {
		return errors.New("run uploader: hub address cannot be read")
	}
	steps := []step{u.announce, u.ask, u.notice}
	for i := range parallel {
		steps = append(steps, func(ctx context.Context) (time.Duration, error) { return u.put(ctx, hub, i == 0) })
	}
	for range steps {
		u.wakes = append(u.wakes, make(chan struct{}, 1))
	}
	var loops sync.WaitGroup
	for i, step := range steps {
		loops.Go(func() { u.loop(ctx, step, u.wakes[i]) })
	}
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-u.spool.Changed():
			u.wake()
		}
	}
	loops.Wait()
	u.client.CloseIdleConnections()
	return nil
}

// wake tells every loop that there may be work.
func (u *Uploader) wake() {
	for _, wake := range u.wakes {
		select {
		case wake <- struct{}{}:
		default: // awake already
		}
	}
}

// loop repeats a step: at once while there is work, after a wake-up when there is
// none, and after a growing pause when something does not answer.
func (u *Uploader) loop(ctx context.Context, step step, wake <-chan struct{}) {
	failures := 0
	for ctx.Err() == nil {
		next, err := step(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			failures = 0
			if next > 0 {
				pause(ctx, next, wake)
			}
			continue
		}
		if failures == 0 {
			u.log.Warn("upload waits", "err", err) // once per outage, not per try
		}
		pause(ctx, u.backOff(failures), nil)
		failures++
	}
}

// backOff doubles from first to longest and spreads each value over its upper half.
func (u *Uploader) backOff(failures int) time.Duration {
	d := min(u.first<<min(failures, 10), u.longest)
	return d/2 + rand.N(d/2+1)
}

func pause(ctx context.Context, d time.Duration, wake <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-wake:
	case <-timer.C:
	}
}
