package trace

import (
	"math"
	"slices"
	"time"

	camera "xulang.vn/camera"
)

const (
	tooFast  = 0.5 // of the usual time by the shortest way: nobody is that fast
	fastSlip = 5.0 // seconds beside that: where in the picture, when within the second
)

// conflicts are what does not fit about a mark, among the marks so far. One with the
// same ID does not count: it is about to be replaced.
func (t *Trace) conflicts(m camera.Mark, now time.Time) []camera.MarkWarning {
	var all []camera.MarkWarning
	warn := func(code camera.MarkConflict, other string) {
		all = append(all, camera.MarkWarning{Code: code, Other: other})
	}
	seen := m.Kind == camera.MarkSeen
	if !now.IsZero() && m.To.After(now) {
		warn(camera.ConflictFuture, "")
	}
	if t.outside(m) {
		warn(camera.ConflictOutside, "")
	}
	early := seen && t.early(m)
	if early {
		warn(camera.ConflictBefore, "")
	}
	i, ok := t.byID[m.Camera]
	if !ok {
		warn(camera.ConflictOtherCamera, "")
		return all
	}
	if !footed(t.q.Cameras[i].Footage, m.From, m.To) {
		warn(camera.ConflictNoFootage, "")
	}
	if !t.viewed(i, m) {
		warn(camera.ConflictNoView, "")
	}
	for _, o := range t.marks {
		if o.ID != m.ID && o.Camera == m.Camera && (t.denies(o, m) || t.denies(m, o)) {
			warn(camera.ConflictSameTime, o.ID)
		}
	}
	if seen {
		for _, o := range t.hurried(i, m, !early) {
			warn(camera.ConflictTooFast, o)
		}
	}
	return all
}

// outside tells whether a part of what a mark says lies out of the window.
func (t *Trace) outside(m camera.Mark) bool {
	in := func(at time.Time) bool { return !at.Before(t.q.From) && !at.After(t.q.To) }
	return !in(m.From) || !in(m.To) || m.Kind == camera.MarkSeen && !in(m.At)
}

// early tells whether somebody was seen who cannot have left yet, by any clock.
func (t *Trace) early(m camera.Mark) bool {
	bound := time.Duration(0)
	if i, ok := t.byID[m.Camera]; ok {
		bound = time.Duration(t.q.Cameras[i].Clock)
	}
	return m.At.Add(bound).Before(t.q.Incident.From)
}

// footed tells whether footage covers all of a clip.
func footed(footage []camera.Interval, from, to time.Time) bool {
	for _, f := range footage {
		if f.From.After(from) {
			return false
		}
		if f.To.After(from) {
			from = f.To
		}
		if !from.Before(to) {
			return true
		}
	}
	return false
}

// viewed tells whether the camera saw in the clip any road that the mode may use.
func (t *Trace) viewed(cam int32, m camera.Mark) bool {
	from, to := t.seconds(m.From), t.seconds(m.To)
	if m.Kind == camera.MarkSeen {
		from, to = t.seconds(m.At), t.seconds(m.At)
	}
	return slices.ContainsFunc(t.eyes.byCam[cam], func(k int32) bool {
		s := &t.eyes.sights[k]
		return t.net.seconds[s.arc] < never && s.since <= to && s.until > from
	})
}

// denies tells whether one mark says that nobody passed while the other saw somebody
// there. Without footage then it says nothing.
func (t *Trace) denies(not, seen camera.Mark) bool {
	if not.Kind != camera.MarkNotSeen || seen.Kind != camera.MarkSeen || seen.At.Before(not.From) || !seen.At.Before(not.To) {
		return false
	}
	b := int(math.Floor(t.seconds(seen.At) / binSeconds))
	open := t.cams[t.byID[seen.Camera]].open
	return b >= 0 && b < t.n && (open == nil || open[b])
}

// hurried names the neighbours in time of a sighting from or to which nobody is so
// fast; "" is the incident, which counts when the sighting is the first.
func (t *Trace) hurried(cam int32, m camera.Mark, incident bool) []string {
	at := t.seconds(m.At)
	here := t.anchors(cam, at, m.Heading)
	if len(here) == 0 {
		return nil
	}
	bound := float64(t.cams[cam].bound)
	var before, behind *sighting
	for i := range t.sightings {
		s := &t.sightings[i]
		switch {
		case s.mark == m.ID || len(s.from) == 0:
		case s.at <= at:
			before = s
		case behind == nil:
			behind = s
		}
	}
	var all []string
	late := func(took float64, from, to []start) bool {
		return took+fastSlip < tooFast*t.least(from, to)
	}
	if before != nil && late(at-before.at+bound+float64(t.cams[before.cam].bound), before.from, here) {
		all = append(all, before.mark)
	}
	if before == nil && incident && late(at-t.seconds(t.q.Incident.From)+bound, t.roots, here) {
		all = append(all, "")
	}
	if behind != nil && late(behind.at-at+bound+float64(t.cams[behind.cam].bound), here, behind.from) {
		all = append(all, behind.mark)
	}
	return all
}

// least is how long the way from any of some places to any of others usually takes at
// least; +Inf where there is none. It uses the tree ahead.
func (t *Trace) least(from, to []start) float64 {
	best := math.Inf(1)
	for _, a := range from {
		for _, b := range to {
			if a.arc == b.arc && a.at <= b.at {
				best = min(best, float64((b.at-a.at)*t.net.seconds[a.arc]))
			}
		}
	}
	t.reaches(from, -1)
	for _, b := range to {
		if v := t.net.from[b.arc]; t.ahead.has(v) {
			_, seconds := t.net.along(t.ahead, v, from)
			best = min(best, seconds+float64(b.at*t.net.seconds[b.arc]))
		}
	}
	return best
}

// reaches lets the tree ahead grow from places, either way, up to a vertex; -1 to all.
func (t *Trace) reaches(from []start, stop int32) {
	t.ahead.reset()
	for _, s := range from {
		t.root(t.ahead, s)
	}
	t.ahead.turn = -1 // of several places none can be told by its arc
	t.ahead.grow(t.net, 0, 1, never, false, stop)
}

// along are the metres and the usual seconds of a tree's way to a vertex from whichever
// place it began at. Dislikes, of which choices are made, are no time.
func (t *travel) along(tr *tree, v int32, from []start) (metres, seconds float64) {
	for tr.by[v] >= 0 {
		a := tr.by[v]
		metres += float64(t.length[a])
		seconds += float64(t.seconds[a])
		v = t.from[a]
	}
	s, ok := t.begins(tr, v, from)
	if !ok {
		return metres, seconds
	}
	return metres + float64((1-s.at)*t.length[s.arc]), seconds + float64((1-s.at)*t.seconds[s.arc])
}

// begins finds the place from which a tree's way enters at a root, in its way of travel.
func (t *travel) begins(tr *tree, root int32, from []start) (best start, ok bool) {
	least := never
	for _, s := range from {
		if tr.by[root] == turned {
			s.arc, s.at = s.arc^1, 1-s.at
		}
		if t.to[s.arc] != root || t.choice[s.arc] == never {
			continue
		}
		if c := (1 - s.at) * t.choice[s.arc]; c < least {
			best, least, ok = s, c, true
		}
	}
	return best, ok
}
