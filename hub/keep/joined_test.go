package keep_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"iter"
	"log/slog"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
	"xulang.vn/camera/hub/db/dbtest"
	"xulang.vn/camera/hub/index"
	"xulang.vn/camera/hub/index/indextest"
	"xulang.vn/camera/hub/keep"
)

// joined hands the real index to a keep, as the hub does.
type joined struct {
	*index.Index
	db *db.DB

	// expiring is called before a camera's footage expires, and again inside of the
	// transaction; nil for not at all.
	expiring func(id camera.CameraID, inside bool)
}

// heldBy is what open cases hold, as a transaction sees it.
func (j joined) heldBy(ctx context.Context, tx *sql.Tx, id camera.CameraID, from, to time.Time) ([]camera.Interval, error) {
	if j.expiring != nil {
		j.expiring(id, true)
	}
	return holds(ctx, tx, id, from, to)
}

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func holds(ctx context.Context, q querier, id camera.CameraID, from, to time.Time) ([]camera.Interval, error) {
	rows, err := q.QueryContext(ctx, `SELECT from_ms, to_ms FROM wants WHERE camera_id = $1 AND from_ms < $3 AND to_ms > $2 AND ended_ms IS NULL`,
		id, from.UnixMilli(), to.UnixMilli())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []camera.Interval
	for rows.Next() {
		var i camera.Interval
		if err := rows.Scan((*db.Instant)(&i.From), (*db.Instant)(&i.To)); err != nil {
			return nil, err
		}
		all = append(all, i)
	}
	return all, rows.Err()
}

func (j joined) Held(ctx context.Context, id camera.CameraID, from, to time.Time) ([]camera.Interval, error) {
	return holds(ctx, j.db.Read(), id, from, to)
}

func (j joined) Expire(ctx context.Context, id camera.CameraID, before time.Time) (int, bool, error) {
	if j.expiring != nil {
		j.expiring(id, false)
	}
	return j.Index.Expire(ctx, id, before, j.heldBy)
}

func (j joined) Expiries(ctx context.Context, most int) ([]keep.Expiry, error) {
	all, err := j.Index.Expiries(ctx, most)
	var out []keep.Expiry
	for _, e := range all {
		out = append(out, keep.Expiry{ID: e.ID, Camera: e.Camera, Keys: e.Keys, Size: e.Size, Made: e.Made})
	}
	return out, err
}

func (j joined) Expired(ctx context.Context, since time.Time) (keep.Sum, error) {
	s, err := j.Index.Expired(ctx, since)
	return keep.Sum{Segments: s.Segments, Size: s.Bytes, Pending: s.Pending}, err
}

func (j joined) Backlog(ctx context.Context) (b keep.Backlog, err error) {
	b.Fresh, b.Oldest, b.Unshipped, err = j.Index.Backlog(ctx)
	return b, err
}

func (j joined) Hours(ctx context.Context, id camera.CameraID, from, to int64) iter.Seq2[keep.Hour, error] {
	return func(yield func(keep.Hour, error) bool) {
		for h, err := range j.Index.Hours(ctx, id, from, to) {
			one := keep.Hour{Hour: h.Hour, Folded: h.Folded}
			for _, e := range h.Entries {
				one.Pieces = append(one.Pieces, keep.Piece{Key: e.Key(), Size: e.Size, State: e.State})
			}
			if !yield(one, err) || err != nil {
				return
			}
		}
	}
}

func (j joined) SetStates(ctx context.Context, changes []keep.Change) ([]error, error) {
	var list []index.Change
	for _, c := range changes {
		list = append(list, index.Change(c))
	}
	return j.Index.SetStates(ctx, list)
}

func (j joined) Restore(ctx context.Context, stored func(context.Context, camera.CameraID) (map[camera.SegmentID]int64, error), progress func(keep.Rebuilt)) (keep.Rebuilt, error) {
	r, err := j.Index.Restore(ctx, stored, func(r index.Restored) { progress(keep.Rebuilt(r)) })
	return keep.Rebuilt(r), err
}

// believer takes every claim: what this package is about begins after that.
type believer struct{}

func (believer) Owns(camera.CameraID) bool            { return true }
func (believer) Signed([]byte, camera.Signature) bool { return true }

// world is a keep over the real index.
type world struct {
	joined
	keep   *keep.Keep
	parts  keep.Parts
	shelf  keep.Shelf
	bucket *bucket
	homes  homes
	now    func() time.Time
}

func newWorld(t testing.TB, d *db.DB, shelf keep.Shelf, now func() time.Time) *world {
	t.Helper()
	x, err := index.Open(t.Context(), d, shelf, slog.New(slog.DiscardHandler), now)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{joined: joined{Index: x, db: d}, shelf: shelf, bucket: newBucket(now), homes: homes{}, now: now}
	w.parts = keep.Parts{Database: d, Index: &w.joined, Footage: w.bucket, Shelf: shelf, Homes: w.homes, Holds: w.joined, Now: now}
	w.keep = keep.New(w.parts)
	return w
}

// reel is a run of a camera that goes on.
type reel struct {
	camera camera.CameraID
	run    camera.RunID
	next   uint32
	prev   camera.Hash
	at     time.Time
}

