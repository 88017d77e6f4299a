package api_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"xulang.vn/camera/hub/api"
	"xulang.vn/camera/hub/auth"
)

func TestSessionCookie(t *testing.T) {
	for _, secure := range []bool{false, true} {
		h := newHouse(t, func(c *api.Config) { c.Secure = secure })
		c := h.cookies[officer]
		if c.Name != "xulang_session" || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Secure != secure || c.Path != "/api/" || c.Domain != "" || len(c.Value) < 20 {
			t.Errorf("secure %v: cookie %v", secure, c)
		}
		if left := time.Until(c.Expires); left > auth.SessionLife || left < auth.SessionLife-time.Hour {
			t.Errorf("cookie expires %v", c.Expires)
		}
	}
}

func TestSignOutEndsTheSession(t *testing.T) {
	h := newHouse(t)
	out := h.do(officer, http.MethodDelete, "/api/v1/session", "")
	if len(out.cookies) != 1 || out.cookies[0].Value != "" || !out.cookies[0].Expires.Before(time.Now()) || !out.cookies[0].HttpOnly {
		t.Errorf("cookie after signing out: %v", out.cookies)
	}
	// The cookie that somebody kept is worth nothing.
	if got := h.do(officer, http.MethodGet, "/api/v1/session", ""); got.status != http.StatusUnauthorized {
		t.Errorf("session after signing out: %d", got.status)
	}
	if got := h.do(admin, http.MethodGet, "/api/v1/session", ""); got.status != http.StatusOK {
		t.Errorf("somebody else was signed out: %d", got.status)
	}
}

func TestOtherOriginsAreRefused(t *testing.T) {
	h := newHouse(t)
	host := strings.TrimPrefix(h.url, "http://")
	const signIn = `{"login":"canbo","password":"` + password + `"}`
	for origin, want := range map[string]int{
		"": http.StatusCreated, "http://" + host: http.StatusCreated, "https://" + host: http.StatusCreated,
		"http://evil.example": http.StatusForbidden, "null": http.StatusForbidden, "http://" + host + ".evil.example": http.StatusForbidden,
		"http://" + host + "@evil.example": http.StatusForbidden, "%": http.StatusForbidden,
	} {
		body := fmt.Sprintf(`{"number":"%d-%s","kind":"missing","legal_basis":"x","summary":""}`, want, strings.ReplaceAll(origin, host, ""))
		var header []string
		if origin != "" {
			header = []string{"Origin: " + origin}
		}
		if got := h.do(officer, http.MethodPost, "/api/v1/cases", body, header...); got.status != want {
			t.Errorf("origin %q: %d %s, want %d", origin, got.status, got.body, want)
		}
		if want == http.StatusForbidden {
			// A page must not sign its reader in under the page's name either.
			if got := h.do(stranger, http.MethodPost, "/api/v1/session", signIn, header...); got.status != want || len(got.cookies) > 0 {
				t.Errorf("sign-in from origin %q: %d", origin, got.status)
			}
		}
	}
	// A form can send text/plain across origins without asking first.
	if got := h.do(stranger, http.MethodPost, "/api/v1/session", signIn, "Content-Type: text/plain"); got.status != http.StatusBadRequest || len(got.cookies) > 0 {
		t.Errorf("sign-in as plain text: %d", got.status)
	}
}

