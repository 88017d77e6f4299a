package cases

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
)

// traced is a row of the table of traces.
type traced struct {
	TraceOrder
	caseID           string
	seed             int64
	version, started int64
	officer          string // name
	made             time.Time
	closed           bool // the case is
}

// traceRow gives a case's trace; CodeNotFound when it has none.
func traceRow(ctx context.Context, q querier, caseID string) (traced, error) {
	t := traced{caseID: caseID}
	in := &t.Incident
	err := q.QueryRowContext(ctx, `SELECT t.lon, t.lat, t.left_ms, t.until_ms, t.mode, t.from_ms, t.to_ms, t.seed, t.version, t.started, u.name, t.made_ms,
		c.closed_ms IS NOT NULL FROM traces t JOIN users u ON u.id = t.officer_id JOIN cases c ON c.id = t.case_id WHERE t.case_id = $1`, caseID).
		Scan(&in.Position.Lon, &in.Position.Lat, (*db.Instant)(&in.From), (*db.Instant)(&in.To), &t.Mode, (*db.Instant)(&t.From), (*db.Instant)(&t.To),
			&t.seed, &t.version, &t.started, &t.officer, (*db.Instant)(&t.made), &t.closed)
	if errors.Is(err, sql.ErrNoRows) {
		return traced{}, camera.Errorf(camera.CodeNotFound, "case %s has no trace", caseID)
	}
	if err != nil {
		return traced{}, fmt.Errorf("read trace: %w", err)
	}
	return t, nil
}

