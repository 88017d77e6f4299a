package registry

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
)

// bootsKept is how many runs of a device's program are remembered. A box that was
// copied comes back long before its twin has been started so often.
const bootsKept = 16

// noteBoot compares the run that says hello with the ones before. A new one is a
// program that was started again; the newest one is a link that was made again; one
// that had been followed by another is a second box with the same key: then nothing
// of either is believed any more (CodeQuarantined), and what it wrote stays.
//
// A device that has told of its runs once always tells: leaving it out is no way
// round this.
func noteBoot(ctx context.Context, tx *sql.Tx, d camera.DeviceID, boot string, now time.Time) error {
	var newest, kept string
	if err := tx.QueryRowContext(ctx, `SELECT boot, boots FROM devices WHERE id = $1`, d).Scan(&newest, &kept); err != nil {
		return err
	}
	switch {
	case boot == newest: // "" of a program that never told, too
		return nil
	case !bootish(boot):
		return camera.Errorf(camera.CodeBadRequest, "hello: boot of %d bytes, want 8 to 64 letters and digits", len(boot))
	}
	before := strings.Fields(kept)
	if slices.Contains(before, boot) {
		if err := quarantine(ctx, tx, d, now); err != nil {
			return err
		}
		return camera.Errorf(camera.CodeQuarantined, "hello: a second box has this device's identity")
	}
	if newest != "" {
		before = append([]string{newest}, before...)
	}
	_, err := tx.ExecContext(ctx, `UPDATE devices SET boot = $2, boots = $3 WHERE id = $1`,
		d, boot, strings.Join(before[:min(len(before), bootsKept)], " "))
	return err
}

func bootish(boot string) bool {
	return len(boot) >= 8 && len(boot) <= 64 &&
		strings.Trim(boot, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == ""
}

func quarantine(ctx context.Context, tx *sql.Tx, d camera.DeviceID, now time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE devices SET quarantined_ms = COALESCE(quarantined_ms, $2) WHERE id = $1`, d, db.Instant(now))
	if err != nil {
		return err
	}
	return unshare(ctx, tx, d)
}
