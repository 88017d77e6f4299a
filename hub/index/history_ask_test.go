package index_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index"
	"xulang.vn/camera/hub/index/pack"
)

// compare looks at one answer.
func (w *world) compare(ctx context.Context, c *cam, q question, s index.Strip) error {
	if s.Camera != c.camera {
		c.blame("the strip is of %s", s.Camera)
	}
	if len(c.model.words) > 0 {
		past, _, err := w.index.Past(ctx, c.camera)
		if err != nil {
			return err
		}
		q.known.Past = past.Spans
		if q.known.Overwritten, err = w.index.Overwritten(ctx, c.camera); err != nil {
			return err
		}
	}
	now := w.now.Load()
	spans := index.Fill(s, q.known, utc(q.window[0]), utc(q.window[1]), utc(now))
	if err := tiles(spans, q.window); err != nil {
		c.blame("%w", err)
		return nil
	}
	moments := c.model.moments(q, now)
	want := c.model.colours(moments, q.known, now)
	w.seen["moments"] += len(moments)
	for i, at := range moments {
		for at >= spans[0].To.UnixMilli() {
			spans = spans[1:]
		}
		if i == 0 || want[i] != want[i-1] {
			w.seen[want[i]]++
		}
		if got := string(spans[0].State) + string(spans[0].Cause); got != want[i] {
			c.blame("now %s: at %s it is %s, want %s; window %s", clockText(now), clockText(at), got, want[i], windowText(q.window))
			return nil
		}
	}
	return c.entries(q, s)
}

// counted are the gaps of a camera, and its segments by state.
type counted [pack.Withheld + 1]int

// everything counts what there is of all cameras, some times until done, and once after
// that: it is always all.
func (w *world) everything(ctx context.Context, done <-chan struct{}) error {
	ids, want := make([]camera.CameraID, len(w.cams)), make([]counted, len(w.cams))
	for i, c := range w.cams {
		ids[i], want[i][0] = c.camera, len(c.model.gaps)
		for _, f := range c.model.facts {
			state, _ := pack.StateOf(f.state)
			want[i][state]++
		}
	}
	for left := 8; ; left-- {
		if left == 0 {
			<-done
		}
		select {
		case <-done:
			left = 0
		default:
		}
		strips, err := w.index.Strips(ctx, ids, start.AddDate(0, 0, -100), utc(w.now.Load()+anHour))
		if err != nil {
			return err
		}
		for i, s := range strips {
			got := counted{len(s.Gaps)}
			for _, one := range s.Segments {
				got[one.State]++
			}
			if got != want[i] {
				w.cams[i].blame("while hours are folded there are %v gaps and segments by state, want %v", got, want[i])
			}
		}
		if left == 0 {
			return nil
		}
	}
}

// tiles tells whether spans cover a window without a hole, an overlap, and neighbours
// that are alike.
func tiles(spans []index.Span, window [2]int64) error {
	next := utc(window[0])
	for i, s := range spans {
		switch {
		case s.From != next || !s.To.After(s.From):
			return fmt.Errorf("span %d is from %s to %s, the one before ends at %s", i, s.From, s.To, next)
		case (s.State == "") == (s.Cause == ""):
			return fmt.Errorf("span %d has not exactly one of state and cause", i)
		case i > 0 && s.State == spans[i-1].State && s.Cause == spans[i-1].Cause:
			return fmt.Errorf("spans %d and %d are alike", i-1, i)
		}
		next = s.To
	}
	if next != utc(window[1]) {
		return fmt.Errorf("the spans end at %s, the window at %s", next, utc(window[1]))
	}
	return nil
}

// moments are all milliseconds of a window; of a long one those around everything that
// begins or ends.
func (m *model) moments(q question, now int64) []int64 {
	var list []int64
	if q.window[1]-q.window[0] <= 3*aSecond {
		for at := q.window[0]; at < q.window[1]; at++ {
			list = append(list, at)
		}
		return list
	}
	edges := []int64{q.window[0], q.window[1], now, now - 22*aSecond, q.known.Registered.UnixMilli(), q.known.Since.UnixMilli()}
	for _, f := range m.facts {
		edges = append(edges, f.Start.UnixMilli(), f.End.UnixMilli())
	}
	for _, g := range m.gaps {
		edges = append(edges, g.Start.UnixMilli(), g.End.UnixMilli())
	}
	for _, l := range q.known.Linked {
		edges = append(edges, l.From.UnixMilli(), l.To.UnixMilli())
	}
	for _, w := range m.words {
		edges = append(edges, slices.Concat(slices.Concat(pairs(w.spans)...), []int64{w.heard})...)
	}
	for _, e := range edges {
		for at := e - 1; at <= e+1; at++ {
			if at >= q.window[0] && at < q.window[1] {
				list = append(list, at)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func pairs(spans [][2]int64) (list [][]int64) {
	for _, s := range spans {
		list = append(list, s[:])
	}
	return list
}

// entries compares the hot parts of the segments themselves.
func (c *cam) entries(q question, s index.Strip) error {
	got := map[camera.SegmentID]index.Entry{}
	for _, e := range s.Within(utc(q.window[0]), utc(q.window[1])).Entries() {
		if _, twice := got[e.SegmentID]; twice {
			c.blame("segment %s is in the strip twice", e.SegmentID)
		}
		got[e.SegmentID] = e
	}
	for id, f := range c.model.facts {
		if !f.in(q.window) {
			continue
		}
		e, ok := got[id]
		if !ok {
			c.blame("segment %s is missing in %s", id, windowText(q.window))
			continue
		}
		same := e.Start.Equal(f.Start) && e.End.Equal(f.End) && e.State == f.state && e.Size == f.Size && e.InitSize == f.InitSize && e.Media == f.Media &&
			e.Stream == f.Stream && e.Origin == f.Origin && e.Codec == f.Codec && e.Width == f.Width && e.Height == f.Height
		if !same {
			c.blame("segment %s came back as %+v, was %+v (%s)", id, e, f.Segment, f.state)
		}
	}
	for id := range got {
		if f := c.model.facts[id]; f == nil || !f.in(q.window) {
			c.blame("segment %s is none of %s", id, windowText(q.window))
		}
	}
	return nil
}

// whole compares one segment of a camera with what was announced, to the last byte that
// the device signed: folded or not, it stays what it was.
func (w *world) whole(ctx context.Context, c *cam) error {
	ids := slices.SortedFunc(maps.Keys(c.model.facts), func(a, b camera.SegmentID) int {
		return cmp.Or(cmp.Compare(a.Run, b.Run), cmp.Compare(a.Seq, b.Seq))
	})
	for _, id := range ids[:min(1, len(ids))] {
		f := c.model.facts[id]
		e, err := w.index.Segment(ctx, id)
		if err != nil {
			return err
		}
		if !bytes.Equal(e.Payload(), f.Payload()) || e.Signature != f.Signature || e.State != f.state || !e.Received.Equal(f.received) {
			c.blame("segment %s came back as %+v, was %+v", id, e, *f)
		}
	}
	return nil
}
