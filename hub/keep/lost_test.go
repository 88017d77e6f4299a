package keep_test

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
	"xulang.vn/camera/hub/db/dbtest"
	"xulang.vn/camera/hub/index"
	"xulang.vn/camera/hub/index/indextest"
	"xulang.vn/camera/hub/keep"
)

// acknowledged is what an agent was told, and when.
type acknowledged struct {
	camera.Segment
	at time.Time
}

// hub runs index and keep by their timetables while cameras record.
type hub struct {
	*world
	shelf *indextest.Memory
	mu    sync.Mutex
	facts []acknowledged
	held  time.Time // when the hold was placed; zero: not yet
}

// TestLostDatabase throws the database away at a random moment, as a disk does, and
// builds it again from what lies in the two buckets. Whatever was acknowledged more than
// ten seconds before is there, each state as the footage bucket tells, and the hold.
func TestLostDatabase(t *testing.T) {
	dbtest.EachWhere(t, func(t *testing.T, where func(t *testing.T) string) {
		first, second := where(t), where(t)
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		synctest.Test(t, func(t *testing.T) { lose(t, rand.New(rand.NewPCG(seed, 1)), first, second) })
	})
}

const (
	lostCameras = 5
	lostEach    = 10 // segments that a camera announces a minute: 10,000 in all on the two databases
	lostMinutes = 100
)

