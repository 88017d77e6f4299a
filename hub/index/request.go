package index

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	camera "xulang.vn/camera"
)

// Request asks for the bytes of a camera's main stream that overlap [from, to):
// what is at home becomes requested. It tells how many segments of the window are
// at home and asked for now, so asking twice gives the same answer.
func (x *Index) Request(ctx context.Context, id camera.CameraID, from, to time.Time) (segments int, err error) {
	if !to.After(from) {
		return 0, camera.Errorf(camera.CodeBadWindow, "request: the window ends before it begins")
	}
	err = x.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE segments SET state = $7 `+overlapping+`AND stream = $5 AND state = $6`,
			window(id, from, to, camera.StreamMain, camera.StateHome, camera.StateRequested)...)
		if err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `SELECT count(*) FROM segments `+overlapping+`AND stream = $5 AND state = $6`,
			window(id, from, to, camera.StreamMain, camera.StateRequested)...).Scan(&segments)
	})
	if err != nil {
		return 0, fmt.Errorf("request segments: %w", err)
	}
	return segments, nil
}

// Unrequest takes a request of [from, to) back: what has not arrived is at home
// again, except where a want in keep asks for it. Wants that only hold do not. That
// goes for what has a slot, too: nobody may be sending it any more. What arrives
// all the same becomes stored from there.
func (x *Index) Unrequest(ctx context.Context, id camera.CameraID, from, to time.Time, keep []camera.Want) error {
	if !to.After(from) {
		return camera.Errorf(camera.CodeBadWindow, "unrequest: the window ends before it begins")
	}
	err := x.db.Write(ctx, func(tx *sql.Tx) error {
		asked, err := list(ctx, tx, scanEntry, selectEntry+overlapping+`AND stream = $5 AND state IN ($6, $7)`,
			window(id, from, to, camera.StreamMain, camera.StateRequested, camera.StateUploading)...)
		if err != nil {
			return err
		}
		back, err := tx.PrepareContext(ctx, `UPDATE segments SET state = $4 `+byID)
		if err != nil {
			return err
		}
		defer back.Close()
		for _, e := range asked {
			if slices.ContainsFunc(keep, func(w camera.Want) bool { return w.Fetch && w.Covers(e.Segment) }) {
				continue
			}
			if _, err := back.ExecContext(ctx, e.Camera, e.Run, e.Seq, camera.StateHome); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("unrequest segments: %w", err)
	}
	return nil
}
