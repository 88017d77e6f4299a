package index

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index/pack"
)

// Strip is what is at hand of a camera between two moments: everything that touches
// the time between them, of both streams.
type Strip struct {
	Camera   camera.CameraID
	Shapes   []pack.Shape   // each once; some may have no segment here
	Segments []pack.Segment // by start, run and seq, each once
	Gaps     []pack.Gap     // by start and stream, each once
	// Clock is that of the agent with the newest of the segments of the main stream, or
	// with a later one of the same hour. Not known where there is none.
	Clock      camera.Clock
	ClockKnown bool

	moved  []moved // with WithActivity
	hidden []hidden
	open   []openOf
}

// openOf is what else is at hand of a segment that is in no closed hour yet.
type openOf struct {
	shape    uint16
	seq      uint32
	clock    camera.Clock
	received int64 // Unix ms
}

// Option asks Strips for more.
type Option int

// WithActivity lets Strip.Activity answer.
const WithActivity Option = 1

// Strips reads all cameras at once, in the order of ids. What is in no closed hour yet
// is read before what is in one: a segment that is folded in between is read twice and
// shows once, and none is missing.
func (x *Index) Strips(ctx context.Context, ids []camera.CameraID, from, to time.Time, options ...Option) ([]Strip, error) {
	strips := make([]Strip, len(ids))
	for i, id := range ids {
		strips[i].Camera = id
	}
	if !to.After(from) {
		return strips, nil
	}
	// Some cameras beside the others: unpacking takes longer than reading.
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for part := range slices.Chunk(strips, chunk(len(strips))) {
		group.Go(func() error { return x.fillStrips(ctx, part, from, to, slices.Contains(options, WithActivity)) })
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("read strips: %w", err)
	}
	return strips, nil
}

// chunk is how many of n cameras are asked for with one statement.
func chunk(n int) int {
	at := min(runtime.GOMAXPROCS(0), (n+idsLeast-1)/idsLeast, partsMost)
	return max(1, min((n+at-1)/max(at, 1), idsMost))
}

func (x *Index) fillStrips(ctx context.Context, strips []Strip, from, to time.Time, activity bool) error {
	r := readings.Get().(*reading)
	defer readings.Put(r.forget())
	r.begin(strips, from, to, activity)
	for _, kind := range []kind{askFresh, askGaps, askActivity, askHours} {
		if kind == askActivity && !activity {
			continue
		}
		if err := x.ask(ctx, r, kind); err != nil {
			return err
		}
	}
	r.finish()
	return nil
}

// readings are used again: what they hold grows to the size of an answer.
var readings = sync.Pool{New: func() any { return &reading{at: map[camera.CameraID]int{}} }}

// reading puts strips together, row by row.
type reading struct {
	strips   []Strip
	newest   []int64 // beside strips: the start of the segment whose clock it has
	from, to int64   // Unix ms
	activity bool
	at       map[camera.CameraID]int
	fact     pack.HotFact // of the present row
	hour     pack.Hour    // of the present row
	shapes   []uint16     // of hour, as the strip numbers them
	args     []any
}

func (r *reading) begin(strips []Strip, from, to time.Time, activity bool) {
	r.strips, r.activity = strips, activity
	r.from, r.to = from.UnixMilli(), to.UnixMilli()
	r.newest = slices.Grow(r.newest[:0], len(strips))[:len(strips)]
	clear(r.newest)
	for i := range strips {
		if _, twice := r.at[strips[i].Camera]; !twice {
			r.at[strips[i].Camera] = i
		}
	}
}

// forget lets go of the answer, which is the caller's.
func (r *reading) forget() *reading {
	r.strips = nil
	clear(r.at)
	clear(r.args)
	return r
}

// fresh takes a row of table fresh, which r.fact holds.
func (r *reading) fresh(i int, state pack.State) {
	s, f := &r.strips[i], &r.fact
	hot := f.Segment
	hot.Shape, hot.State = shapeIn(s, &f.Shape), state
	if s.Segments == nil {
		s.Segments = r.room(hourMillis/usual, 3*hourMillis/2) // older hours are closed
		s.open = make([]openOf, 0, cap(s.Segments))
	}
	s.Segments = append(s.Segments, hot)
	s.open = append(s.open, openOf{hot.Shape, hot.Seq, f.Clock, f.Received})
	if r.activity && state != pack.Withheld {
		s.moved = append(s.moved, moved{stream: f.Shape.Stream, start: hot.Start, end: hot.End, seconds: camera.Activity(f.Activity)})
	}
	if f.Shape.Stream == camera.StreamMain {
		r.clock(i, hot.Start, f.Clock)
	}
}

func (r *reading) clock(i int, start int64, c camera.Clock) {
	s := &r.strips[i]
	if !s.ClockKnown || start >= r.newest[i] {
		s.Clock, s.ClockKnown = c, true
		r.newest[i] = start
	}
}

