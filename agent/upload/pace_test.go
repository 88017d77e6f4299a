package upload_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/upload"
)

// These tests run in simulated time: what they say of seconds is exact.

func everyDay(rate int64) *upload.Budget {
	return upload.NewBudget([]upload.Hours{{Rate: rate}}, time.UTC, time.Now)
}

// watch lets a live view run; the channel closes when it has ended.
func watch(b *upload.Budget, d time.Duration) <-chan struct{} {
	over := make(chan struct{})
	go func() {
		defer close(over)
		for range d / (500 * time.Millisecond) {
			b.Live(1000)
			<-time.After(500 * time.Millisecond)
		}
	}()
	return over
}

func TestBudgetPaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newSimulated(t)
		w.budget = everyDay(16 << 10)
		var segs []camera.Segment
		for n := range 10 {
			segs = append(segs, w.add(gateCam, n, 32<<10))
		}
		began := time.Now()
		stop := w.run(nil, nil)
		w.until("two stored", func() bool { return len(w.times) >= 2 })
		w.budget.Live(160 << 10) // never waits, and is taken from the same rate
		w.until("all stored", w.all("stored", segs...))
		took := time.Since(began)
		stop()
		w.verify(segs...)
		if took < 28*time.Second || took > 45*time.Second { // 480 KiB at 16 KiB/s
			t.Errorf("took %s", took)
		}
		if sent, allowed := w.budget.Rate(); sent != 480<<10/60 || allowed != 16<<10 {
			t.Errorf("sent %d, allowed %d", sent, allowed)
		}
	})
}

// TestLiveFirst: while somebody watches, a put in its middle waits and goes on
// afterwards; what a case asks for goes on, one at a time.
func TestLiveFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newSimulated(t)
		w.budget = everyDay(64 << 10)
		long := w.add(gateCam, 0, 1<<20) // 16 s
		both, most := 0, 0
		w.onPut = func(_ http.ResponseWriter, r *http.Request, _ int) bool {
			if r.ContentLength != 64<<10 {
				return false
			}
			w.mu.Lock()
			both++
			most = max(most, both)
			w.mu.Unlock()
			w.keep(strings.TrimPrefix(r.URL.Path, "/o/"), r)
			w.mu.Lock()
			both--
			w.mu.Unlock()
			return true
		}
		stop := w.run(nil, nil)
		<-time.After(5 * time.Second)
		over := watch(w.budget, 45*time.Second) // longer than a put may stand still
		<-time.After(10 * time.Second)
		first, second := w.add(yardCam, 1, 64<<10), w.add(yardCam, 2, 64<<10)
		w.ask(first, second)
		other := w.add(yardCam, 3, 64<<10)
		w.until("asked ones stored", w.all("stored", first, second))
		select {
		case <-over:
			t.Error("they waited for the end of the live view")
		default:
		}
		if !w.all("announced", long, other)() {
			t.Errorf("during a live view: %v", w.state)
		}
		<-over
		w.until("all stored", w.all("stored", long, other))
		stop()
		w.verify(long, first, second, other)
		if len(w.did()) != 4 || most != 1 {
			t.Errorf("puts %v, %d at once", w.puts, most)
		}
	})
}

// TestLiveOneAtATime: of two asked ones that are under way when somebody begins to
// watch, one waits for the other.
func TestLiveOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newSimulated(t)
		w.budget = everyDay(64 << 10)
		segs := []camera.Segment{w.add(gateCam, 0, 1<<20), w.add(gateCam, 1, 1<<20)} // 16 s each
		w.ask(segs...)
		stop := w.run(nil, nil)
		<-time.After(2 * time.Second)
		over := watch(w.budget, time.Minute)
		w.until("one stored", func() bool { return len(w.times) == 1 })
		between := time.Now()
		w.until("both stored", w.all("stored", segs...))
		if took := time.Since(between); took < 12*time.Second {
			t.Errorf("the second came %s after the first", took)
		}
		<-over
		stop()
		w.verify(segs...)
		if len(w.did()) != 2 {
			t.Errorf("puts %v", w.puts)
		}
	})
}

// TestLongLive: a put that waits for too long is given up, which counts against
// nobody; its slot has ended when it goes again.
func TestLongLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newSimulated(t)
		w.budget = everyDay(64 << 10)
		segs := []camera.Segment{w.add(gateCam, 0, 1<<20), w.add(gateCam, 1, 1<<20)}
		stop := w.run(nil, nil)
		<-time.After(5 * time.Second)
		w.mu.Lock()
		slots := w.slots
		w.mu.Unlock()
		<-watch(w.budget, 15*time.Minute)
		if n := len(w.did()); n != 2 {
			t.Errorf("%d puts began until the live view ended", n)
		}
		w.until("all stored", w.all("stored", segs...))
		stop()
		w.verify(segs...)
		if len(w.puts) != 4 || w.slots != slots+2 {
			t.Errorf("puts %v, %d slots more", w.puts, w.slots-slots)
		}
	})
}

