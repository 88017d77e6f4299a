package index_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index"
)

func ms(n int64) time.Time { return time.UnixMilli(1_700_000_000_000 + n).UTC() }

func entry(run camera.RunID, seq uint32, from, to int64, state camera.ByteState) index.Entry {
	e := index.Entry{State: state}
	e.SegmentID = camera.SegmentID{Camera: mine, Run: run, Seq: seq}
	e.Start, e.End = ms(from), ms(to)
	return e
}

// sub makes an entry one of the sub stream.
func sub(e index.Entry) index.Entry {
	e.Stream = camera.StreamSub
	return e
}

func interval(from, to int64) camera.Interval { return camera.Interval{From: ms(from), To: ms(to)} }

func gapOf(from, to int64, cause camera.GapCause) camera.Gap {
	return camera.Gap{Camera: mine, Start: ms(from), End: ms(to), Cause: cause}
}

func subGap(g camera.Gap) camera.Gap {
	g.Stream = camera.StreamSub
	return g
}

// show writes spans as "0-100 stored, 100-200 disk".
func show(spans []index.Span) string {
	var parts []string
	for _, s := range spans {
		parts = append(parts, fmt.Sprintf("%d-%d %s%s", s.From.Sub(ms(0)).Milliseconds(), s.To.Sub(ms(0)).Milliseconds(), s.State, s.Cause))
	}
	return strings.Join(parts, ", ")
}

