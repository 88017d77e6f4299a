package main

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/cmd/indexbench/province"
	"xulang.vn/camera/cmd/indexbench/report"
	"xulang.vn/camera/hub/db"
	"xulang.vn/camera/hub/index/pack"
)

// The layout of schemas 1 to 3: a row a segment, in a table of the benchmark's own.
const (
	createRows = `CREATE TABLE bench_rows (
		camera_id text NOT NULL, run text NOT NULL, seq bigint NOT NULL, start_ms bigint NOT NULL, end_ms bigint NOT NULL, media_ms bigint NOT NULL,
		sender_report_ms bigint, clock_sync boolean NOT NULL, clock_offset_ms bigint NOT NULL, clock_bound_ms bigint NOT NULL,
		size bigint NOT NULL, init_size bigint NOT NULL, sha256 text NOT NULL, prev text NOT NULL, codec text NOT NULL,
		width bigint NOT NULL, height bigint NOT NULL, state text NOT NULL, received_ms bigint NOT NULL,
		stream text NOT NULL DEFAULT '', key_size bigint NOT NULL DEFAULT 0, key_sha256 text NOT NULL DEFAULT '',
		activity text NOT NULL DEFAULT '', signature text NOT NULL DEFAULT '', origin text NOT NULL DEFAULT '',
		recorder_offset_ms bigint NOT NULL DEFAULT 0, recorder_bound_ms bigint NOT NULL DEFAULT 0,
		PRIMARY KEY (camera_id, run, seq))`
	rowColumns = `camera_id, run, seq, stream, start_ms, end_ms, media_ms, sender_report_ms,
		clock_sync, clock_offset_ms, clock_bound_ms, size, init_size, sha256, prev, codec, width, height,
		key_size, key_sha256, activity, signature, origin, recorder_offset_ms, recorder_bound_ms, state, received_ms`
	columnCount  = 27
	commitEach   = 5000 // rows of a transaction
	perStatement = 8    // rows of one statement
	longest      = int64(2 * camera.SegmentLongest / time.Millisecond)
)

// rowsArm is the layout of before.
type rowsArm struct {
	*bench
	where func(string) string
	db    *db.DB
}

func newRows(b *bench, where func(string) string) *rowsArm { return &rowsArm{bench: b, where: where} }

func (r *rowsArm) close() error {
	if r.db == nil {
		return nil
	}
	err := r.db.Close()
	r.db = nil
	return err
}

func (r *rowsArm) open(ctx context.Context) (err error) {
	if err := r.close(); err != nil {
		return err
	}
	r.db, err = db.Open(ctx, r.where("rows"))
	return err
}

