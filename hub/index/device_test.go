package index_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
	"xulang.vn/camera/hub/db/dbtest"
	"xulang.vn/camera/hub/index"
	"xulang.vn/camera/hub/index/indextest"
)

var start = time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC)

const (
	mine   = camera.CameraID("caaaaaaaaaaaaaaaa")
	theirs = camera.CameraID("cbbbbbbbbbbbbbbbb")
	run    = camera.RunID("00000000000000aa")
)

// household is a device with a real key of its own and one camera.
type household struct{ key ed25519.PrivateKey }

var device = household{ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))}

func (h household) Owns(id camera.CameraID) bool { return id == mine }

func (h household) Signed(payload []byte, sig camera.Signature) bool {
	return ed25519.Verify(h.key.Public().(ed25519.PublicKey), payload, sig[:])
}

// sign gives copies with the device's signatures, as they go out.
func sign(segs []camera.Segment) []camera.Segment {
	segs = slices.Clone(segs)
	for i := range segs {
		segs[i].Signature = camera.Signature(ed25519.Sign(device.key, segs[i].Payload()))
	}
	return segs
}

func signGaps(gaps []camera.Gap) []camera.Gap {
	gaps = slices.Clone(gaps)
	for i := range gaps {
		gaps[i].Signature = camera.Signature(ed25519.Sign(device.key, gaps[i].Payload()))
	}
	return gaps
}

// clock is an hour after start: every fact below lies in its past.
func clock() time.Time { return start.Add(time.Hour) }

func open(t testing.TB) (*index.Index, *db.DB) {
	t.Helper()
	h := stand(t)
	return h.Index, h.db
}

// hub is an index with its database, its bucket and a clock that tests move.
type hub struct {
	*index.Index
	db      *db.DB
	objects *indextest.Memory
	at      time.Time
}

func stand(t testing.TB) *hub {
	t.Helper()
	h := &hub{db: dbtest.Open(t), objects: &indextest.Memory{}, at: clock()}
	h.reopen(t)
	return h
}

// reopen is a hub that starts again.
func (h *hub) reopen(t testing.TB) {
	t.Helper()
	x, err := index.Open(t.Context(), h.db, h.objects, slog.New(slog.DiscardHandler), func() time.Time { return h.at })
	if err != nil {
		t.Fatal(err)
	}
	h.Index = x
}

// fold closes all hours that began before clock. Agents are as late as before then.
func (h *hub) fold(t testing.TB) {
	t.Helper()
	at := h.at
	h.at = clock().Add(2 * time.Hour)
	if _, err := h.Fold(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.at = at
	if n := h.number(t, `SELECT count(*) FROM fresh`); n != 0 {
		t.Fatalf("%d segments are in no closed hour after a fold", n)
	}
}

// number asks the database for one number.
func (h *hub) number(t testing.TB, query string, args ...any) (n int64) {
	t.Helper()
	if err := h.db.Read().QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

func hashOf(seq uint32) camera.Hash { return sha256.Sum256(fmt.Append(nil, "segment ", seq)) }

// segment is the seq-th of a run of six-second segments.
func segment(seq uint32) camera.Segment {
	s := camera.Segment{
		SegmentID: camera.SegmentID{Camera: mine, Run: run, Seq: seq},
		Start:     start.Add(time.Duration(seq) * 6 * time.Second), End: start.Add(time.Duration(seq+1) * 6 * time.Second),
		Media: camera.Millis(5990 * time.Millisecond), SenderReport: start.Add(time.Duration(seq)*6*time.Second + 40*time.Millisecond),
		Clock: camera.Clock{Synchronised: true, Offset: camera.Millis(-12 * time.Millisecond), Bound: camera.Millis(7 * time.Millisecond)},
		Size:  1_000_000, InitSize: 800, SHA256: hashOf(seq), Codec: "avc1.64001f,mp4a.40.2", Width: 1920, Height: 1080,
		KeySize: 60_000, KeySHA256: hashOf(seq + 1<<20), Activity: "\x00\x07\xff\x00\n\"",
	}
	if seq > 0 {
		s.Prev = hashOf(seq - 1)
	}
	return s
}

func segments(n int) []camera.Segment {
	list := make([]camera.Segment, n)
	for i := range list {
		list[i] = segment(uint32(i))
	}
	return list
}

func gap(from, to int) camera.Gap {
	return camera.Gap{Camera: mine, Start: start.Add(time.Duration(from) * time.Second), End: start.Add(time.Duration(to) * time.Second), Cause: camera.CauseCameraOff}
}

// put announces facts as the device signed them.
func put(t testing.TB, x *index.Index, segs []camera.Segment, gaps ...camera.Gap) camera.AnnounceReply {
	t.Helper()
	reply, err := x.Put(t.Context(), camera.Announce{V: camera.LinkVersion, Segments: sign(segs), Gaps: signGaps(gaps)}, device)
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

func accept(t testing.TB, x *index.Index, segs []camera.Segment, gaps ...camera.Gap) {
	t.Helper()
	if r := put(t, x, segs, gaps...); len(r.RefusedSegments)+len(r.RefusedGaps) > 0 || r.Err() != nil {
		t.Fatalf("refused: %+v", r)
	}
}

func window(t testing.TB, x *index.Index, from, to time.Time) ([]index.Entry, []camera.Gap) {
	t.Helper()
	entries, gaps, err := x.Window(t.Context(), mine, from, to)
	if err != nil {
		t.Fatal(err)
	}
	return entries, gaps
}

// holdWriter keeps everybody from writing until let is closed.
func (h *hub) holdWriter(t testing.TB, held chan<- struct{}, let <-chan struct{}) {
	t.Helper()
	err := h.db.Write(t.Context(), func(*sql.Tx) error {
		close(held)
		<-let
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// refuseRun makes the database fail on segments of a run.
func (h *hub) refuseRun(t testing.TB, run camera.RunID) {
	t.Helper()
	statements := []string{`CREATE TRIGGER poison BEFORE INSERT ON fresh WHEN NEW.run = '` + string(run) + `' BEGIN SELECT RAISE(ABORT, 'refused'); END`}
	if h.db.Postgres() {
		statements = []string{`CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$`,
			`CREATE TRIGGER poison BEFORE INSERT ON fresh FOR EACH ROW WHEN (NEW.run = '` + string(run) + `') EXECUTE FUNCTION poison()`}
	}
	h.write(t, statements...)
}

// failCommits makes each commit of new segments fail.
func (h *hub) failCommits(t testing.TB) {
	t.Helper()
	statements := []string{`CREATE TABLE late (run text REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED)`,
		`CREATE TRIGGER late_fails AFTER INSERT ON fresh BEGIN INSERT INTO late VALUES ('nobody'); END`}
	if h.db.Postgres() {
		statements = []string{statements[0],
			`CREATE FUNCTION late_fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO late VALUES ('nobody'); RETURN NULL; END $$`,
			`CREATE TRIGGER late_fails AFTER INSERT ON fresh FOR EACH ROW EXECUTE FUNCTION late_fails()`}
	}
	h.write(t, statements...)
}

func (h *hub) writeOne(t testing.TB, statement string, args ...any) {
	t.Helper()
	err := h.db.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), statement, args...)
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func (h *hub) write(t testing.TB, statements ...string) {
	t.Helper()
	err := h.db.Write(t.Context(), func(tx *sql.Tx) error {
		for _, s := range statements {
			if _, err := tx.ExecContext(t.Context(), s); err != nil {
				return fmt.Errorf("%s: %w", s, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
