package spool

import (
	"cmp"
	"slices"
	"time"

	camera "xulang.vn/camera"
)

// Covered tells which times within [from, to) the spool has of a camera's main
// stream, whoever recorded them: sorted, apart, with holes that nobody would miss
// (250 ms) closed. It looks through the whole book: ask once for a long time.
func (s *Spool) Covered(c camera.CameraID, from, to time.Time) []camera.Interval {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []camera.Interval{}
	for _, p := range s.book.covered(c, span{from.UnixMilli(), to.UnixMilli()}) {
		out = append(out, camera.Interval{From: time.UnixMilli(p.from).UTC(), To: time.UnixMilli(p.to).UTC()})
	}
	return out
}

// covered merges the main stream's footage, cut to in.
func (b *book) covered(c camera.CameraID, in span) []span {
	var list []span
	for _, f := range b.segments {
		if f.end <= in.from || f.start >= in.to || f.source() != (source{c, camera.StreamMain}) {
			continue
		}
		list = append(list, span{max(f.start, in.from), min(f.end, in.to)})
	}
	slices.SortFunc(list, func(x, y span) int { return cmp.Compare(x.from, y.from) }) // int has 32 bits on armhf: 25 days
	merged := list[:0]
	for _, p := range list {
		if n := len(merged); n > 0 && p.from-merged[n-1].to <= gapShortest.Milliseconds() {
			merged[n-1].to = max(merged[n-1].to, p.to)
			continue
		}
		merged = append(merged, p)
	}
	return merged
}
