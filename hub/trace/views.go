package trace

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/road"
)

// sight is a part of an arc that a camera sees.
type sight struct {
	cam      int32
	arc      int32
	from, to float32 // share of the arc, in the way of travel: from < to
	heading  float32 // way of travel there, degrees
	since    float64 // seconds of the trace within which the view is true
	until    float64
}

// eyes are all sights of a trace's cameras.
type eyes struct {
	sights []sight // by arc, then by from
	at     []int32 // by arc
	byCam  [][]int32
}

// look finds what the cameras see.
func look(ctx context.Context, net *Network, cams []camera.TraceCamera, start time.Time, progress func(done, of int)) (*eyes, error) {
	e := &eyes{byCam: make([][]int32, len(cams))}
	w := road.NewWatch(net.graph)
	for i, c := range cams {
		if i%100 == 0 {
			if err := ctx.Err(); err != nil {
				return nil, fmt.Errorf("look through cameras: %w", err)
			}
			if progress != nil {
				progress(i, len(cams))
			}
		}
		for k, v := range c.Views {
			w.Set(c.ID, []camera.View{v})
			since, until := math.Inf(-1), math.Inf(1)
			if !v.From.IsZero() {
				since = v.From.Sub(start).Seconds()
			}
			if !v.To.IsZero() {
				until = v.To.Sub(start).Seconds()
			}
			if k+1 < len(c.Views) && !c.Views[k+1].From.IsZero() {
				until = min(until, c.Views[k+1].From.Sub(start).Seconds())
			}
			for _, d := range w.Edges(c.ID, v.From) {
				if s, ok := net.sight(d); ok {
					s.cam, s.since, s.until = int32(i), since, until
					e.sights = append(e.sights, s)
				}
			}
			w.Set(c.ID, nil)
		}
	}
	e.sort(len(net.from))
	return e, nil
}

// sort lists the sights by arc and by camera.
func (e *eyes) sort(arcs int) {
	slices.SortStableFunc(e.sights, func(a, b sight) int {
		return cmp.Or(cmp.Compare(a.arc, b.arc), cmp.Compare(a.from, b.from), cmp.Compare(a.cam, b.cam))
	})
	e.at = make([]int32, arcs+1)
	for i, s := range e.sights {
		e.at[s.arc+1]++
		e.byCam[s.cam] = append(e.byCam[s.cam], int32(i))
	}
	for a := range arcs {
		e.at[a+1] += e.at[a]
	}
}

// sight is a seen part of an edge as shares of its arc.
func (n *Network) sight(d road.Directed) (sight, bool) {
	a := n.graph.Arc(d.Edge, d.Along)
	long := a.End - a.Start
	if long == 0 {
		return sight{}, false
	}
	s := sight{arc: arcOf(d.Edge, d.Along), from: float32((d.From - a.Start) / long), to: float32((d.To - a.Start) / long)}
	if s.from > s.to {
		s.from, s.to = s.to, s.from
	}
	_, heading, err := n.graph.At(a.Road, (d.From+d.To)/2)
	if err != nil {
		return sight{}, false
	}
	if long < 0 {
		heading = camera.NormalHeading(heading + 180)
	}
	s.heading = float32(heading)
	return s, s.to > s.from
}

// start is a place from which a trip may begin: somewhere on an arc.
type start struct {
	arc    int32
	at     float32 // share of the arc
	weight float64
}

// around finds arcs near a place, likelier the nearer they are. blur is how well the
// place is known, metres.
func (t *travel) around(p camera.Position, reach, blur float64) []start {
	w := road.NewWatch(t.graph)
	var found []start
	best := map[int32]int{}
	for _, heading := range []float64{0, 180} {
		w.Set("p", []camera.View{{Position: p, Heading: heading, FOV: 180, Range: reach}})
		for _, d := range w.Edges("p", time.Time{}) {
			s, ok := t.sight(d)
			if !ok || t.seconds[s.arc] == never || !t.open[s.arc] {
				continue
			}
			share, off := t.nearest(s, d, p)
			one := start{arc: s.arc, at: share, weight: math.Exp(-off*off/(2*blur*blur)) * (0.2 + float64(t.pull[s.arc]/max(t.length[s.arc], 0.001)))}
			if i, ok := best[s.arc]; !ok {
				best[s.arc] = len(found)
				found = append(found, one)
			} else if one.weight > found[i].weight {
				found[i] = one
			}
		}
	}
	return normal(found)
}

// nearest is the place of a seen part that is nearest to p, to some metres, and how far
// that is.
func (t *travel) nearest(s sight, d road.Directed, p camera.Position) (share float32, off float64) {
	const steps = 16
	off = math.Inf(1)
	id := t.arc(s.arc).Road
	for i := range steps + 1 {
		f := float64(i) / steps
		at, _, err := t.graph.At(id, d.From+f*(d.To-d.From))
		if err != nil {
			continue
		}
		if m := camera.Distance(p, at); m < off {
			share, off = s.from+float32(f)*(s.to-s.from), m
		}
	}
	return share, off
}

// normal brings the weights to a sum of 1, and leaves out what hardly counts.
func normal(all []start) []start {
	most := 0.0
	for _, s := range all {
		most = max(most, s.weight)
	}
	all = slices.DeleteFunc(all, func(s start) bool { return s.weight < most/50 })
	slices.SortStableFunc(all, func(a, b start) int { return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.arc, b.arc)) })
	all = all[:min(len(all), 12)]
	sum := 0.0
	for _, s := range all {
		sum += s.weight
	}
	for i := range all {
		all[i].weight /= sum
	}
	return all
}
