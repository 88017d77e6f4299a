package cases

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	camera "xulang.vn/camera"
)

// How long boxes at home may take to answer before nobody waits for them any
// more, and how many are asked at a time.
const (
	LookWithin = 5 * time.Second
	looksMost  = 8
)

// Requested is what came of a request.
type Requested struct {
	Segments     int  // that are at home, and asked for
	Acknowledged bool // the box at home holds them from now on; false: it will hear of it
}

// Request holds a window of a camera's footage at home and asks for its bytes, as
// long as the case is open. Asking again for what is asked for changes nothing.
func (c *Cases) Request(ctx context.Context, who Officer, caseID string, id camera.CameraID, from, to time.Time) (Requested, error) {
	_, outcome := c.gate(ctx, who, camera.ActionPlayback, caseID, id)
	if outcome == nil {
		outcome = checkWindow(from, to)
	}
	if outcome == nil && from.After(c.Now()) {
		outcome = camera.Errorf(camera.CodeBadWindow, "window begins in the future")
	}
	w := camera.Want{Camera: id, From: from.UTC().Truncate(time.Millisecond), To: to.UTC().Truncate(time.Millisecond), Fetch: true}
	if outcome == nil {
		outcome = room(ctx, c.DB.Read(), caseID, w)
	}
	err := c.settle(ctx, Record{Actor: who, Action: actRequest, Case: caseID, Camera: id, Detail: windowText(from, to)}, outcome)
	if err != nil {
		return Requested{}, err
	}
	n, err := c.hold(ctx, who, caseID, w)
	if err != nil {
		return Requested{}, err
	}
	return Requested{Segments: n, Acknowledged: c.tell(ctx, []wanted{{Want: w}})}, nil
}

// hold writes a want, and what follows from it for the footage.
func (c *Cases) hold(ctx context.Context, who Officer, caseID string, w camera.Want) (segments int, err error) {
	c.asking.Lock()
	defer c.asking.Unlock()
	err = c.DB.Write(ctx, func(tx *sql.Tx) error {
		// Since it was decided the case may have been closed, and others have asked.
		var one int
		err := tx.QueryRowContext(ctx, `SELECT 1 FROM cases WHERE id = $1 AND closed_ms IS NULL`, caseID).Scan(&one)
		if errors.Is(err, sql.ErrNoRows) {
			return camera.Errorf(camera.CodeCaseClosed, "case %s is closed", caseID)
		}
		if err != nil {
			return err
		}
		if err := room(ctx, tx, caseID, w); err != nil {
			return err
		}
		return insert(ctx, tx, who, caseID, w, c.Now())
	})
	if err != nil {
		return 0, fmt.Errorf("write want: %w", err)
	}
	if segments, err = c.Past.Request(ctx, w.Camera, w.From, w.To); err != nil {
		return 0, fmt.Errorf("request footage of %s: %w", w.Camera, err)
	}
	return segments, nil
}

// letGo closes a case and ends its wants with it. It gives these wants.
func (c *Cases) letGo(ctx context.Context, one Case) ([]wanted, error) {
	c.asking.Lock()
	defer c.asking.Unlock()
	var ended []wanted
	err := c.DB.Write(ctx, func(tx *sql.Tx) error {
		var err error
		if ended, err = wantsWhere(ctx, tx, `w.case_id = $1 AND w.ended_ms IS NULL`, one.ID); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE wants SET ended_ms = $1 WHERE case_id = $2 AND ended_ms IS NULL`, one.Closed.UnixMilli(), one.ID); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE cases SET closed_ms = $1 WHERE id = $2 AND closed_ms IS NULL`, one.Closed.UnixMilli(), one.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	// The case is closed, whatever becomes of the rest and of who asked for it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), LookWithin)
	defer cancel()
	for _, w := range ended {
		if err := c.release(ctx, w.Want); err != nil {
			c.Logger.Error("release footage", "case", one.ID, "camera", w.Camera, "err", err)
		}
	}
	return ended, nil
}

// release takes back what was asked for with a want that has ended, but for what
// another open case wants.
func (c *Cases) release(ctx context.Context, w camera.Want) error {
	open, err := c.openWants(ctx, w.Camera)
	if err != nil {
		return err
	}
	var keep []camera.Want
	for _, o := range open {
		keep = append(keep, o.Want)
	}
	return c.Past.Unrequest(ctx, w.Camera, w.From, w.To, keep)
}

// tell has the boxes that record these wants' cameras ask again, and tells whether
// all of them have. One without a link asks when it has one.
func (c *Cases) tell(ctx context.Context, changed []wanted) bool {
	var ids []camera.CameraID
	for _, w := range changed {
		ids = append(ids, w.Camera)
	}
	slices.Sort(ids)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), LookWithin)
	defer cancel()
	var looks errgroup.Group
	looks.SetLimit(looksMost)
	for _, id := range slices.Compact(ids) {
		looks.Go(func() error { return c.Home.Look(ctx, id) })
	}
	err := looks.Wait()
	if err != nil {
		c.Logger.Debug("a box at home does not look", "err", err)
	}
	return err == nil
}
