package keep

import (
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"time"

	camera "xulang.vn/camera"
)

// Lost is what a lost database is built from again, and the empty one for it.
type Lost struct {
	Database Empty
	Index    Restorer
	Footage  Listing
	Shelf    Library
	Now      func() time.Time
}

// Empty is a database without a row; *db.DB is one.
type Empty interface {
	Tables(ctx context.Context) ([]string, error)
	Load(ctx context.Context, r io.Reader) error
	Write(ctx context.Context, f func(*sql.Tx) error) error
	Read() *sql.DB
}

// Restorer builds the index again from its objects.
type Restorer interface {
	// Restore asks for the footage that the bucket has of a camera: sizes by segment.
	Restore(ctx context.Context, stored func(context.Context, camera.CameraID) (map[camera.SegmentID]int64, error), progress func(Rebuilt)) (Rebuilt, error)
	Mover
	Expiries(ctx context.Context, most int) ([]Expiry, error)
}

// Listing is the footage bucket as a restore needs it.
type Listing interface {
	Objects(ctx context.Context, prefix string) iter.Seq2[Object, error]
}

// Rebuilt is what came back into the index.
type Rebuilt struct {
	Cameras  int      `json:"cameras"` // whose hours are there again
	Hours    int      `json:"hours"`   // folded ones, from their manifests
	Segments int      `json:"segments"`
	Stored   int      `json:"stored"`   // those of them whose bytes are there
	Journals int      `json:"journals"` // objects
	Gaps     int      `json:"gaps"`
	Damaged  []string `json:"damaged"` // objects of the index that cannot be used, in English
	Lost     int      `json:"lost"`    // hours without a good manifest
}

// Restoration is what a restore did.
type Restoration struct {
	Began    time.Time        `json:"began"`
	Ended    time.Time        `json:"ended"`
	Snapshot time.Time        `json:"snapshot"` // when the one that was used was made
	Damaged  []Damaged        `json:"damaged"`  // newer ones that did not read
	Rows     map[string]int64 `json:"rows"`     // by table, of the snapshot
	Index    Rebuilt          `json:"index"`
	Expired  int64            `json:"expired"` // segments whose deletion had begun, and goes on
}

// Damaged is a snapshot that does not read whole.
type Damaged struct {
	At  time.Time `json:"at"`
	Why string    `json:"why"` // English
}

// Restore fills an empty database: from the newest snapshot that reads whole, then
// from the index's own objects and a listing of the footage. Holds are in the
// snapshot. After an error the database is to be thrown away, and Restore called with
// a new one. Nothing expires for a day after it (graceAfter).
func (l Lost) Restore(ctx context.Context, progress func(Rebuilt)) (Restoration, error) {
	r := Restoration{Began: l.Now().UTC(), Damaged: []Damaged{}}
	err := l.empty(ctx)
	if err == nil {
		err = l.load(ctx, &r)
	}
	if err == nil {
		if progress == nil {
			progress = func(Rebuilt) {}
		}
		r.Index, err = l.Index.Restore(ctx, l.stored, progress)
	}
	if err == nil {
		err = l.goOn(ctx, &r)
	}
	if err == nil {
		r.Ended = l.Now().UTC()
		err = l.note(ctx, r)
	}
	if err != nil {
		return r, fmt.Errorf("restore: %w", err)
	}
	return r, nil
}

// count is how many rows tables have, of all but the index's own.
func (l Lost) count(ctx context.Context) (map[string]int64, error) {
	tables, err := l.Database.Tables(ctx)
	if err != nil {
		return nil, err
	}
	rows := map[string]int64{}
	for _, t := range tables {
		var n int64
		// A name from the database's own catalogue.
		if err := l.Database.Read().QueryRowContext(ctx, `SELECT count(*) FROM "`+t+`"`).Scan(&n); err != nil {
			return nil, fmt.Errorf("count rows of %s: %w", t, err)
		}
		rows[t] = n
	}
	return rows, nil
}

