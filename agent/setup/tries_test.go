package setup_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
)

// wrong is a login with a password that is not the recorder's.
func wrong(n int) string {
	return fmt.Sprintf(`{"address":"%s","username":"admin","password":"sai mat khau %d"}`, nvr, n)
}

// TestTwoTriesAcrossRestarts: a recorder sees two wrong passwords in five minutes,
// whatever happens here.
func TestTwoTriesAcrossRestarts(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	h.find()
	opens := func() int { return h.finder.calls()["Open"] }

	if r := h.api(http.StatusForbidden, "POST", "/recorders", wrong(1)); r.code() != "wrong-password" || r.detail() != "1" {
		t.Errorf("first: %s %q", r.code(), r.detail())
	}
	h.restart()
	h.find()
	h.clock.add(time.Minute)
	if r := h.api(http.StatusForbidden, "POST", "/recorders", wrong(2)); r.code() != "wrong-password" || r.detail() != "0" {
		t.Errorf("second: %s %q", r.code(), r.detail())
	}
	for range 3 {
		if r := h.api(http.StatusTooManyRequests, "POST", "/recorders", login); r.code() != "locked-out" || r.detail() != "240" {
			t.Errorf("third, with the right one: %s %q", r.code(), r.detail())
		}
		h.restart()
		h.find()
	}
	if n := opens(); n != 2 {
		t.Fatalf("the recorder heard of %d tries", n)
	}
	h.clock.add(4*time.Minute - time.Second)
	h.api(http.StatusTooManyRequests, "POST", "/recorders", login)
	h.clock.add(time.Second) // the first one is five minutes old
	if r := h.api(http.StatusForbidden, "POST", "/recorders", wrong(3)); r.detail() != "0" {
		t.Errorf("one try is back: %q", r.detail())
	}
	h.clock.add(5 * time.Minute)
	h.api(http.StatusForbidden, "POST", "/recorders", wrong(4))
	h.api(http.StatusOK, "POST", "/recorders", login) // success resets
	if r := h.api(http.StatusForbidden, "POST", "/recorders", wrong(5)); r.detail() != "1" {
		t.Errorf("after a success: %q tries left", r.detail())
	}
}

// TestCrashInATryCountsIt: the try is written before the recorder hears of it.
func TestCrashInATryCountsIt(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	h.find()
	before := 0
	h.finder.set(func() { h.finder.fail["Open"] = tellTries{h, &before} })
	h.api(http.StatusServiceUnavailable, "POST", "/recorders", login)
	if before != 1 {
		t.Errorf("%d tries were in the book when the recorder heard of it", before)
	}
	if n := len(h.store.Book().Tries); n != 0 {
		t.Errorf("a try that came to nothing stays: %d", n)
	}
}

// tellTries is an error that looks into the book while the page reads it.
type tellTries struct {
	h *house
	n *int
}

func (e tellTries) Error() string { return "x" }

func (e tellTries) Unwrap() error {
	*e.n = max(*e.n, len(e.h.store.Book().Tries))
	return nil
}

func TestWhatIsNoTry(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	h.find()
	for code, c := range map[camera.Code]struct {
		status int
		counts bool
	}{
		camera.CodeUnreachable: {503, false}, camera.CodeBadRequest: {400, false}, camera.CodeRecorderFull: {503, false}, camera.CodeOutsideLAN: {403, false},
		camera.CodeClockSkew: {409, true}, camera.CodeLockedOut: {429, true},
	} {
		h.clock.add(time.Hour)
		h.finder.set(func() {
			h.finder.fail["Open"] = camera.Errorf(code, "device refused %s, and its clock is -420 s from ours", password)
		})
		r := h.api(c.status, "POST", "/recorders", login)
		if r.code() != string(code) {
			t.Errorf("%s became %s", code, r.code())
		}
		if code == camera.CodeClockSkew && r.detail() != "-420" {
			t.Errorf("skew of %q seconds", r.detail())
		}
		if n, _ := h.store.Book().Tried(nvr, h.clock.now(), 5*time.Minute); (n > 0) != c.counts {
			t.Errorf("%s: %d tries", code, n)
		}
	}
	h.clock.add(time.Hour)
	h.finder.set(func() { h.finder.fail["Open"] = camera.Errorf(camera.CodeLockedOut, "30 minutes") })
	h.api(http.StatusTooManyRequests, "POST", "/recorders", login)
	n := h.finder.calls()["Open"]
	h.api(http.StatusTooManyRequests, "POST", "/recorders", login)
	if h.finder.calls()["Open"] != n {
		t.Error("a recorder that refuses everybody was called again at once")
	}
}

