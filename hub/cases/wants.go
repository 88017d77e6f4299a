package cases

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
)

// wantsEach is the largest number of windows that one case holds on one camera.
const wantsEach = 100

// wanted is a row of the table of wants. The open ones of a case on a camera that its
// household need not be asked for neither overlap nor touch; what it was asked for
// stays as it was asked.
type wanted struct {
	camera.Want // Ask is there when the household was asked; Fetch is false as long as it has not said yes
	caseID      string
	made        time.Time
	by          string // who asked
	answered    time.Time
	open        bool // neither it nor its case has ended
}

// WantsOf gives what open cases hold and ask for of these cameras, as far as their
// households still share them: at most camera.WantsMost, oldest first. What a
// household still thinks about is held meanwhile. A pause keeps bytes at home, and
// keeps them; so does a consent that became narrower and asks from now on.
func (c *Cases) WantsOf(ctx context.Context, ids []camera.CameraID) ([]camera.Want, error) {
	var all []wanted
	for _, id := range ids {
		open, err := c.openWants(ctx, id)
		if err != nil {
			return nil, err
		}
		if len(open) == 0 {
			continue
		}
		cam, err := c.Cameras.Camera(ctx, id)
		if err != nil {
			return nil, fmt.Errorf("find camera %s: %w", id, err)
		}
		for _, w := range open {
			keep, send := leaves(cam, w, c.Now())
			if w.Fetch = w.Fetch && send; keep {
				all = append(all, w)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b wanted) int { return a.made.Compare(b.made) })
	if len(all) > camera.WantsMost {
		c.Logger.Error("more wants than a box takes", "camera", all[0].Camera, "wants", len(all))
		all = all[:camera.WantsMost]
	}
	wants := make([]camera.Want, 0, len(all))
	for _, w := range all {
		wants = append(wants, w.Want)
	}
	return wants, nil
}

// leaves tells whether a household keeps a window for a case, and whether its bytes
// may leave the house now.
func leaves(cam Camera, w wanted, now time.Time) (keep, send bool) {
	if w.Ask != nil && w.answerAt(now) != w.Ask.Answer {
		return false, false // nobody has said anything, and the time is over
	}
	err := decide(cam, camera.ActionUpload, camera.Asker{
		Purpose: w.Purpose, From: w.From, To: w.To, Granted: w.Ask != nil && w.Ask.Answer == camera.ReplyGranted,
	}, now)
	switch camera.CodeOf(err) {
	case "":
		return true, true
	case camera.CodePaused, camera.CodeAskOwner:
		return true, false
	}
	return false, false
}

// openWants gives what open cases want of a camera, oldest first.
func (c *Cases) openWants(ctx context.Context, id camera.CameraID) ([]wanted, error) {
	all, err := wantsWhere(ctx, c.DB.Read(), `w.camera_id = $1 AND w.ended_ms IS NULL AND c.closed_ms IS NULL`, id)
	if err != nil {
		return nil, fmt.Errorf("read wants of %s: %w", id, err)
	}
	return all, nil
}

// querier is the database, or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func wantsWhere(ctx context.Context, q querier, condition string, args ...any) ([]wanted, error) {
	rows, err := q.QueryContext(ctx, `SELECT w.id, w.case_id, w.camera_id, w.from_ms, w.to_ms, w.with_bytes, w.made_ms, w.asked_ms, w.answer, w.answered_ms,
		w.ended_ms IS NULL AND c.closed_ms IS NULL, COALESCE(c.kind, ''), c.number, c.unit,
		COALESCE((SELECT u.name FROM users u WHERE u.id = w.made_by), '')
		FROM wants w JOIN cases c ON c.id = w.case_id WHERE `+condition+` ORDER BY w.made_ms, w.id`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []wanted
	for rows.Next() {
		var w wanted
		var a camera.Ask
		err := rows.Scan(&w.ID, &w.caseID, &w.Camera, (*db.Instant)(&w.From), (*db.Instant)(&w.To), &w.Fetch, (*db.Instant)(&w.made),
			(*db.Instant)(&a.Asked), &a.Answer, (*db.Instant)(&w.answered), &w.open, &w.Purpose, &a.Case, &a.Unit, &w.by)
		if err != nil {
			return nil, err
		}
		if !a.Asked.IsZero() {
			a.Until = a.Asked.Add(camera.AskFor)
			w.Ask, w.Fetch = &a, w.Fetch && a.Answer == camera.ReplyGranted
		}
		all = append(all, w)
	}
	return all, rows.Err()
}

// neighbours are the case's open wants that a window overlaps or touches, but for what
// the household was asked for.
func neighbours(ctx context.Context, q querier, caseID string, w camera.Want) ([]wanted, error) {
	return wantsWhere(ctx, q, `w.case_id = $1 AND w.camera_id = $2 AND w.ended_ms IS NULL AND w.asked_ms IS NULL AND w.with_bytes AND w.from_ms <= $4 AND w.to_ms >= $3`,
		caseID, w.Camera, w.From.UnixMilli(), w.To.UnixMilli())
}

// room refuses a want that would be one too many, for its case or for its box. One
// that becomes a part of its neighbours is not.
func room(ctx context.Context, q querier, caseID string, w camera.Want) error {
	near, err := neighbours(ctx, q, caseID, w)
	if err != nil {
		return fmt.Errorf("read wants: %w", err)
	}
	if len(near) > 0 {
		return nil
	}
	return places(ctx, q, caseID, w)
}

// places refuses one more want.
func places(ctx context.Context, q querier, caseID string, w camera.Want) error {
	var ofCase, ofBox int
	err := q.QueryRowContext(ctx, `SELECT
		(SELECT count(*) FROM wants WHERE case_id = $1 AND camera_id = $2 AND ended_ms IS NULL),
		(SELECT count(*) FROM wants WHERE ended_ms IS NULL AND camera_id IN
			(SELECT o.id FROM cameras o JOIN cameras c ON c.device_id = o.device_id WHERE c.id = $2))`, caseID, w.Camera).Scan(&ofCase, &ofBox)
	switch {
	case err != nil:
		return fmt.Errorf("count wants: %w", err)
	case ofCase >= wantsEach:
		return camera.Errorf(camera.CodeTooMany, "the case holds %d windows of this camera, at most %d", ofCase, wantsEach)
	case ofBox >= camera.WantsMost:
		return camera.Errorf(camera.CodeTooMany, "cases hold %d windows at this home, at most %d", ofBox, camera.WantsMost)
	}
	return nil
}

// insert writes a want, as one with its neighbours: however often the same is asked
// for, it stands there once. Who asked when stands in the audit.
func insert(ctx context.Context, tx *sql.Tx, who Officer, caseID string, w camera.Want, now time.Time) error {
	near, err := neighbours(ctx, tx, caseID, w)
	if err != nil {
		return err
	}
	if len(near) == 0 {
		return add(ctx, tx, who, caseID, w, now, false)
	}
	from, to := w.From, w.To
	for _, n := range near {
		if n.From.Before(from) {
			from = n.From
		}
		if n.To.After(to) {
			to = n.To
		}
	}
	for _, n := range near[1:] {
		if _, err := tx.ExecContext(ctx, `DELETE FROM wants WHERE id = $1`, n.ID); err != nil {
			return err
		}
	}
	_, err = tx.ExecContext(ctx, `UPDATE wants SET from_ms = $2, to_ms = $3 WHERE id = $1`, near[0].ID, from.UnixMilli(), to.UnixMilli())
	return err
}

// add writes a want of its own; asked puts it to the household first.
func add(ctx context.Context, tx *sql.Tx, who Officer, caseID string, w camera.Want, now time.Time, asked bool) error {
	var at time.Time
	if asked {
		at = now
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO wants (id, case_id, camera_id, from_ms, to_ms, with_bytes, made_by, made_ms, asked_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		"w"+strings.ToLower(rand.Text()[:16]), caseID, w.Camera, w.From.UnixMilli(), w.To.UnixMilli(), w.Fetch, who.ID, now.UnixMilli(), db.Instant(at))
	return err
}
