package index

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index/pack"
)

// hourRow is a camera's closed hour. It is read and saved in one transaction: save
// refuses a row that another one has saved since.
type hourRow struct {
	Camera   camera.CameraID
	Hour     int64
	Version  int64 // 0: not in the table yet
	Manifest int64 // generation
	Root     camera.Hash
	Body     pack.Hour

	raw  []byte
	runs map[camera.RunID]seqs // as run_hours has them
}

// seqs are the first and the last segment of a run in an hour; there may be others of
// other hours between them.
type seqs struct{ first, last uint32 }

func loadHour(ctx context.Context, q asked, id camera.CameraID, hour int64) (*hourRow, bool, error) {
	r := &hourRow{}
	found, err := r.load(ctx, q, id, hour)
	return r, found, err
}

// load reads a row into the slices of the one before; where there is none it leaves
// an empty row.
func (r *hourRow) load(ctx context.Context, q asked, id camera.CameraID, hour int64) (bool, error) {
	b := r.Body
	*r = hourRow{Camera: id, Hour: hour, raw: r.raw, Body: pack.Hour{Shapes: b.Shapes[:0], Segments: b.Segments[:0], Gaps: b.Gaps[:0]}}
	found, err := list(ctx, q, func(row scanner) (struct{}, error) {
		var root, body sql.RawBytes
		if err := row.Scan(&r.Version, &r.Manifest, &root, &body); err != nil {
			return struct{}{}, err
		}
		if len(root) != len(r.Root) {
			return struct{}{}, fmt.Errorf("root of %d bytes", len(root))
		}
		copy(r.Root[:], root)
		if err := r.Body.Decode(body, hour); err != nil {
			return struct{}{}, badHour{err}
		}
		return struct{}{}, nil
	}, `SELECT version, manifest, root, body FROM hours WHERE camera_id = $1 AND hour = $2`, id, hour)
	if err != nil {
		return false, fmt.Errorf("read hour %d of %s: %w", hour, id, err)
	}
	if len(found) > 0 {
		r.runs = runsOf(&r.Body)
	}
	return len(found) > 0, nil
}

// errChanged is a mistake of this program: the row was not read in this transaction.
var errChanged = errors.New("it was changed since it was read")

// save writes the row and what follows from its body.
func (r *hourRow) save(ctx context.Context, tx *sql.Tx) error {
	body, err := r.Body.Append(r.raw[:0], r.Hour)
	if err != nil {
		return fmt.Errorf("pack hour %d of %s: %w", r.Hour, r.Camera, badHour{err})
	}
	r.raw = body
	stored := 0
	for i := range r.Body.Segments {
		if r.Body.Segments[i].State.Playable() {
			stored++
		}
	}
	text := `INSERT INTO hours (camera_id, hour, version, segments, stored, covered_ms, body, manifest, root)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	args := []any{string(r.Camera), r.Hour, r.Version + 1, len(r.Body.Segments), stored, coveredMillis(&r.Body), body, r.Manifest, r.Root[:]}
	if r.Version > 0 {
		text = `UPDATE hours SET version = $3, segments = $4, stored = $5, covered_ms = $6, body = $7, manifest = $8, root = $9
			WHERE camera_id = $1 AND hour = $2 AND version = $10`
		args = append(args, r.Version)
	}
	done, err := tx.ExecContext(ctx, text, args...)
	if err != nil {
		return fmt.Errorf("write hour %d of %s: %w", r.Hour, r.Camera, err)
	}
	if n, err := done.RowsAffected(); err != nil || n != 1 {
		return fmt.Errorf("write hour %d of %s: %w", r.Hour, r.Camera, cmp.Or(err, errChanged))
	}
	r.Version++
	return r.saveRuns(ctx, tx)
}

// coveredMillis is how much of the time the main stream's segments cover, at most an
// hour. What begins in the hour counts as a whole, also what ends after it: so the sum
// over all hours is right. What the household withholds covers nothing.
func coveredMillis(h *pack.Hour) int64 {
	sum, end := int64(0), int64(math.MinInt64)
	for i := range h.Segments { // by start
		s := &h.Segments[i]
		if h.Shapes[s.Shape].Stream != camera.StreamMain || s.State == pack.Withheld || s.End <= end {
			continue
		}
		from := s.Start
		if from-bridgeMost <= end {
			from = end
		}
		sum, end = sum+s.End-from, s.End
	}
	return min(sum, hourMillis)
}

// runsOf tells which part of each run is in an hour.
func runsOf(h *pack.Hour) map[camera.RunID]seqs {
	shapes := make([]seqs, len(h.Shapes))
	for i := range shapes {
		shapes[i] = seqs{first: math.MaxUint32}
	}
	for i := range h.Segments {
		s, of := h.Segments[i].Seq, &shapes[h.Segments[i].Shape]
		of.first, of.last = min(of.first, s), max(of.last, s)
	}
	runs := make(map[camera.RunID]seqs, len(shapes))
	for i, of := range shapes {
		if had, ok := runs[h.Shapes[i].Run]; ok {
			of.first, of.last = min(of.first, had.first), max(of.last, had.last)
		}
		if of.first <= of.last {
			runs[h.Shapes[i].Run] = of
		}
	}
	return runs
}

// saveRuns writes what changed. A segment never leaves its hour, so nothing goes away.
func (r *hourRow) saveRuns(ctx context.Context, tx *sql.Tx) error {
	now := runsOf(&r.Body)
	for _, run := range slices.Sorted(maps.Keys(now)) {
		of := now[run]
		if had, ok := r.runs[run]; ok && had == of {
			continue
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO run_hours (camera_id, run, hour, first_seq, last_seq) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (camera_id, run, hour) DO UPDATE SET first_seq = excluded.first_seq, last_seq = excluded.last_seq`,
			string(r.Camera), string(run), r.Hour, int64(of.first), int64(of.last))
		if err != nil {
			return fmt.Errorf("write run %s of hour %d of %s: %w", run, r.Hour, r.Camera, err)
		}
	}
	r.runs = now
	return nil
}

