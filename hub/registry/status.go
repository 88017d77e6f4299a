package registry

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
)

// detailMost is the most bytes of a technician's detail that are kept.
const detailMost = 200

// aheadMost is how far a time that a device tells may lie ahead of the hub's clock.
const aheadMost = time.Minute

// SetStatus takes a device's word for its own health, its clock and what its
// cameras do. What it says of other cameras is left alone and answered with
// CodeForeignCamera; a state that is not one of ours is left alone and answered
// with CodeBadClaim. A number that makes no sense counts as not told. The rest is
// kept.
func (r *Registry) SetStatus(ctx context.Context, d camera.DeviceID, m camera.Status) error {
	if err := camera.CheckVersion(m.V); err != nil {
		return err
	}
	if len(m.Cameras) > camerasMost {
		return camera.Errorf(camera.CodeTooLarge, "status: %d cameras, at most %d", len(m.Cameras), camerasMost)
	}
	now := r.now().UTC()
	var refusal error // of the first camera that was refused
	err := r.db.Write(ctx, func(tx *sql.Tx) error {
		if _, err := household(ctx, tx, d); err != nil {
			return err
		}
		if err := seen(ctx, tx, d, now); err != nil {
			return err
		}
		h := healthOf(m)
		if err := setHealth(ctx, tx, d, h); err != nil {
			return err
		}
		if err := noteClock(ctx, tx, d, h.Clock, now); err != nil {
			return err
		}
		for _, c := range m.Cameras {
			refused, err := setState(ctx, tx, d, c, now)
			if err != nil {
				return fmt.Errorf("camera %s: %w", cut(string(c.Camera), 40), err)
			}
			if refusal == nil {
				refusal = refused
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write status: %w", err)
	}
	return refusal
}

func setState(ctx context.Context, tx *sql.Tx, d camera.DeviceID, c camera.CameraStatus, now time.Time) (refusal, err error) {
	if c.State != camera.StateRecording && !camera.GapCause(c.State).Announced() {
		return camera.Errorf(camera.CodeBadClaim, "status: state %q", cut(string(c.State), 40)), nil
	}
	if c.Since = told(c.Since, now); c.Since.IsZero() {
		c.Since = now
	}
	if !c.Uplink.Valid() {
		c.Uplink = ""
	}
	aim := aimOf(c.Aim, now)
	done, err := tx.ExecContext(ctx, `UPDATE cameras SET state = $3, since_ms = $4, detail = $5, codec = CASE WHEN $6 = '' THEN codec ELSE $6 END,
			verified_ms = COALESCE($7, verified_ms), uplink = CASE WHEN $8 = '' THEN uplink ELSE $8 END,
			aim = CASE WHEN $9 = '' THEN aim ELSE $9 END, aim_ms = CASE WHEN $9 = '' THEN aim_ms ELSE $10 END
		WHERE id = $1 AND device_id = $2`,
		c.Camera, d, c.State, db.Instant(c.Since), cut(c.Detail, detailMost), cut(c.Codec, 20), db.Instant(told(c.Verified, now)), c.Uplink,
		aim.State, db.Instant(aim.At))
	if err != nil {
		return nil, err
	}
	if n, err := done.RowsAffected(); err != nil {
		return nil, err
	} else if n == 0 {
		return camera.Errorf(camera.CodeForeignCamera, "status: camera %s is not of this device", cut(string(c.Camera), 40)), nil
	}
	return nil, nil
}

// aimOf reads a comparison of a stranger's words; a finding that is not one of ours
// counts as not told.
func aimOf(a camera.Aim, now time.Time) camera.Aim {
	switch a.State {
	case camera.AimSame, camera.AimTurned, camera.AimCovered, camera.AimDark, camera.AimUnsure:
	default:
		return camera.Aim{}
	}
	if a.At = told(a.At, now); a.At.IsZero() {
		a.At = now
	}
	return a
}

// told reads a past time of a stranger's words. A little ahead of the hub's clock
// counts as now; what cannot be, in 1969 or next week, counts as not told.
func told(t, now time.Time) time.Time {
	switch {
	case t.Before(time.UnixMilli(0)) || t.After(now.Add(aheadMost)):
		return time.Time{}
	case t.After(now):
		return now
	}
	return t
}
