package index_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index"
	"xulang.vn/camera/hub/index/indextest"
	"xulang.vn/camera/hub/index/pack"
)

// trusted is a device of which every camera is and whose signatures cost nothing.
type trusted struct{}

func (trusted) Owns(camera.CameraID) bool            { return true }
func (trusted) Signed([]byte, camera.Signature) bool { return true }

func (h *hub) tell(ctx context.Context, segs ...camera.Segment) (camera.AnnounceReply, error) {
	for i := range segs {
		segs[i].Signature[0] = 1
	}
	return h.Put(ctx, camera.Announce{V: camera.LinkVersion, Segments: segs}, trusted{})
}

// away lets the bucket fail.
func away(string, string) indextest.When { return indextest.Before }

// TestAnnouncedAgainAfterTheFold: what is folded is known as well as before; where only
// the bucket could tell, and is away, nothing is acknowledged.
func TestAnnouncedAgainAfterTheFold(t *testing.T) {
	h := stand(t)
	segs := segments(20)
	segs[7].Stream, segs[7].Run = camera.StreamSub, "00000000000000bb"
	accept(t, h.Index, segs)
	h.fold(t)
	for bucket, there := range map[string]bool{"there": true, "away": false} {
		h.objects.Fail(nil)
		if !there {
			h.reopen(t) // and nothing is at hand
			h.objects.Fail(away)
		}
		for name, c := range map[string]struct {
			change func(*camera.Segment)
			cold   bool
		}{
			"start":     {func(s *camera.Segment) { s.Start = s.Start.Add(time.Millisecond) }, false},
			"other day": {func(s *camera.Segment) { s.Start = s.Start.AddDate(0, 0, -3); s.End = s.Start.Add(time.Second) }, false},
			"end":       {func(s *camera.Segment) { s.End = s.End.Add(time.Millisecond) }, false},
			"size":      {func(s *camera.Segment) { s.Size++ }, false},
			"media":     {func(s *camera.Segment) { s.Media++; s.Media += camera.Millis(time.Millisecond) }, false},
			"head":      {func(s *camera.Segment) { s.InitSize++ }, false},
			"codec":     {func(s *camera.Segment) { s.Codec = "avc1.64001e" }, false},
			"stream":    {func(s *camera.Segment) { s.Stream = camera.StreamSub }, false},
			"picture":   {func(s *camera.Segment) { s.KeySize, s.KeySHA256 = 0, camera.Hash{} }, false},
			"key size":  {func(s *camera.Segment) { s.KeySize++ }, true},
			"hash":      {func(s *camera.Segment) { s.SHA256 = hashOf(99) }, true},
			"chain":     {func(s *camera.Segment) { s.Prev = hashOf(99) }, true},
			"clock":     {func(s *camera.Segment) { s.Clock.Bound++; s.Clock.Bound += camera.Millis(time.Millisecond) }, true},
			"activity":  {func(s *camera.Segment) { s.Activity = "\x00" }, true},
			"nothing":   {func(*camera.Segment) {}, true},
		} {
			other := segment(5)
			c.change(&other)
			wanted := camera.CodeConflict
			if name == "nothing" {
				wanted = ""
			}
			reply, err := h.Put(t.Context(), camera.Announce{V: camera.LinkVersion, Segments: sign([]camera.Segment{other})}, device)
			if c.cold && !there {
				if camera.CodeOf(err) != camera.CodeUnavailable {
					t.Errorf("bucket %s, %s: %+v, %v", bucket, name, reply, err)
				}
				continue
			}
			if err != nil || reply.RefusedSegments[0].Code != wanted {
				t.Errorf("bucket %s, %s: %+v, %v, want %q", bucket, name, reply, err, wanted)
			}
		}
		// What is new is written whatever the bucket says.
		late := segment(20)
		if !there {
			late = segment(21)
		}
		accept(t, h.Index, []camera.Segment{late})
	}
	if n := h.number(t, `SELECT count(*) FROM fresh`); n != 2 {
		t.Errorf("%d segments were written, want the 2 late ones", n)
	}
	h.objects.Fail(nil)
	accept(t, h.Index, segs)
	h.fold(t)
	accept(t, h.Index, append(segs, segment(20), segment(21)))
}

