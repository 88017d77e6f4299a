package index

import (
	"sort"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index/pack"
)

// Layers of footage, from the top: where several lie over one another, the one with
// which most can be done shows. What is gone comes last, after what a recorder has.
const (
	layerWithheld = 5 // the last one that nothing but footage covers
	layerExpired  = 6
	layerLost     = 7
	layers        = 8
)

// painted are the colours of the layers; what is gone is a gap.
var painted = [layers]colour{
	{state: camera.StateHeld}, {state: camera.StateStored}, {state: camera.StateUploading},
	{state: camera.StateRequested}, {state: camera.StateHome}, {cause: camera.CauseWithheld},
	{cause: camera.CauseOverwritten}, {cause: camera.CauseLost},
}

// layerOf says where the bytes of a segment in each state show.
var layerOf = [...]int{
	pack.Held: 0, pack.Stored: 1, pack.Uploading: 2, pack.Requested: 3, pack.Home: 4,
	pack.Withheld: layerWithheld, pack.Expired: layerExpired, pack.Lost: layerLost,
}

// picture is a strip that is read from left to right, once.
type picture struct {
	shapes   []pack.Shape
	segments []pack.Segment // not begun yet
	until    [layers]int64  // when what has begun of each layer ends, Unix ms
	gaps     []pack.Gap     // not begun yet
	pile     []pack.Gap     // begun, the latest on top; ended ones below the top may be in it
	past     past
	silence  silence
	cuts     []int64 // of silence, not reached yet
}

func newPicture(s Strip, k Known, a, b int64, now time.Time) picture {
	p := picture{shapes: s.Shapes, segments: s.Segments, gaps: s.Gaps, past: newPast(s.Gaps, k, a, b), silence: newSilence(k, now)}
	p.cuts = p.silence.cuts()
	for i := range p.until {
		p.until[i] = -forever
	}
	return p
}

// at is the colour of a moment and until when it surely stays. Moments come in their
// order.
func (p *picture) at(ms int64) (colour, int64) {
	end := p.begin(ms)
	for layer, until := range p.until[:layerWithheld+1] {
		if until > ms {
			return painted[layer], min(end, until)
		}
	}
	return p.below(ms, end)
}

// below is the same where no footage covers the moment before end.
func (p *picture) below(ms, end int64) (colour, int64) {
	for p.cuts[0] <= ms {
		p.cuts = p.cuts[1:]
	}
	cause, until := p.gap(ms)
	if cause == "" {
		cause = p.silence.at(ms)
	}
	end = min(end, until, p.cuts[0])
	paused, end := p.past.paused.around(ms, end)
	has, end := p.past.has.around(ms, end)
	had, end := p.past.had.around(ms, end)
	open := ms < p.silence.now && cause != camera.CausePending && !paused
	if open && has {
		return colour{state: camera.StateRecorder}, end
	}
	for _, layer := range []int{layerExpired, layerLost} {
		if until := p.until[layer]; until > ms {
			return painted[layer], min(end, until)
		}
	}
	if open && had {
		return colour{cause: camera.CauseOverwritten}, end
	}
	return colour{cause: cause}, end
}

// begin takes in the segments that have begun, and those that go on without a hole
// where one of their layer ends. It tells when the next one begins.
func (p *picture) begin(ms int64) int64 {
	for ; len(p.segments) > 0; p.segments = p.segments[1:] {
		s := &p.segments[0]
		if s.State == 0 || int(s.State) >= len(layerOf) {
			continue
		}
		until := &p.until[layerOf[s.State]]
		if s.Start > max(ms, *until) {
			return s.Start
		}
		*until = max(*until, p.reach())
	}
	return forever
}

// reach is the end of the first segment, or the start of the next of its run when
// the hole between them is short.
func (p *picture) reach() int64 {
	s := &p.segments[0]
	for i := 1; i < len(p.segments); i++ {
		next := &p.segments[i]
		if next.Start > s.End+bridgeMost {
			break
		}
		if next.Seq == s.Seq+1 && p.sameRun(s.Shape, next.Shape) {
			return max(s.End, next.Start)
		}
	}
	return s.End
}

func (p *picture) sameRun(i, k uint16) bool {
	return i == k || p.shapes[i].Run == p.shapes[k].Run && p.shapes[i].Stream == p.shapes[k].Stream
}

// gap is the cause of the latest gap that has begun and not ended, "" where there is
// none, and until when that stays.
func (p *picture) gap(ms int64) (cause camera.GapCause, until int64) {
	for ; len(p.gaps) > 0; p.gaps = p.gaps[1:] {
		g := p.gaps[0]
		if g.Stream != camera.StreamMain {
			continue
		}
		if g.Start > ms {
			break
		}
		p.pile = append(p.pile, g)
	}
	for len(p.pile) > 0 && p.pile[len(p.pile)-1].End <= ms {
		p.pile = p.pile[:len(p.pile)-1]
	}
	until = forever
	if len(p.gaps) > 0 {
		until = p.gaps[0].Start
	}
	if n := len(p.pile); n > 0 {
		cause, until = p.pile[n-1].Cause, min(until, p.pile[n-1].End)
	}
	return cause, until
}

// past is what a recorder has and had of a window, and when the household had paused.
type past struct{ has, had, paused times }

// newPast counts a pause that a later gap covers, and one that goes on.
func newPast(gaps []pack.Gap, k Known, a, b int64) past {
	var paused times
	for _, g := range gaps {
		if g.Stream == camera.StreamMain && g.Cause == camera.CausePaused {
			paused = append(paused, [2]int64{g.Start, g.End})
		}
	}
	if since := k.Since.UnixMilli(); camera.GapCause(k.State) == camera.CausePaused && since < b {
		paused = append(paused, [2]int64{since, b})
	}
	return past{has: timesOf(k.Past, a, b), had: timesOf(k.Overwritten, a, b), paused: cutTo(merge(paused), a, b)}
}

// around tells whether a moment lies in one of them, and how long before end that stays.
func (t times) around(ms, end int64) (inside bool, until int64) {
	i := sort.Search(len(t), func(i int) bool { return t[i][1] > ms })
	switch {
	case i == len(t):
		return false, end
	case t[i][0] <= ms:
		return true, min(end, t[i][1])
	}
	return false, min(end, t[i][0])
}