// TestAskedOvertakes: what a case asks for does not wait behind paced puts.
func TestAskedOvertakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newSimulated(t)
		w.budget = everyDay(32 << 10)
		slow := []camera.Segment{w.add(gateCam, 0, 1<<20), w.add(gateCam, 1, 1<<20), w.add(gateCam, 2, 1<<20)}
		stop := w.run(nil, nil)
		<-time.After(5 * time.Second)
		urgent := w.add(yardCam, 9, 96<<10) // 3 s
		w.ask(urgent)
		began := time.Now()
		w.until("the urgent one stored", w.all("stored", urgent))
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("it took %s", took)
		}
		if !w.all("announced", slow...)() {
			t.Errorf("states %v", w.state)
		}
		w.until("all stored", w.all("stored", slow...))
		stop()
		w.verify(append(slow, urgent)...)
		if len(w.puts) != 4 {
			t.Errorf("somebody had to begin again: %v", w.puts)
		}
	})
}

// TestOrder: asked, held, others; the oldest first within each.
func TestOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newSimulated(t)
		w.budget = everyDay(8 << 10) // one at a time, after the first ones
		var segs []camera.Segment
		for n := range 9 {
			segs = append(segs, w.add(gateCam, n, 512<<10))
		}
		w.asked[segs[7].SegmentID], w.asked[segs[4].SegmentID] = true, true
		w.kept[segs[6].SegmentID], w.kept[segs[5].SegmentID] = true, true
		stop := w.run(nil, nil)
		w.until("all stored", w.all("stored", segs...))
		stop()
		w.verify(segs...)
		place := map[string]int{}
		for i, name := range w.puts {
			place[name] = i
		}
		for i, groups := 0, [][]int{{4, 7}, {5, 6}, {0, 1}, {2}, {3}, {8}}; i+1 < len(groups); i++ {
			for _, a := range groups[i] {
				for _, b := range groups[i+1] {
					if place[objectOf(segs[a].SegmentID)] > place[objectOf(segs[b].SegmentID)] {
						t.Errorf("%d went after %d: %v", a, b, w.puts)
					}
				}
			}
		}
	})
}

// TestHalfOpen: nothing moves, in the middle of the bytes or after them. The put is
// cut off, the segment is sent again, and nothing is counted against it.
func TestHalfOpen(t *testing.T) {
	for name, part := range map[string]int64{"in the middle": 1000, "after the bytes": 100 << 10} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newSimulated(t)
				segs := []camera.Segment{w.add(gateCam, 0, 100<<10), w.add(gateCam, 1, 100<<10)}
				w.onPut = func(_ http.ResponseWriter, r *http.Request, n int) bool {
					if n > 2 {
						return false
					}
					if _, err := io.CopyN(io.Discard, r.Body, part); err != nil {
						t.Error(err)
					}
					<-r.Context().Done()
					return true
				}
				began := time.Now()
				stop := w.run(nil, nil)
				w.until("all stored", w.all("stored", segs...))
				took := time.Since(began)
				stop()
				w.verify(segs...)
				if took < 30*time.Second || took > 60*time.Second || len(w.puts) != 4 {
					t.Errorf("took %s, puts %v", took, w.puts)
				}
			})
		})
	}
}

// silent is a hub that does not answer its first questions of each kind.
type silent struct {
	hubSide
	left map[string]int
}

func (s *silent) quiet(ctx context.Context, verb string) error {
	s.mu.Lock()
	s.left[verb]--
	yes := s.left[verb] >= 0
	s.mu.Unlock()
	if !yes {
		return nil
	}
	<-ctx.Done()
	return ctx.Err()
}

func (s *silent) Announce(ctx context.Context, m camera.Announce) (camera.AnnounceReply, error) {
	if err := s.quiet(ctx, "announce"); err != nil {
		return camera.AnnounceReply{}, err
	}
	return s.hubSide.Announce(ctx, m)
}

func (s *silent) Slots(ctx context.Context, ids []camera.SegmentID) (camera.SlotsReply, error) {
	if err := s.quiet(ctx, "slots"); err != nil {
		return camera.SlotsReply{}, err
	}
	return s.hubSide.Slots(ctx, ids)
}

func (s *silent) Stored(ctx context.Context, ids []camera.SegmentID) (camera.StoredReply, error) {
	if err := s.quiet(ctx, "stored"); err != nil {
		return camera.StoredReply{}, err
	}
	return s.hubSide.Stored(ctx, ids)
}

func TestHubSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newSimulated(t)
		w.hub = &silent{hubSide{w}, map[string]int{"announce": 2, "slots": 2, "stored": 2}}
		seg := w.add(gateCam, 0, 1000)
		began := time.Now()
		stop := w.run(nil, nil)
		w.until("stored", w.all("stored", seg))
		took := time.Since(began)
		stop()
		w.verify(seg)
		if took < 3*time.Minute || took > 4*time.Minute || len(w.puts) != 1 {
			t.Errorf("took %s, puts %v", took, w.puts)
		}
	})
}
