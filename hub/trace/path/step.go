package path

import (
	"context"
	"math"
	"slices"

	"xulang.vn/camera/hub/road"
)

// span is what a way costs and takes, both in seconds.
type span struct{ cost, seconds float64 }

var nowhere = span{math.Inf(1), math.Inf(1)}

func (a span) plus(b span) span { return span{a.cost + b.cost, a.seconds + b.seconds} }

func (a span) or(b span) span {
	if b.cost < a.cost {
		return b
	}
	return a
}

// mirror is the same place the other way, for who turns back there.
func (s *searcher) mirror(a state) (state, bool) {
	a.arc = s.graph.Arc(a.arc.Edge, !a.arc.Along)
	a.at = a.arc.Length - a.at
	return a, s.manner.may(a.arc)
}

// along is what so many metres of an arc cost. Rounding never makes them less than none.
func (s *searcher) along(a road.Arc, metres float64) span {
	metres = math.Max(metres, 0)
	return span{metres * s.manner.price(a), metres / s.manner.pace(a)}
}

func (s *searcher) turnBack() span { return span{s.manner.back + s.manner.dear, s.manner.back} }

// within is the way from one state to another on the same edge, without leaving it.
func (s *searcher) within(a, b state) span {
	switch {
	case a.arc.Edge != b.arc.Edge:
		return nowhere
	case a.arc.Along == b.arc.Along && a.at <= b.at:
		return s.along(a.arc, b.at-a.at)
	case a.arc.Along == b.arc.Along:
		return nowhere
	}
	// To the further of the two places, and back from there.
	there := a.arc.Length - b.at
	out, back := math.Max(there-a.at, 0), math.Max(a.at-there, 0)
	return s.along(a.arc, out).plus(s.turnBack()).plus(s.along(b.arc, back))
}

// spans are the cheapest ways from each of some states to each of others, nowhere where
// there is none that takes less than the limit.
func (s *searcher) spans(ctx context.Context, from, to []state, limit float64) ([][]span, error) {
	wanted := s.wanted(to)
	bound := 1.5*limit + 60 // what one would rather not drive costs more than it takes
	found := map[label][]span{}
	out := make([][]span, len(from))
	for i, a := range from {
		out[i] = slices.Repeat([]span{nowhere}, len(to))
		if a.off {
			continue
		}
		ways := s.leaving(a)
		for _, w := range ways {
			if found[w.label] != nil {
				continue
			}
			if err := s.find(ctx, []root{{label: w.label}}, wanted, bound, nil); err != nil {
				return nil, err
			}
			ends := slices.Repeat([]span{nowhere}, len(wanted))
			for k, l := range wanted {
				if d, ok := s.at(l); ok {
					ends[k] = d
				}
			}
			found[w.label] = ends
		}
		for j, b := range to {
			if b.off {
				continue
			}
			best := s.within(a, b)
			for _, w := range ways {
				for _, e := range s.entering(b) {
					d := found[w.label][slices.Index(wanted, e.label)]
					best = best.or(w.span.plus(d).plus(e.span))
				}
			}
			if best.seconds <= limit {
				out[i][j] = best
			}
		}
	}
	return out, nil
}

// gate is a label by which a state is left or entered, and what is to be added to the
// way from or to the label's end of the arc.
type gate struct {
	label label
	span
	turned bool // by turning back at the state's place
}

// leaving are the two ways to leave a state: on, or back.
func (s *searcher) leaving(a state) []gate {
	out := []gate{{labelOf(a.arc), s.along(a.arc, a.arc.Length-a.at), false}}
	if m, ok := s.mirror(a); ok {
		out = append(out, gate{labelOf(m.arc), s.turnBack().plus(s.along(m.arc, m.arc.Length-m.at)), true})
	}
	return out
}

// entering are the two ways to come to a state. The label stands for the end of its arc,
// so the rest of it is taken off.
func (s *searcher) entering(b state) []gate {
	less := func(x state) span {
		rest := s.along(x.arc, x.arc.Length-x.at)
		return span{-rest.cost, -rest.seconds}
	}
	out := []gate{{labelOf(b.arc), less(b), false}}
	if m, ok := s.mirror(b); ok {
		out = append(out, gate{labelOf(m.arc), s.turnBack().plus(less(m)), true})
	}
	return out
}

// wanted are the labels by which states are entered, each once.
func (s *searcher) wanted(to []state) []label {
	var out []label
	for _, b := range to {
		if b.off {
			continue
		}
		for _, e := range s.entering(b) {
			if !slices.Contains(out, e.label) {
				out = append(out, e.label)
			}
		}
	}
	return out
}