// TestPicturesNeverLockTheFamilyOut: the recorder's password was changed; the page that
// asks for picture after picture uses the old one twice.
func TestPicturesNeverLockTheFamilyOut(t *testing.T) {
	h, id := shared(t)
	h.finder.set(func() { h.finder.right = "moi" })
	before := h.finder.pictures[0]
	for range 6 {
		r := h.do("POST", "/api/v1/cameras/"+string(id)+"/check", "")
		if r.code() != "wrong-password" && r.code() != "locked-out" {
			t.Errorf("%d %s", r.status, r.body)
		}
	}
	if n := h.finder.pictures[0] - before; n != 2 {
		t.Errorf("the old password was used %d times", n)
	}
	h.api(http.StatusTooManyRequests, "POST", "/recorders", login)
}

func TestWhereNobodySignsIn(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	h.find()
	for body, want := range map[string]string{
		`{"address":"192.168.1.21","username":"a","password":"b"}`:                                "not-found",
		`{"address":"192.168.2.20","username":"a","password":"b"}`:                                "outside-lan",
		`{"address":"8.8.8.8","username":"a","password":"b"}`:                                     "outside-lan",
		`{"address":"127.0.0.1","username":"a","password":"b"}`:                                   "outside-lan",
		`{"address":"nvr.local","username":"a","password":"b"}`:                                   "bad-request",
		`{"address":"","username":"a","password":"b"}`:                                            "bad-request",
		`{"address":"192.168.1.20","username":"a","password":"` + strings.Repeat("b", 201) + `"}`: "bad-request",
	} {
		if r := h.do("POST", "/api/v1/recorders", body); r.code() != want {
			t.Errorf("%.60s: %s, want %s", body, r.code(), want)
		}
	}
	if n := h.finder.calls()["Open"]; n != 0 {
		t.Errorf("%d calls", n)
	}
}

// TestCanary: the password goes to the recorder and to nowhere else, with rooms below
// that talk too much.
func TestCanary(t *testing.T) {
	h, id := shared(t)
	h.finder.set(func() { h.finder.fail["Picture"] = fmt.Errorf("snapshot with %s broke", password) })
	h.do("GET", "/api/v1/cameras/"+string(id)+"/picture", "")
	h.finder.set(func() { delete(h.finder.fail, "Picture") })
	h.do("POST", "/api/v1/recorders/url", `{"url":"rtsp://admin:`+password+`@192.168.1.30:554/a b#c"}`)
	h.do("POST", "/api/v1/recorders/url", `{"url":"rtsp://admin:`+password+`@8.8.8.8/"}`)
	h.do("POST", "/api/v1/recorders/url", `{"url":"http://admin:`+password+`@192.168.1.30/"}`)
	h.do("POST", "/api/v1/recorders", `{"address":"192.168.1.20","username":"x","password":"`+password+` and more"}`)
	h.do("POST", "/api/v1/recorders", `{"address":"192.168.1.20","username":"x","password":"`+password+`"`)
	h.do("POST", "/api/v1/recorders", `{"address":5,"username":"x","password":"`+password+`"}`)
	h.do("GET", "/api/v1/state", "")
	h.do("GET", "/api/v1/search", "")
	h.restart()
	if r := h.store.Book().Recorders[0]; r.Password.Reveal() != password {
		t.Fatal("the canary is not in the house at all")
	}
	if h.finder.logins[0] != password {
		t.Error("the recorder did not get it")
	}
	for place, text := range map[string]string{"an answer": h.said.String(), "the log": h.log.String(), "a file": h.files()} {
		for _, form := range []string{password, strings.ReplaceAll(password, "/", `\/`), "Ch1m-hoang%2Byen%207%40%2F", "Ch1m"} {
			if strings.Contains(text, form) {
				t.Errorf("%s has the password", place)
			}
		}
	}
}
