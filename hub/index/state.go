package index

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	camera "xulang.vn/camera"
)

// after holds the states that may follow each state. The way leads forward and may
// leave steps out. Two ways lead back: a request that ends before the bytes have
// arrived leaves them at home, and a hold that ends leaves them stored. Nothing
// leads from a hold to expired: retention does not touch what is held. The last
// three are final.
var after = map[camera.ByteState][]camera.ByteState{
	camera.StateHome:      {camera.StateRequested, camera.StateUploading, camera.StateStored, camera.StateExpired, camera.StateLost, camera.StateWithheld},
	camera.StateRequested: {camera.StateHome, camera.StateUploading, camera.StateStored, camera.StateExpired, camera.StateLost, camera.StateWithheld},
	camera.StateUploading: {camera.StateHome, camera.StateStored, camera.StateExpired, camera.StateLost, camera.StateWithheld},
	camera.StateStored:    {camera.StateHeld, camera.StateExpired, camera.StateLost, camera.StateWithheld},
	camera.StateHeld:      {camera.StateStored, camera.StateLost},
	camera.StateExpired:   nil,
	camera.StateLost:      nil,
	camera.StateWithheld:  nil,
}

// SetState moves a segment's bytes on. The state that it has is no move; a move
// that is not allowed is refused with CodeConflict.
func (x *Index) SetState(ctx context.Context, id camera.SegmentID, to camera.ByteState) error {
	return x.db.Write(ctx, func(tx *sql.Tx) error {
		var from camera.ByteState
		err := tx.QueryRowContext(ctx, `SELECT state FROM segments WHERE camera_id = $1 AND run = $2 AND seq = $3`, id.Camera, id.Run, id.Seq).Scan(&from)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return camera.Errorf(camera.CodeUnknownSegment, "segment %s was never announced", id)
		case err != nil:
			return fmt.Errorf("read state of segment: %w", err)
		case from == to:
			return nil
		case !slices.Contains(after[from], to):
			return camera.Errorf(camera.CodeConflict, "segment %s: %s after %s", id, to, from)
		}
		_, err = tx.ExecContext(ctx, `UPDATE segments SET state = $4 WHERE camera_id = $1 AND run = $2 AND seq = $3`, id.Camera, id.Run, id.Seq, to)
		if err != nil {
			return fmt.Errorf("write state of segment: %w", err)
		}
		return nil
	})
}
