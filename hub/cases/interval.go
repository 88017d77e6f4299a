package cases

import (
	"slices"
	"time"

	camera "xulang.vn/camera"
)

// openIn is what of a window may be watched, or asked for. All of it, unless the
// household was asked for this case and did not say yes: until it can be asked again,
// only what it shares without, what it has said yes to, and what it still thinks about.
func (p permit) openIn(from, to time.Time) []camera.Interval {
	if p.againAt().IsZero() {
		return []camera.Interval{{From: from, To: to}}
	}
	var open []camera.Interval
	for _, w := range p.asked(camera.ReplyGranted, "") {
		open = append(open, camera.Interval{From: w.From, To: w.To})
	}
	// Hours begin and end with a minute.
	for at := from; at.Before(to); {
		next := earlier(to, at.Truncate(time.Minute).Add(time.Minute))
		if p.decide(at, at.Add(time.Millisecond), false) == nil {
			open = append(open, camera.Interval{From: at, To: next})
		}
		at = next
	}
	return joined(open)
}

// footageIn are the spans of footage that can be watched, at once or when it has come.
func footageIn(spans []Span) []camera.Interval {
	var of []camera.Interval
	for _, s := range spans {
		switch s.State {
		case camera.StateStored, camera.StateHeld, camera.StateHome, camera.StateRequested, camera.StateUploading, camera.StateRecorder:
			of = append(of, camera.Interval{From: s.From, To: s.To})
		}
	}
	return joined(of)
}

// joined sorts intervals and makes one of those that overlap or touch.
func joined(list []camera.Interval) []camera.Interval {
	slices.SortFunc(list, func(a, b camera.Interval) int { return a.From.Compare(b.From) })
	var out []camera.Interval
	for _, i := range list {
		if n := len(out); n > 0 && !i.From.After(out[n-1].To) {
			if i.To.After(out[n-1].To) {
				out[n-1].To = i.To
			}
			continue
		}
		out = append(out, i)
	}
	return out
}

// within cuts intervals to others; both are sorted and apart from each other.
func within(list, others []camera.Interval) []camera.Interval {
	var out []camera.Interval
	for _, i := range list {
		for _, o := range others {
			cut := camera.Interval{From: later(i.From, o.From), To: earlier(i.To, o.To)}
			if cut.To.After(cut.From) {
				out = append(out, cut)
			}
		}
	}
	return out
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
