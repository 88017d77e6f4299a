package index

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
	"xulang.vn/camera/hub/index/pack"
)

// hourMillis is an hour in Unix milliseconds.
const hourMillis = int64(time.Hour / time.Millisecond)

// kind is a question about many cameras at once.
type kind int

// The questions; their texts are below.
const (
	askFresh kind = iota
	askGaps
	askActivity
	askHours
)

// kinds are the questions' texts before the list of cameras, which has the last
// arguments.
var kinds = [...]string{
	askFresh: `SELECT state, fact FROM fresh
		WHERE start_ms >= $1 AND start_ms < $2 AND end_ms > $3 AND camera_id IN (`,
	// Named streams let the index on the ends of gaps be used.
	askGaps: `SELECT camera_id, stream, start_ms, end_ms, cause FROM gaps
		WHERE stream IN ($1, $2) AND start_ms < $3 AND end_ms > $4 AND camera_id IN (`,
	askActivity: `SELECT camera_id, hour, body FROM hour_activity WHERE hour >= $1 AND hour <= $2 AND camera_id IN (`,
	askHours:    `SELECT camera_id, hour, body FROM hours WHERE hour >= $1 AND hour <= $2 AND camera_id IN (`,
}

// How many cameras are asked for together.
const (
	idsMost   = 256 // of one statement
	idsLeast  = 8   // for fewer no statement more is made
	partsMost = 4   // statements beside each other, for a list that one could take
)

// texts are prepared statements. Lists are rounded up to few lengths: the last camera
// fills them.
type texts struct {
	mu   sync.RWMutex
	made map[text]*sql.Stmt
}

type text struct {
	kind kind
	ids  int
}

// rounded is the length of the list that n cameras are asked for with.
func rounded(n int) int {
	for _, step := range []int{1, 8, 64} {
		if n <= 8*step {
			return (n + step - 1) / step * step
		}
	}
	return n
}

// stmt prepares each text once. The statements end with the database.
func (x *Index) stmt(ctx context.Context, t text) (*sql.Stmt, error) {
	x.texts.mu.RLock()
	s := x.texts.made[t]
	x.texts.mu.RUnlock()
	if s != nil {
		return s, nil
	}
	x.texts.mu.Lock()
	defer x.texts.mu.Unlock()
	if s := x.texts.made[t]; s != nil {
		return s, nil
	}
	first := strings.Count(kinds[t.kind], "$") + 1
	s, err := x.db.Read().PrepareContext(ctx, kinds[t.kind]+db.Places(first, t.ids)+")") //nolint:sqlclosecheck // it is kept, and ends with the database
	if err != nil {
		return nil, fmt.Errorf("prepare question: %w", err)
	}
	if x.texts.made == nil {
		x.texts.made = map[text]*sql.Stmt{}
	}
	x.texts.made[t] = s
	return s, nil
}

// ask runs one question for a reading.
func (x *Index) ask(ctx context.Context, r *reading, k kind) error {
	return x.askWith(ctx, r, k, func(rows *sql.Rows) error { return r.takeAll(k, rows) })
}

func (x *Index) askWith(ctx context.Context, r *reading, k kind, take func(*sql.Rows) error) (err error) {
	t := text{k, rounded(len(r.strips))}
	s, err := x.stmt(ctx, t) //nolint:sqlclosecheck // it is kept
	if err != nil {
		return err
	}
	first, last := pack.HourOf(time.UnixMilli(r.from-spanMost)), pack.HourOf(time.UnixMilli(r.to-1))
	switch k {
	case askFresh:
		r.args = append(r.args[:0], r.from-spanMost, r.to, r.from)
	case askGaps:
		r.args = append(r.args[:0], string(camera.StreamMain), string(camera.StreamSub), r.to, r.from)
	default:
		r.args = append(r.args[:0], first, last)
	}
	before := len(r.args)
	for i := range r.strips {
		r.args = append(r.args, string(r.strips[i].Camera))
	}
	for len(r.args) < before+t.ids {
		r.args = append(r.args, r.args[len(r.args)-1])
	}
	rows, err := s.QueryContext(ctx, r.args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if err := take(rows); err != nil {
		return err
	}
	return rows.Err()
}

func (r *reading) takeAll(k kind, rows *sql.Rows) error {
	switch k {
	case askFresh:
		return r.takeFresh(rows)
	case askGaps:
		return r.takeGaps(rows)
	}
	return r.takeHours(k, rows)
}

func (r *reading) takeFresh(rows *sql.Rows) error {
	var state, fact sql.RawBytes
	targets := []any{&state, &fact}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		if err := r.fact.Decode(fact); err != nil {
			return fmt.Errorf("read fact: %w", err)
		}
		s, ok := pack.StateOf(camera.ByteState(state))
		i, asked := r.at[r.fact.Camera]
		if !ok || !asked {
			return fmt.Errorf("read fact of %s: state %q", r.fact.Camera, state)
		}
		r.fresh(i, s)
	}
	return nil
}

func (r *reading) takeGaps(rows *sql.Rows) error {
	var (
		id sql.RawBytes
		g  pack.Gap
	)
	targets := []any{&id, &g.Stream, &g.Start, &g.End, &g.Cause}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		s := &r.strips[r.at[camera.CameraID(id)]]
		s.Gaps = append(s.Gaps, g)
	}
	return nil
}

func (r *reading) takeHours(k kind, rows *sql.Rows) error {
	var (
		id, body sql.RawBytes
		hour     int64
	)
	targets := []any{&id, &hour, &body}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		i := r.at[camera.CameraID(id)]
		if k == askHours {
			if err := r.folded(i, hour, body); err != nil {
				return fmt.Errorf("camera %s: %w", id, err)
			}
			continue
		}
		a, err := pack.ReadActivity(slices.Clone(body))
		if err != nil {
			return fmt.Errorf("activity of camera %s: %w", id, err)
		}
		r.strips[i].moved = append(r.strips[i].moved, moved{start: hour * hourMillis, hour: true, cells: a})
	}
	return nil
}
