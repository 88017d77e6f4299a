package index

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index/pack"
)

// How hours are folded.
const (
	closedAfter = 10 * time.Minute // after its end an hour is closed
	foldMost    = 256              // hours of one round
	foldAtOnce  = 8                // hours that are made ready beside each other
	foldHours   = 64               // of one transaction
	foldFacts   = 16_000           // after so many a transaction is not made larger: some 10 MB
	foldLater   = 10 * time.Minute // how long an hour waits that could not be folded by itself
	foldOften   = 8                // times an hour is folded at once; the next time waits foldLater, and so on
	foldLatest  = 24 * time.Hour   // but no longer than this
)

// folds is what Fold remembers from round to round.
type folds struct {
	mu    sync.Mutex               // one round at a time
	later map[cameraHour]time.Time // hours whose manifest is bad or gone, or that were folded often: not before then
	told  map[cameraHour]struct{}  // those of them that the log has
	clean bool                     // no manifest was left over by a round that ended early
}

// firstOpen is the first hour that is not closed yet.
func (x *Index) firstOpen() int64 { return pack.HourOf(x.now().Add(-closedAfter)) }

// foldAll folds until nothing is due.
func (x *Index) foldAll(ctx context.Context) error {
	for {
		if n, err := x.Fold(ctx); err != nil || n == 0 {
			return err
		}
	}
}

// Fold moves closed hours out of table fresh: one round of at most foldMost hours, the
// oldest ones. It tells how many were folded. A manifest is in the bucket before the
// transaction begins that names it and deletes the rows; so wherever this ends, a
// fact is in one of both. What an announcement, a change of states or another hub did
// in between leaves an hour to the next round.
func (x *Index) Fold(ctx context.Context) (hours int, err error) {
	x.folds.mu.Lock()
	defer x.folds.mu.Unlock()
	due, err := x.dueHours(ctx)
	if err != nil {
		return 0, fmt.Errorf("find hours to fold: %w", err)
	}
	clean, whole := x.folds.clean, true
	x.folds.clean = false
	for len(due) > 0 {
		var ready []*folding
		facts := 0
		for len(due) > 0 && len(ready) < foldHours && facts < foldFacts {
			n := min(foldAtOnce, len(due))
			some, err := x.makeReady(ctx, due[:n])
			if err != nil {
				return hours, fmt.Errorf("fold: %w", err)
			}
			for _, f := range some {
				ready, facts = append(ready, f), facts+len(f.manifest.Facts)
			}
			due = due[n:]
		}
		done, err := x.foldTogether(ctx, ready)
		if err != nil {
			return hours, fmt.Errorf("fold: %w", err)
		}
		hours += len(done)
		x.slow(done)
		whole = whole && len(done) == len(ready)
		x.sweep(ctx, done, clean)
	}
	x.folds.clean = whole
	return hours, nil
}

// folding is an hour on its way.
type folding struct {
	old      ManifestName // Generation 0: there was none
	name     ManifestName
	manifest pack.Manifest
	fresh    []freshRow // in the manifest now
	gaps     []pack.GapFact
}