// TestAnnouncedWhileItIsFolded: whichever comes first, what is the same is silent and
// what is another is a conflict.
func TestAnnouncedWhileItIsFolded(t *testing.T) {
	h := stand(t)
	h.at = clock().Add(2 * time.Hour) // all hours are closed
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	var known atomic.Uint32 // segments that were announced
	next := func() {
		n := known.Load()
		if reply, err := h.tell(ctx, segments(int(n)+1)...); err != nil || len(reply.RefusedSegments) != 0 {
			t.Errorf("announced to %d: %+v, %v", n, reply, err)
		}
		known.Store(n + 1)
	}
	next()
	for i := range uint32(4) {
		wg.Go(func() {
			for n := uint32(0); ctx.Err() == nil; n++ {
				same, other := segment(n%known.Load()), segment((n+i)%known.Load())
				other.Activity = "\x01"
				reply, err := h.tell(ctx, same, other)
				if ctx.Err() != nil {
					return
				}
				if err != nil || len(reply.RefusedSegments) != 1 || reply.RefusedSegments[1].Code != camera.CodeConflict {
					t.Errorf("%d: %+v, %v", n, reply, err)
					return
				}
			}
		})
	}
	for known.Load() < 30 {
		if _, err := h.Fold(ctx); err != nil {
			t.Error(err)
		}
		next()
	}
	cancel()
	wg.Wait()
	if entries, _ := window(t, h.Index, start, clock()); len(entries) != 30 {
		t.Errorf("%d segments, want 30", len(entries))
	}
}

// atOnce announces lists while nobody can write, so that they share a transaction, and
// gives the answers.
func (h *hub) atOnce(t *testing.T, meanwhile func(), calls ...func() error) []error {
	t.Helper()
	hold, held := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { h.holdWriter(t, held, hold) })
	<-held
	answers := make([]error, len(calls))
	for i, call := range calls {
		wg.Go(func() { answers[i] = call() })
		for index.Waiting(h.Index) < i+1 && t.Context().Err() == nil {
			runtime.Gosched()
		}
	}
	meanwhile()
	close(hold)
	wg.Wait()
	return answers
}

// TestOneBadAnnouncementFailsAlone: those that share its transaction are written.
func TestOneBadAnnouncementFailsAlone(t *testing.T) {
	h := stand(t)
	h.refuseRun(t, "000000000000dead")
	var calls []func() error
	for i := range 6 {
		s := segment(uint32(i))
		if i == 3 {
			s.Run = "000000000000dead"
		}
		calls = append(calls, func() error {
			reply, err := h.tell(t.Context(), s)
			return errors.Join(err, reply.RefusedSegments[0].Err())
		})
	}
	for i, err := range h.atOnce(t, func() {}, calls...) {
		if (i == 3) != (err != nil) {
			t.Errorf("announcement %d: %v", i, err)
		}
	}
	if entries, _ := window(t, h.Index, start, clock()); len(entries) != 5 {
		t.Errorf("%d segments, want 5", len(entries))
	}
}

// TestEachCallerHasItsOwnAnswer: of announcements that share a transaction the same
// segment is one row, of the first that came, and another one is a conflict.
func TestEachCallerHasItsOwnAnswer(t *testing.T) {
	h := stand(t)
	first, other := segment(0), segment(0)
	other.Size++
	codes := make([]string, 4)
	call := func(i int, segs ...camera.Segment) func() error {
		return func() error {
			reply, err := h.tell(t.Context(), segs...)
			for at := range segs {
				codes[i] += string(reply.RefusedSegments[at].Code) + ","
			}
			return err
		}
	}
	answers := h.atOnce(t, func() {}, call(0, first), call(1, other, segment(1)), call(2, first, other), call(3, segment(1), first))
	if err := errors.Join(answers...); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(codes); got != "[, conflict,, ,conflict, ,,]" {
		t.Errorf("answers %s", got)
	}
	if e, err := h.Segment(t.Context(), first.SegmentID); err != nil || e.Size != first.Size {
		t.Errorf("%+v, %v", e, err)
	}
}

