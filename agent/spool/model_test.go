package spool_test

import (
	"errors"
	"slices"
	"time"

	"pgregory.net/rapid"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/spool"
)

// source is one stream of a camera.
type source struct {
	camera camera.CameraID
	stream camera.Stream
}

var sources = []source{{gateCam, camera.StreamMain}, {gateCam, camera.StreamSub}, {yardCam, camera.StreamMain}}

// known is a segment that must be in the spool, or have left it by the rules.
type known struct {
	seg                        camera.Segment
	body                       []byte
	gone                       bool
	announced, stored, refused bool
}

// settled tells whether the hub has it or does not want to hear of it.
func (k *known) settled() bool { return k.stored || k.refused && !k.announced }

// recording is a file that was not closed yet.
type recording struct {
	of    source
	n     int
	file  *spool.File
	parts [][]byte // of which the first so many were written
	wrote int
}

// model is what the spool was told and must remember.
type model struct {
	*rapid.T
	dir          string
	disk         *memory
	spool        *spool.Spool
	limits       spool.Limits
	now          time.Time
	facts        map[camera.SegmentID]*known
	order        []camera.SegmentID // of recording
	gaps         []camera.Gap       // whatever the hub could have heard
	wants        []camera.Want
	free         map[source]bool
	next         map[source]int
	open         []*recording
	thrown       map[camera.SegmentID]*known // whose Commit failed
	salvagedHeld int64                       // bytes that were held when the spool was opened
	latest       camera.SegmentID            // committed by this action: after anything left
}

func (m *model) reopen() {
	s, err := spool.OpenOn(m.disk, m.dir, m.limits, salvage, func() time.Time { return m.now }, quiet)
	if err != nil {
		m.Fatal(err)
	}
	m.spool = s
}

func (m *model) policy(c camera.CameraID, s camera.Stream) bool { return !m.free[source{c, s}] }

func (m *model) required(k *known) bool { return m.policy(k.seg.Camera, k.seg.Stream) }

func (m *model) held(k *known) bool {
	return slices.ContainsFunc(m.wants, func(w camera.Want) bool { return w.Covers(k.seg) })
}

func (m *model) heldBytes() (sum int64) {
	for _, k := range m.facts {
		if !k.gone && m.held(k) {
			sum += k.seg.Size
		}
	}
	return sum
}

// Actions.

func (m *model) Begin(t *rapid.T) {
	m.begin(t, rapid.SampledFrom(sources).Draw(t, "source"))
}

func (m *model) begin(t *rapid.T, src source) {
	if slices.ContainsFunc(m.open, func(r *recording) bool { return r.of == src }) {
		return
	}
	f, err := m.spool.Create(src.camera)
	if err != nil {
		if !errors.Is(err, spool.ErrHeld) || !errors.Is(err, spool.ErrFull) || m.heldBytes()+filmLargest <= m.limits.Bytes {
			t.Fatalf("create with %d bytes held: %v", m.heldBytes(), err)
		}
		return
	}
	if m.heldBytes() == m.limits.Bytes {
		t.Fatal("created where all is held")
	}
	n := m.next[src]
	m.next[src]++
	m.now = m.now.Add(2 * time.Second)
	_, parts := film(src.camera, src.stream, n, rapid.SampledFrom([]int{300, 1000, filmLargest}).Draw(t, "size"))
	m.open = append(m.open, &recording{of: src, n: n, file: f, parts: parts})
}

func (m *model) Write(t *rapid.T) {
	if len(m.open) == 0 {
		return
	}
	r := m.open[rapid.IntRange(0, len(m.open)-1).Draw(t, "recording")]
	for range rapid.IntRange(1, filmParts).Draw(t, "parts") {
		if r.wrote < filmParts {
			m.write(t, r)
		}
	}
}

func (m *model) write(t *rapid.T, r *recording) {
	if _, err := r.file.Write(r.parts[r.wrote]); err != nil {
		t.Fatal(err)
	}
	r.wrote++
}

