package trace

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	camera "xulang.vn/camera"
)

// Trace is the living hypothesis of one trip: what is believed after all marks. It is
// not safe for use by several goroutines at once.
type Trace struct {
	p   Params
	net *travel
	q   camera.TraceQuestion
	n   int // bins of the window

	cams  []cam
	byID  map[camera.CameraID]int32
	eyes  *eyes
	roots []start

	left   []float32 // prior of the departure by shift of leaves
	leaves []float32 // seconds
	wide   []float32 // half of what each stands for

	marks     []camera.Mark
	sightings []sighting
	sets      []*set // one more than sightings
	made      map[piece]*set

	ahead, behind *tree     // reused
	away          []float32 // by vertex: seconds from the incident, +Inf never
	far           []float64 // by vertex: how likely trips go that far
	sums          []float64
	stale         []bool      // by camera: back is not true any more
	back          [][]float32 // by camera and bin: what is expected beyond the ways, before looks
}

// sighting is a mark that says "seen".
type sighting struct {
	mark string
	cam  int32
	at   float64
	from []start // where it may have been
}

// piece names a set: the sightings around it.
type piece struct {
	after, until string
	pace         pace
}

// New makes a trace. progress is told how much of the work is done; it may be nil.
// Codes: CodeBadRequest, CodeBadWindow, CodeOffRoad where no road that the mode may use
// lies within 500 m of the incident.
func New(ctx context.Context, net *Network, q camera.TraceQuestion, p Params, progress func(done, of int)) (*Trace, error) {
	if err := check(q); err != nil {
		return nil, err
	}
	t := &Trace{p: p, q: q, byID: map[camera.CameraID]int32{}, made: map[piece]*set{}}
	t.n = int(math.Ceil(q.To.Sub(q.From).Seconds() / binSeconds))
	t.net = net.travel(q.Mode, p)
	t.cams = make([]cam, len(q.Cameras))
	for i, c := range q.Cameras {
		t.byID[c.ID] = int32(i)
		t.cams[i].bound = float32(time.Duration(c.Clock).Seconds())
		t.cams[i].turns = len(c.Views) > 1
		t.cams[i].open = t.covered(c.Footage)
	}
	roots, err := t.rootsFor(q.Incident.Position)
	if err != nil {
		return nil, err
	}
	t.roots = roots
	if t.eyes, err = look(ctx, net, q.Cameras, q.From, progress); err != nil {
		return nil, err
	}
	t.ahead, t.behind = newTree(len(net.busy)), newTree(len(net.busy))
	t.departures()
	t.away = t.costsFrom(t.roots)
	t.fill()
	t.update()
	return t, nil
}

// covered tells for each bin whether footage covers it whole; nil when all are.
func (t *Trace) covered(footage []camera.Interval) []bool {
	open, all := make([]bool, t.n), true
	for b := range open {
		from := t.q.From.Add(time.Duration(b) * binSeconds * time.Second)
		to := from.Add(binSeconds * time.Second)
		if to.After(t.q.To) {
			to = t.q.To
		}
		open[b] = slices.ContainsFunc(footage, func(i camera.Interval) bool { return !i.From.After(from) && !i.To.Before(to) })
		all = all && open[b]
	}
	if all {
		return nil
	}
	return open
}

// sees tells whether the view in which a pass stands was true at its time.
func (t *Trace) sees(p *pass, at float64) bool {
	if !t.cams[p.cam].turns {
		return true
	}
	s := &t.eyes.sights[p.sight]
	return at >= s.since && at < s.until
}

func (t *Trace) seconds(at time.Time) float64 { return at.Sub(t.q.From).Seconds() }

func (t *Trace) clock(seconds float64) time.Time {
	return t.q.From.Add(time.Duration(math.Round(seconds*1000)) * time.Millisecond)
}

// departures fills what is believed of the time of departure: evenly in the interval
// that was reported, and a little before and after it, falling to nothing.
func (t *Trace) departures() {
	from, to := t.seconds(t.q.Incident.From), t.seconds(t.q.Incident.To)
	width := max(to-from, 4)
	steps := math.Ceil(min(max(width/4, 1), 60))
	for k := range int(steps) {
		t.departure(from+(float64(k)+0.5)*width/steps, width/steps, (1-t.p.Late)/steps)
	}
	const tails = 30
	step := t.p.LateReach / tails
	for k := range tails {
		w := t.p.Late / tails * (1 - (float64(k)+0.5)/tails)
		t.departure(from-(float64(k)+0.5)*step, step, w)
		t.departure(to+(float64(k)+0.5)*step, step, w)
	}
	sum := float32(0)
	for _, w := range t.left {
		sum += w
	}
	for i := range t.left {
		t.left[i] /= sum
	}
}

func (t *Trace) departure(at, width, weight float64) {
	if at+width/2 < 0 || at-width/2 > float64(t.n)*binSeconds {
		return
	}
	t.leaves, t.wide, t.left = append(t.leaves, float32(at)), append(t.wide, float32(width/2)), append(t.left, float32(weight))
}

