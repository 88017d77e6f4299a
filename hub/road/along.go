package road

import (
	"cmp"
	"math"
	"slices"
	"time"

	camera "xulang.vn/camera"
)

// Watched is a camera in an answer.
type Watched struct {
	Camera camera.CameraID
	View   camera.View
	Seen   camera.Seen
	At     float64 // what the answer is sorted by: metres on the road, along the route, or away from the place
	Away   float64 // of Near: metres from the place to the nearest metre that is seen
}

// found gathers an answer in which each camera stands once.
type found struct {
	graph *Graph
	best  map[camera.CameraID]candidate
}

type candidate struct {
	glimpse
	road     int32
	at, away float64
	worth    float64 // among what one view sees the greatest counts
}

// add takes a candidate unless the camera has a later view, or sees more with this one.
func (f *found) add(c candidate) {
	old, ok := f.best[c.look.camera]
	if ok && old.look != c.look && !c.look.view.From.After(old.look.view.From) {
		return
	}
	if ok && old.look == c.look && c.worth <= old.worth {
		return
	}
	f.best[c.look.camera] = c
}

func (f *found) sorted() []Watched {
	out := make([]Watched, 0, len(f.best))
	for id, c := range f.best {
		out = append(out, Watched{
			Camera: id, View: c.look.view, At: c.at, Away: c.away,
			Seen: camera.Seen{
				Stretch: camera.Stretch{Road: f.graph.roads[c.road].ID, From: c.from, To: c.to},
				Facing:  c.facing.direction(),
			},
		})
	}
	slices.SortFunc(out, func(a, b Watched) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Camera, b.Camera))
	})
	return out
}

// Along returns the cameras that saw a part of the stretch within the window, in road
// order: by the middle of what each sees of the road, the longest piece of it. None for
// a road that the graph does not have, and for From above To.
func (w *Watch) Along(s camera.Stretch, from, to time.Time) []Watched {
	f := w.finding()
	if road, ok := w.graph.byID[s.Road]; ok && s.From <= s.To {
		w.mu.RLock()
		defer w.mu.RUnlock()
		w.on(int32(road), span{s.From, s.To}, func(g glimpse) {
			if trueIn(g.look.view, from, to) {
				f.add(candidate{glimpse: g, road: int32(road), at: (g.from + g.to) / 2, worth: g.to - g.from})
			}
		})
	}
	return f.sorted()
}

func (w *Watch) finding() *found {
	return &found{w.graph, map[camera.CameraID]candidate{}}
}

// Near returns the cameras that saw road within the metres of a place, at most 5 km,
// the nearest first: what counts is where the camera looks, not where it hangs.
func (w *Watch) Near(p camera.Position, metres float64, from, to time.Time) []Watched {
	f := w.finding()
	if metres = math.Min(metres, snapFarthest); !p.Valid() || !(metres > 0) {
		return nil
	}
	around := w.graph.within(p, metres)
	w.mu.RLock()
	defer w.mu.RUnlock()
	for road, spans := range around {
		if len(w.roads[road]) == 0 {
			continue
		}
		for _, s := range merge(plain(spans)) {
			w.on(road, s, func(g glimpse) {
				if !trueIn(g.look.view, from, to) {
					return
				}
				_, away := w.graph.nearestOn(road, g.from, g.to, p)
				f.add(candidate{glimpse: g, road: road, at: away, away: away, worth: -away})
			})
		}
	}
	return f.sorted()
}

// Route returns the cameras along a route, in its order; At counts its metres. Each
// stretch is travelled the way in which the whole route jumps least, by rising metres
// where that makes no difference; one whose From is greater than its To is travelled
// by falling metres. A camera stands where it sees most of the route, and where that is
// passed twice, the first time. Stretches of roads that the graph does not have are
// left out.
func (w *Watch) Route(list []camera.Stretch, from, to time.Time) []Watched {
	legs := w.graph.legs(list)
	f, begin := w.finding(), 0.0
	w.mu.RLock()
	defer w.mu.RUnlock()
	for _, l := range legs {
		w.on(l.road, l.span, func(g glimpse) {
			if !trueIn(g.look.view, from, to) {
				return
			}
			middle := (math.Max(g.from, l.from) + math.Min(g.to, l.to)) / 2
			at := begin + middle - l.from
			if l.falling {
				at = begin + l.to - middle
			}
			f.add(candidate{glimpse: g, road: l.road, at: at, worth: math.Min(g.to, l.to) - math.Max(g.from, l.from)})
		})
		begin += l.to - l.from
	}
	return f.sorted()
}
