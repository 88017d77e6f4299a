package index

import (
	"cmp"
	"slices"

	camera "xulang.vn/camera"
)

// stroke is one segment or gap as it is painted on the window, in Unix ms.
type stroke struct {
	from, to int64
	colour   colour
}

// picture paints strokes in layers. It is read from left to right, once.
type picture struct {
	footage []stroke // by from
	gaps    []stroke // by from
	past    past
	silence silence

	begun  int            // footage that began so far
	ending []stroke       // footage that has begun and not ended
	shown  map[colour]int // how many of ending have each colour
	pile   []stroke       // gaps that have begun, the latest on top; ended ones below the top may be in it
	piled  int            // gaps that began so far
}

// order is which colour of footage shows where several lie over one another: the
// one with which most can be done. What is gone comes last, after what a recorder has.
var (
	order = []colour{
		colourOf(camera.StateHeld), colourOf(camera.StateStored), colourOf(camera.StateUploading),
		colourOf(camera.StateRequested), colourOf(camera.StateHome), colourOf(camera.StateWithheld),
	}
	goneOrder = []colour{colourOf(camera.StateExpired), colourOf(camera.StateLost)}
)

// strokesOf lets each segment reach to the next of its run when the hole between
// them is short, and keeps what lies in [a, b).
func strokesOf(entries []Entry, a, b int64) []stroke {
	runs := slices.Clone(entries)
	slices.SortFunc(runs, func(x, y Entry) int {
		return cmp.Or(cmp.Compare(x.Camera, y.Camera), cmp.Compare(x.Stream, y.Stream), cmp.Compare(x.Run, y.Run), cmp.Compare(x.Seq, y.Seq))
	})
	var list []stroke
	for i, e := range runs {
		s := stroke{e.Start.UnixMilli(), e.End.UnixMilli(), colourOf(e.State)}
		if i+1 < len(runs) {
			next := runs[i+1]
			start := next.Start.UnixMilli()
			if next.Camera == e.Camera && next.Stream == e.Stream && next.Run == e.Run && next.Seq == e.Seq+1 && start > s.to && start-s.to <= bridgeMost {
				s.to = start
			}
		}
		list = append(list, s)
	}
	return inside(list, a, b)
}

func gapStrokes(gaps []camera.Gap, a, b int64) []stroke {
	var list []stroke
	for _, g := range gaps {
		if g.Stream != camera.StreamMain {
			continue
		}
		list = append(list, stroke{g.Start.UnixMilli(), g.End.UnixMilli(), colour{cause: g.Cause}})
	}
	return inside(list, a, b)
}

// inside keeps what touches [a, b), by begin.
func inside(list []stroke, a, b int64) []stroke {
	list = slices.DeleteFunc(list, func(s stroke) bool { return s.to <= s.from || s.from >= b || s.to <= a })
	slices.SortFunc(list, func(x, y stroke) int {
		return cmp.Or(cmp.Compare(x.from, y.from), cmp.Compare(x.to, y.to), cmp.Compare(x.colour.state, y.colour.state), cmp.Compare(x.colour.cause, y.colour.cause))
	})
	return list
}

// cuts are the moments in [a, b] at which the colour may change, with a and b.
func (p *picture) cuts(a, b int64) []int64 {
	cuts := append(p.silence.cuts(), a, b)
	for _, list := range []times{p.past.has, p.past.had, p.past.paused} {
		for _, t := range list {
			cuts = append(cuts, t[0], t[1])
		}
	}
	for _, layer := range [][]stroke{p.footage, p.gaps} {
		for _, s := range layer {
			cuts = append(cuts, s.from, s.to)
		}
	}
	cuts = slices.DeleteFunc(cuts, func(ms int64) bool { return ms < a || ms > b })
	slices.Sort(cuts)
	return slices.Compact(cuts)
}

// at is the colour from this cut to the next. Cuts must come in their order.
func (p *picture) at(ms int64) colour {
	p.begin(ms)
	if c, ok := p.topmost(order); ok {
		return c
	}
	below := colour{cause: p.silence.at(ms)}
	if n := len(p.pile); n > 0 {
		below = p.pile[n-1].colour
	}
	open := ms < p.silence.now && below.cause != camera.CausePending && !p.past.paused.hold(ms)
	if open && p.past.has.hold(ms) {
		return colour{state: camera.StateRecorder}
	}
	if c, ok := p.topmost(goneOrder); ok {
		return c
	}
	if open && p.past.had.hold(ms) {
		return colour{cause: camera.CauseOverwritten}
	}
	return below
}

// topmost is the first of these colours of which there is footage.
func (p *picture) topmost(of []colour) (colour, bool) {
	for _, c := range of {
		if p.shown[c] > 0 {
			return c, true
		}
	}
	return colour{}, false
}

func (p *picture) begin(ms int64) {
	if p.shown == nil {
		p.shown = map[colour]int{}
	}
	p.ending = slices.DeleteFunc(p.ending, func(s stroke) bool {
		if s.to <= ms {
			p.shown[s.colour]--
			return true
		}
		return false
	})
	for ; p.begun < len(p.footage) && p.footage[p.begun].from <= ms; p.begun++ {
		if s := p.footage[p.begun]; s.to > ms {
			p.shown[s.colour]++
			p.ending = append(p.ending, s)
		}
	}
	for ; p.piled < len(p.gaps) && p.gaps[p.piled].from <= ms; p.piled++ {
		p.pile = append(p.pile, p.gaps[p.piled])
	}
	for len(p.pile) > 0 && p.pile[len(p.pile)-1].to <= ms {
		p.pile = p.pile[:len(p.pile)-1]
	}
}
