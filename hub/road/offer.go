package road

import (
	"cmp"
	"math"
	"slices"

	camera "xulang.vn/camera"
)

// What is supposed of a camera that a home would bring: the middle of what households
// have, and headings as coarse as a hand can turn it.
const (
	offerFOV   = 90.0 // degrees
	offerRange = 40.0 // metres
	offerStep  = 15   // degrees between the headings that are tried
)

// Offer is what a home would add to what is watched now, if it joined alone, with a
// camera of 90° and 40 m, turned to the best of the 24 headings that are 15° apart.
type Offer struct {
	Home
	Heading float64
	Adds    float64 // metres that nobody watches yet, both ways of travel together
	Closes  int     // exits whose junction, or a part of whose way off, it would see
}

// offers are the homes that add a metre or more, the most first; among equals the one
// that closes more exits.
func (at *watching) offers(homes []Home, exits []exit) []Offer {
	closing := newClosing(exits)
	var out []Offer
	for _, h := range homes {
		best := Offer{Home: h}
		for heading := 0; heading < 360; heading += offerStep {
			o := at.offer(h, float64(heading), closing)
			if cmp.Or(cmp.Compare(o.Adds, best.Adds), cmp.Compare(o.Closes, best.Closes)) > 0 {
				best = o
			}
		}
		if best.Adds >= shortest {
			out = append(out, best)
		}
	}
	slices.SortStableFunc(out, func(a, b Offer) int {
		return cmp.Or(cmp.Compare(b.Adds, a.Adds), cmp.Compare(b.Closes, a.Closes), cmp.Compare(a.ID, b.ID))
	})
	return out[:min(len(out), offersMost)]
}

func (at *watching) offer(h Home, heading float64, closing closing) Offer {
	o := Offer{Home: h, Heading: heading}
	closed := map[int]bool{}
	for _, s := range at.graph.Seen(camera.View{Position: h.Position, Heading: heading, FOV: offerFOV, Range: offerRange}) {
		road, on := int32(at.graph.byID[s.Road]), span{s.From, s.To}
		up, down := at.unwatched(road, on)
		o.Adds += up + down
		for _, b := range closing[road] {
			if b.from <= on.to && b.to >= on.from {
				closed[b.exit] = true
			}
		}
	}
	o.Adds = math.Round(o.Adds*100) / 100 // finer than the map is, and no more between two headings
	o.Closes = len(closed)
	return o
}

// closing tells by road where a camera must look to close which exit.
type closing map[int32][]bar

type bar struct {
	span
	exit int
}

func newClosing(exits []exit) closing {
	c := closing{}
	for i, x := range exits {
		c[x.gap.road] = append(c[x.gap.road], bar{span{x.at, x.at}, i})
		off := span{min(x.arc.Start, x.arc.End), max(x.arc.Start, x.arc.End)}
		c[x.road] = append(c[x.road], bar{off, i})
	}
	return c
}
