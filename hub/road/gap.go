package road

import (
	"cmp"
	"slices"
	"sort"

	camera "xulang.vn/camera"
)

// gap is a Gap before it has names.
type gap struct {
	span
	road int32
}

// gaps are those of all roads, the longest first.
func (at *watching) gaps() []gap {
	var all []gap
	for _, road := range at.roads {
		watched := at.watched[road]
		for i := 1; i < len(watched); i++ {
			all = append(all, gap{span{watched[i-1].to, watched[i].from}, road})
		}
	}
	slices.SortStableFunc(all, func(a, b gap) int { return cmp.Compare(b.to-b.from, a.to-a.from) })
	return all
}

func (at *watching) describeGaps(gaps []gap) []Gap {
	var out []Gap
	for _, g := range gaps[:min(len(gaps), gapsMost)] {
		r := at.graph.roads[g.road]
		up, down := at.graph.travel(g.road, g.span)
		out = append(out, Gap{camera.Stretch{Road: r.ID, From: g.from, To: g.to}, r.Name, up, down})
	}
	return out
}

// sees tells whether any metre of the span is watched.
func (at *watching) sees(road int32, s span) bool {
	watched := at.watched[road]
	i := sort.Search(len(watched), func(i int) bool { return watched[i].to > s.from })
	return i < len(watched) && watched[i].from < s.to
}

// unwatched is how many metres of the span are not watched, by the ways of travel.
func (at *watching) unwatched(road int32, s span) (up, down float64) {
	up, down = at.graph.travel(road, s)
	watched := at.watched[road]
	first := sort.Search(len(watched), func(i int) bool { return watched[i].to > s.from })
	for _, w := range watched[first:] {
		if w.from >= s.to {
			break
		}
		u, d := at.graph.travel(road, span{max(w.from, s.from), min(w.to, s.to)})
		up, down = up-u, down-d
	}
	return up, down
}