func TestBadInput(t *testing.T) {
	h := newHouse(t)
	at := "/api/v1/cases/" + h.caseID + "/cameras/" + string(h.camera)
	const search = "/search"
	year := `"from":"2026-01-01T00:00:00Z","to":"2026-01-01T01:00:00Z"`
	for _, c := range []struct{ who, method, path, body, want string }{
		{officer, "POST", "/api/v1/cases", `{"number":`, "400 bad-request"},
		{officer, "POST", "/api/v1/cases", `[]`, "400 bad-request"},
		{officer, "POST", "/api/v1/cases", `{"number":7}`, "400 bad-request"},
		{officer, "POST", "/api/v1/cases", "", "400 bad-request"},
		{officer, "POST", "/api/v1/cases", `{"number":"` + strings.Repeat("1", 61) + `","kind":"missing","legal_basis":"x"}`, "400 bad-request"},
		{officer, "POST", "/api/v1/cases", `{"number":"` + strings.Repeat("1", 300<<10) + `"}`, "413 too-large"},
		{stranger, "POST", "/api/v1/session", `{"login":"` + strings.Repeat("x", 300<<10) + `"}`, "413 too-large"},
		{officer, "POST", "/api/v1/cases/" + h.caseID + search, `{` + year + `}`, "404 unknown-road"},
		{officer, "POST", "/api/v1/cases/" + h.caseID + search, `{` + year + `,"stretch":{"road":"` + h.road + `","from":5,"to":5}}`, "400 bad-stretch"},
		{officer, "POST", "/api/v1/cases/" + h.caseID + search, `{"from":"hôm qua","to":"nay"}`, "400 bad-request"},
		{officer, "POST", "/api/v1/cases/" + h.caseID + search, `{"from":"9999-12-31T23:59:00-01:00","to":"9999-12-31T23:59:59-01:00"}`, "400 bad-window"},
		{officer, "POST", "/api/v1/roads/stretch", `{"a":{"lon":1e308,"lat":-1e308},"b":{"lon":1e308,"lat":1e308}}`, "400 bad-request"},
		{officer, "POST", "/api/v1/roads/stretch", `{"a":{"lon":0,"lat":0},"b":{"lon":0,"lat":0}}`, "400 off-road"},
		{officer, "GET", at + "/playlist.m3u8", "", "400 bad-request"},
		{officer, "GET", at + "/playlist.m3u8?from=07:00&to=2026-01-01T00:00:00", "", "400 bad-request"},
		{officer, "GET", at + "/playlist.m3u8?from=2026-13-01T00:00:00Z&to=2026-01-01T01:00:00Z", "", "400 bad-request"},
		{officer, "GET", at + "/playlist.m3u8?from=2026-01-01T00:00:00Z&from=2026-01-01T00:00:00Z&to=x", "", "400 bad-request"},
		{officer, "GET", at + "/playlist.m3u8?from=2026-01-01T01:00:00Z&to=2026-01-01T00:00:00Z", "", "400 bad-window"},
		{officer, "GET", at + "/playlist.m3u8?from=2026-01-01T00:00:00Z&to=2026-01-01T06:00:01Z", "", "400 bad-window"},
		{officer, "GET", at + "/playlist.m3u8?from=2026-01-01T00:00:00Z&to=2026-01-01T06:00:00Z", "", "404 no-footage"},
		{officer, "GET", at + "/playlist.m3u8?from=2026-01-01T07:00:00%2B07:00&to=2026-01-01T01:00:00Z", "", "404 no-footage"},
		{officer, "GET", at + "/segments/0123456789abcdef/-1", "", "400 bad-request"},
		{officer, "GET", at + "/segments/0123456789abcdef/4294967296", "", "400 bad-request"},
		{officer, "GET", at + "/segments/0123456789abcdef/99999999999999999999", "", "400 bad-request"},
		{officer, "GET", at + "/segments/0123456789abcdef/one", "", "400 bad-request"},
		{officer, "GET", at + "/segments/0123456789abcdef/4294967295", "", "404 unknown-segment"},
		{officer, "GET", at + "/segments/0123456789abcde'/0", "", "404 unknown-segment"},
		{officer, "GET", "/api/v1/cases/..%2F..%2Fetc", "", "404 not-found"},
		{officer, "GET", "/api/v1/cases/%25", "", "404 not-found"},
		{officer, "GET", "/api/v1/cases/%00", "", "404 not-found"},
		{officer, "GET", "/api/v1/cases/" + percent(h.caseID), "", "200"},
		{officer, "GET", "/api/v1/cases/" + strings.Repeat("v", 5000), "", "404 not-found"},
		{officer, "GET", at + "/still", "", "400 bad-request"},
		{officer, "GET", at + "/still?at=hôm%20nay", "", "400 bad-request"},
		{officer, "GET", at + "/still?at=9999-12-31T23:59:59-01:00", "", "400 bad-request"},
		{officer, "GET", at + "/still?at=2026-01-01T00:00:00Z", "", "404 no-footage"},
		{officer, "GET", "/api/v1/cases/" + h.caseID + "/cameras/none/still?at=2026-01-01T00:00:00Z", "", "404 not-found"},
		{officer, "POST", at + "/requests", "", "400 bad-window"},
		{officer, "POST", at + "/requests", `[]`, "400 bad-request"},
		{officer, "POST", at + "/requests", `{"from":"hôm qua","to":"nay"}`, "400 bad-request"},
		{officer, "POST", at + "/requests", `{"from":"2026-01-01T01:00:00Z","to":"2026-01-01T00:00:00Z"}`, "400 bad-window"},
		{officer, "POST", at + "/requests", `{"from":"2026-01-01T00:00:00Z","to":"2026-01-01T06:00:01Z"}`, "400 bad-window"},
		{officer, "POST", at + "/requests", `{"from":"9999-01-01T00:00:00Z","to":"9999-01-01T01:00:00Z"}`, "400 bad-window"},
		{officer, "POST", at + "/requests", `{"from":"2026-01-01T00:00:00Z","to":"2026-01-01T06:00:00Z"}`, "200"},
		{officer, "POST", "/api/v1/cases/" + h.caseID + "/cameras/none/requests", `{` + year + `}`, "404 not-found"},
		{officer, "POST", at + "/live", "v=0" + strings.Repeat("x", 64<<10), "413 too-large"},
		{officer, "POST", at + "/live", `{"sdp":"v=0"}`, "400 bad-request"},
		{admin, "POST", "/api/v1/users", `{"login":"a b","name":"x","role":"officer","unit":"x","password":"mười chữ cái"}`, "400 bad-request"},
		{admin, "POST", "/api/v1/users", `{"login":"ab","name":"x","role":"king","unit":"x","password":"mười chữ cái"}`, "400 bad-request"},
		{admin, "POST", "/api/v1/users", `{"login":"ab","name":"x","role":"auditor","unit":"x","password":"mười chữ cái"}`, "400 bad-request"},
		{admin, "POST", "/api/v1/users", `{"login":"ab","name":"x","role":"officer","unit":"x","password":"ngắn"}`, "400 bad-request"},
		{admin, "POST", "/api/v1/users", `{"login":"canbo","name":"x","role":"officer","unit":"x","password":"mười chữ cái"}`, "409 conflict"},
		{admin, "POST", "/api/v1/households/h'%20OR%201=1/invitations", "", "404 not-found"},
		{admin, "DELETE", "/api/v1/devices/UNKNOWN", "", "404 not-found"},
	} {
		got := h.do(c.who, c.method, c.path, c.body)
		if s := strings.TrimSpace(fmt.Sprint(got.status, " ", got.problem.Code)); s != c.want {
			t.Errorf("%s %.90s %.90s: %s, want %s\n%.300s", c.method, c.path, c.body, s, c.want, got.body)
		}
		leaks(t, h, c.path, got)
		if got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s %.90s: Cache-Control %q", c.method, c.path, got.header.Get("Cache-Control"))
		}
	}
}

