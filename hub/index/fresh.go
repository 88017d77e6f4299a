package index

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
	"xulang.vn/camera/hub/index/pack"
)

// freshRow is a segment that is in no closed hour: its fingerprint and where its
// bytes are. The columns beside the fact repeat what rows are looked for by.
type freshRow struct {
	pack.Fact
	State pack.State
}

func (r freshRow) entry() Entry {
	return Entry{Segment: r.Segment, State: r.State.Byte(), Received: r.Received}
}

// What SELECT state, fact FROM fresh is asked with; scanFresh reads its rows.
const (
	selectFresh = `SELECT state, fact FROM fresh `
	freshOrder  = ` ORDER BY start_ms, run, seq`
)

// scanFresh works on rows alone, not on a single row: it decodes the driver's bytes.
func scanFresh(row scanner) (freshRow, error) {
	var (
		state camera.ByteState
		body  sql.RawBytes
	)
	if err := row.Scan(&state, &body); err != nil {
		return freshRow{}, err
	}
	f, err := pack.DecodeFact(body)
	if err != nil {
		return freshRow{}, fmt.Errorf("read fact: %w", err)
	}
	s, ok := pack.StateOf(state)
	if !ok {
		return freshRow{}, fmt.Errorf("read fact of %s: state %q", f.SegmentID, state)
	}
	return freshRow{Fact: f, State: s}, nil
}

func freshByID(ctx context.Context, q asked, id camera.SegmentID) (freshRow, bool, error) {
	rows, err := list(ctx, q, scanFresh, selectFresh+byID, id.Camera, id.Run, id.Seq)
	if err != nil || len(rows) == 0 {
		return freshRow{}, false, err
	}
	return rows[0], true, nil
}

func freshOfHour(ctx context.Context, q asked, id camera.CameraID, hour int64) ([]freshRow, error) {
	return list(ctx, q, scanFresh, selectFresh+ofHour+freshOrder, hourArgs(id, hour)...)
}

// freshStates reads less than freshOfHour: only where the bytes are.
func freshStates(ctx context.Context, q asked, id camera.CameraID, hour int64) (map[camera.SegmentID]pack.State, error) {
	states := map[camera.SegmentID]pack.State{}
	_, err := list(ctx, q, func(row scanner) (struct{}, error) {
		var (
			one   = camera.SegmentID{Camera: id}
			state camera.ByteState
		)
		if err := row.Scan(&one.Run, &one.Seq, &state); err != nil {
			return struct{}{}, err
		}
		s, ok := pack.StateOf(state)
		if !ok {
			return struct{}{}, fmt.Errorf("segment %s: state %q", one, state)
		}
		states[one] = s
		return struct{}{}, nil
	}, `SELECT run, seq, state FROM fresh `+ofHour, hourArgs(id, hour)...)
	return states, err
}

// ofHour is the condition for what starts in an hour; its arguments are hourArgs.
const ofHour = `WHERE camera_id = $1 AND start_ms >= $2 AND start_ms < $3`

func hourArgs(id camera.CameraID, hour int64) []any {
	return []any{id, pack.StartOf(hour).UnixMilli(), pack.StartOf(hour + 1).UnixMilli()}
}

// Rows of one statement. SQLite is called for each argument alone and gains nothing
// from long ones; PostgreSQL answers each statement over a socket, and takes at most
// 65,535 arguments.
const (
	manyHere = 8
	manyAway = 500
)

// many is how many rows go into one statement of this index's database.
func (x *Index) many() int {
	if x.db.Postgres() {
		return manyAway
	}
	return manyHere
}

// insertFresh adds rows, at most many in one statement, and tells how many were not
// there before. A row whose id is there stays as it is.
func insertFresh(ctx context.Context, tx *sql.Tx, many int, rows []freshRow) (added int64, err error) {
	return insertFreshIn(ctx, tx, many, rows, func(int, int64) {})
}

// insertFreshIn tells after each statement up to where the rows are in, and how many
// of that statement's were new.
func insertFreshIn(ctx context.Context, tx *sql.Tx, many int, rows []freshRow, each func(to int, added int64)) (added int64, err error) {
	const columns = 8
	args, facts := make([]any, 0, many*columns), []byte(nil)
	err = inChunks(ctx, tx, many, len(rows), insertFreshText, func(stmt *sql.Stmt, from, to int) error {
		args, facts = args[:0], facts[:0]
		for _, r := range rows[from:to] {
			begin := len(facts)
			facts = pack.AppendFact(facts, r.Fact)
			args = append(args, string(r.Camera), string(r.Run), int64(r.Seq), string(r.Stream),
				r.Start.UnixMilli(), r.End.UnixMilli(), string(r.State.Byte()), facts[begin:len(facts):len(facts)])
		}
		done, err := stmt.ExecContext(ctx, args...)
		if err != nil {
			return err
		}
		n, err := done.RowsAffected()
		added += n
		each(to, n)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("insert segments: %w", err)
	}
	return added, nil
}

func insertFreshText(rows int) string {
	return `INSERT INTO fresh (camera_id, run, seq, stream, start_ms, end_ms, state, fact) VALUES ` +
		db.Values(rows, 8) + ` ON CONFLICT (camera_id, run, seq) DO NOTHING`
}

func deleteFresh(ctx context.Context, tx *sql.Tx, ids []camera.SegmentID) error {
	gone, err := tx.PrepareContext(ctx, `DELETE FROM fresh `+byID)
	if err != nil {
		return fmt.Errorf("delete segments: %w", err)
	}
	defer gone.Close()
	for _, id := range ids {
		if _, err := gone.ExecContext(ctx, id.Camera, id.Run, id.Seq); err != nil {
			return fmt.Errorf("delete segment %s: %w", id, err)
		}
	}
	return nil
}

func setFresh(ctx context.Context, tx *sql.Tx, id camera.SegmentID, to pack.State) error {
	if _, err := tx.ExecContext(ctx, `UPDATE fresh SET state = $4 `+byID, id.Camera, id.Run, id.Seq, to.Byte()); err != nil {
		return fmt.Errorf("write state of segment: %w", err)
	}
	return nil
}

// inChunks runs a statement over n rows: as often as it can with many of them, then
// with fewer, then with one, so that at most three texts are prepared.
func inChunks(ctx context.Context, tx *sql.Tx, many, n int, text func(rows int) string, run func(stmt *sql.Stmt, from, to int) error) error {
	from := 0
	for _, size := range []int{many, max(many/16, 2), 1} {
		if n-from < size {
			continue
		}
		var err error
		if from, err = inChunksOf(ctx, tx, size, from, n, text(size), run); err != nil {
			return err
		}
	}
	return nil
}

func inChunksOf(ctx context.Context, tx *sql.Tx, size, from, n int, text string, run func(stmt *sql.Stmt, from, to int) error) (done int, err error) {
	stmt, err := tx.PrepareContext(ctx, text)
	if err != nil {
		return from, err
	}
	defer func() { err = cmp.Or(err, stmt.Close()) }()
	for ; n-from >= size; from += size {
		if err := run(stmt, from, from+size); err != nil {
			return from, err
		}
	}
	return from, nil
}
