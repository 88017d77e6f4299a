package index_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index"
	"xulang.vn/camera/hub/index/pack"
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

// stripOf is what an index gives of these.
func stripOf(entries []index.Entry, gaps []camera.Gap) index.Strip {
	s := index.Strip{Camera: mine}
	for _, e := range entries {
		shape := pack.Shape{Run: e.Run, Stream: e.Stream, Origin: e.Origin}
		i := slices.Index(s.Shapes, shape)
		if i < 0 {
			i = len(s.Shapes)
			s.Shapes = append(s.Shapes, shape)
		}
		state, _ := pack.StateOf(e.State)
		s.Segments = append(s.Segments, pack.Segment{Start: e.Start.UnixMilli(), End: e.End.UnixMilli(), Seq: e.Seq, Shape: uint16(i), State: state})
	}
	for _, g := range gaps {
		s.Gaps = append(s.Gaps, pack.Gap{Start: g.Start.UnixMilli(), End: g.End.UnixMilli(), Stream: g.Stream, Cause: g.Cause})
	}
	slices.SortStableFunc(s.Segments, func(a, b pack.Segment) int { return cmp.Compare(a.Start, b.Start) })
	slices.SortStableFunc(s.Gaps, func(a, b pack.Gap) int { return cmp.Compare(a.Start, b.Start) })
	return s
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
		got := show(index.Fill(stripOf(c.entries, c.gaps), c.k, ms(c.from), ms(c.to), ms(now)))
		if got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
	}
}
