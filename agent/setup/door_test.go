package setup_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"xulang.vn/camera/agent/setup"
	"xulang.vn/camera/agent/setup/gen"
)

type setupRecorder = setup.RecorderState

// lines are a self-test as text.
func lines(s *gen.SelfTest) (out []string) {
	for _, l := range s.Lines {
		text := fmt.Sprintf("%s %s %t %s", l.Name, str(l.Camera), l.Ok, str(l.Fix))
		if l.Number != nil {
			text += fmt.Sprintf(" %v", *l.Number)
		}
		out = append(out, text)
	}
	return out
}

func str(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// operations reads "METHOD /path" and whether it is open from openapi.yaml.
func operations(t *testing.T) map[string]bool {
	t.Helper()
	text, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]struct {
			OperationID string `yaml:"operationId"`
			Security    *[]any `yaml:"security"`
		} `yaml:"paths"`
	}
	if err := yaml.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			all[strings.ToUpper(method)+" "+path] = op.Security != nil && len(*op.Security) == 0
		}
	}
	return all
}

func TestTableOfAccesses(t *testing.T) {
	all, rows := operations(t), setup.Rows()
	if len(all) < 24 || len(rows) != len(all) {
		t.Errorf("%d operations, %d rows", len(all), len(rows))
	}
	for name, open := range all {
		if got, ok := rows[name]; !ok || got != open {
			t.Errorf("%s: row %t, open %t, in openapi.yaml %t", name, ok, got, open)
		}
	}
}

var param = regexp.MustCompile(`\{(\w+)\}`)

