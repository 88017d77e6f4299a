package registry

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
)

// Camera is one camera as its device last told of it.
type Camera struct {
	ID         camera.CameraID
	Household  camera.HouseholdID
	Device     camera.DeviceID
	Serial     string
	Channel    int
	Label      string
	Consent    camera.Consent
	Sound      bool
	Shared     bool               // it was in its device's last hello
	View       camera.View        // the present one
	State      camera.RecordState // "" before the first status
	Since      time.Time
	Detail     string // for a technician
	Codec      string
	Verified   time.Time     // end of the newest segment that the device read back as a whole; zero: none yet
	Uplink     camera.Uplink // the class in force; "" before the first status
	Aim        camera.Aim    // newest comparison with the reference view; zero: none yet
	Keep       int           // days for which the household lets the hub keep footage; 0: it chose none
	Registered time.Time
}

const selectCamera = `SELECT c.id, c.household_id, c.device_id, c.serial, c.channel, c.label,
	c.consent, c.consent_ms, c.paused, c.consent_for, c.consent_from, c.consent_to, c.sound, c.shared, c.state, c.since_ms, c.detail, c.codec, c.verified_ms, c.uplink, c.aim, c.aim_ms, c.keep_days, c.registered_ms,
	v.lon, v.lat, v.heading, v.fov, v.range_m, v.from_ms, v.to_ms
	FROM cameras c JOIN views v ON v.camera_id = c.id `

func scanCamera(row interface{ Scan(...any) error }) (Camera, error) {
	var (
		c        Camera
		purposes string
	)
	err := row.Scan(&c.ID, &c.Household, &c.Device, &c.Serial, &c.Channel, &c.Label,
		&c.Consent.Level, (*db.Instant)(&c.Consent.Until), &c.Consent.Paused, &purposes, &c.Consent.Hours.From, &c.Consent.Hours.To, &c.Sound, &c.Shared,
		&c.State, (*db.Instant)(&c.Since), &c.Detail, &c.Codec, (*db.Instant)(&c.Verified), &c.Uplink, &c.Aim.State, (*db.Instant)(&c.Aim.At), &c.Keep, (*db.Instant)(&c.Registered),
		&c.View.Position.Lon, &c.View.Position.Lat, &c.View.Heading, &c.View.FOV, &c.View.Range,
		(*db.Instant)(&c.View.From), (*db.Instant)(&c.View.To))
	if err == nil && purposes != "" {
		// Consent that cannot be read must not widen: the whole list fails.
		err = json.Unmarshal([]byte(purposes), &c.Consent.For)
	}
	return c, err
}

// levelsText writes the levels by purpose for the database; "" for none.
func levelsText(l camera.Levels) (string, error) {
	if l == (camera.Levels{}) {
		return "", nil
	}
	text, err := json.Marshal(l)
	return string(text), err
}

// list runs selectCamera with a condition. Each row's view stands in its Camera.
func (r *Registry) list(ctx context.Context, where string, args ...any) ([]Camera, error) {
	rows, err := r.db.Read().QueryContext(ctx, selectCamera+where, args...)
	if err != nil {
		return nil, fmt.Errorf("list cameras: %w", err)
	}
	defer rows.Close()
	var list []Camera
	for rows.Next() {
		c, err := scanCamera(rows)
		if err != nil {
			return nil, fmt.Errorf("list cameras: %w", err)
		}
		list = append(list, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list cameras: %w", err)
	}
	return list, nil
}

// Camera finds one camera with its present view; CodeNotFound when there is none.
func (r *Registry) Camera(ctx context.Context, id camera.CameraID) (Camera, error) {
	list, err := r.list(ctx, `WHERE c.id = $1 AND v.to_ms IS NULL`, id)
	if err != nil {
		return Camera{}, err
	}
	if len(list) == 0 {
		return Camera{}, camera.Errorf(camera.CodeNotFound, "no camera %s", id)
	}
	return list[0], nil
}

// Cameras lists all cameras with their present views, by label, also those that
// are not shared any more.
func (r *Registry) Cameras(ctx context.Context) ([]Camera, error) {
	return r.list(ctx, `WHERE v.to_ms IS NULL ORDER BY c.label, c.id`)
}

// owner is whose camera this is now; ok is false for a new one.
type owner struct {
	device camera.DeviceID
	gone   bool // the device was revoked, left or is in quarantine
	ok     bool
}

func findOwner(ctx context.Context, tx *sql.Tx, id camera.CameraID) (owner, error) {
	o := owner{ok: true}
	err := tx.QueryRowContext(ctx, `SELECT d.id, d.revoked_ms IS NOT NULL OR d.left_ms IS NOT NULL OR d.quarantined_ms IS NOT NULL
		FROM cameras c JOIN devices d ON d.id = c.device_id WHERE c.id = $1`, id).Scan(&o.device, &o.gone)
	if err == sql.ErrNoRows {
		return owner{}, nil
	}
	return o, err
}
