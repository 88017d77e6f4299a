// Package registry knows the households, their devices and cameras, where each
// camera looked and when each device had its link. What a device tells of itself
// is hostile input: it can only ever change its own cameras.
package registry

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
)

// Registry is safe for use by any number of goroutines.
type Registry struct {
	db  *db.DB
	now func() time.Time
}

// New makes a registry on an open database.
func New(d *db.DB, now func() time.Time) *Registry { return &Registry{db: d, now: now} }

// Household is a member home.
type Household struct {
	ID      camera.HouseholdID
	Label   string
	Devices []Device // oldest first, revoked ones too
}

// Device is an agent.
type Device struct {
	ID        camera.DeviceID
	Household camera.HouseholdID
	Name      string
	LastSeen  time.Time // zero before the first link
	Revoked   bool
	Health    *Health  // nil before the first status
	Cameras   []Camera // by label
}

// CreateHousehold registers a home under a label of 1 to 200 letters.
func (r *Registry) CreateHousehold(ctx context.Context, label string) (Household, error) {
	label = strings.TrimSpace(label)
	if n := utf8.RuneCountInString(label); n < 1 || n > 200 || !utf8.ValidString(label) {
		return Household{}, camera.Errorf(camera.CodeBadRequest, "create household: label of %d letters, want 1 to 200", n)
	}
	h := Household{ID: camera.HouseholdID("h" + strings.ToLower(rand.Text())), Label: label}
	err := r.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO households (id, label, created_ms) VALUES ($1, $2, $3)`,
			h.ID, h.Label, db.Instant(r.now()))
		return err
	})
	if err != nil {
		return Household{}, fmt.Errorf("create household: %w", err)
	}
	return h, nil
}

// Households lists all homes by label, with their devices and cameras.
func (r *Registry) Households(ctx context.Context) ([]Household, error) {
	cameras, err := r.Cameras(ctx)
	if err != nil {
		return nil, err
	}
	devices, err := r.devices(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range cameras {
		if d := devices.byID[c.Device]; d != nil {
			d.Cameras = append(d.Cameras, c)
		}
	}
	rows, err := r.db.Read().QueryContext(ctx, `SELECT id, label FROM households ORDER BY label, id`)
	if err != nil {
		return nil, fmt.Errorf("list households: %w", err)
	}
	defer rows.Close()
	var list []Household
	for rows.Next() {
		var h Household
		if err := rows.Scan(&h.ID, &h.Label); err != nil {
			return nil, fmt.Errorf("list households: %w", err)
		}
		for _, d := range devices.of[h.ID] {
			h.Devices = append(h.Devices, *d)
		}
		list = append(list, h)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list households: %w", err)
	}
	return list, nil
}

func fingerprint(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// cut shortens a text to at most n bytes without breaking a letter in two.
func cut(s string, n int) string {
	s = strings.ToValidUTF8(s, "�")
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
