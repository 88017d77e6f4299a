package road

import (
	"cmp"
	"slices"
	"time"

	camera "xulang.vn/camera"
)

// activeLeast is the share of an hour that a camera must really have recorded for the
// hour to count.
const activeLeast = 0.5

// Limits of an answer; the counts beside the lists go beyond them.
const (
	roadsMost  = 500
	gapsMost   = 200
	exitsMost  = 200
	offersMost = 10
)

// CoverageQuestion asks what is watched.
type CoverageQuestion struct {
	At time.Time // the views that are true then
	// Active gives for a camera the share of each hour of the day, UTC+7, that it really
	// recorded lately, 0 to 1; an hour of which it recorded less than half does not count.
	// nil: all cameras record always.
	Active func(camera.CameraID) [24]float64
	Homes  []Home // without a camera on the road, that could join
}

// Home is a household that could join.
type Home struct {
	ID, Label string
	Position  camera.Position
}

// Directions is metres of road by the way of travel. A camera that sees a metre sees who
// goes there either way; against a one-way street nobody goes. Behind are those of them
// that a camera sees that looks along the way of travel, within 60°: it sees vehicles
// from behind, where motorbikes carry their plate.
type Directions struct {
	Up, Down             float64 // by rising and by falling metres
	BehindUp, BehindDown float64
}

// Sum is both ways together.
func (d Directions) Sum() float64 { return d.Up + d.Down }

func (d *Directions) add(o Directions) {
	d.Up, d.Down = d.Up+o.Up, d.Down+o.Down
	d.BehindUp, d.BehindDown = d.BehindUp+o.BehindUp, d.BehindDown+o.BehindDown
}

// Coverage is what is watched, and what is not. A metre that several cameras see counts
// once. Gaps, exits and offers are about what is watched at any hour.
type Coverage struct {
	Cameras   int            // that see a road and record at some hour
	Hours     [24]Directions // by hour of the day, UTC+7
	Watched   Directions     // at any hour
	Roads     []RoadCoverage // of which anything is watched, most first, at most 500
	RoadCount int
	Gaps      []Gap // longest first, at most 200
	GapCount  int
	Exits     []Exit // see there for the order; at most 200
	ExitCount int
	Next      []Offer // of Homes, the one that adds most first, at most 10
}

// RoadCoverage is the coverage of one road.
type RoadCoverage struct {
	Road        camera.RoadID
	Name        string
	Length      float64
	Open        Directions // metres that may be driven either way; no Behind
	Watched     Directions // at any hour
	Hours       [24]Directions
	Best, Worst int // hours with the most and the fewest metres, the first of equals
}

// Gap is road that no camera watches between two neighbouring places of it that are
// watched. A ring is cut at its zero.
type Gap struct {
	camera.Stretch
	Name     string
	Up, Down float64 // metres of it that may be driven either way
}

// watching is what the watch sees at a moment, by road.
type watching struct {
	graph   *Graph
	cameras int
	pieces  map[int32][]counted
	roads   []int32          // those with pieces, sorted
	watched map[int32][]span // merged, sorted
}

// counted is a piece of road that is seen, with the hours in which that counts.
type counted struct {
	span
	facing facingWay
	hours  uint32 // bits 0 to 23, and anyHour
}

// anyHour is the bit and the counter for "at some hour of the day".
const anyHour = 24

// Coverage answers from the views that are true at one moment. It takes about a second
// for 100,000 cameras, without holding up others.
func (w *Watch) Coverage(q CoverageQuestion) Coverage {
	at := w.watching(q)
	c := Coverage{Cameras: at.cameras}
	for _, road := range at.roads {
		r := at.road(road)
		for h := range c.Hours {
			c.Hours[h].add(r.Hours[h])
		}
		c.Watched.add(r.Watched)
		c.Roads = append(c.Roads, r)
	}
	slices.SortStableFunc(c.Roads, func(a, b RoadCoverage) int { return cmp.Compare(b.Watched.Sum(), a.Watched.Sum()) })
	c.RoadCount = len(c.Roads)
	c.Roads = slices.Clone(c.Roads[:min(len(c.Roads), roadsMost)])
	gaps := at.gaps()
	exits := at.exits(gaps)
	c.GapCount, c.ExitCount = len(gaps), len(exits)
	c.Next = at.offers(q.Homes, exits)
	c.Gaps = at.describeGaps(gaps)
	c.Exits = at.describeExits(exits)
	return c
}

// watching takes down what is seen at the question's time and lets go of the lock.
func (w *Watch) watching(q CoverageQuestion) *watching {
	var looks []*look
	w.mu.RLock()
	for _, all := range w.cameras {
		for _, l := range slices.Backward(all) {
			if trueIn(l.view, q.At, q.At) {
				looks = append(looks, l)
				break
			}
		}
	}
	w.mu.RUnlock()
	at := &watching{graph: w.graph, pieces: map[int32][]counted{}, watched: map[int32][]span{}}
	for _, l := range looks {
		hours := activeHours(q.Active, l.camera)
		if hours == 0 || len(l.pieces) == 0 {
			continue
		}
		at.cameras++
		for _, p := range l.pieces {
			at.pieces[p.road] = append(at.pieces[p.road], counted{p.span, p.facing, hours})
		}
	}
	for road, pieces := range at.pieces {
		spans := make([]span, 0, len(pieces))
		for _, p := range pieces {
			spans = append(spans, p.span)
		}
		at.watched[road] = merge(spans)
		at.roads = append(at.roads, road)
	}
	slices.Sort(at.roads)
	return at
}

func activeHours(active func(camera.CameraID) [24]float64, id camera.CameraID) uint32 {
	if active == nil {
		return 1<<(anyHour+1) - 1
	}
	hours := uint32(0)
	for h, share := range active(id) {
		if share >= activeLeast {
			hours |= 1<<h | 1<<anyHour
		}
	}
	return hours
}