// percent escapes every letter.
func percent(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, "%%%02X", s[i])
	}
	return b.String()
}

// leaks looks for what no answer may show.
func leaks(t *testing.T, h *house, what string, got answer) {
	t.Helper()
	for _, secret := range []string{"SQL", "sql:", "SELECT", "INSERT", "sqlite", "no such table", "database is closed", "127.0.0.1", "/tmp", ".go:", "goroutine", "10.1.2.3"} {
		if strings.Contains(got.body, secret) {
			t.Errorf("%.90s: the answer shows %q: %.300s", what, secret, got.body)
		}
	}
	for _, c := range h.cookies {
		if strings.Contains(got.body, c.Value) {
			t.Errorf("%.90s: the answer shows a session", what)
		}
	}
}

// TestBrokenDatabase: every operation still answers, and nothing of the inside shows.
func TestBrokenDatabase(t *testing.T) {
	h := newHouse(t)
	if err := h.db.Close(); err != nil {
		t.Fatal(err)
	}
	routes := routes(t)
	for _, op := range operations() {
		got := h.do(officer, routes[op.id][0], h.fill(routes[op.id][1]+query), h.fill(op.body))
		if op.id == "getHealth" || op.id == "unpublishLive" || op.id == "publishLive" || op.id == "enrol" || op.id == "getCA" {
			continue // these need no database, or refuse before
		}
		if got.status != http.StatusInternalServerError || got.problem.Code != "internal" || got.problem.Detail != nil {
			t.Errorf("%s: %d %s", op.id, got.status, got.body)
		}
		leaks(t, h, op.id, got)
	}
}

