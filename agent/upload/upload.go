// Package upload carries what the spool holds to the hub: first fingerprints and
// gaps, then bytes, oldest first.
//
// A segment leaves the queue in one of two ways: the hub has said that it has the
// bytes, or the hub has refused it for good. Everything else (no link, a store
// that does not answer, a consent that is withheld for now) leaves it at home,
// to be tried again. A put whose answer was lost is found by the next try: the
// slot says "stored", or the store answers 412 to the write-once key.
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
	parallel    = 2           // uploads at once
	firstWait   = time.Second // after an error, doubled up to longestWait
	longestWait = 30 * time.Second
	idle        = 15 * time.Second // between looks without a wake-up: consent may be back
	holdFor     = 10 * time.Minute // of a segment that the hub does not take now
)

// Hub is the link's end for facts and slots. An error means that the hub was not
// reached; what it refuses stands in the reply.
type Hub interface {
	Announce(context.Context, camera.Announce) (camera.AnnounceReply, error)
	Slot(context.Context, camera.SegmentID) (camera.SlotReply, error)
	Stored(context.Context, camera.SegmentID) (camera.StoredReply, error)
}

// Facts is the spool as the announcer sees it.
type Facts interface {
	Unannounced(most int) ([]camera.Segment, []camera.Gap)
	Announced([]camera.SegmentID, []camera.Gap) error
	Refused(camera.SegmentID, camera.Code) error
}

// Bytes is the spool as the uploads see it.
type Bytes interface {
	NextUpload(skip func(camera.SegmentID) bool) (camera.Segment, bool)
	OpenSegment(camera.SegmentID) (io.ReadCloser, error)
	Stored(camera.SegmentID) error
}

// Spool is both, and wakes whoever waits for work.
type Spool interface {
	Facts
	Bytes
	Changed() <-chan struct{}
}

// Uploader announces and uploads while Run runs.
type Uploader struct {
	hub    Hub
	spool  Spool
	allow  func(camera.CameraID) error
	client *http.Client
	hubURL string
	now    func() time.Time
	log    *slog.Logger

	first, longest, idle time.Duration

	mu    sync.Mutex
	busy  map[camera.SegmentID]bool   // in some worker's hands
	held  map[camera.SegmentID]*trial // not to be tried before a time, or failed lately
	wins  int                         // uploads that succeeded
	wakes []chan struct{}             // one per loop
}

// trial is what is remembered of a segment that did not go through.
type trial struct {
	until  time.Time // skipped until then
	tries  int
	beaten int // failures since which others had gone through
	wins   int // Uploader.wins at the last of these
}

// New makes an Uploader. allow is the household's last word: an error keeps a
// camera's bytes at home, and is asked again while they flow. It must be quick and
// must not call the spool.
// The client's own time-out is not used: an upload may take as long as its size
// needs on a weak uplink.
func New(hub Hub, spool Spool, allow func(camera.CameraID) error, client *http.Client, hubURL string,
	now func() time.Time, log *slog.Logger) *Uploader {
	direct := *client
	direct.Timeout, direct.Jar = 0, nil
	direct.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Uploader{
		hub: hub, spool: spool, allow: allow, client: &direct, hubURL: hubURL, now: now, log: log,
		first: firstWait, longest: longestWait, idle: idle,
		busy: map[camera.SegmentID]bool{}, held: map[camera.SegmentID]*trial{},
	}
}

// Run works until ctx ends, which it reports as nil. What is under way then is
// cut off; the next Run finds out how far it came.
func (u *Uploader) Run(ctx context.Context) error {
	hub, err := url.Parse(u.hubURL)
	if err != nil || hub.Host == "" {
		return errors.New("run uploader: hub address cannot be read")
	}
	steps := []func(context.Context) (worked bool, err error){u.announce}
	for range parallel {
		steps = append(steps, func(ctx context.Context) (bool, error) { return u.upload(ctx, hub) })
	}
	var loops sync.WaitGroup
	u.wakes = nil
	for _, step := range steps {
		wake := make(chan struct{}, 1)
		u.wakes = append(u.wakes, wake)
		loops.Go(func() { u.loop(ctx, step, wake) })
	}
	u.spread(ctx)
	loops.Wait()
	return nil
}

// spread hands each change of the spool to every loop.
func (u *Uploader) spread(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-u.spool.Changed():
			for _, wake := range u.wakes {
				select {
				case wake <- struct{}{}:
				default: // awake already
				}
			}
		}
	}
}

// loop repeats a step: at once while there is work, after a wake-up when there is
// none, and after a growing pause when something does not answer.
func (u *Uploader) loop(ctx context.Context, step func(context.Context) (bool, error), wake <-chan struct{}) {
	failures := 0
	for ctx.Err() == nil {
		worked, err := step(ctx)
		if ctx.Err() != nil {
			return
		}
		switch {
		case err != nil:
			wait := u.backOff(failures)
			if failures == 0 {
				u.log.Warn("upload waits", "err", err) // once per outage, not per try
			}
			failures++
			pause(ctx, wait, nil)
		case worked:
			failures = 0
		default:
			failures = 0
			pause(ctx, u.idle, wake)
		}
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
