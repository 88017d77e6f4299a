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
	Segments     int           // that are at home, and asked for
	Recorder     time.Duration // of the window that is in the household's recorder alone, and will be fetched from there
	Asked        bool          // the household is asked first: nothing leaves before it has said yes
	Acknowledged bool          // the box at home holds them from now on; false: it will hear of it
}

// Request holds a window of a camera's footage at home and asks for its bytes, as
// long as the case is open. Where the household shares the window only when it is
// asked, it is asked, once: see ask. Asking again for what is asked for changes nothing.
func (c *Cases) Request(ctx context.Context, who Officer, caseID string, id camera.CameraID, from, to time.Time) (Requested, error) {
	one, cam, outcome := c.enter(ctx, who, caseID, id)
	if outcome == nil {
		outcome = checkWindow(from, to)
	}
	if outcome == nil && from.After(c.Now()) {
		outcome = camera.Errorf(camera.CodeBadWindow, "window begins in the future")
	}
	w := camera.Want{Camera: id, From: from.UTC().Truncate(time.Millisecond), To: to.UTC().Truncate(time.Millisecond), Fetch: true, Purpose: one.Purpose()}
	var how way
	if outcome == nil {
		how, outcome = c.way(ctx, c.DB.Read(), one, cam, w)
	}
	line := Record{Actor: who, Action: actRequest, Case: caseID, Camera: id, Detail: windowText(from, to)}
	if how == ask || how == pending {
		line.Action = actAsk
	}
	if err := c.settle(ctx, line, outcome); err != nil {
		return Requested{}, err
	}
	got, err := c.hold(ctx, who, one, cam, w)
	if err == nil {
		err = c.count(ctx, cam, w, &got)
	}
	if err != nil {
		return Requested{}, err
	}
	got.Acknowledged = c.tell(ctx, []wanted{{Want: w}})
	return got, nil
}

// way is what has to be done for a request.
type way int

const (
	standing way = iota // the household shares the window: it is wanted
	granted             // it has said yes to it before: it is wanted already
	pending             // it was asked, and has not said anything yet
	ask                 // it is to be asked
)

func (c *Cases) way(ctx context.Context, q querier, one Case, cam Camera, w camera.Want) (way, error) {
	asks, err := asksOf(ctx, q, one.ID, cam.ID)
	if err != nil {
		return 0, fmt.Errorf("read what was asked of %s: %w", cam.ID, err)
	}
	p := permit{cam: cam, purpose: one.Purpose(), now: c.Now(), asks: asks}
	err = p.decide(w.From, w.To, false)
	switch {
	case err == nil:
		return standing, room(ctx, q, one.ID, w)
	case camera.CodeOf(err) != camera.CodeAskOwner:
		return 0, err
	case covers(p.asked(camera.ReplyGranted), w.From, w.To):
		return granted, nil
	case covers(p.asked(camera.ReplyGranted, ""), w.From, w.To):
		return pending, nil
	}
	if err := p.mayAsk(); err != nil {
		return ask, err
	}
	return ask, places(ctx, q, one.ID, w)
}

// hold writes a want, and what follows from it for the footage.
func (c *Cases) hold(ctx context.Context, who Officer, one Case, cam Camera, w camera.Want) (got Requested, err error) {
	c.asking.Lock()
	defer c.asking.Unlock()
	err = c.DB.Write(ctx, func(tx *sql.Tx) error {
		// Since it was decided the case may have been closed, and others have asked.
		var open int
		err := tx.QueryRowContext(ctx, `SELECT 1 FROM cases WHERE id = $1 AND closed_ms IS NULL`, one.ID).Scan(&open)
		if errors.Is(err, sql.ErrNoRows) {
			return camera.Errorf(camera.CodeCaseClosed, "case %s is closed", one.ID)
		}
		if err != nil {
			return err
		}
		how, err := c.way(ctx, tx, one, cam, w)
		if err != nil {
			return err
		}
		got.Asked = how == pending || how == ask
		switch how {
		case standing:
			return insert(ctx, tx, who, one.ID, w, c.Now())
		case ask:
			return add(ctx, tx, who, one.ID, w, c.Now(), true)
		}
		return nil
	})
	if err != nil {
		return Requested{}, fmt.Errorf("write want: %w", err)
	}
	c.Promised()
	if got.Asked {
		return got, nil
	}
	if got.Segments, err = c.Past.Request(ctx, w.Camera, w.From, w.To); err != nil {
		return Requested{}, fmt.Errorf("request footage of %s: %w", w.Camera, err)
	}
	return got, nil
}

// count tells how much of the window is at home, where nothing was asked for yet, and
// how much is in the recorder.
func (c *Cases) count(ctx context.Context, cam Camera, w camera.Want, got *Requested) error {
	past, err := c.window(ctx, cam, w.From, w.To)
	if err != nil {
		return err
	}
	for _, s := range past.Spans {
		if inRecorder(s) {
			got.Recorder += s.To.Sub(s.From)
		}
	}
	for _, f := range past.Footage {
		if got.Asked && f.Stream == camera.StreamMain && atHome(f.State) {
			got.Segments++
		}
	}
	return nil
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
		if o.Fetch { // what a household still thinks about is not asked for yet
			keep = append(keep, o.Want)
		}
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