// TestWhoMayCallWhat: without a session, or with one that is no more, nothing but the
// door answers, and nothing is done.
func TestWhoMayCallWhat(t *testing.T) {
	h, id := shared(t)
	before, recorder := h.store.Book(), h.store.Book().Recorders[0].ID
	good := h.cookie
	for name, open := range operations(t) {
		method, path, _ := strings.Cut(name, " ")
		path = "/api/v1" + param.ReplaceAllStringFunc(path, func(p string) string {
			return map[string]string{"{recorder}": recorder, "{camera}": string(id), "{channel}": "0", "{want}": "w"}[p]
		})
		for asker, cookie := range map[string]*http.Cookie{
			"nobody": nil, "guesser": {Name: good.Name, Value: strings.Repeat("A", 26)}, "empty": {Name: good.Name}, "other name": {Name: "session", Value: good.Value},
		} {
			h.cookie = cookie
			r := h.do(method, path, "{}")
			if want := !open; (r.status == http.StatusUnauthorized && r.code() == "signed-out") != want && name != "POST /session" {
				t.Errorf("%s as %s: %d %s", name, asker, r.status, r.body)
			}
			if r.header.Get("Cache-Control") != "no-store" || r.header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(r.header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
				t.Errorf("%s: headers %v", name, r.header)
			}
		}
	}
	after, _ := json.Marshal(h.store.Book())
	if text, _ := json.Marshal(before); string(text) != string(after) || h.agent.calls("Leave") != 0 {
		t.Error("somebody without a session changed the book")
	}
	h.cookie = good
	h.api(http.StatusOK, "GET", "/state", "")
	restore := setup.Unrow("GET /state")
	if r := h.do("GET", "/api/v1/state", ""); r.code() != "forbidden" {
		t.Errorf("an operation without a row: %d %s", r.status, r.code())
	}
	restore()
	for _, path := range []string{"/api", "/api/", "/api/v1", "/api/v2/state", "/api/v1/states"} {
		if r := h.do("GET", path, ""); r.status != http.StatusNotFound || r.code() != "not-found" {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
	}
	if r := h.do("PATCH", "/api/v1/state", "{}"); r.status != http.StatusNotFound {
		t.Errorf("PATCH: %d", r.status)
	}
	if r := h.do("GET", "/chon", ""); string(r.body) != "the page" {
		t.Errorf("the page: %s", r.body)
	}
}

// TestCallersHostsAndOrigins is the table of who is let near.
func TestCallersHostsAndOrigins(t *testing.T) {
	h := newHouse(t)
	handler := h.page.Handler()
	for _, c := range []struct {
		caller, host string
		ok           bool
	}{
		{"192.168.1.5:40000", "192.168.1.9:9471", true}, {"10.1.2.3:1", "192.168.1.9", true}, {"172.16.0.9:1", "localhost:9471", true},
		{"127.0.0.1:1", "127.0.0.1", true}, {"[::1]:1", "[::1]:9471", true}, {"[fe80::1%eth0]:1", "xulang.local", true},
		{"169.254.3.3:1", "camera.LOCAL.:9471", true}, {"[fd12::1]:1", "hop-camera:9471", true}, {"[::ffff:192.168.1.5]:1", "HOP-CAMERA", true},
		{"8.8.8.8:1", "192.168.1.9", false}, {"100.64.0.1:1", "192.168.1.9", false}, {"172.32.0.1:1", "192.168.1.9", false}, {"192.169.0.1:1", "192.168.1.9", false},
		{"[2001:db8::1]:1", "192.168.1.9", false}, {"[::ffff:8.8.8.8]:1", "192.168.1.9", false}, {"0.0.0.0:1", "192.168.1.9", false}, {"x", "192.168.1.9", false}, {"", "192.168.1.9", false},
		{"224.0.0.1:1", "192.168.1.9", false},
		{"192.168.1.5:1", "evil.example", false}, {"192.168.1.5:1", "192.168.1.9.evil.example", false}, {"192.168.1.5:1", "localhost.evil.example", false},
		{"192.168.1.5:1", "evil.local.example:9471", false}, {"192.168.1.5:1", "hop-camera.evil.example", false}, {"192.168.1.5:1", "local", false},
		{"192.168.1.5:1", "", false}, {"192.168.1.5:1", "3232235777.example", false}, {"127.0.0.1:1", "evil.example:9471", false},
	} {
		for _, path := range []string{"/", "/api/v1/session"} {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.RemoteAddr, r.Host = c.caller, c.host
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if (w.Code == http.StatusOK) != c.ok || !c.ok && w.Code != http.StatusForbidden {
				t.Errorf("caller %q, host %q, %s: %d", c.caller, c.host, path, w.Code)
			}
		}
	}
	h.signIn()
	head := func(pairs ...string) func(*http.Request) {
		return func(r *http.Request) {
			for i := 0; i < len(pairs); i += 2 {
				r.Header.Set(pairs[i], pairs[i+1])
			}
		}
	}
	for name, c := range map[string]struct {
		change func(*http.Request)
		ok     bool
	}{
		"own page":         {head("Origin", h.url, "Sec-Fetch-Site", "same-origin"), true},
		"no browser":       {head(), true},
		"other site":       {head("Origin", "http://evil.example"), false},
		"other port":       {head("Origin", "http://127.0.0.1:1"), false},
		"sandboxed frame":  {head("Origin", "null"), false},
		"other scheme":     {head("Origin", strings.Replace(h.url, "http:", "ftp:", 1)), false},
		"cross-site fetch": {head("Sec-Fetch-Site", "cross-site"), false},
		"same-site fetch":  {head("Sec-Fetch-Site", "same-site"), false},
		"form":             {head("Content-Type", "application/x-www-form-urlencoded"), false},
		"plain text":       {head("Content-Type", "text/plain"), false},
		"rebound name":     {func(r *http.Request) { r.Host = "evil.example" }, false},
	} {
		n := h.agent.calls("Apply")
		r := h.do("PUT", "/api/v1/pause", `{"paused":true}`, c.change)
		if (r.status == http.StatusOK) != c.ok || (h.agent.calls("Apply") > n) != c.ok {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
}

func TestWrongCodesCostTime(t *testing.T) {
	h := newHouse(t)
	try := func(code string) reply {
		t.Helper()
		return h.do("POST", "/api/v1/session", `{"code":"`+code+`"}`)
	}
	for i := range 5 {
		if r := try("AAAAA-AAAAA"); r.code() != "signed-out" || r.header.Get("Set-Cookie") != "" {
			t.Fatalf("wrong code %d: %d %s", i, r.status, r.body)
		}
	}
	wait := 2 * time.Second
	for i := range 12 {
		r := try(h.page.Code()) // the right one is not looked at
		if r.status != http.StatusTooManyRequests || r.code() != "too-many" || r.detail() != fmt.Sprint(int(wait/time.Second)) || r.header.Get("Retry-After") != r.detail() {
			t.Fatalf("round %d: %d %s, want to wait %s", i, r.status, r.body, wait)
		}
		h.clock.add(wait)
		if r := try("BBBBB-BBBBB"); r.code() != "signed-out" {
			t.Fatalf("after the wait: %d %s", r.status, r.body)
		}
		wait = min(2*wait, 5*time.Minute)
	}
	h.clock.add(5 * time.Minute)
	code := h.page.Code()
	if r := try(" " + strings.ToLower(strings.ReplaceAll(code, "-", " ")) + " "); r.status != http.StatusNoContent {
		t.Fatalf("the code as people type it: %d %s", r.status, r.body)
	}
	for range 5 {
		if r := try("AAAAA-AAAAA"); r.code() != "signed-out" {
			t.Errorf("after the right one the patience is not back: %s", r.code())
		}
	}
	if strings.Contains(h.log.String(), code) || strings.Contains(h.said.String(), code) {
		t.Error("the code is in the log or an answer")
	}
}

// TestManyStrangersWaitTogether: a stranger with many addresses does not get more tries.
func TestManyStrangersWaitTogether(t *testing.T) {
	h := newHouse(t)
	handler, refused := h.page.Handler(), 0
	for i := range 200 {
		r := httptest.NewRequest(http.MethodPost, "/api/v1/session", strings.NewReader(`{"code":"x"}`))
		r.Header.Set("Content-Type", "application/json")
		r.RemoteAddr, r.Host = fmt.Sprintf("10.0.%d.%d:1", i/100, i%100+1), "localhost"
		w := httptest.NewRecorder()
		if handler.ServeHTTP(w, r); w.Code == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused != 170 {
		t.Errorf("%d of 200 tries were refused, want all after 30", refused)
	}
	h.clock.add(20 * time.Second)
	h.signIn() // the household itself waits seconds, not minutes
}

func TestSessions(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	if c := h.cookie; !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/api/" || c.Name != "xulang_home" {
		t.Errorf("cookie %+v", c)
	}
	if r := h.api(http.StatusOK, "GET", "/session", ""); !strings.Contains(string(r.body), `"open":true`) {
		t.Errorf("session %s", r.body)
	}
	first := h.cookie
	for range 32 {
		h.clock.add(time.Second)
		h.signIn()
	}
	last := h.cookie
	h.cookie = first
	h.api(http.StatusUnauthorized, "GET", "/state", "") // it made room for the 33rd
	h.cookie = last
	h.api(http.StatusOK, "GET", "/state", "")
	h.clock.add(24*time.Hour - time.Second)
	h.api(http.StatusOK, "GET", "/state", "")
	h.clock.add(time.Second)
	h.api(http.StatusUnauthorized, "GET", "/state", "")
	if r := h.api(http.StatusOK, "GET", "/session", ""); !strings.Contains(string(r.body), `"open":false`) {
		t.Errorf("session %s", r.body)
	}
	h.signIn()
	h.api(http.StatusNoContent, "DELETE", "/session", "")
	h.api(http.StatusUnauthorized, "GET", "/state", "")
}

func TestCodeIsMadeOnce(t *testing.T) {
	h := newHouse(t)
	code, file := h.page.Code(), filepath.Join(h.dir, "page.code")
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 || !regexp.MustCompile(`^[A-Z2-7]{5}-[A-Z2-7]{5}$`).MatchString(code) {
		t.Errorf("code %q, %v, %v", code, info, err)
	}
	h.restart()
	if h.page.Code() != code {
		t.Error("a restart made another code")
	}
	h.stop()
	for _, spoilt := range []string{"", "short", "11111-11111!"} {
		if err := os.WriteFile(file, []byte(spoilt), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := setup.New(h.config(), h.clock.now); err == nil || !strings.Contains(err.Error(), "remove it") {
			t.Errorf("%q: %v", spoilt, err)
		}
	}
}

func TestEveryAnswerHasStatusAndSentence(t *testing.T) {
	for code, status := range setup.Statuses() {
		if status < 400 || status > 599 {
			t.Errorf("%s: %d", code, status)
		}
	}
}