func lose(t *testing.T, dice *rand.Rand, first, second string) {
	d := mustOpen(t, first)
	h := &hub{shelf: &indextest.Memory{}}
	h.world = newWorld(t, d, h.shelf, time.Now)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for _, run := range []func(context.Context) error{h.Run, h.keep.Run, h.record(t, dice.Uint64())} {
		wg.Go(func() {
			if err := run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	// Anywhere within the last quarter of an hour.
	time.Sleep(lostMinutes*time.Minute - time.Duration(dice.Int64N(int64(15*time.Minute))))
	shelf, bucket, moment := h.shelf.Copy(), h.bucket.copy(), time.Now()
	h.mu.Lock()
	facts, held := h.facts, h.held
	h.mu.Unlock()
	cancel()
	wg.Wait()
	if err := d.Close(); err != nil {
		t.Error(err)
	}

	d = mustOpen(t, second)
	defer d.Close()
	again := newWorld(t, d, shelf, time.Now)
	again.bucket.objects = bucket
	again.parts.Footage = again.bucket
	r, err := keep.Lost{Database: d, Index: &again.joined, Footage: again.bucket, Shelf: shelf, Now: time.Now}.Restore(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s", keep.ExplainRestore(r, keep.English))
	again.compare(t, facts, moment)
	if held.IsZero() {
		t.Fatal("nothing was held")
	}
	if of, err := again.Held(t.Context(), cameraOf(3), held.Add(-time.Minute), held); err != nil || len(of) != 1 {
		t.Errorf("held after the restore: %v, %v", of, err)
	}
	// What is restored agrees with both buckets, to the last byte.
	time.Sleep(2 * time.Hour)
	report, err := again.keep.Check(t.Context(), keep.Wish{Depth: keep.Bytes, Repair: true}, nil)
	if err != nil || !report.Clean() && report.Counts[keep.Orphan].Found == 0 {
		t.Errorf("%v\n%s", err, keep.Explain(report, keep.English))
	}
	for kind, n := range report.Counts {
		if kind != keep.Orphan || n.Found > 2*lostCameras*lostEach { // bytes of which the last words were lost
			t.Errorf("%s: %d", kind, n.Found)
		}
	}
}

// record lets all cameras record, and an officer hold something in good time.
func (h *hub) record(t *testing.T, seed uint64) func(context.Context) error {
	return func(ctx context.Context) error {
		dice := rand.New(rand.NewPCG(seed, 2))
		var reels [lostCameras]*reel
		for i := range reels {
			reels[i] = newReel(cameraOf(i), time.Now())
		}
		for minute := 0; ctx.Err() == nil; minute++ {
			for _, r := range reels {
				time.Sleep(time.Minute / lostCameras) // not all agents speak at the same second
				all, bodies := r.film(int(time.Since(r.at) / camera.SegmentGoal))
				if err := h.announce(context.WithoutCancel(ctx), all); err != nil {
					return err
				}
				h.mu.Lock()
				for _, s := range all {
					h.facts = append(h.facts, acknowledged{s, time.Now()})
				}
				h.mu.Unlock()
				if n := dice.IntN(2*len(all)) - len(all) + 1; n > 0 {
					if err := h.store(context.WithoutCancel(ctx), all[:n], bodies[:n]); err != nil {
						return err
					}
				}
			}
			if minute == lostMinutes/2 {
				h.mu.Lock()
				h.held = time.Now()
				h.mu.Unlock()
				if err := h.hold(context.WithoutCancel(ctx), "w", cameraOf(3), h.held.Add(-10*time.Minute), h.held); err != nil {
					return err
				}
				h.keep.Soon()
			}
		}
		return nil
	}
}

// compare looks for each acknowledged segment.
func (w *world) compare(t *testing.T, facts []acknowledged, lost time.Time) {
	t.Helper()
	compared, missing := 0, 0
	for _, f := range facts {
		s, state, err := w.Look(t.Context(), f.SegmentID)
		if err != nil {
			if missing++; f.at.Before(lost.Add(-10 * time.Second)) {
				t.Errorf("segment %s, acknowledged %s before the loss: %v", f.SegmentID, lost.Sub(f.at), err)
			}
			continue
		}
		compared++
		_, _, there, err := w.bucket.Has(t.Context(), f.Key())
		if want := map[bool]camera.ByteState{true: camera.StateStored, false: camera.StateHome}[there]; err != nil || state != want {
			t.Errorf("segment %s is %s, want %s, %v", f.SegmentID, state, want, err)
		}
		if s.SHA256 != f.SHA256 || s.Prev != f.Prev || s.Signature != f.Signature || string(s.Payload()) != string(f.Payload()) {
			t.Errorf("segment %s came back as another one", f.SegmentID)
		}
	}
	t.Logf("%d segments came back, %d of the last ten seconds did not", compared, missing)
	if compared < lostCameras*lostEach*(lostMinutes-20) {
		t.Errorf("only %d segments came back", compared)
	}
}

func mustOpen(t testing.TB, where string) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), where)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// listing is a footage bucket that can be listed by camera and nothing else.
type listing map[string][]keep.Object

func (l listing) Objects(_ context.Context, prefix string) iter.Seq2[keep.Object, error] {
	return func(yield func(keep.Object, error) bool) {
		for _, o := range l[prefix] {
			if !yield(o, nil) {
				return
			}
		}
	}
}

// BenchmarkRestore builds the index of a million segments again: 100 cameras, a whole
// number of hours each. The goal is five minutes.
func BenchmarkRestore(b *testing.B) {
	const cameras, hours = 100, 17
	now := noon.Add(time.Hour)
	shelf := &indextest.Memory{}
	w := newWorld(b, dbtest.Open(b), shelf, func() time.Time { return now })
	there, total := listing{}, 0
	for i := range cameras {
		r := newReel(cameraOf(i), noon.Add(-(hours+1)*time.Hour))
		all, _ := r.film(hours * 600)
		if err := w.announce(b.Context(), all); err != nil {
			b.Fatal(err)
		}
		for _, s := range all {
			there[string(s.Camera)+"/"] = append(there[string(s.Camera)+"/"], keep.Object{Name: s.Key().String(), Size: s.Size, At: noon})
		}
		w.foldAll(b)
		total += len(all)
	}
	if _, _, err := w.keep.Snapshot(b.Context()); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		b.StopTimer()
		d := dbtest.Open(b)
		x, err := index.Open(b.Context(), d, shelf, slog.New(slog.DiscardHandler), func() time.Time { return now })
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		r, err := keep.Lost{Database: d, Index: &joined{Index: x, db: d}, Footage: there, Shelf: shelf, Now: func() time.Time { return now }}.Restore(b.Context(), nil)
		if err != nil || r.Index.Segments != total || r.Index.Stored != total {
			b.Fatal(fmt.Errorf("restored %+v of %d: %w", r.Index, total, err))
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/restore")
	b.ReportMetric(float64(total), "segments")
}
