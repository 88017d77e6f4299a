package registry

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/nats-io/nkeys"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
)

// InvitationLife is how long an invitation's code is good.
const InvitationLife = 10 * time.Minute

// Invite makes a code with which one device joins the household: 26 base32
// letters (130 bits) in groups of four. Only its hash is kept.
func (r *Registry) Invite(ctx context.Context, h camera.HouseholdID) (code string, expires time.Time, err error) {
	secret := rand.Text()
	now := r.now().UTC().Truncate(time.Millisecond)
	expires = now.Add(InvitationLife)
	err = r.db.Write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM invitations WHERE used_ms IS NULL AND expires_ms <= $1`, db.Instant(now)); err != nil {
			return err
		}
		var one int
		err := tx.QueryRowContext(ctx, `SELECT 1 FROM households WHERE id = $1`, h).Scan(&one)
		if errors.Is(err, sql.ErrNoRows) {
			return camera.Errorf(camera.CodeNotFound, "no household %s", h)
		}
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO invitations (hash, household_id, made_ms, expires_ms) VALUES ($1, $2, $3, $4)`,
			fingerprint(secret), h, db.Instant(now), db.Instant(expires))
		return err
	})
	if err != nil {
		return "", time.Time{}, named("invite", err)
	}
	return grouped(secret), expires, nil
}

func grouped(secret string) string {
	var b strings.Builder
	for i, letter := range secret {
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteRune(letter)
	}
	return b.String()
}

// typed undoes what people do to a code that they copy by hand: lower case,
// blanks, and digits that look like letters (base32 has no 0, 1 and 8).
var typed = strings.NewReplacer("-", "", " ", "", "0", "O", "1", "I", "8", "B")

// Enrol lets a device join the household whose code it presents, once it has
// proved that it holds the private half of its key. Of all devices that present
// one code exactly one wins; the others get CodeUsedCode, as for a code that is
// unknown or too old. The winner may ask again while the code is good (its answer
// may have been lost) and hears the same.
func (r *Registry) Enrol(ctx context.Context, req camera.EnrolRequest) (camera.EnrolReply, error) {
	if len(req.Code) > 100 || len(req.Device) > 100 || len(req.Signature) > 200 || len(req.Name) > 200 {
		return camera.EnrolReply{}, camera.Errorf(camera.CodeTooLarge, "enrol: request is too long")
	}
	if err := checkProof(req); err != nil {
		return camera.EnrolReply{}, named("enrol", err)
	}
	var reply camera.EnrolReply
	err := r.db.Write(ctx, func(tx *sql.Tx) (err error) {
		if reply, err = r.redeem(ctx, tx, req); err != nil {
			return err
		}
		return r.join(ctx, tx, req, reply.Household)
	})
	if err != nil {
		return camera.EnrolReply{}, named("enrol", err)
	}
	return reply, nil
}

func checkProof(req camera.EnrolRequest) error {
	if !nkeys.IsValidPublicUserKey(string(req.Device)) {
		return camera.Errorf(camera.CodeBadRequest, "device is no public user key")
	}
	key, err := nkeys.FromPublicKey(string(req.Device))
	if err != nil {
		return camera.Errorf(camera.CodeBadRequest, "read device key: %w", err)
	}
	signature, err := base64.StdEncoding.DecodeString(req.Signature)
	if err != nil {
		return camera.Errorf(camera.CodeBadRequest, "read signature: not base64")
	}
	if err := key.Verify(camera.EnrolPayload(req.Code, req.Device), signature); err != nil {
		return camera.Errorf(camera.CodeForbidden, "signature is not of this device key")
	}
	return nil
}

// redeem uses the code up, and tells whose it was.
func (r *Registry) redeem(ctx context.Context, tx *sql.Tx, req camera.EnrolRequest) (camera.EnrolReply, error) {
	var (
		reply   camera.EnrolReply
		expires time.Time
		by      sql.Null[camera.DeviceID]
	)
	hash := fingerprint(typed.Replace(strings.ToUpper(req.Code)))
	err := tx.QueryRowContext(ctx, `SELECT h.id, h.label, i.expires_ms, i.device_id
		FROM invitations i JOIN households h ON h.id = i.household_id WHERE i.hash = $1`, hash).
		Scan(&reply.Household, &reply.Label, (*db.Instant)(&expires), &by)
	switch now := r.now(); {
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return reply, err
	case err != nil, !now.Before(expires), by.Valid && by.V != req.Device:
		return reply, camera.Errorf(camera.CodeUsedCode, "code is unknown, used or too old")
	}
	return reply, nil
}

// join writes the device down and marks the code as used by it.
func (r *Registry) join(ctx context.Context, tx *sql.Tx, req camera.EnrolRequest, h camera.HouseholdID) error {
	var (
		had     camera.HouseholdID
		revoked bool
	)
	err := tx.QueryRowContext(ctx, `SELECT household_id, revoked_ms IS NOT NULL FROM devices WHERE id = $1`, req.Device).Scan(&had, &revoked)
	switch {
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return err
	case err == nil && revoked:
		return camera.Errorf(camera.CodeForbidden, "device key was revoked")
	case err == nil && had != h:
		return camera.Errorf(camera.CodeConflict, "device is of another household")
	}
	now := db.Instant(r.now())
	_, err = tx.ExecContext(ctx, `INSERT INTO devices (id, household_id, name, version, enrolled_ms) VALUES ($1, $2, $3, '', $4)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name`, req.Device, h, cut(req.Name, 200), now)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE invitations SET used_ms = COALESCE(used_ms, $2), device_id = $3 WHERE hash = $1`,
		fingerprint(typed.Replace(strings.ToUpper(req.Code))), now, req.Device)
	return err
}
