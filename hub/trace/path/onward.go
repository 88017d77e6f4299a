package path

import (
	"math"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/road"
)

// Who is seen to drive away and to come back has mostly not turned in the picture, but
// somewhere further on.
const (
	onwardShare = 0.5 // of those who have time for it
	onwardPart  = 0.8 // of the time that is left over; the rest is for what they came for
	onwardMost  = 600 // seconds; who takes longer has stopped
)

// onward adds to a way that begins or ends with turning back in the picture: on along
// the road first, as far as the time allows, and back. The price of turning is in it.
func (s *searcher) onward(w way, since elapsed) (way, bool) {
	first := len(w.stages) > 1 && w.stages[1].arc.Edge == w.stages[0].arc.Edge && w.stages[1].arc.Along != w.stages[0].arc.Along
	spare := onwardPart * math.Min(since.taken(w.seconds)-w.seconds, onwardMost)
	if !first || spare <= 0 {
		return way{}, false
	}
	out, seconds := s.straightOn(w.stages[0], spare)
	if len(out) == 0 {
		return way{}, false
	}
	longer := way{span: span{w.cost, w.seconds + seconds}, onward: true}
	longer.stages = append(longer.stages, w.stages[0])
	longer.stages = append(longer.stages, out...)
	for i := len(out) - 1; i >= 0; i-- {
		x := out[i]
		back := stage{s.graph.Arc(x.arc.Edge, !x.arc.Along), x.arc.Length - x.to, x.arc.Length - x.from, x.wait}
		if i == len(out)-1 {
			back.wait = s.manner.back
		}
		longer.stages = append(longer.stages, back)
	}
	rest := append([]stage(nil), w.stages[1:]...)
	rest[0].wait = 0 // it turned further on
	longer.stages = append(longer.stages, rest...)
	return longer, true
}

// straightOn drives on behind a stage for half of the seconds, as long as it can come
// back the same way. It returns how long there and back takes.
func (s *searcher) straightOn(from stage, both float64) (out []stage, seconds float64) {
	arc, at := from.arc, from.to
	for len(out) < 200 {
		back := s.graph.Arc(arc.Edge, !arc.Along)
		if !s.manner.may(back) {
			break
		}
		perMetre := 1/s.manner.pace(arc) + 1/s.manner.pace(back)
		x := stage{arc, at, math.Min(arc.Length, at+(both-seconds)/perMetre), 0}
		if x.to > x.from {
			seconds += (x.to - x.from) * perMetre
			out = append(out, x)
		}
		if x.to < arc.Length {
			break
		}
		next, ok := s.straightest(arc)
		if !ok {
			break
		}
		arc, at = next, 0
	}
	return out, seconds
}

// straightest is the arc that goes on from another with the least turn; the same road
// goes before others up to 45°.
func (s *searcher) straightest(from road.Arc) (road.Arc, bool) {
	var best road.Arc
	p, least := places{graph: s.graph, manner: s.manner}, math.Inf(1)
	_, heading, _ := p.at(from, from.Length)
	for a := range s.graph.Out(from.To) {
		if a.Edge == from.Edge || !s.manner.may(a) || a.Road == "" {
			continue
		}
		_, there, _ := p.at(a, 0)
		turn := camera.Turn(heading, there)
		if a.Road != from.Road {
			turn += 45
		}
		if turn < least {
			best, least = a, turn
		}
	}
	return best, !math.IsInf(least, 1)
}
