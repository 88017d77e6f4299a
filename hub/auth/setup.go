package auth

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
)

// SetupToken makes the token with which the first administrator is made. Each call
// makes the one before it worthless. Once there is a user it is not needed.
func (a *Auth) SetupToken(ctx context.Context) (token string, needed bool, err error) {
	err = a.db.Write(ctx, func(tx *sql.Tx) error {
		if needed, err = noUsers(ctx, tx); err != nil || !needed {
			return err
		}
		token = rand.Text()
		_, err := tx.ExecContext(ctx, `INSERT INTO setup (id, hash, made_ms) VALUES ('setup', $1, $2)
			ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, made_ms = excluded.made_ms`, fingerprint(token), db.Instant(a.now()))
		return err
	})
	if err != nil {
		return "", false, fmt.Errorf("make setup token: %w", err)
	}
	return token, needed, nil
}

// Setup makes the first administrator. Of all that present the token one wins; the
// others, and whoever has a wrong token, get CodeUsedCode.
func (a *Auth) Setup(ctx context.Context, token, login, name, password string) (User, error) {
	u := newUser(login, name, Administrator, "")
	a.setup.Lock()
	defer a.setup.Unlock()
	// Before the password is hashed, which costs: strangers may call this.
	if err := checkSetup(ctx, a.db.Read(), token); err != nil {
		return User{}, fmt.Errorf("set up: %w", err)
	}
	if err := u.check(); err != nil {
		return User{}, fmt.Errorf("set up: %w", err)
	}
	hash, err := a.hash(ctx, password)
	if err != nil {
		return User{}, fmt.Errorf("set up: %w", err)
	}
	err = a.db.Write(ctx, func(tx *sql.Tx) error {
		if err := checkSetup(ctx, tx, token); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM setup`); err != nil {
			return err
		}
		return a.insert(ctx, tx, u, hash)
	})
	if err != nil {
		return User{}, fmt.Errorf("set up: %w", err)
	}
	return u, nil
}

// rower is a transaction or the reading pool.
type rower interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}

func noUsers(ctx context.Context, q rower) (bool, error) {
	var users int
	err := q.QueryRowContext(ctx, `SELECT count(*) FROM users`).Scan(&users)
	return users == 0, err
}

func checkSetup(ctx context.Context, q rower, token string) error {
	var hash string
	err := q.QueryRowContext(ctx, `SELECT hash FROM setup`).Scan(&hash)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	fresh, countErr := noUsers(ctx, q)
	if countErr != nil {
		return countErr
	}
	if err != nil || !fresh || hash != fingerprint(token) {
		return camera.Errorf(camera.CodeUsedCode, "token is wrong or was used")
	}
	return nil
}
