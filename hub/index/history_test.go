package index_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
	"xulang.vn/camera/hub/db/dbtest"
	"xulang.vn/camera/hub/index"
	"xulang.vn/camera/hub/index/indextest"
)

var (
	histories   = flag.Int("histories", historiesUsual, "random histories of cameras over SQLite; a thirtieth of them over PostgreSQL")
	historySeed = flag.Uint64("history-seed", 0, "seed of the first database of histories; 0: another one each time")
)

// perDatabase is how many cameras live side by side, in one index.
const perDatabase = 250

// TestAnswersNeverLie: whatever was announced, asked for, expired, overwritten and
// folded in whatever order, every millisecond of a window is exactly one of footage in
// a state and a gap with a cause, and it is the one that the rules say.
func TestAnswersNeverLie(t *testing.T) {
	seed, count := *historySeed, *histories
	if seed == 0 {
		seed = rand.Uint64N(1e12)
	}
	if dbtest.Open(t).Postgres() {
		count = (count + 29) / 30
	}
	all := &seen{counts: map[string]int{}}
	t.Run("seed", func(t *testing.T) {
		for done := 0; done < count; done += perDatabase {
			of, cameras := seed+uint64(done/perDatabase), min(perDatabase, count-done)
			t.Run(fmt.Sprint(of), func(t *testing.T) {
				t.Parallel()
				tell(t, of, cameras, all)
			})
		}
	})
	all.check(t, count)
}

// tell plays the histories of one database.
func tell(t *testing.T, seed uint64, cameras int, all *seen) {
	if all.failed.Load() {
		return // one is enough to look at
	}
	s, list := chances(seed, cameras)
	w := newWorld(dbtest.Open(t), s)
	for c, why := range w.play(t.Context(), list) {
		if all.failed.CompareAndSwap(false, true) {
			report(t, seed, s, list[c], why)
		}
	}
	all.add(w.seen)
}

// chances makes the histories of one database. They depend on the seed alone.
func chances(seed uint64, cameras int) (script, []history) {
	s := makerOf(seed).script()
	list := make([]history, cameras)
	for i := range list {
		list[i] = makerOf(seed, uint64(i)+1).history(cameraOf(i), s)
	}
	return s, list
}

// cameraOf gives ids that are no neighbours where their numbers are.
func cameraOf(i int) camera.CameraID {
	id := []byte("caaaaaaaaaaaaaaaa")
	for k := 1; i > 0; k, i = k+1, i/16 {
		id[k] += byte(i % 16)
	}
	return camera.CameraID(id)
}

// anyone is a device that owns every camera and signs everything.
type anyone struct{}

func (anyone) Owns(camera.CameraID) bool            { return true }
func (anyone) Signed([]byte, camera.Signature) bool { return true }

// world is an index over a real database, with the models of its cameras.
type world struct {
	script script
	d      *db.DB
	bucket *indextest.Memory
	index  *index.Index
	now    atomic.Int64
	cams   []*cam
	seen   map[string]int
}

// cam is one camera of a world.
type cam struct {
	history
	no    int
	model *model
	wrong error
}

func newWorld(d *db.DB, s script) *world {
	w := &world{script: s, d: d, bucket: &indextest.Memory{}, seen: map[string]int{}}
	w.now.Store(s.ticks[0].now)
	return w
}

func (w *world) open(ctx context.Context) (err error) {
	w.index, err = index.Open(ctx, w.d, w.bucket, slog.New(slog.DiscardHandler), func() time.Time { return utc(w.now.Load()) })
	return err
}

// play runs the histories side by side, and gives what is wrong with which of them.
func (w *world) play(ctx context.Context, list []history) map[int]error {
	for i, h := range list {
		w.cams = append(w.cams, &cam{history: h, no: i, model: newModel()})
	}
	err := w.open(ctx)
	for i := range w.script.ticks {
		if err == nil {
			err = w.tick(ctx, i)
		}
	}
	for _, c := range w.cams {
		if err == nil {
			err = w.whole(ctx, c)
		}
	}
	wrong := map[int]error{}
	for _, c := range w.cams {
		if c.wrong != nil {
			wrong[c.no] = c.wrong
		} else if err != nil {
			wrong[c.no] = err
		}
	}
	return wrong
}

func (w *world) tick(ctx context.Context, i int) error {
	w.now.Store(w.script.ticks[i].now)
	events := map[*cam][]event{}
	for _, c := range w.cams {
		for _, e := range c.events {
			if e.tick == i {
				events[c] = append(events[c], e)
			}
		}
	}
	if err := w.announce(ctx, events); err != nil {
		return err
	}
	if err := w.move(ctx, events); err != nil {
		return err
	}
	if w.script.ticks[i].expire {
		// What waits to be folded expires later; here nothing does.
		if _, err := w.fold(ctx); err != nil {
			return err
		}
	}
	for _, c := range w.cams {
		for _, e := range events[c] {
			if err := w.deed(ctx, c, e); err != nil {
				return err
			}
		}
	}
	return w.ask(ctx, w.script.ticks[i].fold, events)
}

// ask asks what is to be asked in a tick. While hours are folded, everything that there
// is stays there; after that answers are what they were.
func (w *world) ask(ctx context.Context, how folding, events map[*cam][]event) error {
	if how == noFold {
		return w.questions(ctx, events)
	}
	if how == foldFails {
		calls := atomic.Int64{}
		w.bucket.Fail(func(_, _ string) indextest.When {
			return []indextest.When{0, indextest.After, 0, indextest.Before}[calls.Add(1)%4]
		})
	}
	var (
		folded error
		hours  int
		done   = make(chan struct{})
	)
	go func() {
		defer close(done)
		hours, folded = w.fold(ctx)
	}()
	err := w.everything(ctx, done)
	<-done
	w.seen["folded"] += hours
	if how == foldFails && errors.Is(folded, indextest.ErrAway) {
		folded = nil
	}
	w.bucket.Fail(nil)
	if err := errors.Join(err, folded); err != nil {
		return err
	}
	if how == foldReopen {
		if err := w.open(ctx); err != nil {
			return err
		}
	}
	return w.questions(ctx, events)
}

func (w *world) fold(ctx context.Context) (hours int, err error) {
	for {
		n, err := w.index.Fold(ctx)
		hours += n
		if n == 0 || err != nil {
			return hours, err
		}
	}
}

// questions asks for a window of all cameras at once that have a question of it.
func (w *world) questions(ctx context.Context, events map[*cam][]event) error {
	type asked struct {
		*cam
		*question
	}
	list := map[[2]int64][]asked{}
	for _, c := range w.cams {
		for _, e := range events[c] {
			if e.ask != nil {
				list[e.ask.window] = append(list[e.ask.window], asked{c, e.ask})
			}
		}
	}
	for window, all := range list {
		ids := make([]camera.CameraID, len(all))
		for i, a := range all {
			ids[i] = a.camera
		}
		strips, err := w.index.Strips(ctx, ids, utc(window[0]).Add(-index.Edge), utc(window[1]).Add(index.Edge))
		if err != nil {
			return err
		}
		if len(strips) != len(ids) {
			return fmt.Errorf("%d strips of %d cameras", len(strips), len(ids))
		}
		for i, a := range all {
			if err := w.compare(ctx, a.cam, *a.question, strips[i]); err != nil {
				return err
			}
		}
	}
	return nil
}