// Record lets all streams go on for a while.
func (m *model) Record(t *rapid.T) {
	for range rapid.IntRange(1, 3).Draw(t, "rounds") {
		for _, src := range sources {
			m.begin(t, src)
		}
		for len(m.open) > 0 {
			for m.open[0].wrote < filmParts {
				m.write(t, m.open[0])
			}
			m.commit(t, 0)
			m.look(t, false)
		}
	}
}

// Commit closes a file, also one that is shorter than planned.
func (m *model) Commit(t *rapid.T) {
	if len(m.open) > 0 {
		m.commit(t, rapid.IntRange(0, len(m.open)-1).Draw(t, "recording"))
	}
}

func (m *model) commit(t *rapid.T, i int) {
	r := m.open[i]
	m.open = slices.Delete(m.open, i, i+1)
	if r.wrote == 0 {
		r.file.Discard()
		return
	}
	k := r.known()
	if err := r.file.Commit(k.seg); err != nil {
		if !errors.Is(err, spool.ErrHeld) || m.heldBytes()+k.seg.Size <= m.limits.Bytes {
			t.Fatalf("commit with %d bytes held: %v", m.heldBytes(), err)
		}
		m.thrown[k.seg.SegmentID] = k
		return
	}
	m.learn(k)
	m.latest = k.seg.SegmentID
}

func (r *recording) known() *known {
	parts := r.parts[:r.wrote]
	return &known{seg: fingerprint(r.of.camera, r.of.stream, r.n, parts), body: slices.Concat(parts...)}
}

func (m *model) learn(k *known) {
	m.facts[k.seg.SegmentID] = k
	m.order = append(m.order, k.seg.SegmentID)
}

func (m *model) Announce(t *rapid.T) {
	segs, gaps := m.spool.Unannounced(rapid.IntRange(1, 5).Draw(t, "most"))
	var ids []camera.SegmentID
	for _, seg := range segs {
		ids = append(ids, seg.SegmentID)
	}
	if err := m.spool.Announced(ids, gaps); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		m.facts[id].announced = true
	}
}

func (m *model) Upload(t *rapid.T) {
	list := m.spool.Uploads(3, nil)
	last := spool.Asked
	for _, u := range list {
		k := m.facts[u.SegmentID]
		asked := k.seg.Stream == camera.StreamMain && slices.ContainsFunc(m.wants, func(w camera.Want) bool { return w.Fetch && w.Covers(k.seg) })
		want := map[bool]spool.Priority{true: spool.Held, false: spool.Continuous}[m.held(k)]
		if asked {
			want = spool.Asked
		}
		if k.stored || !k.announced || k.refused || !asked && !m.required(k) || u.Priority != want || want > last {
			t.Fatalf("%v to upload as %d: %+v", u.SegmentID, u.Priority, k)
		}
		last = u.Priority
	}
	if len(list) == 0 {
		return
	}
	id := list[0].SegmentID
	if rapid.IntRange(0, 5).Draw(t, "forgotten") == 0 {
		if err := m.spool.Forgotten(id); err != nil {
			t.Fatal(err)
		}
		m.facts[id].announced = false
		return
	}
	if rapid.IntRange(0, 5).Draw(t, "refuse") == 0 {
		if err := m.spool.Refused(id, camera.CodeTooLarge); err != nil {
			t.Fatal(err)
		}
		m.facts[id].refused = true
		return
	}
	if err := m.spool.Stored(id); err != nil {
		t.Fatal(err)
	}
	m.facts[id].stored = true
}