func (l Lost) empty(ctx context.Context) error {
	rows, err := l.count(ctx)
	if err != nil {
		return err
	}
	for _, t := range slices.Sorted(maps.Keys(rows)) {
		if rows[t] > 0 {
			return camera.Errorf(camera.CodeConflict, "table %s has %d rows: a restore needs an empty database", t, rows[t])
		}
	}
	return nil
}

// load tries snapshots from the newest on. A snapshot is loaded whole or not at all.
func (l Lost) load(ctx context.Context, r *Restoration) error {
	all, err := stamps(ctx, l.Shelf)
	if err != nil {
		return err
	}
	for _, s := range slices.Backward(all) {
		if !s.whole {
			continue
		}
		err := l.read(ctx, s)
		if err == nil {
			r.Snapshot = s.at
			r.Rows, err = l.count(ctx)
			return err
		}
		if away(err) || ctx.Err() != nil {
			return err
		}
		r.Damaged = append(r.Damaged, Damaged{s.at, err.Error()})
	}
	why := make([]error, 0, len(r.Damaged))
	for _, d := range r.Damaged {
		why = append(why, fmt.Errorf("%s: %s", nameOf(d.At, 0), d.Why))
	}
	return camera.Errorf(camera.CodeNotFound, "no snapshot of %d reads whole: %w", len(r.Damaged), errors.Join(why...))
}

func (l Lost) read(ctx context.Context, s stamp) error {
	for i, p := range s.parts {
		if p != i+1 {
			return fmt.Errorf("part %d of it is missing", i+1)
		}
	}
	in := &joined{ctx: ctx, from: l.Shelf, names: s.names()}
	plain, err := gzip.NewReader(in)
	if err == nil {
		err = l.Database.Load(ctx, plain)
	}
	if in.err != nil {
		return in.err // what is above it may have put it into other words
	}
	return err
}

// joined reads objects one after the other.
type joined struct {
	ctx   context.Context //nolint:containedctx // lives for one load; io.Reader has no place for it
	from  Library
	names []string
	body  []byte
	err   error // of the shelf
}

func (j *joined) Read(b []byte) (int, error) {
	for len(j.body) == 0 {
		if len(j.names) == 0 {
			return 0, io.EOF
		}
		if j.body, j.err = j.from.Get(j.ctx, j.names[0]); j.err != nil {
			return 0, j.err
		}
		j.names = j.names[1:]
	}
	n := copy(b, j.body)
	j.body = j.body[n:]
	return n, nil
}

// stored lists a camera's footage.
func (l Lost) stored(ctx context.Context, id camera.CameraID) (map[camera.SegmentID]int64, error) {
	sizes := map[camera.SegmentID]int64{}
	for o, err := range l.Footage.Objects(ctx, string(id)+"/") {
		if err != nil {
			return nil, fmt.Errorf("list footage of %s: %w", id, err)
		}
		if key, err := camera.ParseKey(o.Name); err == nil {
			sizes[key.SegmentID] = o.Size
		}
	}
	return sizes, nil
}

// goOn marks again what was marked as expired and may not be deleted yet. By the
// listing alone it would come back as stored, and be deleted under the eyes of whoever
// holds it from then on.
func (l Lost) goOn(ctx context.Context, r *Restoration) error {
	open, err := l.Index.Expiries(ctx, expiriesMost)
	if err != nil {
		return fmt.Errorf("list expiries: %w", err)
	}
	for _, e := range open {
		var changes []Change
		for _, key := range e.Keys {
			changes = append(changes, Change{key.SegmentID, camera.StateExpired})
		}
		refused, err := l.Index.SetStates(ctx, changes)
		if err != nil {
			return fmt.Errorf("mark expired footage: %w", err)
		}
		for i := range changes {
			if i >= len(refused) || refused[i] == nil {
				r.Expired++
			}
		}
	}
	return nil
}

// expiriesMost is more than can be open: the object store would have to be away for
// weeks while the hub goes on to mark, which it does not.
const expiriesMost = 1 << 20

func (l Lost) note(ctx context.Context, r Restoration) error {
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return l.Database.Write(ctx, func(tx *sql.Tx) error { return insert(ctx, tx, restored, r.Began, r.Ended, body) })
}
