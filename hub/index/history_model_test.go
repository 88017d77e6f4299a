package index_test

import (
	"bytes"
	"slices"
	"sort"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index"
)

// model is what one camera's past comes to by the rules as they are written: slow, with
// no hours, no layers and no sweep. It knows whole fingerprints, so that it can say what
// a second claim of the same segment is.
type model struct {
	facts map[camera.SegmentID]*fact
	gaps  map[gapName]camera.Gap
	words []word // of the recorder, in the order in which it told them
}

type fact struct {
	camera.Segment
	state    camera.ByteState
	received time.Time
}

// gapName is what a gap is known by.
type gapName struct {
	stream camera.Stream
	start  int64
}

// word is one list of what a recorder has, and when the hub heard it, Unix ms.
type word struct {
	spans [][2]int64
	heard int64
}

func newModel() *model {
	return &model{facts: map[camera.SegmentID]*fact{}, gaps: map[gapName]camera.Gap{}}
}

// announce takes one announcement and gives the codes of what is refused.
func (m *model) announce(a act, now time.Time) (segments, gaps map[int]camera.Code) {
	segments, gaps = map[int]camera.Code{}, map[int]camera.Code{}
	for i, s := range a.segments {
		had := m.facts[s.SegmentID]
		switch {
		case s.End.After(now.Add(2 * time.Second)):
			segments[i] = camera.CodeFutureClaim
		case had == nil:
			m.facts[s.SegmentID] = &fact{s, camera.StateHome, now}
		case !bytes.Equal(had.Payload(), s.Payload()):
			segments[i] = camera.CodeConflict
		}
	}
	for i, g := range a.gaps {
		if g.End.After(now.Add(2 * time.Second)) {
			gaps[i] = camera.CodeFutureClaim
			continue
		}
		m.gap(g)
	}
	return segments, gaps
}

// gap: the same one with a later end replaces it; else it is old news. What a gap takes
// it takes of its stream, whole segments, when it is told, and of a part of it that it
// told before with the same cause only what begins in the last two minutes of that.
func (m *model) gap(g camera.Gap) {
	name := gapName{g.Stream, g.Start.UnixMilli()}
	had, known := m.gaps[name]
	if known && !g.End.After(had.End) {
		return
	}
	m.gaps[name] = g
	from := g.Start
	if again := had.End.Add(-2 * time.Minute); known && had.Cause == g.Cause && again.After(from) {
		from = again
	}
	for _, f := range m.facts {
		if f.Stream != g.Stream || f.Start.Before(from) || f.End.After(g.End) {
			continue
		}
		switch {
		case g.Cause == camera.CauseDisk && (f.state == camera.StateHome || f.state == camera.StateRequested || f.state == camera.StateUploading):
			f.state = camera.StateLost
		case g.Cause == camera.CauseOverwritten && (f.state == camera.StateHome || f.state == camera.StateRequested):
			f.state = camera.StateExpired
		}
	}
}

// rising are the states in the order of a segment's way: it leads forward, and the
// last three are its ends.
var rising = []camera.ByteState{camera.StateHome, camera.StateRequested, camera.StateUploading, camera.StateStored,
	camera.StateHeld, camera.StateExpired, camera.StateLost, camera.StateWithheld}

// move tells with which code a move is refused, "" when it is none or is made.
func (m *model) move(c index.Change) camera.Code {
	f := m.facts[c.ID]
	if f == nil {
		return camera.CodeUnknownSegment
	}
	from, to := slices.Index(rising, f.state), slices.Index(rising, c.To)
	const home, uploading, stored, held, expired, lost = 0, 2, 3, 4, 5, 6
	switch {
	case from == to:
		return ""
	case from >= expired: // an end
		return camera.CodeConflict
	case from == held && to != stored && to != lost: // no retention touches what is held
		return camera.CodeConflict
	case to < from && (to != home || from > uploading) && from != held: // back home before the bytes came
		return camera.CodeConflict
	case to == held && from != stored: // only what is there can be held
		return camera.CodeConflict
	}
	f.state = c.To
	return ""
}

// request tells how many segments of the window are at home and asked for.
func (m *model) request(w [2]int64) (asked int) {
	for _, f := range m.facts {
		if f.Stream != camera.StreamMain || !f.in(w) {
			continue
		}
		if f.state == camera.StateHome {
			f.state = camera.StateRequested
		}
		if f.state == camera.StateRequested {
			asked++
		}
	}
	return asked
}

func (m *model) unrequest(w [2]int64, keep []camera.Want) {
	for _, f := range m.facts {
		waiting := f.state == camera.StateRequested || f.state == camera.StateUploading
		wanted := slices.ContainsFunc(keep, func(k camera.Want) bool { return k.Fetch && f.in([2]int64{k.From.UnixMilli(), k.To.UnixMilli()}) })
		if f.Stream == camera.StreamMain && f.in(w) && waiting && !wanted {
			f.state = camera.StateHome
		}
	}
}

// expire tells of how many stored segments the time was over. An hour is folded when it
// has ended ten minutes ago; what is not folded yet has two days more.
func (m *model) expire(e expiry, now int64) (gone int) {
	for _, f := range m.facts {
		before := e.before
		if hour := f.Start.UnixMilli() / anHour; (hour+1)*anHour > now-10*aMinute {
			before -= 48 * anHour
		}
		held := slices.ContainsFunc(e.held, f.in)
		if f.state == camera.StateStored && f.End.UnixMilli() < before && !held {
			f.state = camera.StateExpired
			gone++
		}
	}
	return gone
}

