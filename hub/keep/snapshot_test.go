package keep_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
	"xulang.vn/camera/hub/db/dbtest"
	"xulang.vn/camera/hub/index/indextest"
	"xulang.vn/camera/hub/keep"
)

// household is a change of the database.
func household(t testing.TB, d *db.DB, id, label string) {
	t.Helper()
	execute(t, d, `INSERT INTO households (id, label, created_ms) VALUES ($1, $2, 1)`, id, label)
}

func execute(t testing.TB, d *db.DB, query string, args ...any) {
	t.Helper()
	err := d.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), query, args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func count(t testing.TB, d *db.DB, table string) (n int) {
	t.Helper()
	if err := d.Read().QueryRowContext(t.Context(), `SELECT count(*) FROM `+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func (r *rig) database() *db.DB { return r.Database.(*db.DB) }

func (r *rig) mustSnapshot() bool {
	r.t.Helper()
	_, fresh, err := r.Snapshot(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	return fresh
}

// emptied is a restore into a new database whose index rebuilds nothing.
func (r *rig) lost(into *db.DB) keep.Lost {
	return keep.Lost{Database: into, Index: nothing{r.ledger}, Footage: r.bucket, Shelf: r.shelf, Now: r.clock.now}
}

type nothing struct{ *ledger }

func (nothing) Restore(ctx context.Context, stored func(context.Context, camera.CameraID) (map[camera.SegmentID]int64, error), _ func(keep.Rebuilt)) (keep.Rebuilt, error) {
	sizes, err := stored(ctx, cameraOf(1))
	return keep.Rebuilt{Stored: len(sizes)}, err
}

func TestSnapshotsComeBack(t *testing.T) {
	r := newRig(t)
	household(t, r.database(), "h1", "Nhà 01")
	execute(t, r.database(), `INSERT INTO users (id, login, name, role, unit, password, created_ms) VALUES ('u', 'u', 'U', 'officer', 'x', '', 1)`)
	execute(t, r.database(), `INSERT INTO sessions (hash, user_id, opened_ms, expires_ms) VALUES ('secret', 'u', 1, 2)`)
	execute(t, r.database(), `INSERT INTO fresh (camera_id, run, seq, stream, start_ms, end_ms, state, fact) VALUES ('c', 'r', 0, '', 1, 2, 'home', $1)`, []byte{1})
	r.film(cameraOf(1), noon.Add(-day), 9, camera.StateStored)
	if !r.mustSnapshot() {
		t.Error("nothing was written")
	}
	r.clock.move(time.Minute)
	if r.mustSnapshot() {
		t.Error("the same was written twice")
	}
	household(t, r.database(), "h2", "Nhà 02")
	if !r.mustSnapshot() {
		t.Error("a change was not written")
	}
	if !r.ledger.taken.Equal(noon) {
		t.Errorf("the index was told of %s, want the time of the snapshot before the newest", r.ledger.taken)
	}
	into := dbtest.Open(t)
	got, err := r.lost(into).Restore(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !got.Snapshot.Equal(noon.Add(time.Minute)) || got.Rows["households"] != 2 || got.Index.Stored != 9 || len(got.Damaged) != 0 {
		t.Errorf("restored %+v", got)
	}
	for table, want := range map[string]int{"households": 2, "users": 1, "sessions": 0, "setup": 0, "fresh": 0, "checks": 1} {
		if n := count(t, into, table); n != want {
			t.Errorf("%d rows in %s, want %d", n, table, want)
		}
	}
	for _, lang := range []keep.Lang{keep.English, keep.Vietnamese} {
		if text := keep.ExplainRestore(got, lang); !strings.Contains(text, "22/11/2026 12:01:00") || strings.Contains(text, "%!") {
			t.Errorf("%s:\n%s", lang, text)
		}
	}
	// A second restore would mix two pasts.
	if _, err := r.lost(into).Restore(t.Context(), nil); camera.CodeOf(err) != camera.CodeConflict {
		t.Errorf("restore into a database that is in use: %v", err)
	}
}

func TestRestoreTriesOlderSnapshots(t *testing.T) {
	r := newRig(t)
	for _, id := range []string{"h1", "h2", "h3", "h4"} {
		household(t, r.database(), id, strings.Repeat(id, 50))
		r.mustSnapshot()
		r.clock.move(10 * time.Minute)
	}
	names := r.shelf.Names("snapshots/")
	body, err := r.shelf.Get(t.Context(), names[3])
	if err != nil {
		t.Fatal(err)
	}
	r.shelf.Set(names[3], body[:len(body)-20]) // its end is missing
	body, _ = r.shelf.Get(t.Context(), names[2])
	body[len(body)/2] ^= 4
	r.shelf.Set(names[2], body)
	r.shelf.Set("snapshots/2026-11-30T00:00:00.gz.001", body) // its last part was never written
	into := dbtest.Open(t)
	got, err := r.lost(into).Restore(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Damaged) != 2 || count(t, into, "households") != 2 {
		t.Errorf("%d damaged, %d households", len(got.Damaged), count(t, into, "households"))
	}
	for _, name := range names {
		r.shelf.Set(name, []byte("no gzip"))
	}
	if _, err := r.lost(dbtest.Open(t)).Restore(t.Context(), nil); camera.CodeOf(err) != camera.CodeNotFound {
		t.Errorf("no snapshot reads: %v", err)
	}
	r.shelf.Fail(func(verb, _ string) indextest.When { return indextest.Before })
	if _, err := r.lost(dbtest.Open(t)).Restore(t.Context(), nil); !errors.Is(err, indextest.ErrAway) {
		t.Errorf("the shelf is away: %v", err)
	}
}

func TestSnapshotsGoWithTime(t *testing.T) {
	r := newRig(t)
	for i := range 40 * 4 { // four a day
		household(t, r.database(), time.Duration(i).String(), "")
		r.mustSnapshot()
		r.clock.move(6 * time.Hour)
	}
	names := r.shelf.Names("snapshots/")
	// The last twelve are of three days; the days before have one each, of thirty days.
	if len(names) < 12+26 || len(names) > 12+28 {
		t.Errorf("%d snapshots are kept", len(names))
	}
	days := map[string]int{}
	for _, name := range names[:len(names)-12] {
		if days[name[:len("snapshots/2026-11-22")]]++; !strings.HasSuffix(name, "23:00:00.gz") {
			t.Errorf("%s is not the last of its day", name)
		}
	}
	for d, n := range days {
		if n != 1 {
			t.Errorf("%d of %s", n, d)
		}
	}
}

func TestSnapshotInTheSameSecond(t *testing.T) {
	r := newRig(t)
	for _, id := range []string{"h1", "h2", "h3"} {
		household(t, r.database(), id, "")
		r.mustSnapshot()
	}
	if names := r.shelf.Names("snapshots/"); len(names) != 3 {
		t.Errorf("snapshots %v", names)
	}
}

// TestSnapshotInParts: what does not fit into one object is several, and a failure on
// the way leaves no snapshot that could be taken for a whole one.
func TestSnapshotInParts(t *testing.T) {
	defer keep.SetPartMost(1000)()
	r := newRig(t)
	for i := range 300 {
		household(t, r.database(), string(cameraOf(i)), string(cameraOf(1000+i)))
	}
	r.shelf.Fail(func(verb, name string) indextest.When {
		if verb == "put" && strings.HasSuffix(name, ".gz.003") {
			return indextest.After
		}
		return 0
	})
	if _, _, err := r.Snapshot(t.Context()); err == nil {
		t.Error("a snapshot that failed was told as written")
	}
	r.shelf.Fail(nil)
	r.clock.move(time.Minute)
	r.mustSnapshot()
	names := r.shelf.Names("snapshots/2026-11-22T05:01:00")
	if len(names) < 5 {
		t.Fatalf("parts %v", names)
	}
	into := dbtest.Open(t)
	if _, err := r.lost(into).Restore(t.Context(), nil); err != nil || count(t, into, "households") != 300 {
		t.Errorf("%d households, %v", count(t, into, "households"), err)
	}
	r.shelf.Set(names[2], nil)
	if _, err := r.lost(dbtest.Open(t)).Restore(t.Context(), nil); camera.CodeOf(err) != camera.CodeNotFound {
		t.Errorf("a part is missing: %v", err)
	}
	// The same again leaves no parts behind.
	all := len(r.shelf.Names("snapshots/"))
	r.clock.move(time.Minute)
	if r.mustSnapshot() || len(r.shelf.Names("snapshots/")) != all {
		t.Errorf("%d objects, were %d", len(r.shelf.Names("snapshots/")), all)
	}
}

// TestNothingExpiresAfterARestore: a hold of the last minutes may be in no snapshot.
func TestNothingExpiresAfterARestore(t *testing.T) {
	r := newRig(t)
	r.film(cameraOf(1), noon.Add(-20*day), 5, camera.StateStored)
	r.mustSnapshot()
	into := dbtest.Open(t)
	if _, err := r.lost(into).Restore(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	k := keep.New(keep.Parts{Database: into, Index: r.ledger, Footage: r.bucket, Shelf: r.shelf, Homes: r.homes, Holds: r.ledger, Now: r.clock.now})
	r.clock.move(day - time.Second)
	if round, err := k.Expire(t.Context()); err != nil || round.Segments != 0 {
		t.Errorf("round %+v, %v", round, err)
	}
	if u, err := k.Upkeep(t.Context()); err != nil || u.Grace != time.Second || u.Checked || u.Snapshot.At != noon {
		t.Errorf("upkeep %+v, %v", u, err)
	}
	r.clock.move(time.Second)
	if round, err := k.Expire(t.Context()); err != nil || round.Segments != 5 {
		t.Errorf("round %+v, %v", round, err)
	}
}

// TestRestoreGoesOnWithDeletions: what was marked as expired does not come back as
// stored only because it is still there.
func TestRestoreGoesOnWithDeletions(t *testing.T) {
	r := newRig(t)
	all := r.film(cameraOf(1), noon.Add(-20*day), 5, camera.StateStored)
	if _, _, err := r.ledger.Expire(t.Context(), cameraOf(1), noon); err != nil {
		t.Fatal(err)
	}
	r.mustSnapshot()
	for _, s := range all { // as the listing tells
		r.ledger.add(s, camera.StateStored)
	}
	got, err := r.lost(dbtest.Open(t)).Restore(t.Context(), nil)
	if err != nil || got.Expired != 5 || r.ledger.state(all[2].SegmentID) != camera.StateExpired {
		t.Errorf("restored %+v, %v", got, err)
	}
}

// TestNewestSnapshotAfterTheClockWasSetBack: a restore takes the one that was made last.
func TestNewestSnapshotAfterTheClockWasSetBack(t *testing.T) {
	r := newRig(t)
	r.clock.move(365 * 24 * time.Hour)
	r.mustSnapshot()
	r.clock.move(-365 * 24 * time.Hour)
	household(t, r.database(), "h1", "one")
	r.mustSnapshot()
	into := dbtest.Open(t)
	if _, err := r.lost(into).Restore(t.Context(), nil); err != nil || count(t, into, "households") != 1 {
		t.Errorf("%d households come back, %v", count(t, into, "households"), err)
	}
}