// shapeIn numbers a shape in a strip. Strips have few.
func shapeIn(s *Strip, shape *pack.Shape) uint16 {
	for i := len(s.Shapes) - 1; i >= 0; i-- {
		if s.Shapes[i] == *shape {
			return uint16(i)
		}
	}
	s.Shapes = append(s.Shapes, *shape)
	return uint16(len(s.Shapes) - 1)
}

// folded takes a row of table hours.
func (r *reading) folded(i int, hour int64, body []byte) error {
	s, h := &r.strips[i], &r.hour
	if err := h.Decode(body, hour); err != nil {
		return err
	}
	for _, g := range h.Gaps {
		if g.End > r.from && g.Start < r.to {
			s.Gaps = append(s.Gaps, g)
		}
	}
	if r.activity {
		s.hide(h)
	}
	// The earliest that can reach into the window starts spanMost before it.
	all := h.Segments
	all = all[sort.Search(len(all), func(k int) bool { return all[k].Start > r.from-spanMost }):]
	all = all[:sort.Search(len(all), func(k int) bool { return all[k].Start >= r.to })]
	inside := sort.Search(len(all), func(k int) bool { return all[k].Start >= r.from })
	if len(all) == 0 {
		return nil
	}
	if s.Segments == nil {
		s.Segments = r.room(int64(len(h.Segments)), 4*hourMillis) // one hour is like the next
	}
	same := r.number(s)
	begin := len(s.Segments)
	for k := range inside {
		if all[k].End > r.from {
			s.Segments = append(s.Segments, all[k])
		}
	}
	s.Segments = append(s.Segments, all[inside:]...)
	added := s.Segments[begin:]
	if !same {
		for k := range added {
			added[k].Shape = r.shapes[added[k].Shape]
		}
	}
	for k := len(added) - 1; k >= 0; k-- {
		if s.Shapes[added[k].Shape].Stream == camera.StreamMain {
			r.clock(i, added[k].Start, h.Clock)
			break
		}
	}
	return nil
}

// usual is how long a segment lasts mostly, in milliseconds.
const usual = 6000

// room is for the window's segments of a camera that has so many in an hour. A long
// window may be empty but for an hour, so there is room for most milliseconds of it.
func (r *reading) room(anHour, most int64) []pack.Segment {
	return make([]pack.Segment, 0, anHour*min(r.to-r.from, most)/hourMillis+16)
}

func (s *Strip) hide(h *pack.Hour) {
	for i := range h.Segments {
		if g := &h.Segments[i]; g.State == pack.Withheld {
			s.hidden = append(s.hidden, hidden{h.Shapes[g.Shape].Stream, g.Start, g.End})
		}
	}
}

// number gives the hour's shapes their numbers in a strip, and tells whether they are
// the same ones.
func (r *reading) number(s *Strip) (same bool) {
	r.shapes, same = r.shapes[:0], true
	for k := range r.hour.Shapes {
		n := shapeIn(s, &r.hour.Shapes[k])
		r.shapes = append(r.shapes, n)
		same = same && int(n) == k
	}
	return same
}

func (r *reading) finish() {
	for i := range r.strips {
		s := &r.strips[i]
		if first := r.at[s.Camera]; first != i {
			*s = r.strips[first] // asked for twice
			continue
		}
		s.settle()
		s.settleGaps()
	}
}

func (s *Strip) order(a, b *pack.Segment) int {
	if a.Start != b.Start {
		return cmp.Compare(a.Start, b.Start)
	}
	return cmp.Or(strings.Compare(string(s.Shapes[a.Shape].Run), string(s.Shapes[b.Shape].Run)), cmp.Compare(a.Seq, b.Seq))
}

// settle puts segments into their order. Of one that was read twice the row of its
// hour stays, which was read later.
func (s *Strip) settle() {
	all, falls, last := s.Segments, 0, 0
	for i := 1; i < len(all); i++ {
		if all[i-1].Start >= all[i].Start && s.order(&all[i-1], &all[i]) >= 0 {
			falls, last = falls+1, i
		}
	}
	if falls == 0 {
		return
	}
	// Mostly an open hour was read, and then those before it.
	if falls == 1 && s.order(&all[len(all)-1], &all[0]) < 0 {
		s.Segments = slices.Concat(all[last:], all[:last])
		return
	}
	slices.SortStableFunc(all, func(a, b pack.Segment) int { return s.order(&a, &b) })
	kept := all[:1]
	for i := 1; i < len(all); i++ {
		if last := &kept[len(kept)-1]; s.order(last, &all[i]) == 0 {
			*last = all[i]
			continue
		}
		kept = append(kept, all[i])
	}
	s.Segments = kept
}

// settleGaps does the same for gaps. One that grew after its hour was closed is there
// twice: the longer one is the newer.
func (s *Strip) settleGaps() {
	if len(s.Gaps) < 2 {
		return
	}
	slices.SortFunc(s.Gaps, func(a, b pack.Gap) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.Stream, b.Stream), cmp.Compare(b.End, a.End))
	})
	s.Gaps = slices.CompactFunc(s.Gaps, func(a, b pack.Gap) bool { return a.Start == b.Start && a.Stream == b.Stream })
}