func TestFill(t *testing.T) {
	const now = 100_000
	linked := index.Known{Registered: ms(0), Linked: []index.Interval{{From: ms(0)}}, LinkedNow: true, State: camera.StateRecording}
	with := func(change func(*index.Known)) index.Known {
		k := linked
		change(&k)
		return k
	}
	stored, home := camera.StateStored, camera.StateHome
	has := func(from, to int64, had ...camera.Interval) index.Known {
		return with(func(k *index.Known) { k.Past, k.Overwritten = []camera.Interval{interval(from, to)}, had })
	}
	for name, c := range map[string]struct {
		entries  []index.Entry
		gaps     []camera.Gap
		k        index.Known
		from, to int64
		want     string
	}{
		"nothing was said":          {k: linked, from: 0, to: 10, want: "0-10 unreported"},
		"future":                    {k: linked, from: 200_000, to: 200_010, want: "200000-200010 future"},
		"now":                       {k: linked, from: 77_000, to: 101_000, want: "77000-78000 unreported, 78000-100000 pending, 100000-101000 future"},
		"before it joined":          {k: linked, from: -5, to: 5, want: "-5-0 not-joined, 0-5 unreported"},
		"empty window":              {k: linked, from: 5, to: 5},
		"inverted window":           {k: linked, from: 6, to: 5},
		"footage wins over gaps":    {[]index.Entry{entry("a", 0, 10, 20, home)}, []camera.Gap{gapOf(0, 30, camera.CauseDisk)}, linked, 0, 30, "0-10 disk, 10-20 home, 20-30 disk"},
		"cut to the window":         {[]index.Entry{entry("a", 0, -50, 50, home)}, nil, linked, 10, 20, "10-20 home"},
		"neighbours are merged":     {[]index.Entry{entry("a", 0, 0, 10, stored), entry("b", 0, 10, 20, stored)}, nil, linked, 0, 20, "0-20 stored"},
		"short hole within a run":   {[]index.Entry{entry("a", 0, 0, 10, home), entry("a", 1, 260, 300, stored)}, nil, linked, 0, 300, "0-260 home, 260-300 stored"},
		"longer hole within a run":  {[]index.Entry{entry("a", 0, 0, 10, home), entry("a", 1, 261, 300, home)}, nil, linked, 0, 300, "0-10 home, 10-261 unreported, 261-300 home"},
		"short hole between runs":   {[]index.Entry{entry("a", 0, 0, 10, home), entry("b", 1, 50, 60, home)}, nil, linked, 0, 60, "0-10 home, 10-50 unreported, 50-60 home"},
		"a segment is missing":      {[]index.Entry{entry("a", 0, 0, 10, home), entry("a", 2, 50, 60, home)}, nil, linked, 0, 60, "0-10 home, 10-50 unreported, 50-60 home"},
		"best of two runs":          {[]index.Entry{entry("a", 0, 0, 10, home), entry("b", 0, 5, 15, stored)}, nil, linked, 0, 15, "0-5 home, 5-15 stored"},
		"gone footage has a cause":  {[]index.Entry{entry("a", 0, 0, 10, camera.StateExpired), entry("a", 1, 10, 20, camera.StateLost), entry("a", 2, 20, 30, camera.StateWithheld)}, []camera.Gap{gapOf(0, 40, camera.CauseDisk)}, linked, 0, 40, "0-10 overwritten, 10-20 lost, 20-30 withheld, 30-40 disk"},
		"the latest gap":            {nil, []camera.Gap{gapOf(0, 40, camera.CauseAgentOff), gapOf(10, 20, camera.CauseCameraOff)}, linked, 0, 50, "0-10 agent-off, 10-20 camera-off, 20-40 agent-off, 40-50 unreported"},
		"not linked now":            {k: with(func(k *index.Known) { k.LinkedNow = false; k.Linked = []index.Interval{{From: ms(0), To: ms(50_000)}} }), from: 49_999, to: 100_001, want: "49999-50000 unreported, 50000-100000 unreachable, 100000-100001 future"},
		"never linked":              {k: with(func(k *index.Known) { k.LinkedNow = false; k.Linked = nil }), from: 0, to: 10, want: "0-10 unreachable"},
		"its end is not written":    {k: with(func(k *index.Known) { k.LinkedNow = false }), from: 99_990, to: 100_001, want: "99990-100000 unreported, 100000-100001 future"},
		"link was away for a while": {k: with(func(k *index.Known) { k.Linked = []index.Interval{{From: ms(20)}, {From: ms(0), To: ms(10)}} }), from: 0, to: 30, want: "0-10 unreported, 10-20 unreachable, 20-30 unreported"},
		"camera is off":             {k: with(func(k *index.Known) { k.State, k.Since = "camera-off", ms(90_000) }), from: 89_000, to: 100_001, want: "89000-90000 unreported, 90000-100000 camera-off, 100000-100001 future"},
		"off, and the link is away": {k: with(func(k *index.Known) {
			k.State, k.Since, k.LinkedNow = "camera-off", ms(10), false
			k.Linked = []index.Interval{{From: ms(0), To: ms(50)}}
		}), from: 0, to: 60, want: "0-10 unreported, 10-50 camera-off, 50-60 unreachable"},
		"both streams are footage":       {[]index.Entry{entry("a", 0, 0, 20, home), sub(entry("b", 0, 10, 30, stored))}, nil, linked, 0, 30, "0-10 home, 10-30 stored"},
		"gone of one stream":             {[]index.Entry{entry("a", 0, 0, 20, home), sub(entry("b", 0, 10, 30, camera.StateExpired))}, nil, linked, 0, 30, "0-20 home, 20-30 overwritten"},
		"a gap of the sub stream":        {nil, []camera.Gap{gapOf(0, 20, camera.CauseCameraOff), subGap(gapOf(10, 30, camera.CauseOverwritten))}, linked, 0, 30, "0-20 camera-off, 20-30 unreported"},
		"short hole between two streams": {[]index.Entry{entry("a", 0, 0, 10, home), sub(entry("a", 1, 50, 60, home))}, nil, linked, 0, 60, "0-10 home, 10-50 unreported, 50-60 home"},
		"a recorder has it":              {nil, []camera.Gap{gapOf(0, 20, camera.CauseAgentOff)}, has(10, 30), 0, 40, "0-10 agent-off, 10-30 recorder, 30-40 unreported"},
		"from before it joined":          {k: has(-20, -10), from: -30, to: 5, want: "-30--20 not-joined, -20--10 recorder, -10-0 not-joined, 0-5 unreported"},
		"footage wins over a recorder":   {[]index.Entry{entry("a", 0, 0, 10, home), entry("a", 1, 10, 20, camera.StateRequested), entry("a", 2, 20, 30, camera.StateUploading), sub(entry("b", 3, 30, 40, stored))}, nil, has(0, 50), 0, 50, "0-10 home, 10-20 requested, 20-30 uploading, 30-40 stored, 40-50 recorder"},
		"what is gone at home":           {[]index.Entry{entry("a", 0, 0, 10, camera.StateExpired), entry("a", 1, 10, 20, camera.StateLost), entry("a", 2, 20, 30, camera.StateWithheld)}, nil, has(5, 40), 0, 40, "0-5 overwritten, 5-20 recorder, 20-30 withheld, 30-40 recorder"},
		"a recorder knows of no pause":   {nil, []camera.Gap{gapOf(0, 40, camera.CausePaused), gapOf(10, 20, camera.CauseAgentOff)}, has(-5, 50), 0, 50, "0-10 paused, 10-20 agent-off, 20-40 paused, 40-50 recorder"},
		"a pause of the sub stream":      {nil, []camera.Gap{subGap(gapOf(0, 40, camera.CausePaused))}, has(0, 40), 0, 40, "0-40 recorder"},
		"a pause that goes on": {k: with(func(k *index.Known) {
			k.State, k.Since, k.Past = "paused", ms(50_000), []camera.Interval{interval(0, 99_000)}
		}), from: 40_000, to: 100_000, want: "40000-50000 recorder, 50000-100000 paused"},
		"paused, and the link is away": {k: with(func(k *index.Known) {
			k.State, k.Since, k.Past, k.LinkedNow = "paused", ms(10), []camera.Interval{interval(0, 99_000)}, false
			k.Linked = []index.Interval{{From: ms(0), To: ms(50)}}
		}), from: 0, to: 60, want: "0-10 recorder, 10-50 paused, 50-60 unreachable"},
		"a recorder and no link": {k: with(func(k *index.Known) {
			k.LinkedNow, k.Linked, k.Past = false, nil, []camera.Interval{interval(20, 30), interval(0, 10)}
		}), from: 0, to: 40, want: "0-10 recorder, 10-20 unreachable, 20-30 recorder, 30-40 unreachable"},
		"a recorder does not know the future": {k: has(0, 200_000), from: 70_000, to: 101_000, want: "70000-78000 recorder, 78000-100000 pending, 100000-101000 future"},
		"a gap that is news":                  {nil, []camera.Gap{gapOf(80_000, 99_000, camera.CauseCameraOff)}, has(0, 200_000), 77_000, 101_000, "77000-78000 recorder, 78000-80000 pending, 80000-99000 recorder, 99000-100000 pending, 100000-101000 future"},
		"a recorder has overwritten it":       {[]index.Entry{entry("a", 0, 0, 10, home), entry("a", 1, 10, 20, camera.StateLost)}, []camera.Gap{gapOf(0, 40, camera.CauseAgentOff)}, has(50, 60, interval(-5, 30), interval(45, 55)), -10, 60, "-10--5 not-joined, -5-0 overwritten, 0-10 home, 10-20 lost, 20-30 overwritten, 30-40 agent-off, 40-45 unreported, 45-50 overwritten, 50-60 recorder"},
		"it never gave a pause":               {nil, []camera.Gap{gapOf(0, 20, camera.CausePaused)}, has(50, 60, interval(0, 30)), 0, 40, "0-20 paused, 20-30 overwritten, 30-40 unreported"},
		"a state that is no cause":            {k: with(func(k *index.Known) { k.State, k.Since = "", ms(0) }), from: 99_000, to: 100_000, want: "99000-100000 unreported"},
	} {
		got := show(index.Fill(c.entries, c.gaps, c.k, ms(c.from), ms(c.to), ms(now)))
		if got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
	}
}

