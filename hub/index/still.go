package index

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	camera "xulang.vn/camera"
)

// At finds the segment whose first picture shows best what a camera saw at a
// moment: one that covers it, of the main stream rather than of the sub stream,
// then rather one that is playable than one at home. Where none covers it, the one
// that started last before it, at most within earlier. Only segments with a
// picture of their own (KeySize) whose bytes are somewhere count, with here only
// those that are playable; CodeNoFootage when there is none.
func (x *Index) At(ctx context.Context, id camera.CameraID, at time.Time, within time.Duration, here bool) (Entry, error) {
	ms, back := at.UnixMilli(), max(within, 0).Milliseconds()
	e, err := scanEntry(x.db.Read().QueryRowContext(ctx, selectEntry+`
		WHERE camera_id = $1 AND start_ms >= $4 AND start_ms <= $2 AND (end_ms > $2 OR start_ms >= $3)
			AND key_size > 0 AND state NOT IN ($8, $9, $10) AND ($11 OR state IN ($6, $7))
		ORDER BY
			CASE WHEN end_ms > $2 THEN 0 ELSE 1 END,
			CASE WHEN end_ms > $2 AND stream <> $5 THEN 1 ELSE 0 END,
			CASE WHEN end_ms > $2 AND state NOT IN ($6, $7) THEN 1 ELSE 0 END,
			start_ms DESC,
			CASE WHEN stream <> $5 THEN 1 ELSE 0 END,
			CASE WHEN state NOT IN ($6, $7) THEN 1 ELSE 0 END,
			run, seq
		LIMIT 1`,
		id, ms, ms-back, ms-max(back, spanMost), camera.StreamMain, camera.StateStored, camera.StateHeld,
		camera.StateExpired, camera.StateLost, camera.StateWithheld, !here))
	if errors.Is(err, sql.ErrNoRows) {
		return Entry{}, camera.Errorf(camera.CodeNoFootage, "camera %s: no picture of %s", id, at.UTC().Format(time.RFC3339))
	}
	if err != nil {
		return Entry{}, fmt.Errorf("find picture: %w", err)
	}
	return e, nil
}
