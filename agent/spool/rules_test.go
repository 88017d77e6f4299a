package spool_test

import (
	"bytes"
	"io"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/spool"
)

// Check looks after each action at everything that can be seen from outside.
func (m *model) Check(t *rapid.T) { m.look(t, false) }

func (m *model) look(t *rapid.T, anyCause bool) {
	segs, gaps := m.spool.Unannounced(1 << 20)
	m.gaps = append(m.gaps, gaps...)
	var left []*known
	var used, held int64
	freeLeft := camera.SegmentID{}
	for id, k := range m.facts {
		if k.gone {
			continue
		}
		r, err := m.spool.OpenSegment(id)
		if err != nil {
			k.gone = true
			left = append(left, k)
			continue
		}
		if b, err := io.ReadAll(r); err != nil || !bytes.Equal(b, k.body) {
			t.Fatalf("%s: %d other bytes, %v", id, len(b), err)
		}
		used += k.seg.Size
		if m.held(k) {
			held += k.seg.Size
		} else if id != m.latest && (k.settled() || !m.required(k)) {
			freeLeft = id
		}
	}
	for _, k := range left {
		m.mayLeave(t, k, freeLeft, anyCause)
	}
	over := used > m.limits.Bytes && used > m.salvagedHeld // what is salvaged and held stays, whatever the limit
	if u := m.spool.Usage(); u.Used != used || u.Held != held || over {
		t.Fatalf("usage %+v, want %d and %d held", u, used, held)
	}
	var fresh, want []camera.SegmentID
	for _, seg := range segs {
		fresh = append(fresh, seg.SegmentID)
	}
	for _, id := range m.order {
		if k := m.facts[id]; !k.gone && !k.announced && !k.refused {
			want = append(want, id)
		}
	}
	if !slices.Equal(fresh, want) {
		t.Fatalf("to announce %v, want %v", fresh, want)
	}
	if n := m.disk.in("/quarantine/"); n > 0 {
		t.Fatalf("%d files in quarantine", n)
	}
	m.latest = camera.SegmentID{}
}

func (m *model) mayLeave(t *rapid.T, k *known, freeLeft camera.SegmentID, anyCause bool) {
	if m.held(k) {
		t.Fatalf("%s is held and has left", k.seg.SegmentID)
	}
	if k.settled() {
		return
	}
	cause := camera.CauseOverwritten
	if m.required(k) {
		cause = camera.CauseDisk
		if !k.refused && freeLeft != (camera.SegmentID{}) && !anyCause {
			t.Fatalf("%s was not uploaded and has left, %s was free", k.seg.SegmentID, freeLeft)
		}
	}
	for _, g := range m.gaps {
		if g.Camera == k.seg.Camera && g.Stream == k.seg.Stream && !g.Start.After(k.seg.Start) && !g.End.Before(k.seg.End) && (g.Cause == cause || anyCause) {
			return
		}
	}
	t.Fatalf("no gap %s for %s %v", cause, k.seg.SegmentID, k.seg.Start)
}

const filmLargest = 2000 // bytes of the model's largest segment

// TestRules lets chance use the spool, with power cuts.
func TestRules(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		m := &model{
			T: r, dir: t.TempDir(), disk: newMemory(), limits: spool.Limits{Bytes: 8000, Days: 1}, now: t0.Add(24 * time.Hour),
			facts: map[camera.SegmentID]*known{}, thrown: map[camera.SegmentID]*known{}, free: map[source]bool{}, next: map[source]int{},
		}
		m.reopen()
		defer func() { _ = m.spool.Close() }() // the lock is all that is left of it
		m.spool.SetPolicy(m.policy)
		r.Repeat(rapid.StateMachineActions(m))
	})
}
