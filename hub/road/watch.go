package road

import (
	"cmp"
	"math"
	"slices"
	"sort"
	"sync"
	"time"

	camera "xulang.vn/camera"
)

// Watch knows which camera sees which metres of which road, when. What a view sees is
// computed once, when it is set; questions only look it up. All its methods may be
// called from any goroutine.
//
// A view counts in [From, To) only. Where a question's from is its to, that moment is
// meant. A camera that was turned within the window stands once in an answer, with the
// latest of the views that see what is asked about.
type Watch struct {
	graph *Graph

	mu      sync.RWMutex // held only to look up or put in, never while roads are searched
	cameras map[camera.CameraID][]*look
	roads   [][]glimpse // by road, sorted by from
	longest []float64   // by road: at least the metres of its longest glimpse
}

// look is a view of a camera with what it sees. It never changes once it is shared.
type look struct {
	camera camera.CameraID
	view   camera.View
	pieces []seenPiece // the longest first
	parts  []seenPart
}

// seenPiece is a camera.Seen in 24 bytes, seenPart a Directed.
type seenPiece struct {
	span
	road   int32
	facing facingWay
}

type seenPart struct {
	from, to float64
	edge     int32
	along    bool
	facing   facingWay
}

// glimpse is a piece in the list of its road.
type glimpse struct {
	span
	look   *look
	facing facingWay
}

// facingWay is a camera.Direction in a byte.
type facingWay uint8

const (
	facesUp facingWay = iota
	facesDown
	facesAcross
)

func (f facingWay) direction() camera.Direction {
	return [...]camera.Direction{camera.DirUp, camera.DirDown, camera.DirAcross}[f]
}

func facingOf(d camera.Direction) facingWay {
	switch d {
	case camera.DirUp:
		return facesUp
	case camera.DirDown:
		return facesDown
	}
	return facesAcross
}

// Directed is a part of an edge that a camera sees, in one way of travel. Against a
// one-way street there is none.
type Directed struct {
	Edge     int32
	Along    bool             // in the order in which the way was drawn, as in Arc
	From, To float64          // metres on the road in the order of travel: From is greater where they fall
	Facing   camera.Direction // the way along the road in which the camera looks
}

// Behind tells whether the camera sees those who travel so from behind, where
// motorbikes carry their plate.
func (d Directed) Behind() bool { return d.Facing == wayOf(d.From <= d.To) }

// NewWatch makes a Watch over a graph that sees nothing yet.
func NewWatch(g *Graph) *Watch {
	return &Watch{
		graph: g, cameras: map[camera.CameraID][]*look{},
		roads: make([][]glimpse, len(g.roads)), longest: make([]float64, len(g.roads)),
	}
}

// Set replaces the views of a camera; with none it is forgotten. Of two calls at once
// for one camera the later counts.
func (w *Watch) Set(id camera.CameraID, views []camera.View) {
	w.mu.RLock()
	old := w.cameras[id]
	w.mu.RUnlock()
	var looks []*look
	for _, v := range views {
		looks = append(looks, w.look(id, v, old))
	}
	slices.SortStableFunc(looks, func(a, b *look) int { return a.view.From.Compare(b.view.From) })

	w.mu.Lock()
	defer w.mu.Unlock()
	for _, l := range w.cameras[id] {
		w.remove(l)
	}
	delete(w.cameras, id)
	if len(looks) == 0 {
		return
	}
	w.cameras[id] = looks
	for _, l := range looks {
		w.insert(l)
	}
}

// look computes what a view sees, unless an old one looked the same way.
func (w *Watch) look(id camera.CameraID, v camera.View, old []*look) *look {
	l := &look{camera: id, view: v}
	for _, o := range old {
		if sameAim(o.view, v) {
			l.pieces, l.parts = o.pieces, o.parts
			return l
		}
	}
	for _, s := range w.graph.Seen(v) {
		p := seenPiece{span{s.From, s.To}, int32(w.graph.byID[s.Road]), facingOf(s.Facing)}
		l.pieces = append(l.pieces, p)
		l.parts = w.graph.parts(l.parts, p)
	}
	l.pieces, l.parts = slices.Clip(l.pieces), slices.Clip(l.parts)
	return l
}

func sameAim(a, b camera.View) bool {
	a.From, a.To, b.From, b.To = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	return a == b
}

// parts adds the directed parts of edges that a piece of road consists of.
func (g *Graph) parts(parts []seenPart, p seenPiece) []seenPart {
	g.edgesOn(p.road, p.span, func(i int32, e *edge, on span) {
		for _, up := range []bool{true, false} {
			if !e.open(up) {
				continue
			}
			part := seenPart{from: on.from, to: on.to, edge: i, along: up == (e.start <= e.end), facing: p.facing}
			if !up {
				part.from, part.to = part.to, part.from
			}
			parts = append(parts, part)
		}
	})
	return parts
}

func (w *Watch) insert(l *look) {
	for _, p := range l.pieces {
		list := w.roads[p.road]
		at := sort.Search(len(list), func(i int) bool { return list[i].from > p.from })
		w.roads[p.road] = slices.Insert(list, at, glimpse{p.span, l, p.facing})
		w.longest[p.road] = math.Max(w.longest[p.road], p.to-p.from)
	}
}

func (w *Watch) remove(l *look) {
	for _, p := range l.pieces {
		list := w.roads[p.road]
		first := sort.Search(len(list), func(i int) bool { return list[i].from >= p.from })
		at := first + slices.IndexFunc(list[first:], func(g glimpse) bool { return g.look == l && g.span == p.span })
		w.roads[p.road] = slices.Delete(list, at, at+1)
	}
}

// on calls f for the glimpses of a road that touch the span, by their first metre. The
// lock is held.
func (w *Watch) on(road int32, s span, f func(glimpse)) {
	list := w.roads[road]
	first := sort.Search(len(list), func(i int) bool { return list[i].from >= s.from-w.longest[road]-joint })
	for _, g := range list[first:] {
		if g.from > s.to {
			return
		}
		if g.to >= s.from {
			f(g)
		}
	}
}

// trueIn tells whether the view was true at some time in [from, to), or at from.
func trueIn(v camera.View, from, to time.Time) bool {
	return (!v.From.After(from) || v.From.Before(to)) && (v.To.IsZero() || v.To.After(from))
}

// Edges returns the directed parts of edges that a camera sees at a time, those of the
// longest piece of road first. None for a camera that is not known or has no view then.
func (w *Watch) Edges(id camera.CameraID, at time.Time) []Directed {
	w.mu.RLock()
	looks := w.cameras[id]
	w.mu.RUnlock()
	for _, l := range slices.Backward(looks) {
		if !trueIn(l.view, at, at) {
			continue
		}
		out := make([]Directed, 0, len(l.parts))
		for _, p := range l.parts {
			out = append(out, Directed{p.edge, p.along, p.from, p.to, p.facing.direction()})
		}
		return out
	}
	return nil
}

// Cameras are the ones with views at any time, sorted.
func (w *Watch) Cameras() []camera.CameraID {
	w.mu.RLock()
	defer w.mu.RUnlock()
	ids := make([]camera.CameraID, 0, len(w.cameras))
	for id := range w.cameras {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, cmp.Compare)
	return ids
}
