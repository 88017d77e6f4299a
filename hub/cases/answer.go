package cases

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
)

// Answer takes a household's yes or no to what it was asked for; these are the cameras
// of the box that sent it, and its signature has been checked. A yes can be taken back
// as long as the case is open; a no is final, the case may ask again. Told again, an
// answer changes nothing. One that comes when the time is over is worth nothing, and one
// of another's want, or of none, is CodeNotFound.
//
// The box that answered is told to ask for its wants anew soon after.
func (c *Cases) Answer(ctx context.Context, cameras []camera.CameraID, a camera.Answer) error {
	w, err := askOf(ctx, c.DB.Read(), cameras, a.Want)
	if err != nil {
		return err
	}
	cam, err := c.Cameras.Camera(ctx, w.Camera)
	if err != nil {
		return fmt.Errorf("find camera: %w", err)
	}
	to := camera.ReplyRefused
	if a.Granted {
		to = camera.ReplyGranted
	}
	if err := c.mayAnswer(w, cam, to); err != nil || w.Ask.Answer == to {
		return err
	}
	line := Record{Actor: Officer{Role: "household"}, Action: actAnswer, Case: w.caseID, Camera: w.Camera, Detail: string(to) + " " + windowText(w.From, w.To)}
	if err := c.log(ctx, line); err != nil {
		return err
	}
	end := ending{id: w.ID, from: w.Ask.Answer, to: to, at: c.Now(), signature: a.Signature, signed: a.At}
	if err := c.answer(ctx, w, end); err != nil {
		return err
	}
	c.mu.Lock()
	c.untold = append(c.untold, w)
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default: // it is awake
	}
	return nil
}

// askOf finds what a household was asked for at one of these cameras.
func askOf(ctx context.Context, q querier, cameras []camera.CameraID, id string) (wanted, error) {
	found, err := wantsWhere(ctx, q, `w.id = $1 AND w.asked_ms IS NOT NULL`, id)
	if err != nil {
		return wanted{}, fmt.Errorf("find want: %w", err)
	}
	if len(found) == 0 || !slices.Contains(cameras, found[0].Camera) {
		return wanted{}, camera.Errorf(camera.CodeNotFound, "answer: nothing of that name was asked of this household")
	}
	return found[0], nil
}

func (c *Cases) mayAnswer(w wanted, cam Camera, to camera.Reply) error {
	had := w.answerAt(c.Now())
	switch {
	case had == to:
		return nil
	case had != "" && had != camera.ReplyGranted:
		return camera.Errorf(camera.CodeConflict, "answer: it was %s", had)
	case !w.open:
		return camera.Errorf(camera.CodeCaseClosed, "answer: the case is closed")
	case to == camera.ReplyGranted && !sharesFootage(cam, w, c.Now()):
		return camera.Errorf(camera.CodeNoConsent, "answer: the camera's footage is not shared any more")
	}
	return nil
}

// errSaid tells that the same was written at the same time.
var errSaid = errors.New("was answered so already")

// ending is a step from one answer to the next.
type ending struct {
	id        string
	from, to  camera.Reply
	at        time.Time
	signature camera.Signature // the device's; zero when nobody at home said it
	signed    time.Time        // the time in it
}

// answer writes what was said, and what follows from it for the footage: a yes asks for
// it, anything else ends the want. A step from what stands there no more is CodeConflict.
func (c *Cases) answer(ctx context.Context, w wanted, e ending) error {
	c.asking.Lock()
	defer c.asking.Unlock()
	sig, ended := "", e.at
	if !e.signature.IsZero() {
		sig = base64.StdEncoding.EncodeToString(e.signature[:])
	}
	if e.to == camera.ReplyGranted {
		ended = time.Time{}
	}
	err := c.DB.Write(ctx, func(tx *sql.Tx) error {
		got, err := tx.ExecContext(ctx, `UPDATE wants SET answer = $3, answered_ms = $4, signature = $5, signed_ms = $6, ended_ms = $7
			WHERE id = $1 AND answer = $2 AND ended_ms IS NULL AND EXISTS (SELECT 1 FROM cases c WHERE c.id = case_id AND c.closed_ms IS NULL)`,
			e.id, e.from, e.to, db.Instant(e.at), sig, db.Instant(e.signed), db.Instant(ended))
		if err != nil {
			return err
		}
		rows, err := got.RowsAffected()
		if err != nil || rows > 0 {
			return err
		}
		return e.missed(ctx, tx)
	})
	switch {
	case errors.Is(err, errSaid):
		return nil
	case err != nil:
		return fmt.Errorf("write answer: %w", err)
	case e.to == camera.ReplyGranted:
		_, err = c.Past.Request(ctx, w.Camera, w.From, w.To)
	case e.from == camera.ReplyGranted:
		err = c.release(ctx, w.Want)
	}
	if err != nil {
		return fmt.Errorf("move footage of %s: %w", w.Camera, err)
	}
	return nil
}

// missed says why there was nothing to write.
func (e ending) missed(ctx context.Context, tx *sql.Tx) error {
	var now camera.Reply
	if err := tx.QueryRowContext(ctx, `SELECT answer FROM wants WHERE id = $1`, e.id).Scan(&now); err != nil {
		return err
	}
	if now == e.to {
		return errSaid
	}
	return camera.Errorf(camera.CodeConflict, "answer: what was asked has ended, or was answered otherwise")
}
