package index_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index"
	"xulang.vn/camera/hub/index/pack"
)

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

		spans := index.Fill(stripOf(entries, gaps), k, ms(from), ms(to), now)
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

// BenchmarkFill paints what one question asks for at most: 40 cameras, 90 minutes.
func BenchmarkFill(b *testing.B) {
	const cameras, segments = 40, 90 * 60 / 6
	for name, state := range map[string]func(i int) pack.State{
		"stored": func(int) pack.State { return pack.Stored },
		"mixed":  func(i int) pack.State { return []pack.State{pack.Home, pack.Stored, pack.Requested}[i/40%3] },
		"gone":   func(int) pack.State { return pack.Expired },
	} {
		b.Run(name, func(b *testing.B) {
			s := index.Strip{Shapes: []pack.Shape{{Run: run}, {Run: "00000000000000bb", Stream: camera.StreamSub}}}
			for i := range segments {
				for shape := range 2 { // both streams
					at := ms(int64(i)*6000 + int64(shape)*100).UnixMilli()
					s.Segments = append(s.Segments, pack.Segment{Start: at, End: at + 5960, Seq: uint32(i), Shape: uint16(shape), State: state(i)})
				}
			}
			k := index.Known{Registered: ms(0), LinkedNow: true, State: camera.StateRecording, Linked: []index.Interval{{From: ms(0)}}}
			b.ReportAllocs()
			for b.Loop() {
				for range cameras {
					if spans := index.Fill(s, k, ms(0), ms(90*60_000), ms(1e9)); len(spans) == 0 {
						b.Fatal("nothing was painted")
					}
				}
			}
		})
	}
}