// writeTrace puts a trace in the place of the case's one before, whose marks it
// withdraws. It fills in the versions.
func (c *Cases) writeTrace(ctx context.Context, who Officer, t *traced) error {
	err := c.DB.Write(ctx, func(tx *sql.Tx) error {
		// Since it was decided the case may have been closed.
		got, err := tx.ExecContext(ctx, `INSERT INTO traces (case_id, lon, lat, left_ms, until_ms, mode, from_ms, to_ms, seed, version, started, officer_id, made_ms)
			SELECT id, CAST($2 AS double precision), CAST($3 AS double precision), CAST($4 AS bigint), CAST($5 AS bigint), CAST($6 AS text), CAST($7 AS bigint),
				CAST($8 AS bigint), CAST($9 AS bigint), 1, 1, CAST($10 AS text), CAST($11 AS bigint) FROM cases WHERE id = $1 AND closed_ms IS NULL
			ON CONFLICT (case_id) DO UPDATE SET lon = excluded.lon, lat = excluded.lat, left_ms = excluded.left_ms, until_ms = excluded.until_ms,
				mode = excluded.mode, from_ms = excluded.from_ms, to_ms = excluded.to_ms, seed = excluded.seed,
				version = traces.version + 1, started = traces.version + 1, officer_id = excluded.officer_id, made_ms = excluded.made_ms`,
			t.caseID, t.Incident.Position.Lon, t.Incident.Position.Lat, t.Incident.From.UnixMilli(), t.Incident.To.UnixMilli(), t.Mode,
			t.From.UnixMilli(), t.To.UnixMilli(), t.seed, who.ID, t.made.UnixMilli())
		if err != nil {
			return err
		}
		if rows, err := got.RowsAffected(); err != nil || rows == 0 {
			return errors.Join(err, camera.Errorf(camera.CodeCaseClosed, "case %s is closed", t.caseID))
		}
		if err := tx.QueryRowContext(ctx, `SELECT version, started FROM traces WHERE case_id = $1`, t.caseID).Scan(&t.version, &t.started); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE marks SET withdrawn_ms = $2, withdrawn_by = $3 WHERE case_id = $1 AND withdrawn_ms IS NULL`,
			t.caseID, t.made.UnixMilli(), who.ID)
		return err
	})
	if err != nil {
		return fmt.Errorf("write trace: %w", err)
	}
	return nil
}

// nextVersion counts one change of an open case's trace.
func nextVersion(ctx context.Context, tx *sql.Tx, caseID string) (version int64, err error) {
	err = tx.QueryRowContext(ctx, `UPDATE traces SET version = version + 1
		WHERE case_id = $1 AND EXISTS (SELECT 1 FROM cases c WHERE c.id = case_id AND c.closed_ms IS NULL) RETURNING version`, caseID).Scan(&version)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, camera.Errorf(camera.CodeCaseClosed, "case %s is closed", caseID)
	}
	return version, err
}

// madeMark is a row of the table of marks.
type madeMark struct {
	MadeMark
	officerID string
	told      bool // the engine has said what does not fit
}

// marksOf gives all marks of a case, in the order in which they were written.
func marksOf(ctx context.Context, q querier, caseID string) ([]madeMark, error) {
	rows, err := q.QueryContext(ctx, `SELECT m.id, m.kind, m.camera_id, m.from_ms, m.to_ms, m.at_ms, m.heading, m.warnings, m.officer_id, u.name, m.made_ms,
		m.withdrawn_ms, COALESCE((SELECT w.name FROM users w WHERE w.id = m.withdrawn_by), '')
		FROM marks m JOIN users u ON u.id = m.officer_id WHERE m.case_id = $1 ORDER BY m.number`, caseID)
	if err != nil {
		return nil, fmt.Errorf("read marks: %w", err)
	}
	defer rows.Close()
	var all []madeMark
	for rows.Next() {
		var m madeMark
		var warnings sql.NullString
		err := rows.Scan(&m.ID, &m.Kind, &m.Camera, (*db.Instant)(&m.From), (*db.Instant)(&m.To), (*db.Instant)(&m.At), &m.Heading, &warnings,
			&m.officerID, &m.Officer, (*db.Instant)(&m.Made), (*db.Instant)(&m.Withdrawn), &m.WithdrawnBy)
		if err != nil {
			return nil, fmt.Errorf("read marks: %w", err)
		}
		if m.told = warnings.Valid; m.told {
			if err := json.Unmarshal([]byte(warnings.String), &m.Warnings); err != nil {
				return nil, fmt.Errorf("read warnings of mark %s: %w", m.ID, err)
			}
		}
		all = append(all, m)
	}
	return all, rows.Err()
}

func insertMark(ctx context.Context, tx *sql.Tx, who Officer, caseID string, number int64, m MadeMark) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO marks (id, case_id, number, kind, camera_id, from_ms, to_ms, at_ms, heading, officer_id, made_ms)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		m.ID, caseID, number, m.Kind, m.Camera, m.From.UnixMilli(), m.To.UnixMilli(), db.Instant(m.At), m.Heading, who.ID, m.Made.UnixMilli())
	return err
}

// withdrawMark tells whether the mark counted until now.
func withdrawMark(ctx context.Context, tx *sql.Tx, who Officer, caseID, id string, at time.Time) (bool, error) {
	got, err := tx.ExecContext(ctx, `UPDATE marks SET withdrawn_ms = $3, withdrawn_by = $4 WHERE id = $2 AND case_id = $1 AND withdrawn_ms IS NULL`,
		caseID, id, at.UnixMilli(), who.ID)
	if err != nil {
		return false, err
	}
	rows, err := got.RowsAffected()
	return rows > 0, err
}

// writeWarnings keeps what an engine said of marks when it first met them.
func (c *Cases) writeWarnings(ctx context.Context, of map[string][]camera.MarkWarning) error {
	if len(of) == 0 {
		return nil
	}
	err := c.DB.Write(ctx, func(tx *sql.Tx) error {
		for id, warnings := range of {
			if warnings == nil {
				warnings = []camera.MarkWarning{}
			}
			text, err := json.Marshal(warnings)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `UPDATE marks SET warnings = $2 WHERE id = $1 AND warnings IS NULL`, id, string(text)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write warnings: %w", err)
	}
	return nil
}
