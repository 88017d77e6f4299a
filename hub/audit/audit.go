// Package audit keeps who asked for what, for which case, and what was answered.
// A record is durable before the answer goes out; records are never changed.
package audit

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
)

// Limits. Longer texts are cut, so that a long question cannot be refused its
// record; Most caps one reading.
const (
	textMost   = 300  // bytes of each short text
	detailMost = 4000 // bytes
	Most       = 1000
)

// Record is one line of the audit.
type Record struct {
	ID        int64     // 1, 2, 3 … without a hole; given by Append
	At        time.Time // zero: now
	Actor     string    // user id; "" for somebody who is not signed in
	ActorName string    // as it was then
	Role      string
	Action    string
	Case      string          // id as it was asked for; there may be no such case
	Camera    camera.CameraID // as it was asked for
	Detail    string          // what of it; no secret
	Refused   camera.Code     // "" when the answer was yes
}

// Log is the audit. It is safe for use by any number of goroutines.
type Log struct {
	db  *db.DB
	now func() time.Time
}

// New makes a log on an open database.
func New(d *db.DB, now func() time.Time) *Log { return &Log{db: d, now: now} }

// Append writes a record and gives its id. Only when the error is nil is the
// record on the disk, and only then may the answer go out.
func (l *Log) Append(ctx context.Context, r Record) (int64, error) {
	if r.Action == "" {
		return 0, camera.Errorf(camera.CodeBadRequest, "append to audit: no action")
	}
	if r.At.IsZero() {
		r.At = l.now()
	}
	err := l.db.Write(ctx, func(tx *sql.Tx) error {
		// There is one writer, so the largest id cannot change in between.
		return tx.QueryRowContext(ctx, `INSERT INTO audit (id, at_ms, actor, actor_name, role, action, case_id, camera_id, detail, refused)
			SELECT COALESCE(max(id), 0) + 1, $1, $2, $3, $4, $5, $6, $7, $8, $9 FROM audit RETURNING id`,
			db.Instant(r.At), cut(r.Actor, textMost), cut(r.ActorName, textMost), cut(r.Role, textMost), cut(r.Action, textMost),
			cut(r.Case, textMost), cut(string(r.Camera), textMost), cut(r.Detail, detailMost), cut(string(r.Refused), textMost)).Scan(&r.ID)
	})
	if err != nil {
		return 0, fmt.Errorf("append to audit: %w", err)
	}
	return r.ID, nil
}

// ForCase lists the records of a case, newest first.
func (l *Log) ForCase(ctx context.Context, caseID string, most int) ([]Record, error) {
	rows, err := l.db.Read().QueryContext(ctx, `SELECT id, at_ms, actor, actor_name, role, action, case_id, camera_id, detail, refused
		FROM audit WHERE case_id = $1 ORDER BY id DESC LIMIT $2`, caseID, min(max(most, 0), Most))
	if err != nil {
		return nil, fmt.Errorf("read audit: %w", err)
	}
	defer rows.Close()
	var list []Record
	for rows.Next() {
		var r Record
		err := rows.Scan(&r.ID, (*db.Instant)(&r.At), &r.Actor, &r.ActorName, &r.Role, &r.Action, &r.Case, &r.Camera, &r.Detail, &r.Refused)
		if err != nil {
			return nil, fmt.Errorf("read audit: %w", err)
		}
		list = append(list, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read audit: %w", err)
	}
	return list, nil
}

// cut shortens a text to at most n bytes without breaking a letter in two.
func cut(s string, n int) string {
	s = strings.ToValidUTF8(s, "�")
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