func TestPanicIsAProblem(t *testing.T) {
	h := newHouse(t)
	h.panicked = true
	got := h.do(officer, http.MethodPost, h.fill("/api/v1/cases/{case}/cameras/{camera}/live"), offer)
	if got.status != http.StatusInternalServerError || got.problem.Code != "internal" || got.problem.Detail != nil {
		t.Errorf("%d %s", got.status, got.body)
	}
	leaks(t, h, "panic", got)
	if !strings.Contains(h.log.String(), "handler panicked") {
		t.Error("the panic is not in the log")
	}
	h.panicked = false
	if got := h.do(officer, http.MethodGet, "/api/v1/session", ""); got.status != http.StatusOK {
		t.Errorf("after the panic: %d", got.status)
	}
}

func TestSentencesInTheReadersLanguage(t *testing.T) {
	h := newHouse(t)
	for accept, want := range map[string]string{
		"": "Không tìm thấy.", "vi-VN,vi;q=0.9,en;q=0.8": "Không tìm thấy.", "de": "Không tìm thấy.",
		"en": "Not found.", "en-GB,en;q=0.9": "Not found.", "EN-us": "Not found.",
	} {
		if got := h.do(officer, http.MethodGet, "/api/v1/cases/none", "", "Accept-Language: "+accept); got.problem.Message != want {
			t.Errorf("%q: %q, want %q", accept, got.problem.Message, want)
		}
	}
}

func TestPathsAndMethods(t *testing.T) {
	h := newHouse(t)
	const web, none = "<!doctype html>web", "404 not-found"
	for _, c := range []struct{ method, path, want string }{
		{"GET", "/", web}, {"GET", "/vu-viec/1", web}, {"GET", "/apiary", web}, {"HEAD", "/", ""},
		{"GET", "/link", "link"}, {"GET", "/o/x/y", "objects"}, {"PUT", "/o/x/y", "objects"},
		{"GET", "/api/v1/nothing", none}, {"GET", "/api/v2/session", none}, {"GET", "/api/", none}, {"GET", "/api/v1", none},
		{"POST", "/api/v1/nothing", none}, {"PUT", "/api/v1/session", none}, {"PATCH", "/api/v1/cases/x", none},
		{"OPTIONS", "/api/v1/session", none}, {"TRACE", "/api/v1/session", none}, {"PROPFIND", "/api/v1/session", none}, {"BREW", "/api/v1/session", none},
		{"HEAD", "/api/v1/session", "404"}, {"GET", "/api/v1/session/", none}, {"GET", "//api/v1/session", web}, {"GET", "/api/v1//session", none},
	} {
		got := h.do(officer, c.method, c.path, "")
		s := got.body
		if strings.HasPrefix(c.want, "404") {
			s = strings.TrimSpace(fmt.Sprint(got.status, " ", got.problem.Code))
			if got.header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s %s: an answer that may be kept", c.method, c.path)
			}
		}
		if s != c.want {
			t.Errorf("%s %s: %.100q, want %q", c.method, c.path, s, c.want)
		}
		if got.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s %s: other origins may read it", c.method, c.path)
		}
	}
}

// TestABodyThatDoesNotCome must not hold a connection for ever, whether a handler
// waits for it or not.
func TestABodyThatDoesNotCome(t *testing.T) {
	h := newHouse(t, func(c *api.Config) { c.Within = 2 * time.Second })
	for path, want := range map[string]int{
		"/api/v1/session": http.StatusBadRequest, "/api/v1/users": http.StatusBadRequest, "/api/none": http.StatusNotFound,
		"/link": http.StatusOK, "/": http.StatusOK,
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: hub\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{", path)
		r := bufio.NewReader(conn)
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != want {
			t.Errorf("%s: %d, %v", path, resp.StatusCode, err)
		}
		if _, err := r.ReadByte(); err == nil { // waits for the hub to close the connection
			t.Errorf("%s: more than an answer", path)
		}
	}
}

// TestTheBodyLimitHoldsWithoutALength: chunked bodies are counted as they come.
func TestTheBodyLimitHoldsWithoutALength(t *testing.T) {
	h := newHouse(t)
	body := struct{ io.Reader }{strings.NewReader(`{"login":"` + strings.Repeat("x", 300<<10) + `"}`)}
	resp, err := http.Post(h.url+"/api/v1/session", "application/json", body)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("%d", resp.StatusCode)
	}
}
