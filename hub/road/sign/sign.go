// Package sign keeps what the kilometre signs of roads say: table road_zeros. Its parent,
// the road graph, does no I/O.
package sign

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
	"xulang.vn/camera/hub/road"
)

// Zeros is the store. Its methods may be called from any goroutine.
type Zeros struct {
	db    *db.DB
	graph *road.Graph
}

// Sign is one road's sign, with who set it and when.
type Sign struct {
	road.Zero
	Road camera.RoadID
	By   string // user
	At   time.Time
}

// New makes the store for the roads of a graph.
func New(d *db.DB, g *road.Graph) *Zeros { return &Zeros{d, g} }

// Set keeps what the sign on a road says; the last one counts. Errors: CodeUnknownRoad,
// CodeBadRequest for a place outside of the road or a kilometre that no sign says.
func (z *Zeros) Set(ctx context.Context, one Sign) error {
	r, ok := z.graph.Road(one.Road)
	switch {
	case !ok:
		return camera.Errorf(camera.CodeUnknownRoad, "road %.80q is not in the graph", string(one.Road))
	case one.By == "" || one.At.IsZero():
		return camera.Errorf(camera.CodeBadRequest, "kilometre sign without who set it and when")
	}
	if err := one.Check(r.Length); err != nil {
		return err
	}
	err := z.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO road_zeros (road_id, metre, kilometre, falling, set_by, set_ms)
			VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (road_id) DO UPDATE SET metre = excluded.metre, kilometre = excluded.kilometre,
				falling = excluded.falling, set_by = excluded.set_by, set_ms = excluded.set_ms`,
			string(one.Road), one.Metre, one.Kilometre, one.Falling, one.By, db.Instant(one.At))
		return err
	})
	if err != nil {
		return fmt.Errorf("keep kilometre sign: %w", err)
	}
	return nil
}

// Get returns a road's sign; the zero Sign with false when nobody set one: kilometres
// then count from the road's first point. A sign beyond the end of its road, from
// another road file, is none either.
func (z *Zeros) Get(ctx context.Context, id camera.RoadID) (Sign, bool, error) {
	row := z.db.Read().QueryRowContext(ctx,
		`SELECT road_id, metre, kilometre, falling, set_by, set_ms FROM road_zeros WHERE road_id = $1`, string(id))
	one, err := scan(row)
	if errors.Is(err, sql.ErrNoRows) {
		return Sign{}, false, nil
	}
	if err != nil {
		return Sign{}, false, fmt.Errorf("read kilometre sign: %w", err)
	}
	if !z.fits(one) {
		return Sign{}, false, nil
	}
	return one, true, nil
}

// List returns the signs of all roads of the graph that have one, by road.
func (z *Zeros) List(ctx context.Context) ([]Sign, error) {
	rows, err := z.db.Read().QueryContext(ctx,
		`SELECT road_id, metre, kilometre, falling, set_by, set_ms FROM road_zeros ORDER BY road_id`)
	if err != nil {
		return nil, fmt.Errorf("read kilometre signs: %w", err)
	}
	defer rows.Close()
	var all []Sign
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("read kilometre sign: %w", err)
		}
		if z.fits(one) {
			all = append(all, one)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read kilometre signs: %w", err)
	}
	return all, nil
}

// fits tells whether the graph still has the place of the sign: ids and measures belong
// to the road file that was loaded when it was set.
func (z *Zeros) fits(one Sign) bool {
	r, ok := z.graph.Road(one.Road)
	return ok && one.Check(r.Length) == nil
}

func scan(row interface{ Scan(...any) error }) (Sign, error) {
	var s Sign
	err := row.Scan(&s.Road, &s.Metre, &s.Kilometre, &s.Falling, &s.By, (*db.Instant)(&s.At))
	return s, err
}