// load writes hour by hour, in each by camera, as segments come in.
func (r *rowsArm) load(ctx context.Context, line *report.Line) error {
	if err := r.open(ctx); err != nil {
		return err
	}
	err := r.db.Write(ctx, func(tx *sql.Tx) error {
		for _, text := range []string{
			createRows, `CREATE INDEX bench_rows_time ON bench_rows (camera_id, start_ms)`,
			`CREATE INDEX bench_rows_state ON bench_rows (camera_id, stream, state, start_ms)`,
		} {
			if _, err := tx.ExecContext(ctx, text); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	var took time.Duration
	var facts []pack.Fact
	for i := range r.province.Hours {
		for n := range r.province.Cameras {
			facts = append(facts, r.province.Announced(n, r.province.Hour(i)).Facts...)
			for len(facts) >= commitEach || len(facts) > 0 && n == r.province.Cameras-1 {
				part := facts[:min(len(facts), commitEach)]
				began := time.Now()
				if err := r.insert(ctx, part); err != nil {
					return err
				}
				took += time.Since(began)
				line.Segments += int64(len(part))
				facts = append(facts[:0], facts[len(part):]...)
			}
		}
		r.log.Info("rows", "hour", i+1, "of", r.province.Hours, "segments", line.Segments, "per_s", report.PerSecond(line.Segments, took))
	}
	line.Insert, line.PutShare = report.PerSecond(line.Segments, took), 1
	if err := analyze(ctx, r.db); err != nil {
		return err
	}
	bytes, err := size(ctx, r.db, "bench_rows")
	line.Bytes = report.Rounded(float64(bytes) / float64(line.Segments))
	return err
}

func (r *rowsArm) insert(ctx context.Context, facts []pack.Fact) error {
	return r.db.Write(ctx, func(tx *sql.Tx) error {
		for _, many := range []int{perStatement, 1} {
			stmt, err := tx.PrepareContext(ctx, insertRows(many))
			if err != nil {
				return err
			}
			defer stmt.Close()
			for len(facts) >= many {
				args := make([]any, 0, many*columnCount)
				for _, f := range facts[:many] {
					args = append(args, row(f)...)
				}
				if _, err := stmt.ExecContext(ctx, args...); err != nil {
					return err
				}
				facts = facts[many:]
			}
		}
		return nil
	})
}

func insertRows(many int) string {
	var text strings.Builder
	text.WriteString(`INSERT INTO bench_rows (` + rowColumns + `) VALUES `)
	for i := range many * columnCount {
		switch {
		case i == 0:
			text.WriteString("(")
		case i%columnCount == 0:
			text.WriteString("), (")
		default:
			text.WriteString(", ")
		}
		fmt.Fprintf(&text, "$%d", i+1)
	}
	return text.String() + `) ON CONFLICT (camera_id, run, seq) DO NOTHING`
}

func ms(m camera.Millis) int64 { return time.Duration(m).Milliseconds() }

func hashText(h camera.Hash) string {
	if h.IsZero() {
		return ""
	}
	return h.String()
}

func row(f pack.Fact) []any {
	return []any{
		f.Camera, f.Run, f.Seq, f.Stream, db.Instant(f.Start), db.Instant(f.End), ms(f.Media), db.Instant(f.SenderReport),
		f.Clock.Synchronised, ms(f.Clock.Offset), ms(f.Clock.Bound),
		f.Size, f.InitSize, hashText(f.SHA256), hashText(f.Prev), f.Codec, f.Width, f.Height,
		f.KeySize, hashText(f.KeySHA256), hex.EncodeToString([]byte(f.Activity)), base64.StdEncoding.EncodeToString(f.Signature[:]),
		f.Origin, ms(f.RecorderOffset), ms(f.RecorderBound), camera.StateHome, db.Instant(f.Received),
	}
}

const overlapping = ` AND start_ms >= $2 AND start_ms < $4 AND end_ms > $3`

// ask reads as the index of before did: camera by camera, whole rows.
func (r *rowsArm) ask(ctx context.Context, q province.Question) (*province.Sum, time.Duration, error) {
	ids, sum := r.province.IDs(q), province.NewSum()
	var took time.Duration
	for _, id := range ids {
		began := time.Now()
		entries, err := r.window(ctx, id, q)
		if err != nil {
			return nil, 0, err
		}
		took += time.Since(began)
		for _, e := range entries {
			state, _ := pack.StateOf(e.state)
			sum.Add(id, pack.ShapeOf(e.Segment), pack.HotOf(e.Segment, 0, state))
		}
	}
	return sum, took, nil
}

// entry is what a row says.
type entry struct {
	camera.Segment
	state    camera.ByteState
	received time.Time
}

func (r *rowsArm) window(ctx context.Context, id camera.CameraID, q province.Question) ([]entry, error) {
	rows, err := r.db.Read().QueryContext(ctx, `SELECT `+rowColumns+` FROM bench_rows WHERE camera_id = $1`+overlapping+` ORDER BY start_ms, run, seq`,
		id, q.From.UnixMilli()-longest, q.From.UnixMilli(), q.To.UnixMilli())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []entry
	for rows.Next() {
		e, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, rows.Err()
}