// TestWhoLeavesBreaksNobody: neither who waits nor who leads.
func TestWhoLeavesBreaksNobody(t *testing.T) {
	h := stand(t)
	leads, leaveLead := context.WithCancel(t.Context())
	waits, leaveWait := context.WithCancel(t.Context())
	left := make(chan error, 1)
	answers := h.atOnce(t, func() {
		leaveLead()
		leaveWait()
		if err := <-left; !errors.Is(err, context.Canceled) { // though nobody can write yet
			t.Errorf("who waited and left: %v", err)
		}
	}, func() error { _, err := h.tell(leads, segment(0)); return err },
		func() error { _, err := h.tell(waits, segment(1)); left <- err; return nil },
		func() error { _, err := h.tell(t.Context(), segment(2)); return err })
	if answers[2] != nil {
		t.Errorf("who stayed: %v", answers[2])
	}
	if _, err := h.Segment(t.Context(), segment(1).SegmentID); camera.CodeOf(err) != camera.CodeUnknownSegment {
		t.Errorf("who left before it was written was written: %v", err)
	}
	if _, err := h.Segment(t.Context(), segment(0).SegmentID); (err == nil) != (answers[0] == nil) && answers[0] == nil {
		t.Errorf("acknowledged and not there: %v", err)
	}
	if _, err := h.tell(t.Context(), segment(3)); err != nil { // somebody leads again
		t.Error(err)
	}
}

// TestQuotaOfAnHour: a camera's hour takes so many segments and not one more, whether
// they are folded or not; what is there already is no more.
func TestQuotaOfAnHour(t *testing.T) {
	h := stand(t)
	full := func(n int) camera.Segment {
		s := segment(0)
		s.Run, s.Seq, s.Prev = camera.RunID(fmt.Sprintf("%016x", n/5000)), uint32(n%5000), hashOf(1)
		if s.Seq == 0 {
			s.Prev = camera.Hash{}
		}
		s.Start = start.Add(time.Duration(n%3600) * time.Second)
		s.End = s.Start.Add(time.Second)
		return s
	}
	refused := func(from, to int) (n int) {
		t.Helper()
		for ; from < to; from += camera.AnnounceMost {
			var segs []camera.Segment
			for i := from; i < min(to, from+camera.AnnounceMost); i++ {
				segs = append(segs, full(i))
			}
			reply, err := h.tell(t.Context(), segs...)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range reply.RefusedSegments {
				if n++; r.Code != camera.CodeTooMany {
					t.Fatalf("refused: %+v", r)
				}
			}
		}
		return n
	}
	if n := refused(0, pack.SegmentsMost-100); n != 0 {
		t.Errorf("%d were refused of fewer", n)
	}
	h.fold(t)
	h.reopen(t)
	if n := refused(pack.SegmentsMost-200, pack.SegmentsMost+100); n != 100 {
		t.Errorf("%d were refused of 100 too many", n)
	}
	if n := refused(pack.SegmentsMost-300, pack.SegmentsMost+1); n != 1 {
		t.Errorf("%d were refused of one too many, announced again", n)
	}
	next := full(7)
	next.Run, next.Start = "00000000000000ff", start.Add(-time.Minute)
	next.End = next.Start.Add(time.Second)
	if reply, err := h.tell(t.Context(), next); err != nil || len(reply.RefusedSegments) != 0 {
		t.Errorf("another hour of the camera: %+v, %v", reply, err)
	}
	h.fold(t) // the full hour packs
}
