package index

import (
	"cmp"
	"context"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index/pack"
)

// At finds the segment whose first picture shows best what a camera saw at a
// moment: one that covers it, of the main stream rather than of the sub stream,
// then rather one that is playable than one at home. Where none covers it, the one
// that started last before it, at most within earlier. Only segments with a
// picture of their own (KeySize) whose bytes are somewhere count, with here only
// those that are playable; CodeNoFootage when there is none.
func (x *Index) At(ctx context.Context, id camera.CameraID, at time.Time, within time.Duration, here bool) (Entry, error) {
	ms := at.UnixMilli()
	// What starts at the moment itself still counts; what covers it starts spanMost
	// before it at the earliest, and Strips looks that far back by itself.
	from := time.UnixMilli(ms - max(within, 0).Milliseconds())
	strips, err := x.Strips(ctx, []camera.CameraID{id}, from, time.UnixMilli(ms+1))
	if err != nil {
		return Entry{}, err
	}
	s, best := &strips[0], -1
	for i := range s.Segments {
		g := &s.Segments[i]
		if !g.Picture || !somewhere(g.State, here) || g.End <= ms && g.Start < from.UnixMilli() {
			continue
		}
		if best < 0 || s.compareStills(g, &s.Segments[best], ms) < 0 {
			best = i
		}
	}
	if best < 0 {
		return Entry{}, camera.Errorf(camera.CodeNoFootage, "camera %s: no picture of %s", id, at.UTC().Format(time.RFC3339))
	}
	g := s.Segments[best]
	return x.Segment(ctx, camera.SegmentID{Camera: id, Run: s.Shapes[g.Shape].Run, Seq: g.Seq})
}

// somewhere tells whether there are bytes, with here: in the store.
func somewhere(s pack.State, here bool) bool {
	if here {
		return s.Playable()
	}
	return s != pack.Expired && s != pack.Lost && s != pack.Withheld
}

// compareStills is negative when a shows the moment better than b.
func (s *Strip) compareStills(a, b *pack.Segment, ms int64) int {
	less := func(x, y bool) int { // whichever is so comes first
		switch {
		case x == y:
			return 0
		case x:
			return -1
		}
		return 1
	}
	main := func(g *pack.Segment) bool { return s.Shapes[g.Shape].Stream == camera.StreamMain }
	covers := func(g *pack.Segment) bool { return g.End > ms }
	if c := less(covers(a), covers(b)); c != 0 {
		return c
	}
	if covers(a) {
		if c := cmp.Or(less(main(a), main(b)), less(a.State.Playable(), b.State.Playable())); c != 0 {
			return c
		}
	}
	return cmp.Or(cmp.Compare(b.Start, a.Start), less(main(a), main(b)), less(a.State.Playable(), b.State.Playable()),
		cmp.Compare(s.Shapes[a.Shape].Run, s.Shapes[b.Shape].Run), cmp.Compare(a.Seq, b.Seq))
}