// TestFillCoversEveryMillisecond compares Fill with a reading of its rules one
// millisecond at a time.
func TestFillCoversEveryMillisecond(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		moment := rapid.Int64Range(-2_000, 40_000)
		length := rapid.Int64Range(0, 3_000)
		states := rapid.SampledFrom([]camera.ByteState{camera.StateHome, camera.StateRequested, camera.StateUploading, camera.StateStored,
			camera.StateHeld, camera.StateExpired, camera.StateLost, camera.StateWithheld})
		var entries []index.Entry
		streams := rapid.SampledFrom([]camera.Stream{camera.StreamMain, camera.StreamSub})
		for run := range rapid.IntRange(0, 4).Draw(t, "runs") {
			stream := streams.Draw(t, "stream")
			at := moment.Draw(t, "run start")
			for seq := range rapid.Uint32Range(0, 6).Draw(t, "segments") {
				end := at + length.Draw(t, "length")
				if rapid.IntRange(0, 4).Draw(t, "kept") > 0 {
					e := entry(camera.RunID(fmt.Sprint(run)), seq, at, end, states.Draw(t, "state"))
					e.Stream = stream
					entries = append(entries, e)
				}
				at = end + rapid.Int64Range(-20, 400).Draw(t, "hole")
			}
		}
		var gaps []camera.Gap
		causes := rapid.SampledFrom([]camera.GapCause{camera.CauseDisk, camera.CauseCameraOff, camera.CausePaused, camera.CauseOverwritten})
		for i := range rapid.Int64Range(0, 7).Draw(t, "gaps") {
			at := 8*(moment.Draw(t, "gap")/8) + i // the index has one gap for each stream and start
			g := gapOf(at, at+4*length.Draw(t, "gap length"), causes.Draw(t, "cause"))
			g.Stream = streams.Draw(t, "gap stream")
			gaps = append(gaps, g)
		}
		k := index.Known{
			Registered: ms(moment.Draw(t, "registered")), LinkedNow: rapid.Bool().Draw(t, "linked now"), Since: ms(moment.Draw(t, "since")),
			State: rapid.SampledFrom([]camera.RecordState{camera.StateRecording, "camera-off", "disk", "paused", ""}).Draw(t, "record state"),
		}
		for range rapid.IntRange(0, 3).Draw(t, "links") {
			l := index.Interval{From: ms(moment.Draw(t, "link"))}
			if rapid.Bool().Draw(t, "ended") {
				l.To = l.From.Add(time.Duration(length.Draw(t, "link length")) * 5 * time.Millisecond)
			}
			k.Linked = append(k.Linked, l)
		}
		for _, list := range []*[]camera.Interval{&k.Past, &k.Overwritten} {
			for range rapid.IntRange(0, 3).Draw(t, "recorder's spans") {
				at := moment.Draw(t, "recorder's span")
				*list = append(*list, interval(at, at+3*length.Draw(t, "span length")))
			}
		}
		from := moment.Draw(t, "from")
		to := from + rapid.Int64Range(1, 20_000).Draw(t, "window")
		now := ms(moment.Draw(t, "now"))

		spans := index.Fill(entries, gaps, k, ms(from), ms(to), now)
		next := ms(from)
		for i, s := range spans {
			if s.From != next || !s.To.After(s.From) {
				t.Fatalf("span %d begins at %v, the one before ended at %v: %s", i, s.From, next, show(spans))
			}
			next = s.To
			if (s.State == "") == (s.Cause == "") {
				t.Fatalf("span %d has not exactly one of state and cause: %s", i, show(spans))
			}
			if i > 0 && s.State == spans[i-1].State && s.Cause == spans[i-1].Cause {
				t.Fatalf("spans %d and %d are alike: %s", i-1, i, show(spans))
			}
			for at := s.From; at.Before(s.To); at = at.Add(step(at, s)) {
				if want := oracle(entries, gaps, k, at, now); want != string(s.State)+string(s.Cause) {
					t.Fatalf("%d is %s%s, want %s: %s", at.Sub(ms(0)).Milliseconds(), s.State, s.Cause, want, show(spans))
				}
			}
		}
		if next != ms(to) {
			t.Fatalf("the window ends at %v, the spans at %v", ms(to), next)
		}
	})
}