func (m *model) Want(t *rapid.T) {
	m.wants = nil
	for range rapid.IntRange(0, 3).Draw(t, "wants") {
		src := rapid.SampledFrom(sources).Draw(t, "source")
		from := t0.Add(time.Duration(rapid.IntRange(0, 6*m.next[src]+6).Draw(t, "from")) * time.Second)
		m.wants = append(m.wants, camera.Want{Camera: src.camera, From: from,
			To:    from.Add(time.Duration(rapid.IntRange(1, 60).Draw(t, "seconds")) * time.Second),
			Fetch: rapid.Bool().Draw(t, "fetch")})
	}
	if err := m.spool.SetWants(m.wants); err != nil {
		t.Fatal(err)
	}
}

func (m *model) Policy(t *rapid.T) {
	m.free = map[source]bool{}
	for _, src := range sources {
		m.free[src] = rapid.Bool().Draw(t, "free")
	}
	m.spool.SetPolicy(m.policy)
}

func (m *model) Gap(t *rapid.T) {
	src := rapid.SampledFrom(sources).Draw(t, "source")
	start := t0.Add(time.Duration(m.next[src])*6*time.Second + 500*time.Millisecond)
	g := camera.Gap{Camera: src.camera, Stream: src.stream, Start: start, End: start.Add(time.Second), Cause: camera.CauseCameraOff}
	if err := m.spool.AddGap(g); err != nil {
		t.Fatal(err)
	}
}

func (m *model) Wait(t *rapid.T) {
	m.now = m.now.Add(time.Duration(rapid.IntRange(1, 120).Draw(t, "seconds")) * time.Second)
}

func (m *model) Kill(t *rapid.T) { m.crash(t, false) }

func (m *model) PowerCut(t *rapid.T) { m.crash(t, true) }

func (m *model) crash(t *rapid.T, power bool) {
	_, before := m.spool.Unannounced(1 << 20)
	if err := m.spool.Close(); err != nil {
		t.Fatal(err)
	}
	if power {
		m.disk.powerCut(func(most int) int { return rapid.IntRange(0, most).Draw(t, "chance") })
	}
	m.reopen()
	m.salvaged(power)
	_, after := m.spool.Unannounced(1 << 20)
	for _, g := range before {
		if !slices.ContainsFunc(after, func(o camera.Gap) bool {
			return o.Camera == g.Camera && o.Stream == g.Stream && o.Cause == g.Cause && o.Start.Equal(g.Start) && !o.End.Before(g.End)
		}) {
			t.Fatalf("gap %v is lost: %v", g, after)
		}
	}
	m.salvagedHeld = m.heldBytes()
	m.look(t, power)
	m.spool.SetPolicy(m.policy)
}

// salvaged learns what was being written, in the order that the spool gives it.
// After a power cut some things may be otherwise that nobody was promised: a
// fingerprint may have to be announced again, and a file may be there again that
// was removed just before.
func (m *model) salvaged(power bool) {
	found := map[camera.SegmentID]*known{}
	for _, r := range m.open {
		if r.wrote > 0 {
			k := r.known()
			found[k.seg.SegmentID] = k
		}
	}
	m.open = nil
	segs, _ := m.spool.Unannounced(1 << 20)
	for _, seg := range segs {
		id := seg.SegmentID
		switch k := m.facts[id]; {
		case found[id] != nil:
			m.learn(found[id])
			delete(found, id)
		case power && k == nil && m.thrown[id] != nil:
			m.learn(m.thrown[id])
		case power && k.gone:
			if !k.settled() {
				m.Fatalf("%s left with a gap and is back", id)
			}
			k.gone, k.stored, k.refused, k.announced = false, false, false, false
			m.order = append(slices.DeleteFunc(m.order, func(o camera.SegmentID) bool { return o == id }), id)
		case power:
			k.announced = false
		}
	}
	for _, k := range found { // evicted at once
		m.learn(k)
	}
	for id, k := range m.facts {
		if _, err := m.spool.OpenSegment(id); power && k.gone && err == nil {
			if !k.settled() {
				m.Fatalf("%s left with a gap and is back as something else", id)
			}
			k.gone = false
		}
	}
}