func (f *fact) in(w [2]int64) bool { return f.Start.UnixMilli() < w[1] && f.End.UnixMilli() > w[0] }

// hear cuts what a recorder says of the future, and of more than a hundred days ago.
func (m *model) hear(spans [][2]int64, now int64) {
	w := word{heard: now}
	for _, s := range spans {
		if cut := [2]int64{max(s[0], now-100*24*3600_000), min(s[1], now)}; cut[0] < cut[1] {
			w.spans = append(w.spans, cut)
		}
	}
	m.words = append(m.words, w)
}

// colours are what each of these moments is, as text: first what is least, then over it
// what wins over it.
func (m *model) colours(moments []int64, k index.Known, now int64) []string {
	p := painting{moments, make([]string, len(moments))}
	for i, at := range moments {
		p.colours[i] = quiet(k, at, now)
	}
	var gaps []camera.Gap
	for _, g := range m.gaps {
		if g.Stream == camera.StreamMain {
			gaps = append(gaps, g)
		}
	}
	sort.Slice(gaps, func(i, j int) bool { return gaps[i].Start.Before(gaps[j].Start) })
	paused := painting{moments, make([]string, len(moments))}
	for _, g := range gaps {
		p.paint(g.Start.UnixMilli(), g.End.UnixMilli(), string(g.Cause))
		if g.Cause == camera.CausePaused {
			paused.paint(g.Start.UnixMilli(), g.End.UnixMilli(), "paused")
		}
	}
	if k.State == "paused" {
		paused.paint(k.Since.UnixMilli(), 1<<62, "paused")
	}
	open := make([]bool, len(moments))
	for i, at := range moments {
		open[i] = at < now && p.colours[i] != "pending" && paused.colours[i] == ""
	}
	has, had := m.recorder(moments)
	p.where(open, had, "overwritten")
	m.footage(p, camera.StateLost, "lost")
	m.footage(p, camera.StateExpired, "overwritten")
	p.where(open, has, "recorder")
	for _, s := range []camera.ByteState{camera.StateWithheld, camera.StateHome, camera.StateRequested, camera.StateUploading, camera.StateStored, camera.StateHeld} {
		m.footage(p, s, string(s))
	}
	return p.colours
}

// footage paints the segments of one state, with the short holes that follow them.
func (m *model) footage(p painting, state camera.ByteState, name string) {
	for _, f := range m.facts {
		if f.state != state {
			continue
		}
		p.paint(f.Start.UnixMilli(), f.End.UnixMilli(), name)
		id := f.SegmentID
		id.Seq++
		if next := m.facts[id]; next != nil && next.Stream == f.Stream {
			if hole := next.Start.Sub(f.End); hole > 0 && hole <= 250*time.Millisecond {
				p.paint(f.End.UnixMilli(), next.Start.UnixMilli(), name)
			}
		}
	}
}

// recorder reads its words one after another. It overwrites its oldest footage first:
// what was there and lies before all that is there now was overwritten; what is not
// found behind that, nobody knows of. A word without a span says nothing of what was
// overwritten, and takes away what it had.
func (m *model) recorder(moments []int64) (has, had []bool) {
	has, had = make([]bool, len(moments)), make([]bool, len(moments))
	for _, w := range m.words {
		for i, at := range moments {
			was := has[i]
			has[i] = slices.ContainsFunc(w.spans, func(s [2]int64) bool { return s[0] <= at && at < s[1] })
			if len(w.spans) > 0 {
				had[i] = (had[i] || was) && at < w.spans[0][0]
			}
		}
	}
	return has, had
}

// quiet is what the hub concludes where nobody told it anything.
func quiet(k index.Known, at, now int64) string {
	linkedThen, later := false, false // linked at the moment; at or after it
	for _, l := range k.Linked {
		end := l.To.UnixMilli()
		if l.To.IsZero() {
			end = now
			if k.LinkedNow {
				end = 1 << 62
			}
		}
		linkedThen = linkedThen || l.From.UnixMilli() <= at && at < end
		later = later || at < end
	}
	switch {
	case at >= now:
		return "future"
	case at < k.Registered.UnixMilli():
		return "not-joined"
	case !k.LinkedNow && !later:
		return "unreachable"
	case k.LinkedNow && k.State == camera.StateRecording && at >= now-22_000:
		return "pending"
	case k.State != camera.StateRecording && k.State != "" && at >= k.Since.UnixMilli():
		return string(k.State)
	case !linkedThen:
		return "unreachable"
	}
	return "unreported"
}

// painting has a colour for each of some moments, which are in their order.
type painting struct {
	moments []int64
	colours []string
}

func (p painting) paint(from, to int64, colour string) {
	i := sort.Search(len(p.moments), func(i int) bool { return p.moments[i] >= from })
	for ; i < len(p.moments) && p.moments[i] < to; i++ {
		p.colours[i] = colour
	}
}

func (p painting) where(a, b []bool, colour string) {
	for i := range p.colours {
		if a[i] && b[i] {
			p.colours[i] = colour
		}
	}
}