// step looks at each millisecond near the ends of a span and at some within it.
func step(at time.Time, s index.Span) time.Duration {
	if at.Sub(s.From) < 3*time.Millisecond || s.To.Sub(at) < 20*time.Millisecond {
		return time.Millisecond
	}
	return 17 * time.Millisecond
}

// oracle is what one millisecond is, straight from the rules.
func oracle(entries []index.Entry, gaps []camera.Gap, k index.Known, at, now time.Time) string {
	covered := map[camera.ByteState]bool{}
	for _, e := range entries {
		end := e.End
		for _, n := range entries {
			if n.Run == e.Run && n.Seq == e.Seq+1 && n.Start.After(end) && n.Start.Sub(end) <= 250*time.Millisecond {
				end = n.Start
			}
		}
		if e.End.After(e.Start) || end.After(e.Start) {
			covered[e.State] = covered[e.State] || within(at, e.Start, end)
		}
	}
	for _, s := range []camera.ByteState{camera.StateHeld, camera.StateStored, camera.StateUploading, camera.StateRequested, camera.StateHome} {
		if covered[s] {
			return string(s)
		}
	}
	if covered[camera.StateWithheld] {
		return "withheld"
	}
	var top *camera.Gap
	paused := k.State == "paused" && !at.Before(k.Since)
	for i, g := range gaps {
		if g.Stream == camera.StreamMain && within(at, g.Start, g.End) {
			paused = paused || g.Cause == camera.CausePaused
			if top == nil || g.Start.After(top.Start) {
				top = &gaps[i]
			}
		}
	}
	below := silent(k, at, now)
	if top != nil {
		below = string(top.Cause)
	}
	open := at.Before(now) && below != "pending" && !paused
	in := func(spans []camera.Interval) bool {
		return slices.ContainsFunc(spans, func(s camera.Interval) bool { return within(at, s.From, s.To) })
	}
	switch {
	case open && in(k.Past):
		return "recorder"
	case covered[camera.StateExpired]:
		return "overwritten"
	case covered[camera.StateLost]:
		return "lost"
	case open && in(k.Overwritten):
		return "overwritten"
	}
	return below
}

func silent(k index.Known, at, now time.Time) string {
	linkedThen, afterLast := false, true
	for _, l := range k.Linked {
		end := l.To
		if end.IsZero() {
			end = now
			if k.LinkedNow {
				end = ms(1e9)
			}
		}
		linkedThen = linkedThen || within(at, l.From, end)
		afterLast = afterLast && !at.Before(end)
	}
	switch {
	case !at.Before(now):
		return "future"
	case at.Before(k.Registered):
		return "not-joined"
	case !k.LinkedNow && afterLast:
		return "unreachable"
	case k.LinkedNow && k.State == "recording" && now.Sub(at) <= 22*time.Second:
		return "pending"
	case k.State != "recording" && k.State != "" && !at.Before(k.Since):
		return string(k.State)
	case !linkedThen:
		return "unreachable"
	}
	return "unreported"
}

func within(at, from, to time.Time) bool { return !at.Before(from) && at.Before(to) }
