package registry

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
)

// Limits of receipts.
const (
	receiptsADayMost = 200 // of one device within 24 h
	receiptsShown    = 500 // in one answer
)

// Receipt is what a household agreed to, as the hub keeps it. It is never changed: the
// household takes back with another one.
type Receipt struct {
	Number      string // "ABCD-EFGH-JKLM", told to the household
	CameraLabel string
	Received    time.Time // hub's clock
	camera.Receipt
}

// AddReceipt keeps a receipt whose signature the caller has verified. Its number
// comes from what was signed: told again, because an answer was lost, it gets the
// answer of the first time.
//
// Errors: CodeNotFound for a camera that no hello has told of yet, CodeForeignCamera
// for another device's, CodeTooMany, and what [camera.Receipt.Check] finds.
func (r *Registry) AddReceipt(ctx context.Context, d camera.DeviceID, m camera.Receipt) (number string, at time.Time, err error) {
	if err := m.Check(); err != nil {
		return "", time.Time{}, err
	}
	number, at = receiptNumber(d, m), r.now().UTC().Truncate(time.Millisecond)
	err = r.db.Write(ctx, func(tx *sql.Tx) error {
		if _, err := household(ctx, tx, d); err != nil {
			return err
		}
		o, err := findOwner(ctx, tx, m.Camera)
		switch {
		case err != nil:
			return err
		case !o.ok:
			return camera.Errorf(camera.CodeNotFound, "camera %s is not registered yet", m.Camera)
		case o.device != d:
			return camera.Errorf(camera.CodeForeignCamera, "camera %s is of another device", m.Camera)
		}
		err = tx.QueryRowContext(ctx, `SELECT received_ms FROM receipts WHERE number = $1`, number).Scan((*db.Instant)(&at))
		if !errors.Is(err, sql.ErrNoRows) {
			return err // known already, or the hub's own failure
		}
		return addReceipt(ctx, tx, d, number, m, at)
	})
	if err != nil {
		return "", time.Time{}, named("write receipt", err)
	}
	return number, at, nil
}

func addReceipt(ctx context.Context, tx *sql.Tx, d camera.DeviceID, number string, m camera.Receipt, at time.Time) error {
	var today int
	err := tx.QueryRowContext(ctx, `SELECT count(*) FROM receipts r JOIN cameras c ON c.id = r.camera_id
		WHERE c.device_id = $1 AND r.received_ms > $2`, d, db.Instant(at.Add(-24*time.Hour))).Scan(&today)
	if err != nil {
		return err
	}
	if today >= receiptsADayMost {
		return camera.Errorf(camera.CodeTooMany, "%d receipts within a day", today)
	}
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO receipts (number, camera_id, device_id, body, at_ms, received_ms) VALUES ($1, $2, $3, $4, $5, $6)`,
		number, m.Camera, d, string(body), db.Instant(m.At), db.Instant(at))
	return err
}

// receiptNumber is 60 bits of the hash of device and signed words, as letters that
// people can read out. Who makes two receipts meet has lied to nobody but himself:
// the second one is answered as the first.
func receiptNumber(d camera.DeviceID, m camera.Receipt) string {
	sum := sha256.Sum256(append([]byte("xulang receipt number 1\n"+string(d)+"\n"), m.Payload()...))
	letters := base32.StdEncoding.EncodeToString(sum[:])
	return letters[:4] + "-" + letters[4:8] + "-" + letters[8:12]
}

// Receipts lists a household's newest receipts, newest first, at most 500.
// CodeNotFound when there is no such household.
func (r *Registry) Receipts(ctx context.Context, h camera.HouseholdID) ([]Receipt, error) {
	var one int
	if err := r.db.Read().QueryRowContext(ctx, `SELECT 1 FROM households WHERE id = $1`, h).Scan(&one); errors.Is(err, sql.ErrNoRows) {
		return nil, camera.Errorf(camera.CodeNotFound, "no household %s", cut(string(h), 40))
	} else if err != nil {
		return nil, fmt.Errorf("list receipts: %w", err)
	}
	rows, err := r.db.Read().QueryContext(ctx, `SELECT r.number, c.label, r.received_ms, r.body
		FROM receipts r JOIN cameras c ON c.id = r.camera_id
		WHERE r.camera_id IN (SELECT id FROM cameras WHERE household_id = $1) ORDER BY r.received_ms DESC, r.number LIMIT $2`, h, receiptsShown)
	if err != nil {
		return nil, fmt.Errorf("list receipts: %w", err)
	}
	defer rows.Close()
	var list []Receipt
	for rows.Next() {
		var (
			one  Receipt
			body string
		)
		if err := rows.Scan(&one.Number, &one.CameraLabel, (*db.Instant)(&one.Received), &body); err != nil {
			return nil, fmt.Errorf("list receipts: %w", err)
		}
		if err := json.Unmarshal([]byte(body), &one.Receipt); err != nil {
			return nil, fmt.Errorf("read receipt %s: %w", one.Number, err)
		}
		list = append(list, one)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list receipts: %w", err)
	}
	return list, nil
}