// departed is the prior density of a departure, by second.
func (t *Trace) departed(at float64) float64 {
	sum := 0.0
	for i, leaf := range t.leaves {
		if math.Abs(at-float64(leaf)) <= float64(t.wide[i]) {
			sum += float64(t.left[i] / (2 * t.wide[i]))
		}
	}
	return sum
}

// costs copies a tree's costs, +Inf where it did not reach.
func (t *tree) costs(vertices int) []float32 {
	all := make([]float32, vertices)
	for v := range all {
		all[v] = never
		if t.has(int32(v)) {
			all[v] = t.cost[v]
		}
	}
	return all
}

// Mark takes an officer's answer. It always counts; what does not fit is told.
func (t *Trace) Mark(m camera.Mark, now time.Time) []camera.MarkWarning {
	warnings := t.conflicts(m, now)
	t.Undo(m.ID)
	t.marks = append(t.marks, m)
	i, ok := t.byID[m.Camera]
	if !ok {
		return warnings
	}
	if m.Kind == camera.MarkSeen {
		t.follow(i)
		return warnings
	}
	t.cams[i].look(t, t.seconds(m.From), t.seconds(m.To), t.missing(m.Kind))
	t.looked(i)
	return warnings
}

// follow takes in that what was seen at a camera is another than before.
func (t *Trace) follow(cam int32) {
	t.sightings = t.sightings[:0]
	for _, m := range t.marks {
		if i, ok := t.byID[m.Camera]; ok && m.Kind == camera.MarkSeen {
			at := t.seconds(m.At)
			t.sightings = append(t.sightings, sighting{mark: m.ID, cam: i, at: at, from: t.anchors(i, at, m.Heading)})
		}
	}
	slices.SortStableFunc(t.sightings, func(a, b sighting) int { return cmp.Compare(a.at, b.at) })
	once := t.sightings[:0]
	for _, s := range t.sightings {
		if !slices.ContainsFunc(once, func(o sighting) bool { return o.cam == s.cam && s.at-o.at <= t.p.Same }) {
			once = append(once, s)
		}
	}
	t.sightings = once
	t.cams[cam].recall(t, cam)
	t.update()
}

// missing is how likely a pass is missed by a look that ended so.
func (t *Trace) missing(k camera.MarkKind) float32 {
	if k == camera.MarkUnclear {
		return float32(1 - t.p.Detect*t.p.Unclear)
	}
	return float32(1 - t.p.Detect)
}

// Undo takes a mark back as if it had never been made; false when there is none.
func (t *Trace) Undo(id string) bool {
	k := slices.IndexFunc(t.marks, func(m camera.Mark) bool { return m.ID == id })
	if k < 0 {
		return false
	}
	m := t.marks[k]
	t.marks = slices.Delete(t.marks, k, k+1)
	i, ok := t.byID[m.Camera]
	if !ok {
		return true
	}
	if m.Kind == camera.MarkSeen {
		t.follow(i)
		return true
	}
	t.cams[i].recall(t, i)
	t.looked(i)
	return true
}

// anchors are the places in a camera's view where it may have been seen.
func (t *Trace) anchors(cam int32, at float64, heading *float64) []start {
	var all []start
	for _, k := range t.eyes.byCam[cam] {
		s := &t.eyes.sights[k]
		if t.net.seconds[s.arc] == never || at < s.since-5 || at >= s.until+5 {
			continue
		}
		w := 0.1 + float64(s.to-s.from)*float64(t.net.length[s.arc])
		if !t.net.open[s.arc] {
			w *= 0.05
		}
		if heading != nil {
			w *= math.Exp(8*(math.Cos((*heading-float64(s.heading))*math.Pi/180)-1)) + 1e-4
		}
		all = append(all, start{arc: s.arc, at: (s.from + s.to) / 2, weight: w})
	}
	if len(all) == 0 {
		return nil
	}
	return normal(all)
}

// looked weighs everything anew after a look at a camera.
func (t *Trace) looked(cam int32) {
	for _, s := range t.sets {
		if s.density[cam] == nil {
			continue
		}
		s.weigh(t, cam)
		s.expect(t)
	}
	t.background()
}

// update builds the sets that the sightings ask for; those that stand are kept.
func (t *Trace) update() {
	made := map[piece]*set{}
	t.sets = t.sets[:0]
	paces := t.paces()
	for i := 0; i <= len(t.sightings); i++ {
		k := piece{pace: paces[i]}
		if i > 0 {
			k.after = t.sightings[i-1].mark
		}
		if i < len(t.sightings) {
			k.until = t.sightings[i].mark
		}
		s := t.made[k]
		if s == nil {
			s = t.build(i, k.pace)
		}
		s.weigh(t, -1)
		s.expect(t)
		made[k] = s
		t.sets = append(t.sets, s)
	}
	t.made = made
	t.background()
}
