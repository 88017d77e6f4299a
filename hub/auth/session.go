package auth

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
)

// SessionLife is how long a session lasts, used or not.
const SessionLife = 12 * time.Hour

// errWrong is the one answer to an unknown login and to a wrong password.
var errWrong = camera.Errorf(camera.CodeSignedOut, "sign in: login or password is wrong")

// SignIn opens a session. from is the caller's address; too many failures for one
// login or from one address are answered with CodeTooMany for a while, without
// looking at the password.
func (a *Auth) SignIn(ctx context.Context, login, password, from string) (User, string, time.Time, error) {
	login = fold(login)
	if len(login) > 240 { // 60 letters of at most 4 bytes: there is no such user
		login = ""
	}
	attempt, wait := a.slow.begin(login, from, a.now())
	if wait > 0 {
		return User{}, "", time.Time{}, camera.Errorf(camera.CodeTooMany, "sign in: too many failures, wait %s", wait.Round(time.Second))
	}
	u, err := a.verify(ctx, login, password)
	if err != nil {
		if !errors.Is(err, errWrong) {
			attempt.forget() // the hub failed, not the person
		}
		return User{}, "", time.Time{}, err
	}
	token, expires, err := a.open(ctx, u)
	if err != nil {
		attempt.forget()
		return User{}, "", time.Time{}, fmt.Errorf("sign in: %w", err)
	}
	attempt.succeed()
	return u, token, expires, nil
}

// verify takes as long for an unknown login as for a known one.
func (a *Auth) verify(ctx context.Context, login, password string) (User, error) {
	var (
		u    User
		hash = nobody
	)
	err := a.db.Read().QueryRowContext(ctx, `SELECT id, login, name, role, unit, password FROM users WHERE login = $1`, login).
		Scan(&u.ID, &u.Login, &u.Name, &u.Role, &u.Unit, &hash)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return User{}, fmt.Errorf("sign in: %w", err)
	}
	same, hashErr := a.compare(ctx, password, hash)
	if hashErr != nil {
		return User{}, fmt.Errorf("sign in: %w", hashErr)
	}
	if err != nil || !same {
		return User{}, errWrong
	}
	return u, nil
}

func (a *Auth) open(ctx context.Context, u User) (token string, expires time.Time, err error) {
	token = rand.Text() // 130 bits
	now := a.now().UTC().Truncate(time.Millisecond)
	expires = now.Add(SessionLife)
	err = a.db.Write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE expires_ms <= $1`, db.Instant(now)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO sessions (hash, user_id, opened_ms, expires_ms) VALUES ($1, $2, $3, $4)`,
			fingerprint(token), u.ID, db.Instant(now), db.Instant(expires))
		return err
	})
	return token, expires, err
}

// Session tells whose session this is; CodeSignedOut when it is none, or over.
func (a *Auth) Session(ctx context.Context, token string) (User, error) {
	var u User
	err := a.db.Read().QueryRowContext(ctx, `SELECT u.id, u.login, u.name, u.role, u.unit
		FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.hash = $1 AND s.expires_ms > $2`, fingerprint(token), db.Instant(a.now())).
		Scan(&u.ID, &u.Login, &u.Name, &u.Role, &u.Unit)
	if errors.Is(err, sql.ErrNoRows) {
		return User{}, camera.Errorf(camera.CodeSignedOut, "session is unknown or over")
	}
	if err != nil {
		return User{}, fmt.Errorf("find session: %w", err)
	}
	return u, nil
}

// SignOut ends a session. One that is over already is no error.
func (a *Auth) SignOut(ctx context.Context, token string) error {
	err := a.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE hash = $1`, fingerprint(token))
		return err
	})
	if err != nil {
		return fmt.Errorf("sign out: %w", err)
	}
	return nil
}
