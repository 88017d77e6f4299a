package registry

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"errors"
	"time"

	"github.com/nats-io/nkeys"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
)

// InvitationLife is how long an invitation's code is good.
const InvitationLife = 10 * time.Minute

// Invited is a new invitation. The secret is in no other place.
type Invited struct {
	Secret  string // 26 base32 letters, 130 bits; camera.Invitation shows it to people
	Expires time.Time
}

// Invite makes a secret with which one device joins the household. What is kept of
// it (camera.InvitationID and InvitationKey) enrols nobody.
func (r *Registry) Invite(ctx context.Context, h camera.HouseholdID) (Invited, error) {
	now := r.now().UTC().Truncate(time.Millisecond)
	made := Invited{Secret: rand.Text(), Expires: now.Add(InvitationLife)}
	err := r.db.Write(ctx, func(tx *sql.Tx) error {
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
		_, err = tx.ExecContext(ctx, `INSERT INTO invitations (id, proof, household_id, made_ms, expires_ms) VALUES ($1, $2, $3, $4, $5)`,
			camera.InvitationID(made.Secret).String(), camera.InvitationKey(made.Secret).String(), h, db.Instant(now), db.Instant(made.Expires))
		return err
	})
	if err != nil {
		return Invited{}, named("invite", err)
	}
	return made, nil
}

// Prove shows to somebody who knows an invitation's secret that the hub knows it, too,
// over the hash of its CA's certificate (the zero Hash when it has a public one). A
// used invitation proves while it is good: its winner may have to ask again.
//
// An invitation that is unknown or too old gets a proof that fits nothing, made with
// the same work from a key that only this process knows, and the same one each time:
// the answer does not tell which invitations there are. Strangers may ask; the
// caller bounds how often.
func (r *Registry) Prove(ctx context.Context, req camera.ProofRequest, ca camera.Hash) (camera.Hash, error) {
	if n := len(req.Nonce); n < 16 || n > 64 {
		return camera.Hash{}, camera.Errorf(camera.CodeBadRequest, "prove hub: nonce of %d bytes, want 16 to 64", n)
	}
	key := camera.InvitationKey(r.decoy + req.Invitation.String())
	var known string
	err := r.db.Read().QueryRowContext(ctx, `SELECT proof FROM invitations WHERE id = $1 AND expires_ms > $2`,
		req.Invitation.String(), db.Instant(r.now())).Scan(&known)
	if err == nil {
		err = key.UnmarshalText([]byte(known))
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return camera.Hash{}, named("prove hub", err)
	}
	return camera.InvitationProof(key, req.Nonce, ca), nil
}

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
		reply    camera.EnrolReply
		expires  time.Time
		by       sql.Null[camera.DeviceID]
		lon, lat sql.NullFloat64
	)
	err := tx.QueryRowContext(ctx, `SELECT h.id, h.label, h.lon, h.lat, i.expires_ms, i.device_id
		FROM invitations i JOIN households h ON h.id = i.household_id WHERE i.id = $1`, invitationOf(req)).
		Scan(&reply.Household, &reply.Label, &lon, &lat, (*db.Instant)(&expires), &by)
	switch now := r.now(); {
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return reply, err
	case err != nil, !now.Before(expires), by.Valid && by.V != req.Device:
		return camera.EnrolReply{}, camera.Errorf(camera.CodeUsedCode, "code is unknown, used or too old")
	}
	reply.Place = placeOf(lon, lat)
	return reply, nil
}

func invitationOf(req camera.EnrolRequest) string {
	return camera.InvitationID(camera.SecretOf(req.Code)).String()
}

// join writes the device down and marks the code as used by it. A key that was given
// up for good, or that two boxes have, does not come back: a new one is made in no time.
func (r *Registry) join(ctx context.Context, tx *sql.Tx, req camera.EnrolRequest, h camera.HouseholdID) error {
	var (
		had    camera.HouseholdID
		burned bool
	)
	err := tx.QueryRowContext(ctx, `SELECT household_id, revoked_ms IS NOT NULL OR left_ms IS NOT NULL OR quarantined_ms IS NOT NULL
		FROM devices WHERE id = $1`, req.Device).Scan(&had, &burned)
	switch {
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return err
	case err == nil && burned:
		return camera.Errorf(camera.CodeForbidden, "device key was revoked, given up or copied")
	case err == nil && had != h:
		return camera.Errorf(camera.CodeConflict, "device is of another household")
	}
	now := db.Instant(r.now())
	_, err = tx.ExecContext(ctx, `INSERT INTO devices (id, household_id, name, version, enrolled_ms) VALUES ($1, $2, $3, '', $4)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name`, req.Device, h, cut(req.Name, 200), now)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE invitations SET used_ms = COALESCE(used_ms, $2), device_id = $3 WHERE id = $1`,
		invitationOf(req), now, req.Device)
	return err
}