// makeReady puts the manifests of some hours into the bucket. Hours that have nothing
// to fold any more are left out, and so are those that cannot be folded by themselves;
// an error is one of the bucket or the database.
func (x *Index) makeReady(ctx context.Context, due []cameraHour) ([]*folding, error) {
	ready := make([]*folding, len(due))
	group, ctx := errgroup.WithContext(ctx)
	bad := make([]error, len(due))
	for i, h := range due {
		group.Go(func() (err error) {
			ready[i], err = x.makeOne(ctx, h)
			if b := (badHour{}); errors.As(err, &b) {
				bad[i], err = b.err, nil
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for i, err := range bad {
		if err != nil {
			x.putOff(due[i], err)
		}
	}
	return slices.DeleteFunc(ready, func(f *folding) bool { return f == nil }), nil
}

// putOff lets an hour wait whose manifest is bad or gone. Its fresh rows stay where
// they are and are read from there.
func (x *Index) putOff(h cameraHour, err error) {
	x.folds.wait(h, x.now().Add(foldLater))
	if _, ok := x.folds.told[h]; !ok {
		x.folds.told[h] = struct{}{}
		x.log.Error("fold hour", "camera", h.camera, "hour", pack.StartOf(h.hour), "err", err)
	}
}

// slow lets hours wait that were folded again and again: each time all that there is of
// an hour is read and written, and a box may tell one fact of it at a time.
func (x *Index) slow(done []*folding) {
	for _, f := range done {
		if more := f.name.Generation - foldOften; more >= 0 {
			x.folds.wait(cameraHour{f.name.Camera, f.name.Hour}, x.now().Add(min(time.Duration(more+1)*foldLater, foldLatest)))
		}
	}
}

func (f *folds) wait(h cameraHour, until time.Time) {
	if f.later == nil {
		f.later, f.told = map[cameraHour]time.Time{}, map[cameraHour]struct{}{}
	}
	f.later[h] = until
}

func (x *Index) makeOne(ctx context.Context, h cameraHour) (*folding, error) {
	fresh, err := freshOfHour(ctx, x.db.Read(), h.camera, h.hour)
	if err != nil || len(fresh) == 0 {
		return nil, err
	}
	gaps, err := x.gapsInside(ctx, h)
	if err != nil {
		return nil, err
	}
	row, found, err := loadHour(ctx, x.db.Read(), h.camera, h.hour)
	if err != nil {
		return nil, err
	}
	f := &folding{fresh: fresh, gaps: gaps, manifest: pack.Manifest{Camera: h.camera, Hour: h.hour}}
	m := &f.manifest
	if found {
		f.old = row.manifestName()
		old, err := x.manifest(ctx, f.old)
		if c := camera.CodeOf(err); c == camera.CodeNotFound || c == camera.CodeConflict {
			return nil, badHour{err}
		}
		if err != nil {
			return nil, err
		}
		m.Facts, m.Gaps = slices.Clone(old.Facts), slices.Clone(old.Gaps)
	}
	for _, r := range fresh {
		m.Facts = append(m.Facts, r.Fact)
	}
	m.Gaps = append(m.Gaps, gaps...)
	m.Sort()
	body, root, err := m.Encode()
	if err != nil {
		return nil, badHour{err}
	}
	if f.name = f.old; !found || root != f.old.Root {
		f.name = ManifestName{Camera: h.camera, Hour: h.hour, Generation: f.old.Generation + 1, Root: root}
		if err := x.objects.Put(ctx, f.name.String(), body); err != nil {
			return nil, fmt.Errorf("put manifest: %w", err)
		}
	}
	return f, nil
}

// badHour is the error of an hour that cannot be folded by itself, while others can.
type badHour struct{ err error }

func (b badHour) Error() string { return b.err.Error() }

func (b badHour) Unwrap() error { return b.err }

// gapsInside are those that begin and end in an hour.
func (x *Index) gapsInside(ctx context.Context, h cameraHour) ([]pack.GapFact, error) {
	return list(ctx, x.db.Read(), scanGap, selectGap+`WHERE camera_id = $1 AND stream IN ($4, $5) AND start_ms >= $2 AND start_ms < $3 AND end_ms <= $3`,
		append(hourArgs(h.camera, h.hour), string(camera.StreamMain), string(camera.StreamSub))...)
}

// foldTogether writes hours in one transaction; done are those that were not changed
// in between.
func (x *Index) foldTogether(ctx context.Context, ready []*folding) (done []*folding, err error) {
	if len(ready) == 0 {
		return nil, nil
	}
	slices.SortFunc(ready, func(a, b *folding) int {
		return cmp.Or(cmp.Compare(a.name.Camera, b.name.Camera), cmp.Compare(a.name.Hour, b.name.Hour))
	})
	err = x.db.Write(ctx, func(tx *sql.Tx) error {
		done = done[:0]
		row := &hourRow{}
		for _, f := range ready {
			ok, err := f.write(ctx, tx, row)
			if b := (badHour{}); errors.As(err, &b) { // nothing of it was written
				x.putOff(cameraHour{f.name.Camera, f.name.Hour}, b.err)
				continue
			}
			if err != nil {
				return fmt.Errorf("hour %d of %s: %w", f.name.Hour, f.name.Camera, err)
			}
			if ok {
				done = append(done, f)
			}
		}
		return nil
	})
	return done, err
}

// write is false when the hour is not as it was when its manifest was made.
func (f *folding) write(ctx context.Context, tx *sql.Tx, row *hourRow) (bool, error) {
	id, hour := f.name.Camera, f.name.Hour
	found, err := row.load(ctx, tx, id, hour)
	if err != nil {
		return false, err
	}
	if found != (f.old.Generation > 0) || found && row.manifestName() != f.old {
		return false, nil // another hub was faster
	}
	// Where the bytes are is read only now: what somebody wrote since then counts.
	fresh, err := freshStates(ctx, tx, id, hour)
	if err != nil {
		return false, err
	}
	for i := range f.fresh {
		if _, ok := fresh[f.fresh[i].SegmentID]; !ok {
			return false, nil
		}
	}
	states, err := f.states(row, fresh)
	if err != nil {
		return false, badHour{err}
	}
	body, err := pack.NewHour(f.manifest, states)
	if err != nil {
		return false, badHour{err}
	}
	row.Body, row.Manifest, row.Root = *body, f.name.Generation, f.name.Root
	if err := row.save(ctx, tx); err != nil {
		return false, err
	}
	if err := saveActivity(ctx, tx, f.manifest); err != nil {
		return false, err
	}
	return true, f.clear(ctx, tx, len(fresh) == len(f.fresh))
}

var errLess = errors.New("the manifest has less than its hour")

// states are those of the manifest's facts: of its hour, which is in the same order,
// or of fresh rows.
func (f *folding) states(row *hourRow, fresh map[camera.SegmentID]pack.State) ([]pack.State, error) {
	states := make([]pack.State, len(f.manifest.Facts))
	had := row.Body.Segments
	for i := range f.manifest.Facts {
		id := &f.manifest.Facts[i].SegmentID
		if len(had) > 0 && had[0].Seq == id.Seq && row.Body.Shapes[had[0].Shape].Run == id.Run {
			states[i], had = had[0].State, had[1:]
			continue
		}
		states[i] = fresh[*id]
	}
	if len(had) > 0 {
		return nil, errLess
	}
	return states, nil
}

func saveActivity(ctx context.Context, tx *sql.Tx, m pack.Manifest) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO hour_activity (camera_id, hour, body) VALUES ($1, $2, $3)
		ON CONFLICT (camera_id, hour) DO UPDATE SET body = excluded.body`, string(m.Camera), m.Hour, pack.ActivityOf(m.Hour, m.Facts).Bytes())
	if err != nil {
		return fmt.Errorf("write activity: %w", err)
	}
	return nil
}

// clear deletes what the manifest has from the tables: all that is fresh of the hour,
// or what was there when the manifest was made. A gap that grew since stays.
func (f *folding) clear(ctx context.Context, tx *sql.Tx, all bool) error {
	if all {
		if _, err := tx.ExecContext(ctx, `DELETE FROM fresh `+ofHour, hourArgs(f.name.Camera, f.name.Hour)...); err != nil {
			return fmt.Errorf("delete segments: %w", err)
		}
	} else {
		ids := make([]camera.SegmentID, len(f.fresh))
		for i := range f.fresh {
			ids[i] = f.fresh[i].SegmentID
		}
		if err := deleteFresh(ctx, tx, ids); err != nil {
			return err
		}
	}
	return deleteGaps(ctx, tx, f.gaps)
}

func deleteGaps(ctx context.Context, tx *sql.Tx, gaps []pack.GapFact) error {
	for _, g := range gaps {
		_, err := tx.ExecContext(ctx, `DELETE FROM gaps WHERE camera_id = $1 AND stream = $2 AND start_ms = $3 AND end_ms = $4`,
			string(g.Camera), string(g.Stream), g.Start.UnixMilli(), g.End.UnixMilli())
		if err != nil {
			return fmt.Errorf("delete gap: %w", err)
		}
	}
	return nil
}
