// Package footage remembers which seconds of which camera were shown.
package footage

import (
	"slices"
	"sort"

	camera "xulang.vn/camera"
	"xulang.vn/camera/cmd/tracebench/scenario"
)

// Shown is what was shown of each camera. The zero Shown is not ready: make it.
type Shown map[camera.CameraID][]scenario.Span

// Add adds a clip and tells how many of its seconds had been shown before.
func (s Shown) Add(id camera.CameraID, clip scenario.Span) (again float64) {
	list := s[id]
	first := sort.Search(len(list), func(i int) bool { return list[i].To >= clip.From })
	last, all := first, clip
	for ; last < len(list) && list[last].From <= clip.To; last++ {
		again += min(list[last].To, clip.To) - max(list[last].From, clip.From)
		all.From, all.To = min(all.From, list[last].From), max(all.To, list[last].To)
	}
	s[id] = slices.Replace(list, first, last, all)
	return again
}

// Fresh is the first part of a span that was not shown.
func (s Shown) Fresh(id camera.CameraID, within scenario.Span) (fresh scenario.Span, ok bool) {
	list := s[id]
	fresh = within
	i := sort.Search(len(list), func(i int) bool { return list[i].To > within.From })
	if i < len(list) && list[i].From <= fresh.From {
		fresh.From = list[i].To
		i++
	}
	if i < len(list) {
		fresh.To = min(fresh.To, list[i].From)
	}
	return fresh, fresh.From < fresh.To
}
