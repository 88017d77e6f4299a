// Package registry knows the households, their devices and cameras, where each
// camera looked and when each device had its link. What a device tells of itself
// is hostile input: it can only ever change its own cameras.
package registry

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
)

// Registry is safe for use by any number of goroutines.
type Registry struct {
	db    *db.DB
	now   func() time.Time
	decoy string // of this process; see Prove
}

// New makes a registry on an open database.
func New(d *db.DB, now func() time.Time) *Registry {
	return &Registry{db: d, now: now, decoy: rand.Text()}
}

// Household is a member home.
type Household struct {
	ID      camera.HouseholdID
	Label   string
	Place   *camera.Position // as the commune noted it; nil: not noted
	Devices []Device         // oldest first, also those that are not believed any more
}

// Device is an agent.
type Device struct {
	ID          camera.DeviceID
	Household   camera.HouseholdID
	Name        string
	Version     string // of the agent's program, from its last hello
	Enrolled    time.Time
	LastSeen    time.Time // zero before the first link
	Revoked     bool      // by the commune, for good
	Left        bool      // the household left by itself
	Quarantined bool      // two boxes came with this identity
	SelfTest    *SelfTest // nil before the first
	Health      *Health   // nil before the first status
	Cameras     []Camera  // by label
}

// CreateHousehold registers a home under a label of 1 to 200 letters, and where it is
// if that is known.
func (r *Registry) CreateHousehold(ctx context.Context, label string, place *camera.Position) (Household, error) {
	label = strings.TrimSpace(label)
	if n := utf8.RuneCountInString(label); n < 1 || n > 200 || !utf8.ValidString(label) {
		return Household{}, camera.Errorf(camera.CodeBadRequest, "create household: label of %d letters, want 1 to 200", n)
	}
	h := Household{ID: camera.HouseholdID("h" + strings.ToLower(rand.Text())), Label: label}
	var lon, lat sql.NullFloat64
	if place != nil {
		if !place.Valid() {
			return Household{}, camera.Errorf(camera.CodeBadRequest, "create household: no place on earth at %v,%v", place.Lon, place.Lat)
		}
		lon, lat = sql.NullFloat64{Float64: place.Lon, Valid: true}, sql.NullFloat64{Float64: place.Lat, Valid: true}
		h.Place = placeOf(lon, lat)
	}
	err := r.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO households (id, label, created_ms, lon, lat) VALUES ($1, $2, $3, $4, $5)`,
			h.ID, h.Label, db.Instant(r.now()), lon, lat)
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
	rows, err := r.db.Read().QueryContext(ctx, `SELECT id, label, lon, lat FROM households ORDER BY label, id`)
	if err != nil {
		return nil, fmt.Errorf("list households: %w", err)
	}
	defer rows.Close()
	var list []Household
	for rows.Next() {
		var (
			h        Household
			lon, lat sql.NullFloat64
		)
		if err := rows.Scan(&h.ID, &h.Label, &lon, &lat); err != nil {
			return nil, fmt.Errorf("list households: %w", err)
		}
		h.Place = placeOf(lon, lat)
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

// Place is where a device's household is, as the commune noted it; nil when it did
// not. Errors as of [Registry.Device]'s refusals.
func (r *Registry) Place(ctx context.Context, d camera.DeviceID) (*camera.Position, error) {
	h, err := household(ctx, r.db.Read(), d)
	if err != nil {
		return nil, named("find place of household", err)
	}
	var lon, lat sql.NullFloat64
	err = r.db.Read().QueryRowContext(ctx, `SELECT lon, lat FROM households WHERE id = $1`, h).Scan(&lon, &lat)
	return placeOf(lon, lat), named("find place of household", err)
}

func placeOf(lon, lat sql.NullFloat64) *camera.Position {
	if !lon.Valid || !lat.Valid {
		return nil
	}
	return &camera.Position{Lon: lon.Float64, Lat: lat.Float64}
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
