package peer

import (
	"cmp"
	"math"
	"slices"

	camera "xulang.vn/camera"
	"xulang.vn/camera/cmd/tracebench/footage"
	"xulang.vn/camera/cmd/tracebench/observer"
	"xulang.vn/camera/cmd/tracebench/scenario"
)

// Bounds are those of a prism's way through time.
type Bounds struct {
	Fast  float64 // nobody is faster than so many times the lawful pace
	Slow  float64 // nor slower than so many times it …
	Stop  float64 // … with so many seconds of rest and traffic
	Clip  float64 // seconds that are shown at once
	Wider float64 // Fast and the slow side grow by it each time that all was shown
}

// DefaultBounds did best for the prism of all that were tried, see README.md of the
// command.
func DefaultBounds() Bounds { return Bounds{Fast: 1.6, Slow: 1.5, Stop: 240, Clip: 30, Wider: 1.5} }

// Prism shows what can be reached from the last sighting, at first the incident, within
// bounds on speed, in order of time: of all cameras the earliest seconds that were not
// shown yet (Hägerstraand's space-time prism on a network, with one end). A sighting is a
// new anchor for all that lies behind it in time. When everything is shown it starts
// over from the incident with wider bounds, keeping its sightings; from the third time
// on it shows all cameras over the whole window, in order of time.
type Prism struct {
	scenario.Question
	Bounds
	roads   *Roads
	start   []float64 // seconds from the incident to each camera
	index   map[camera.CameraID]int
	anchors []anchor // sightings by time
	shown   footage.Shown
	round   int
	past    int // so many stretches between anchors are shown, in this round and with these anchors
}

// anchor is a sighting.
type anchor struct {
	id     string
	camera int
	at     float64
}

// NewPrism begins a task. The roads are those of its setup's cameras.
func NewPrism(q scenario.Question, roads *Roads, b Bounds) (*Prism, error) {
	start, err := roads.fromPlace(q.Incident.Position, q.Mode)
	if err != nil {
		return nil, err
	}
	p := &Prism{Question: q, Bounds: b, roads: roads, start: start, shown: footage.Shown{}, index: map[camera.CameraID]int{}}
	for i, c := range roads.cameras {
		p.index[c.ID] = i
	}
	return p, nil
}

// Propose is observer.Arm.
func (p *Prism) Propose() (observer.Proposal, error) {
	for {
		if clip, ok := p.earliest(); ok {
			reason := "incident"
			switch {
			case p.round > 0:
				reason = "over"
			case len(p.anchors) > 0:
				reason = "sighting"
			}
			return observer.Proposal{Clip: clip, Reason: reason}, nil
		}
		p.round, p.past = p.round+1, 0
		p.shown = footage.Shown{}
	}
}

// everything is the round from which on nothing counts as out of reach.
const everything = 2

// earliest is the first clip that is in reach and was not shown in this round.
func (p *Prism) earliest() (clip observer.Clip, ok bool) {
	if p.round >= everything {
		return p.first(clip, p.Window, func(int) scenario.Span { return p.Window })
	}
	wider := math.Pow(p.Wider, float64(p.round))
	fast, slow, stop := p.Fast*wider, p.Slow/wider, p.Stop*wider
	after := func(table []float64, left scenario.Span) func(int) scenario.Span {
		return func(i int) scenario.Span {
			return scenario.Span{From: left.From + table[i]/fast, To: left.To + table[i]/slow + stop}
		}
	}
	until := func(n int) float64 { // where the reach of the anchor before n ends
		if n < len(p.anchors) {
			return p.anchors[n].at
		}
		return p.Window.To
	}
	for ; p.past <= len(p.anchors) && !ok; p.past++ {
		if p.past == 0 {
			clip, ok = p.first(clip, scenario.Span{From: p.Window.From, To: until(0)}, after(p.start, p.Incident.Span))
			continue
		}
		a := p.anchors[p.past-1]
		reach := after(p.roads.fromCamera(a.camera, p.Mode), scenario.Span{From: a.at, To: a.at})
		clip, ok = p.first(clip, scenario.Span{From: a.at, To: until(p.past)}, reach)
	}
	if ok {
		p.past-- // there may be more
	}
	return clip, ok
}

// first is the earliest fresh clip of all cameras within a span of time and their reach.
func (p *Prism) first(best observer.Clip, within scenario.Span, reach func(camera int) scenario.Span) (observer.Clip, bool) {
	found := false
	for i, c := range p.roads.cameras {
		r := reach(i)
		r = scenario.Span{From: max(r.From, within.From), To: min(r.To, within.To)}
		if !(r.From < r.To) || found && r.From >= best.From {
			continue
		}
		fresh, ok := p.fresh(c.ID, r)
		if ok && (!found || fresh.From < best.From) {
			best, found = observer.Clip{Camera: c.ID, Span: scenario.Span{From: fresh.From, To: min(fresh.To, fresh.From+p.Clip)}}, true
		}
	}
	return best, found
}

// sliver is a piece too short to show a pass in, seconds: it would cost ten.
const sliver = 1

// fresh is the first part of a span that was not shown and is no sliver.
func (p *Prism) fresh(id camera.CameraID, r scenario.Span) (scenario.Span, bool) {
	for {
		fresh, ok := p.shown.Fresh(id, r)
		if !ok || fresh.Length() > sliver {
			return fresh, ok
		}
		r.From = fresh.To
	}
}

// Answer is observer.Arm.
func (p *Prism) Answer(a observer.Answer) {
	p.shown.Add(a.Camera, a.Span)
	for _, s := range a.Seen {
		p.anchors = append(p.anchors, anchor{s.ID, p.index[a.Camera], s.At})
		p.past = 0
	}
	slices.SortStableFunc(p.anchors, func(a, b anchor) int { return cmp.Compare(a.at, b.at) })
}

// Withdraw is observer.Arm.
func (p *Prism) Withdraw(id string) {
	p.past = 0
	p.anchors = slices.DeleteFunc(p.anchors, func(a anchor) bool { return a.id == id })
}
