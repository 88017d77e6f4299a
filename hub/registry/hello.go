package registry

import (
	"cmp"
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
	viewsADayMost   = 100 // changes of one camera's view within 24 h, by the times from which they are true
)

// Hello takes a device's word for its own cameras: new ones are registered, known
// ones updated, those left out or refused are kept and not shared any more. One
// camera's refusal does not touch the others; a refusal of the whole message (bad
// version, too many cameras, unknown device) changes nothing, but for the one that
// finds two boxes with one identity: it puts the device in quarantine (noteBoot).
// The error is the hub's own failure, whose cause the refusal does not tell.
func (r *Registry) Hello(ctx context.Context, d camera.DeviceID, m camera.Hello) (camera.HelloReply, error) {
	reply := camera.HelloReply{V: camera.LinkVersion}
	err := camera.CheckVersion(m.V)
	if err == nil && len(m.Cameras) > camerasMost {
		err = camera.Errorf(camera.CodeTooLarge, "hello: %d cameras, at most %d", len(m.Cameras), camerasMost)
	}
	if err == nil {
		_, err = camera.KeepDays(m.Keep)
	}
	if err == nil {
		var verdict error
		err = r.db.Write(ctx, func(tx *sql.Tx) (err error) {
			reply.Refused, verdict, err = r.hello(ctx, tx, d, m)
			return err
		})
		err = cmp.Or(err, verdict)
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

// hello gives a verdict beside the error where what was written is to stay.
func (r *Registry) hello(ctx context.Context, tx *sql.Tx, d camera.DeviceID, m camera.Hello) (refused map[camera.CameraID]camera.Refusal, verdict, err error) {
	h, err := household(ctx, tx, d)
	if err != nil {
		return nil, nil, fmt.Errorf("hello: %w", err)
	}
	now := r.now().UTC().Truncate(time.Millisecond)
	if err := seen(ctx, tx, d, now); err != nil {
		return nil, nil, err
	}
	if err := noteBoot(ctx, tx, d, m.Boot, now); camera.CodeOf(err) == camera.CodeQuarantined {
		return nil, err, nil
	} else if err != nil {
		return nil, nil, err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE devices SET version = $2 WHERE id = $1`, d, cut(m.Version, 60)); err != nil {
		return nil, nil, err
	}
	if refused, err = noteAll(ctx, tx, d, h, m.Cameras, now); err != nil {
		return nil, nil, err
	}
	err = keepAll(ctx, tx, d, m.Keep, now)
	return refused, nil, err
}

func noteAll(ctx context.Context, tx *sql.Tx, d camera.DeviceID, h camera.HouseholdID, notes []camera.CameraNote, now time.Time) (map[camera.CameraID]camera.Refusal, error) {
	// Each camera that is accepted below is shared again.
	if err := unshare(ctx, tx, d); err != nil {
		return nil, err
	}
	times := map[camera.CameraID]int{}
	for _, n := range notes {
		times[n.Camera]++
	}
	refused := map[camera.CameraID]camera.Refusal{}
	for _, n := range notes {
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
	if o.ok && o.device != d && !o.gone {
		return camera.Errorf(camera.CodeForeignCamera, "camera %s: of another device", n.Camera)
	}
	if err := checkRoom(ctx, tx, d, n.Camera, o.ok && o.device == d); err != nil {
		return err
	}
	change, err := planView(ctx, tx, n, now)
	if err != nil {
		return err
	}
	// Nobody agrees for longer than this beforehand; the agent ends it as it was told.
	if most := now.Add(camera.ConsentLongest); n.Consent.Until.After(most) {
		n.Consent.Until = most
	}
	purposes, err := levelsText(n.Consent.For)
	if err != nil {
		return err
	}
	// A camera that comes from a device that is not believed any more keeps its past,
	// not its state.
	_, err = tx.ExecContext(ctx, `INSERT INTO cameras (id, household_id, device_id, serial, channel, label,
			consent, consent_ms, paused, sound, shared, state, detail, codec, registered_ms, consent_for, consent_from, consent_to)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '', '', '', $12, $13, $14, $15)
		ON CONFLICT (id) DO UPDATE SET
			state = CASE WHEN cameras.device_id = excluded.device_id THEN cameras.state ELSE '' END,
			since_ms = CASE WHEN cameras.device_id = excluded.device_id THEN cameras.since_ms ELSE NULL END,
			detail = CASE WHEN cameras.device_id = excluded.device_id THEN cameras.detail ELSE '' END,
			verified_ms = CASE WHEN cameras.device_id = excluded.device_id THEN cameras.verified_ms ELSE NULL END,
			uplink = CASE WHEN cameras.device_id = excluded.device_id THEN cameras.uplink ELSE '' END,
			aim = CASE WHEN cameras.device_id = excluded.device_id THEN cameras.aim ELSE '' END,
			aim_ms = CASE WHEN cameras.device_id = excluded.device_id THEN cameras.aim_ms ELSE NULL END,
			consent_for = excluded.consent_for, consent_from = excluded.consent_from, consent_to = excluded.consent_to,
			device_id = excluded.device_id, label = excluded.label, consent = excluded.consent,
			consent_ms = excluded.consent_ms, paused = excluded.paused, sound = excluded.sound, shared = excluded.shared`,
		n.Camera, h, d, n.Serial, n.Channel, n.Label,
		n.Consent.Level, db.Instant(n.Consent.Until), n.Consent.Paused, n.Sound, true, db.Instant(now),
		purposes, n.Consent.Hours.From, n.Consent.Hours.To)
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
