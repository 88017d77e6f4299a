package auth_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/auth"
	"xulang.vn/camera/hub/db"
	"xulang.vn/camera/hub/db/dbtest"
)

const password = "mật khẩu dài 1"

var start = time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC)

// hub is an Auth on a real database with a clock that tests move.
type hub struct {
	*auth.Auth
	db    *db.DB
	where string
	mu    sync.Mutex
	clock time.Time
}

func (h *hub) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.clock
}

func (h *hub) wait(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clock = h.clock.Add(d)
}

func open(t *testing.T) *hub {
	t.Helper()
	where := dbtest.Where(t)
	d, err := db.Open(t.Context(), where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	h := &hub{db: d, where: where, clock: start}
	h.Auth = auth.New(d, h.now)
	return h
}

func (h *hub) officer(t *testing.T, login string) auth.User {
	t.Helper()
	u, err := h.CreateUser(t.Context(), login, "Cán bộ "+login, auth.Officer, "Công an xã", password)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func want(t *testing.T, what string, err error, code camera.Code) {
	t.Helper()
	if got := camera.CodeOf(err); got != code {
		t.Errorf("%s: code %q (%v), want %q", what, got, err, code)
	}
}

func TestSetupHasOneWinner(t *testing.T) {
	h := open(t)
	ctx := t.Context()
	old, needed, err := h.SetupToken(ctx)
	if err != nil || !needed || len(old) < 26 {
		t.Fatalf("%d letters, %v, %v", len(old), needed, err)
	}
	token, needed, err := h.SetupToken(ctx) // the hub started again
	if err != nil || !needed || token == old {
		t.Fatalf("the second token: needed %v, %v", needed, err)
	}
	for name, wrong := range map[string]string{"old": old, "empty": "", "longer": token + "A", "lower case": strings.ToLower(token)} {
		_, err := h.Setup(ctx, wrong, "admin", "Quản trị", password)
		want(t, name+" token", err, camera.CodeUsedCode)
	}
	_, err = h.Setup(ctx, token, "admin", "Quản trị", "short")
	want(t, "short password", err, camera.CodeBadRequest)
	_, err = h.Setup(ctx, token, "a", "Quản trị", password)
	want(t, "short login", err, camera.CodeBadRequest)

	// Eight programs on one file, so that not only a lock within one decides.
	const racers, programs = 100, 8
	rooms := make([]*auth.Auth, programs)
	for i := range rooms {
		rooms[i] = auth.New(h.db, h.now)
	}
	users, errs := make([]auth.User, racers), make([]error, racers)
	var wg sync.WaitGroup
	for i := range racers {
		wg.Go(func() {
			users[i], errs[i] = rooms[i%programs].Setup(ctx, token, fmt.Sprintf("admin%d", i), "Quản trị", password)
		})
	}
	wg.Wait()
	won := 0
	for i, err := range errs {
		if err == nil {
			won++
			if users[i].Role != auth.Administrator {
				t.Errorf("winner is %+v", users[i])
			}
			continue
		}
		want(t, "loser", err, camera.CodeUsedCode)
	}
	list, err := h.Users(ctx)
	if won != 1 || err != nil || len(list) != 1 {
		t.Errorf("%d won, %d users, %v", won, len(list), err)
	}
	if token, needed, err := h.SetupToken(ctx); token != "" || needed || err != nil {
		t.Errorf("after the setup: token %v, needed %v, %v", token != "", needed, err)
	}
}

func TestCreateUser(t *testing.T) {
	h := open(t)
	for _, c := range []struct {
		login, name, unit, password string
		role                        auth.Role
		code                        camera.Code
	}{
		{" Hoa.Ban ", " Hoa ", "Công an xã", password, auth.Officer, ""},
		{"hoa.ban", "Another", "Công an xã", password, auth.Officer, camera.CodeConflict},
		{"hu\u0300ng", "Decomposed", "Công an xã", password, auth.Supervisor, ""},
		{"h\u00f9ng", "Composed", "Công an xã", password, auth.Auditor, camera.CodeConflict},
		{"x", "X", "U", password, auth.Officer, camera.CodeBadRequest},
		{strings.Repeat("x", 61), "X", "U", password, auth.Officer, camera.CodeBadRequest},
		{"two words", "X", "U", password, auth.Officer, camera.CodeBadRequest},
		{"bell\a", "X", "U", password, auth.Officer, camera.CodeBadRequest},
		{"xx", "", "U", password, auth.Officer, camera.CodeBadRequest},
		{"xx", "line\nbreak", "U", password, auth.Officer, camera.CodeBadRequest},
		{"xx", "X", " ", password, auth.Officer, camera.CodeBadRequest},
		{"xx", "X", "U", password, "king", camera.CodeBadRequest},
		{"xx", "X", "U", "chín ký t", auth.Officer, camera.CodeBadRequest},
		{"xx", "X", "U", strings.Repeat("p", 201), auth.Officer, camera.CodeBadRequest},
		{"xx", "X", "U", "not utf-8 \xff\xff\xff", auth.Officer, camera.CodeBadRequest},
	} {
		u, err := h.CreateUser(t.Context(), c.login, c.name, c.role, c.unit, c.password)
		want(t, fmt.Sprintf("%.12q %.12q", c.login, c.name), err, c.code)
		if err == nil && (u.ID == "" || u.Login != strings.ToLower(u.Login) || strings.TrimSpace(u.Name) != u.Name) {
			t.Errorf("%+v", u)
		}
	}
	list, err := h.Users(t.Context())
	if err != nil || len(list) != 2 || list[0].Name != "Decomposed" || list[1].Login != "hoa.ban" {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestSession(t *testing.T) {
	h := open(t)
	ctx := t.Context()
	made := h.officer(t, "hoa")
	u, token, expires, err := h.SignIn(ctx, "HOA ", password, "192.0.2.1")
	if err != nil || u != made || expires != start.Add(12*time.Hour) {
		t.Fatalf("%+v until %v, %v", u, expires, err)
	}
	_, second, _, err := h.SignIn(ctx, "hoa", password, "192.0.2.1")
	if err != nil || second == token {
		t.Fatalf("second session: %v", err)
	}
	if got, err := h.Session(ctx, token); err != nil || got != made {
		t.Errorf("%+v, %v", got, err)
	}
	for _, wrong := range []string{"", token[1:], strings.ToLower(token), token + " "} {
		_, err := h.Session(ctx, wrong)
		want(t, "wrong token", err, camera.CodeSignedOut)
	}
	for range 2 {
		if err := h.SignOut(ctx, token); err != nil {
			t.Fatal(err)
		}
	}
	_, err = h.Session(ctx, token)
	want(t, "signed out", err, camera.CodeSignedOut)
	h.wait(auth.SessionLife - time.Millisecond)
	if _, err := h.Session(ctx, second); err != nil {
		t.Errorf("a millisecond before its end: %v", err)
	}
	h.wait(time.Millisecond)
	_, err = h.Session(ctx, second)
	want(t, "over", err, camera.CodeSignedOut)
}

func TestSecretsAreNotStored(t *testing.T) {
	h := open(t)
	h.officer(t, "hoa")
	setup, _, err := h.SetupToken(t.Context())
	if err != nil || setup != "" {
		t.Fatal("a setup token beside a user", err)
	}
	_, token, _, err := h.SignIn(t.Context(), "hoa", password, "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	var hash string
	if err := h.db.Read().QueryRowContext(t.Context(), `SELECT password FROM users`).Scan(&hash); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("the parameters are not with the hash: %.40s", hash)
	}
	var rows strings.Builder
	if err := h.db.Dump(t.Context(), &rows); err != nil {
		t.Fatal(err)
	}
	kept := map[string]string{"a table": rows.String()}
	if !strings.Contains(rows.String(), hash) {
		t.Error("not even the password's hash stands in the tables")
	}
	if !h.db.Postgres() { // the file may hold what no table holds any more
		for _, file := range []string{h.where, h.where + "-wal"} {
			bytes, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			kept[filepath.Base(file)] = string(bytes)
		}
	}
	for where, text := range kept {
		for _, secret := range []string{password, token} {
			if strings.Contains(text, secret) {
				t.Errorf("a secret stands in %s", where)
			}
		}
	}
}

func TestPasswords(t *testing.T) {
	h := open(t)
	h.officer(t, "hoa")
	_, _, _, unknown := h.SignIn(t.Context(), "nobody", password, "192.0.2.1")
	_, _, _, wrong := h.SignIn(t.Context(), "hoa", password+"!", "192.0.2.2")
	want(t, "unknown login", unknown, camera.CodeSignedOut)
	if unknown.Error() != wrong.Error() || camera.CodeOf(unknown) != camera.CodeOf(wrong) {
		t.Errorf("%q tells more than %q", unknown, wrong)
	}
	for i, p := range []string{"", strings.ToUpper(password), strings.Repeat("p", 10_000), "\xff"} {
		_, _, _, err := h.SignIn(t.Context(), "hoa", p, fmt.Sprintf("192.0.2.%d", 10+i))
		want(t, fmt.Sprintf("password %.10q", p), err, camera.CodeSignedOut)
	}
	// The same letters as another keyboard sends them: "mật khẩu" decomposed.
	_, _, _, err := h.SignIn(t.Context(), "hoa", "ma\u0323\u0302t kha\u0302\u0309u da\u0300i 1", "192.0.2.3")
	want(t, "after five failures", err, camera.CodeTooMany)
	h.wait(time.Second)
	if _, _, _, err = h.SignIn(t.Context(), "hoa", "ma\u0323\u0302t kha\u0302\u0309u da\u0300i 1", "192.0.2.3"); err != nil {
		t.Errorf("decomposed letters: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, _, err := h.SignIn(ended, "hoa", password, "192.0.2.3"); !errors.Is(err, context.Canceled) {
		t.Errorf("the caller left: %v", err)
	}
}
