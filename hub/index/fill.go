package index

import (
	"slices"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index/pack"
)

// Span is a part of a window: footage in one state, or no footage for one cause.
type Span struct {
	From, To time.Time
	State    camera.ByteState // "" when there is a Cause
	Cause    camera.GapCause  // "" when there is a State
}

// Interval is a time in which the camera's device had its link; a zero To means: still.
type Interval struct{ From, To time.Time }

// Known is what the hub knows of a camera besides its segments and gaps.
type Known struct {
	Registered time.Time
	Linked     []Interval // those that touch the window or came after it, in any order
	LinkedNow  bool
	State      camera.RecordState // the last that its device told
	Since      time.Time
	// What the household's recorder says that it has, and what it said so of before and
	// has overwritten since: see [Index.Past] and [Index.Overwritten]. In any order.
	Past, Overwritten []camera.Interval
}

// How the hub reads silence.
const (
	// Holes up to this long between a segment and the next of its run are footage:
	// no more than two frames at 8 frames/s, the slowest that we count with.
	bridgeMost = 250
	// A segment of the usual length may be announced this much after its start: one
	// is being recorded, one is being closed and sent.
	pendingMost = int64((2*camera.SegmentGoal + 10*time.Second) / time.Millisecond)
	forever     = int64(1) << 62
)

// Edge is how much more than its window Fill has to see on either side: a short hole in
// which a window begins is footage there too, as it is in a longer window.
const Edge = time.Duration(bridgeMost) * time.Millisecond

// Within is the strip without the segments and gaps that do not touch [from, to).
func (s Strip) Within(from, to time.Time) Strip {
	a, b := from.UnixMilli(), to.UnixMilli()
	s.Segments = slices.DeleteFunc(slices.Clone(s.Segments), func(g pack.Segment) bool { return g.Start >= b || g.End <= a })
	s.Gaps = slices.DeleteFunc(slices.Clone(s.Gaps), func(g pack.Gap) bool { return g.Start >= b || g.End <= a })
	return s
}

// Fill covers the window [from, to) with spans, so that every millisecond of it is
// in exactly one and no two neighbours are alike. Footage wins over everything, and
// what is withheld over what is left; then what the household's recorder has; then
// what was footage and is gone, and what the recorder had; then gaps, the latest begun
// first; then what the hub concludes from what it knows. A recorder does not know that
// its household paused: of such a time it has nothing, nor of what is still being
// recorded here. Both streams are footage; gaps are those of the main stream alone.
// Times are cut to whole milliseconds.
//
// The strip is one that Strips has read from Edge before the window to Edge after it.
func Fill(s Strip, k Known, from, to, now time.Time) []Span {
	a, b := from.UnixMilli(), to.UnixMilli()
	if a >= b {
		return nil
	}
	p := newPicture(s, k, a, b, now)
	var spans []Span
	for t := a; t < b; {
		c, end := p.at(t)
		end = min(end, b)
		if n := len(spans); n > 0 && spans[n-1].State == c.state && spans[n-1].Cause == c.cause {
			spans[n-1].To = time.UnixMilli(end).UTC()
		} else {
			spans = append(spans, Span{From: time.UnixMilli(t).UTC(), To: time.UnixMilli(end).UTC(), State: c.state, Cause: c.cause})
		}
		t = end
	}
	return spans
}

// colour is what a moment is: a state or a cause.
type colour struct {
	state camera.ByteState
	cause camera.GapCause
}

// silence answers for moments of which neither a segment nor a gap tells.
type silence struct {
	k                             Known
	registered, since, now, ended int64 // Unix ms; ended: of the last link
	links                         [][2]int64
}

func newSilence(k Known, now time.Time) silence {
	s := silence{k: k, registered: k.Registered.UnixMilli(), since: k.Since.UnixMilli(), now: now.UnixMilli(), ended: -forever}
	for _, l := range k.Linked {
		end := l.To.UnixMilli()
		switch {
		case l.To.IsZero() && k.LinkedNow:
			end = forever
		case l.To.IsZero(): // its end is not written yet
			end = s.now
		}
		s.links = append(s.links, [2]int64{l.From.UnixMilli(), end})
		s.ended = max(s.ended, end)
	}
	return s
}

func (s silence) at(ms int64) camera.GapCause {
	switch {
	case ms >= s.now:
		return camera.CauseFuture
	case ms < s.registered:
		return camera.CauseNotJoined
	case !s.k.LinkedNow && ms >= s.ended:
		return camera.CauseUnreachable
	case s.k.LinkedNow && s.k.State == camera.StateRecording && ms >= s.now-pendingMost:
		return camera.CausePending
	case camera.GapCause(s.k.State).Announced() && ms >= s.since:
		return camera.GapCause(s.k.State)
	case !s.linked(ms):
		return camera.CauseUnreachable
	}
	return camera.CauseUnreported
}

func (s silence) linked(ms int64) bool {
	return slices.ContainsFunc(s.links, func(l [2]int64) bool { return l[0] <= ms && ms < l[1] })
}

// cuts are the moments at which the answer may change, in their order.
func (s silence) cuts() []int64 {
	cuts := []int64{s.now, s.registered, s.ended, s.now - pendingMost, s.since, forever}
	for _, l := range s.links {
		cuts = append(cuts, l[0], l[1])
	}
	slices.Sort(cuts)
	return cuts
}
