package segment

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/media"
)

// longestJump is how far media time may go in one step within a run. Ingest
// smooths such jumps; this is the second fence, for durations in a file have 32 bits.
const longestJump = camera.SegmentLongest

// ErrRunEnded and ErrClockStep stand for a *RunEnded: any, or one of a clock step.
var (
	ErrRunEnded  = errors.New("run ended")
	ErrClockStep = errors.New("clock stepped")
)

// ErrParameters says that the camera describes its video in a way that no file can
// be begun with.
var ErrParameters = errors.New("parameter sets cannot be used")

// RunEnded tells that the writer ended a run by itself. The footage up to At is
// kept; the next run begins at the next key frame.
type RunEnded struct {
	Cause    camera.GapCause // CauseClockStep, CauseNoKeyFrame or CauseReconnect
	At       time.Time       // end of the last segment, by the clock of its run
	Old, New time.Time       // CauseClockStep: what the clock should have shown, and what it showed
}

func (e *RunEnded) Error() string {
	if e.Cause == camera.CauseClockStep {
		return fmt.Sprintf("run ended: clock stepped by %s", e.New.Sub(e.Old).Round(time.Millisecond))
	}
	return fmt.Sprintf("run ended: %s", e.Cause)
}

// Is makes errors.Is find ErrRunEnded, and ErrClockStep where that was the cause.
func (e *RunEnded) Is(target error) bool {
	return target == ErrRunEnded || target == ErrClockStep && e.Cause == camera.CauseClockStep
}

// randomRun names a run: 16 hex digits.
func randomRun() camera.RunID {
	var b [8]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return camera.RunID(hex.EncodeToString(b[:]))
}

// run is a row of segments without a break between them.
type run struct {
	id    camera.RunID
	seq   uint32
	prev  camera.Hash
	sets  media.Parameters
	head  head
	base  time.Duration // media time of the first sample
	last  time.Duration // media time of the newest sample
	start time.Time     // of the open segment, the end of the one before; zero in the first of a session
	times timeline
	file  *file
}

// fits returns why the unit cannot be in this run, nil when it can.
func (r *run) fits(u media.Unit) *RunEnded {
	jump := u.DTS - r.last
	long := u.DTS-r.file.first.DTS > camera.SegmentLongest ||
		u.Received.Sub(r.file.first.Received) > camera.SegmentLongest
	switch {
	case jump > longestJump || jump < -longestJump:
		return &RunEnded{Cause: camera.CauseReconnect}
	case !u.Key && (long || r.file.full(u)):
		return &RunEnded{Cause: camera.CauseNoKeyFrame}
	}
	return nil
}

// due tells whether to cut at this key frame. Media time and wall time are both
// asked: a camera whose time stamps crawl must be cut as well.
func (r *run) due(u media.Unit) bool {
	return u.DTS-r.file.first.DTS >= camera.SegmentGoal ||
		u.Received.Sub(r.file.first.Received) >= camera.SegmentGoal || r.file.full(u)
}

func (r *run) add(u media.Unit) error {
	r.last = max(r.last, u.DTS)
	r.times.add(r.media(u), u.Received.Round(0))
	return r.file.picture(u)
}

// media is the time of a unit in its run.
func (r *run) media(u media.Unit) time.Duration { return u.DTS - r.base }

// finish writes what is left of the open segment and describes it.
func (r *run) finish(boundary *media.Unit) (camera.Segment, error) {
	if boundary != nil {
		r.times.add(r.media(*boundary), boundary.Received.Round(0))
	}
	if err := r.file.finish(boundary); err != nil {
		return camera.Segment{}, err
	}
	return r.file.describe()
}

// closed goes on to the next place in the chain.
func (r *run) closed(s camera.Segment) {
	r.seq++
	r.prev = s.SHA256
	r.start = s.End
}