func newReel(id camera.CameraID, at time.Time) *reel {
	return &reel{camera: id, run: camera.RunID(fmt.Sprintf("%016x", at.UnixMilli())), at: at.UTC().Truncate(time.Millisecond)}
}

// film gives the next n segments, six seconds each, and their bytes.
func (r *reel) film(n int) (all []camera.Segment, bodies [][]byte) {
	for range n {
		body := fmt.Appendf(nil, "footage of %s, run %s, segment %d", r.camera, r.run, r.next)
		s := camera.Segment{
			SegmentID: camera.SegmentID{Camera: r.camera, Run: r.run, Seq: r.next},
			Start:     r.at, End: r.at.Add(camera.SegmentGoal), Media: camera.Millis(camera.SegmentGoal),
			Size: int64(len(body)), InitSize: 1, SHA256: sha256.Sum256(body), Prev: r.prev,
			Codec: "avc1.64001f", Width: 640, Height: 360, Signature: camera.Signature{1},
		}
		r.next, r.prev, r.at = r.next+1, s.SHA256, s.End
		all, bodies = append(all, s), append(bodies, body)
	}
	return all, bodies
}

// announce is believed as a whole.
func (w *world) announce(ctx context.Context, all []camera.Segment) error {
	for len(all) > 0 {
		n := min(len(all), camera.AnnounceMost)
		reply, err := w.Put(ctx, camera.Announce{V: camera.LinkVersion, Segments: all[:n]}, believer{})
		if err != nil {
			return err
		}
		for i, refusal := range reply.RefusedSegments {
			return fmt.Errorf("segment %s: %w", all[i].SegmentID, refusal.Err())
		}
		all = all[n:]
	}
	return nil
}

// store puts bytes into the bucket and tells the index.
func (w *world) store(ctx context.Context, all []camera.Segment, bodies [][]byte) error {
	var changes []keep.Change
	for i, s := range all {
		w.bucket.put(s.Key().String(), bodies[i])
		changes = append(changes, keep.Change{ID: s.SegmentID, To: camera.StateStored})
	}
	refused, err := w.SetStates(ctx, changes)
	for _, no := range refused {
		if err == nil {
			err = no
		}
	}
	return err
}

// add announces and stores.
func (w *world) add(ctx context.Context, r *reel, n int) ([]camera.Segment, error) {
	all, bodies := r.film(n)
	err := w.announce(ctx, all)
	if err == nil {
		err = w.store(ctx, all, bodies)
	}
	return all, err
}

// hold is what a case does.
func (w *world) hold(ctx context.Context, id string, of camera.CameraID, from, to time.Time) error {
	return w.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO cases (id, number, unit, officer_id, opened_ms) VALUES ('case', '1', 'x', 'u', 1) ON CONFLICT DO NOTHING`)
		if err == nil {
			_, err = tx.ExecContext(ctx, `INSERT INTO wants (id, case_id, camera_id, from_ms, to_ms, with_bytes, made_by, made_ms) VALUES ($1, 'case', $2, $3, $4, $5, 'u', $6)`,
				id, of, db.Instant(from), db.Instant(to), false, db.Instant(w.now()))
		}
		return err
	})
}

// foldAll closes what can be closed.
func (w *world) foldAll(t testing.TB) {
	t.Helper()
	for {
		n, err := w.Fold(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

// TestCheckGoesOnBehindADamagedManifest: it is told of, and so is all else.
func TestCheckGoesOnBehindADamagedManifest(t *testing.T) {
	at, shelf := noon, &indextest.Memory{}
	w := newWorld(t, dbtest.Open(t), shelf, func() time.Time { return at })
	first, second := newReel(cameraOf(1), at.Add(-5*time.Minute)), newReel(cameraOf(2), at.Add(-5*time.Minute))
	all, err := w.add(t.Context(), first, 10)
	if err != nil {
		t.Fatal(err)
	}
	more, err := w.add(t.Context(), second, 10)
	if err != nil {
		t.Fatal(err)
	}
	at = at.Add(3 * time.Hour)
	w.foldAll(t)
	for _, id := range []camera.CameraID{first.camera, second.camera} {
		for _, name := range shelf.Names("facts/" + string(id)) {
			if id == min(first.camera, second.camera) {
				shelf.Set(name, []byte("a bad disk"))
			}
		}
	}
	w.bucket.drop(all[3].Key())
	w.bucket.drop(more[4].Key())
	fresh := newWorld(t, w.db, shelf, w.now) // nothing in memory
	fresh.bucket = w.bucket
	w.parts.Index = &fresh.joined
	for _, depth := range []keep.Depth{keep.Names, keep.Checksums, keep.Bytes} {
		r, err := keep.New(w.parts).Check(t.Context(), keep.Wish{Depth: depth}, nil)
		if err != nil {
			t.Fatalf("depth %d: %v", depth, err)
		}
		if n := r.Counts[keep.Missing].Found; n != 2 || r.Counts[keep.WrongChecksum].Found+r.Counts[keep.WrongBytes].Found != 0 {
			t.Errorf("depth %d: %+v", depth, r.Counts)
		}
		if n := r.Counts[keep.ManifestWrong].Found; (n > 0) != (depth == keep.Bytes) {
			t.Errorf("depth %d: %d bad manifests", depth, n)
		}
	}
}