// find looks for a segment; -1 when it is not in the hour.
func (r *hourRow) find(run camera.RunID, seq uint32) int {
	if of, ok := r.runs[run]; !ok || seq < of.first || seq > of.last {
		return -1
	}
	return slices.IndexFunc(r.Body.Segments, func(s pack.Segment) bool {
		return s.Seq == seq && r.Body.Shapes[s.Shape].Run == run
	})
}

// id names the i-th segment of the hour.
func (r *hourRow) id(i int) camera.SegmentID {
	s := r.Body.Segments[i]
	return camera.SegmentID{Camera: r.Camera, Run: r.Body.Shapes[s.Shape].Run, Seq: s.Seq}
}

// hoursOf lists the closed hours in which a segment may be. A run goes through them
// in its order, so there is mostly one; what came late may lie between its neighbours.
func hoursOf(ctx context.Context, q asked, id camera.SegmentID) ([]int64, error) {
	hours, err := list(ctx, q, scanNumber, `SELECT hour FROM run_hours WHERE camera_id = $1 AND run = $2 AND first_seq <= $3 AND last_seq >= $3 ORDER BY hour`,
		string(id.Camera), string(id.Run), int64(id.Seq))
	if err != nil {
		return nil, fmt.Errorf("find hours of run %s: %w", id.Run, err)
	}
	return hours, nil
}

// folded finds a segment's closed hour and its index there; nil when it is in none.
func folded(ctx context.Context, q asked, id camera.SegmentID) (*hourRow, int, error) {
	hours, err := hoursOf(ctx, q, id)
	if err != nil {
		return nil, -1, err
	}
	r := &hourRow{}
	for _, hour := range hours {
		if _, err := r.load(ctx, q, id.Camera, hour); err != nil {
			return nil, -1, err
		}
		if i := r.find(id.Run, id.Seq); i >= 0 {
			return r, i, nil
		}
	}
	return nil, -1, nil
}

// hoursBetween lists a camera's closed hours from first to last, those two as well.
// A condition begins with " AND "; its arguments would be $4 and so on.
func hoursBetween(ctx context.Context, q asked, id camera.CameraID, first, last int64, condition string, args ...any) ([]int64, error) {
	hours, err := list(ctx, q, scanNumber, `SELECT hour FROM hours WHERE camera_id = $1 AND hour >= $2 AND hour <= $3`+condition+` ORDER BY hour`,
		append([]any{string(id), first, last}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("list hours of %s: %w", id, err)
	}
	return hours, nil
}

func scanNumber(row scanner) (int64, error) {
	var n int64
	err := row.Scan(&n)
	return n, err
}
