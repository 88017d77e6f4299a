package road

import (
	"math"

	camera "xulang.vn/camera"
)

// leg is a stretch of a route with the way in which it is travelled.
type leg struct {
	span
	road    int32
	falling bool
	told    bool // by the caller
}

// legs orients the stretches of a route so that the jumps between them, as the crow
// flies, are least in sum: the cheapest of both ways for each leg, told by the cheapest
// ways for all before it.
func (g *Graph) legs(list []camera.Stretch) []leg {
	var legs []leg
	for _, s := range list {
		l := leg{span: span{s.From, s.To}}
		if s.From > s.To {
			l.span, l.falling, l.told = span{s.To, s.From}, true, true
		}
		s.From, s.To = l.from, l.to
		clipped, err := g.Check(s)
		if err != nil {
			continue
		}
		l.from, l.to, l.road = clipped.From, clipped.To, int32(g.byID[s.Road])
		legs = append(legs, l)
	}
	type state struct {
		cost float64
		back int // the way of the leg before
	}
	ways := make([][2]state, len(legs)) // 0 rising, 1 falling
	for i, l := range legs {
		for way := range 2 {
			if l.told && way == 0 {
				ways[i][way].cost = math.Inf(1)
				continue
			}
			if i == 0 {
				continue
			}
			start, _ := g.ends(l, way == 1)
			best := state{cost: math.Inf(1)}
			for before := range 2 {
				_, end := g.ends(legs[i-1], before == 1)
				if cost := ways[i-1][before].cost + camera.Distance(end, start); cost < best.cost {
					best = state{cost, before}
				}
			}
			ways[i][way] = best
		}
	}
	way := 0
	for i := len(legs) - 1; i >= 0; i-- {
		if i == len(legs)-1 && ways[i][1].cost < ways[i][0].cost {
			way = 1
		}
		legs[i].falling = way == 1
		way = ways[i][way].back
	}
	return legs
}

// ends are the places where a leg begins and ends.
func (g *Graph) ends(l leg, falling bool) (start, end camera.Position) {
	start, _ = g.at(int(l.road), l.from)
	end, _ = g.at(int(l.road), l.to)
	if falling {
		return end, start
	}
	return start, end
}
