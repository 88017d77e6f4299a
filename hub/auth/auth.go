// Package auth knows the hub's users, their passwords and sessions. It knows no
// HTTP. Tokens and passwords are stored only as hashes and never written to an
// error.
package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
)

// Role is what a user may do.
type Role string

// Roles.
const (
	Administrator Role = "administrator" // runs the hub, may not watch
	Officer       Role = "officer"       // opens cases, searches and watches
	Supervisor    Role = "supervisor"    // approves
	Auditor       Role = "auditor"       // reads the audit
)

// Valid tells whether the role is one of ours.
func (r Role) Valid() bool {
	return r == Administrator || r == Officer || r == Supervisor || r == Auditor
}

// User is a person who may sign in.
type User struct {
	ID    string
	Login string // folded: lower case
	Name  string
	Role  Role
	Unit  string // "" for the first administrator
}

// Auth is safe for use by any number of goroutines.
type Auth struct {
	db      *db.DB
	now     func() time.Time
	slow    *slowDown
	hashing chan struct{} // a place for each password that is hashed now: each takes 19 MiB
	setup   sync.Mutex    // one setup at a time: who comes too late need not hash a password
}

// New makes the room on an open database.
func New(d *db.DB, now func() time.Time) *Auth {
	return &Auth{db: d, now: now, slow: newSlowDown(), hashing: make(chan struct{}, runtime.NumCPU())}
}

// CreateUser adds a user. CodeConflict when the login is taken, CodeBadRequest
// when a field is not as it must be.
func (a *Auth) CreateUser(ctx context.Context, login, name string, role Role, unit, password string) (User, error) {
	u := newUser(login, name, role, unit)
	if err := u.check(); err != nil {
		return User{}, fmt.Errorf("create user: %w", err)
	}
	if n := utf8.RuneCountInString(u.Unit); n < 1 || n > 200 {
		return User{}, camera.Errorf(camera.CodeBadRequest, "create user: unit of %d letters, want 1 to 200", n)
	}
	hash, err := a.hash(ctx, password)
	if err != nil {
		return User{}, fmt.Errorf("create user: %w", err)
	}
	err = a.db.Write(ctx, func(tx *sql.Tx) error { return a.insert(ctx, tx, u, hash) })
	if err != nil {
		return User{}, fmt.Errorf("create user: %w", err)
	}
	return u, nil
}

func newUser(login, name string, role Role, unit string) User {
	return User{ID: "u" + strings.ToLower(rand.Text()), Login: fold(login), Name: tidy(name), Role: role, Unit: tidy(unit)}
}

// fold makes one spelling of a login of all that a person may type: Vietnamese
// keyboards send the same letter in several forms.
func fold(login string) string { return strings.ToLower(tidy(login)) }

func tidy(s string) string { return norm.NFC.String(strings.TrimSpace(s)) }

func (u User) check() error {
	for what, s := range map[string]string{"login": u.Login, "name": u.Name, "unit": u.Unit} {
		if !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
			return camera.Errorf(camera.CodeBadRequest, "%s is no plain text", what)
		}
	}
	switch login, name := utf8.RuneCountInString(u.Login), utf8.RuneCountInString(u.Name); {
	case login < 2 || login > 60:
		return camera.Errorf(camera.CodeBadRequest, "login of %d letters, want 2 to 60", login)
	case strings.ContainsFunc(u.Login, unicode.IsSpace):
		return camera.Errorf(camera.CodeBadRequest, "login with a blank in it")
	case name < 1 || name > 200:
		return camera.Errorf(camera.CodeBadRequest, "name of %d letters, want 1 to 200", name)
	case !u.Role.Valid():
		return camera.Errorf(camera.CodeBadRequest, "unknown role")
	}
	return nil
}

func (a *Auth) insert(ctx context.Context, tx *sql.Tx, u User, hash string) error {
	var id string
	err := tx.QueryRowContext(ctx, `INSERT INTO users (id, login, name, role, unit, password, created_ms)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (login) DO NOTHING RETURNING id`,
		u.ID, u.Login, u.Name, u.Role, u.Unit, hash, db.Instant(a.now())).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return camera.Errorf(camera.CodeConflict, "login is taken")
	}
	return err
}

// Users lists all users by name.
func (a *Auth) Users(ctx context.Context) ([]User, error) {
	rows, err := a.db.Read().QueryContext(ctx, `SELECT id, login, name, role, unit FROM users ORDER BY name, login`)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	defer rows.Close()
	var list []User
	for rows.Next() {
		var u User
		if err := rows.Scan(&u.ID, &u.Login, &u.Name, &u.Role, &u.Unit); err != nil {
			return nil, fmt.Errorf("list users: %w", err)
		}
		list = append(list, u)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	return list, nil
}

// fingerprint is what is kept of a token: it is random, so a plain hash will do.
func fingerprint(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
