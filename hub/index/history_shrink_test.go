package index_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db/dbtest"
)

// shrinkMost is how often a history that fails is played again, to find a shorter one.
const shrinkMost = 250

// report makes a history shorter as long as it fails by itself, and tells it.
func report(t *testing.T, seed uint64, s script, h history, why error) {
	t.Helper()
	t.Errorf("camera %s of -history-seed=%d: %v", h.camera, seed, why)
	fails := func(s script, h history) error {
		return newWorld(dbtest.Open(t), s).play(t.Context(), []history{h})[0]
	}
	if fails(s, h) == nil {
		t.Log("it does not fail alone: play its whole database")
		return
	}
	left := shrinkMost
	for size := len(h.events); size > 0 && left > 0; {
		before := len(h.events)
		for i := 0; i < len(h.events) && left > 0; left-- {
			shorter := history{camera: h.camera}
			shorter.events = append(append(shorter.events, h.events[:i]...), h.events[min(i+size, len(h.events)):]...)
			if err := fails(s, shorter); err != nil {
				h, why = shorter, err
				continue
			}
			i += size
		}
		if size = min(size, len(h.events)); size > 1 || len(h.events) == before {
			size /= 2
		}
	}
	for i := range s.ticks {
		calmer := script{ticks: append([]tick(nil), s.ticks...), islands: s.islands}
		if calmer.ticks[i].fold = noFold; fails(calmer, h) != nil {
			s = calmer
		}
	}
	t.Logf("it takes no more than this: %v\n%s", why, told(s, h))
}

// told writes a history down, with times in ms from the first hour on.
func told(s script, h history) string {
	var b strings.Builder
	for i, t := range s.ticks {
		fmt.Fprintf(&b, "tick %d, now %s\n", i, clockText(t.now))
		for _, e := range h.events {
			if e.tick == i {
				fmt.Fprintf(&b, "\t%s\n", e)
			}
		}
		if t.fold != noFold {
			fmt.Fprintf(&b, "\t%s\n", map[folding]string{fold: "fold", foldFails: "fold, and the bucket fails", foldReopen: "fold, and start anew"}[t.fold])
		}
	}
	return b.String()
}

func (e event) String() string {
	switch {
	case e.segment != nil:
		return fmt.Sprintf("segment %s #%d %q %q %s, hash %.6s", e.segment.Run, e.segment.Seq, e.segment.Stream, e.segment.Origin,
			windowText([2]int64{e.segment.Start.UnixMilli(), e.segment.End.UnixMilli()}), e.segment.SHA256)
	case e.gap != nil:
		return fmt.Sprintf("gap %q %s %s", e.gap.Stream, windowText([2]int64{e.gap.Start.UnixMilli(), e.gap.End.UnixMilli()}), e.gap.Cause)
	case e.move != nil:
		return fmt.Sprintf("move %s #%d to %s", e.move.ID.Run, e.move.ID.Seq, e.move.To)
	case e.request != nil:
		return "request " + windowText(*e.request)
	case e.unrequest != nil:
		return fmt.Sprintf("unrequest %s, keep %v", windowText(*e.unrequest), keptText(e.keep))
	case e.past != nil:
		return "recorder has " + windowText(*e.past...)
	case e.expire != nil:
		return fmt.Sprintf("expire before %s, held %s", clockText(e.expire.before), windowText(e.expire.held...))
	}
	k := e.ask.known
	return fmt.Sprintf("ask %s; registered %s, linked %v %v, state %q since %s", windowText(e.ask.window), clockText(k.Registered.UnixMilli()), k.LinkedNow, k.Linked, k.State, clockText(k.Since.UnixMilli()))
}

func clockText(ms int64) string { return fmt.Sprint(ms - start.UnixMilli()) }

func windowText(spans ...[2]int64) string {
	var parts []string
	for _, s := range spans {
		parts = append(parts, clockText(s[0])+"–"+clockText(s[1]))
	}
	return strings.Join(parts, " ")
}

func keptText(wants []camera.Want) string {
	var parts []string
	for _, w := range wants {
		parts = append(parts, fmt.Sprintf("%s fetch %v", windowText([2]int64{w.From.UnixMilli(), w.To.UnixMilli()}), w.Fetch))
	}
	return strings.Join(parts, ", ")
}

// seen counts what histories came to, so that a test that looks at nothing fails.
type seen struct {
	mu     sync.Mutex
	counts map[string]int
	failed atomic.Bool
}

func (s *seen) add(counts map[string]int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, n := range counts {
		s.counts[name] += n
	}
}

// check tells what histories never came to.
func (s *seen) check(t *testing.T, count int) {
	t.Helper()
	t.Log(count, "histories:", s.counts)
	if count < 5000 || t.Failed() {
		return
	}
	for _, name := range []string{
		"home", "requested", "uploading", "stored", "held", "recorder", "lost", "overwritten", "withheld", "future", "not-joined", "unreachable", "pending", "unreported",
		"camera-off", "wrong-password", "bad-codec", "no-key-frame", "agent-off", "clock-step", "held-full", "reconnect", "paused", "disk", "folded", "expired", "refused",
	} {
		if s.counts[name] == 0 {
			t.Errorf("no history came to %q", name)
		}
	}
}
