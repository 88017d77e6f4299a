package registry

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
)

// Limits on what one device may make the hub keep.
const (
	camerasMost     = 64  // in one hello
	camerasKeptMost = 256 // ever, with those that it left out since
	viewsADayMost   = 100 // changes of one camera's view within 24 h
)

// Hello takes a device's word for its own cameras: new ones are registered, known
// ones updated, those left out or refused are kept and not shared any more. One
// camera's refusal does not touch the others; a refusal of the whole message (bad
// version, too many cameras, unknown device) changes nothing. The error is the hub's
// own failure, whose cause the refusal does not tell.
func (r *Registry) Hello(ctx context.Context, d camera.DeviceID, m camera.Hello) (camera.HelloReply, error) {
	reply := camera.HelloReply{V: camera.LinkVersion}
	err := camera.CheckVersion(m.V)
	if err == nil && len(m.Cameras) > camerasMost {
		err = camera.Errorf(camera.CodeTooLarge, "hello: %d cameras, at most %d", len(m.Cameras), camerasMost)
	}
	if err == nil {
		err = r.db.Write(ctx, func(tx *sql.Tx) (err error) {
			reply.Refused, err = r.hello(ctx, tx, d, m)
			return err
		})
	}
	if err == nil {
		return reply, nil
	}
	reply = camera.HelloReply{V: camera.LinkVersion, Refusal: camera.Refuse(err)}
	if reply.Code != camera.CodeInternal {
		err = nil
	}
	return reply, err
}

func (r *Registry) hello(ctx context.Context, tx *sql.Tx, d camera.DeviceID, m camera.Hello) (map[camera.CameraID]camera.Refusal, error) {
	h, err := household(ctx, tx, d)
	if err != nil {
		return nil, fmt.Errorf("hello: %w", err)
	}
	now := r.now().UTC().Truncate(time.Millisecond)
	if err := seen(ctx, tx, d, now); err != nil {
		return nil, err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE devices SET version = $2 WHERE id = $1`, d, cut(m.Version, 60)); err != nil {
		return nil, err
	}
	// Each camera that is accepted below is shared again.
	if _, err := tx.ExecContext(ctx, `UPDATE cameras SET shared = $2 WHERE device_id = $1`, d, false); err != nil {
		return nil, err
	}
	times := map[camera.CameraID]int{}
	for _, n := range m.Cameras {
		times[n.Camera]++
	}
	refused := map[camera.CameraID]camera.Refusal{}
	for _, n := range m.Cameras {
		err := n.Check(h)
		if err == nil && times[n.Camera] > 1 {
			err = camera.Errorf(camera.CodeBadClaim, "camera %s: named %d times", n.Camera, times[n.Camera])
		}
		if err == nil {
			err = note(ctx, tx, d, h, n, now)
		}
		if coded := new(camera.Error); errors.As(err, &coded) {
			refused[n.Camera] = camera.Refuse(err)
		} else if err != nil {
			return nil, fmt.Errorf("write camera: %w", err)
		}
	}
	if len(refused) == 0 {
		return nil, nil
	}
	return refused, nil
}

// note writes one camera. Its refusals carry a code and come before it writes.
func note(ctx context.Context, tx *sql.Tx, d camera.DeviceID, h camera.HouseholdID, n camera.CameraNote, now time.Time) error {
	o, err := findOwner(ctx, tx, n.Camera)
	if err != nil {
		return err
	}
	if o.ok && o.device != d && !o.revoked {
		return camera.Errorf(camera.CodeForeignCamera, "camera %s: of another device", n.Camera)
	}
	if err := checkRoom(ctx, tx, d, n.Camera, o.ok && o.device == d); err != nil {
		return err
	}
	change, err := planView(ctx, tx, n, now)
	if err != nil {
		return err
	}
	// A camera that comes from a revoked device keeps its past, not its state.
	_, err = tx.ExecContext(ctx, `INSERT INTO cameras (id, household_id, device_id, serial, channel, label,
			consent, consent_ms, paused, sound, shared, state, detail, codec, registered_ms)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '', '', '', $12)
		ON CONFLICT (id) DO UPDATE SET
			state = CASE WHEN cameras.device_id = excluded.device_id THEN cameras.state ELSE '' END,
			since_ms = CASE WHEN cameras.device_id = excluded.device_id THEN cameras.since_ms ELSE NULL END,
			detail = CASE WHEN cameras.device_id = excluded.device_id THEN cameras.detail ELSE '' END,
			verified_ms = CASE WHEN cameras.device_id = excluded.device_id THEN cameras.verified_ms ELSE NULL END,
			uplink = CASE WHEN cameras.device_id = excluded.device_id THEN cameras.uplink ELSE '' END,
			device_id = excluded.device_id, label = excluded.label, consent = excluded.consent,
			consent_ms = excluded.consent_ms, paused = excluded.paused, sound = excluded.sound, shared = excluded.shared`,
		n.Camera, h, d, n.Serial, n.Channel, n.Label,
		n.Consent.Level, db.Instant(n.Consent.Until), n.Consent.Paused, n.Sound, true, db.Instant(now))
	if err != nil {
		return err
	}
	return change(ctx, tx)
}

func checkRoom(ctx context.Context, tx *sql.Tx, d camera.DeviceID, id camera.CameraID, kept bool) error {
	if kept {
		return nil
	}
	var n int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM cameras WHERE device_id = $1`, d).Scan(&n); err != nil {
		return err
	}
	if n >= camerasKeptMost {
		return camera.Errorf(camera.CodeTooMany, "camera %s: the device had %d cameras already", id, n)
	}
	return nil
}
