package agent

import (
	"sync"
	"time"

	camera "xulang.vn/camera"
)

const (
	// gapShortest is less than a person would miss: rounding and one lost frame.
	gapShortest = 250 * time.Millisecond

	// backMost is how far the clock may be set back within what was reported
	// already. When it goes further back than that, what was reported was wrong.
	backMost = time.Hour

	// lateMost bounds the gaps that wait for a disk that takes none.
	lateMost = 1000
)

// born is before this program was: a clock that shows less was never set, as that of
// a box without a battery until the network has told it the time.
var born = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

// hole is the time without footage that grows now. All its times are of the wall
// clock alone: gaps are told to others, who know nothing of our monotonic one.
type hole struct {
	camera camera.CameraID
	start  time.Time       // where footage ended
	cause  camera.GapCause // "": none is known yet

	// reached is the latest end of what was reported before this hole. After the
	// clock was set back the hole must not be laid over that: the hub would take
	// footage under a gap of the cause disk for lost.
	reached time.Time

	// before is the reached that was given up when the clock was set back by more
	// than backMost. A box without a battery starts in 1970: when its clock is put
	// right again, the hole began there and not half a century ago.
	before time.Time
}

// upTo is the gap that the hole is at a time; ok is false when it is too short, or
// lies where something was reported before the clock was set back. While the clock is
// not set there is none: nobody would believe it, and what was last reported before
// must not be forgotten for it. The hole is told when the clock is right.
func (h *hole) upTo(end time.Time) (g camera.Gap, ok bool) {
	end = end.Round(0)
	switch {
	case end.Before(born):
		return camera.Gap{}, false
	case h.start.Before(born) && h.before.After(born) && h.before.Before(end):
		h.begin(h.before)
	case h.start.Before(born):
		h.begin(end) // what was before that nobody knows
	case end.Before(h.start):
		h.begin(end) // the clock was set back while it grew
	}
	g = camera.Gap{Camera: h.camera, Start: h.start, End: end, Cause: h.cause}
	if h.reached.After(g.Start) {
		g.Start = h.reached
	}
	if h.cause == camera.CauseClockStep && h.before.After(g.Start) && h.before.Before(end) {
		g.Start = h.before
	}
	return g, g.Cause != "" && end.Sub(g.Start) > gapShortest
}

// next ends the hole and begins another one there.
func (h *hole) next(start time.Time, cause camera.GapCause) {
	h.begin(start.Round(0))
	h.cause = cause
}

func (h *hole) begin(start time.Time) {
	h.start = start
	switch {
	case start.After(h.reached):
		h.reached = start
	case h.reached.Sub(start) > backMost:
		h.before, h.reached = h.reached, start
	}
}

// lateGaps are those that the disk has not taken yet, oldest first.
type lateGaps struct {
	mu   sync.Mutex
	gaps []camera.Gap
}

// keep writes a gap down after those that are late. What the disk does not take
// is tried again with the next one, and told in the log once.
func (r *recorder) keep(more ...camera.Gap) {
	r.late.mu.Lock()
	defer r.late.mu.Unlock()
	before := len(r.late.gaps)
	for _, g := range more {
		g.Start, g.End = g.Start.UTC().Truncate(time.Millisecond), g.End.UTC().Truncate(time.Millisecond)
		r.late.add(g)
	}
	for len(r.late.gaps) > 0 {
		err := r.agent.spool.AddGap(r.late.gaps[0])
		if err != nil && camera.CodeOf(err) == camera.CodeInternal { // of the disk
			if before == 0 {
				r.log.Error("write gap; trying again", "err", err)
			}
			return
		}
		if err != nil {
			r.log.Error("gap cannot be written", "gap", r.late.gaps[0], "err", err)
		}
		r.late.gaps = r.late.gaps[1:]
	}
}

// add lets the newest gap grow when it is the same one, or when there are too many.
func (l *lateGaps) add(g camera.Gap) {
	if n := len(l.gaps); n > 0 {
		last := &l.gaps[n-1]
		if same := last.Start.Equal(g.Start) && last.Cause == g.Cause; same || n == lateMost {
			last.End = g.End
			return
		}
	}
	l.gaps = append(l.gaps, g)
}
