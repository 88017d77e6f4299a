package setup_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/home"
	"xulang.vn/camera/agent/setup"
	"xulang.vn/camera/agent/setup/gen"
)

// noon is a Sunday afternoon in Vietnam.
var noon = time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC)

// clock is one that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// house is a box with its page, on loopback, between an agent and a finder that play.
type house struct {
	t      testing.TB
	dir    string
	clock  *clock
	agent  *agent
	finder *finder
	log    *safe
	store  *home.Store
	page   *setup.Setup
	url    string
	cookie *http.Cookie
	stop   func()
	said   bytes.Buffer // all answers, head and body
}

// safe is a writer for several goroutines.
type safe struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safe) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safe) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// newHouse is a box that was switched on for the first time.
func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir(), clock: &clock{at: noon}, log: &safe{}}
	h.agent, h.finder = newAgent(h), newFinder()
	h.start()
	t.Cleanup(func() { h.stop() })
	return h
}

// config is what New gets.
func (h *house) config() setup.Config {
	return setup.Config{
		Listen: "127.0.0.1:0", Store: h.store, Agent: h.agent, Finder: h.finder,
		Web:      http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "the page") }),
		CodeFile: filepath.Join(h.dir, "page.code"), Version: "0.2.0", Hostname: "Hop-Camera",
		Notice:  func(w io.Writer, n setup.Notice) error { return json.NewEncoder(w).Encode(n) },
		Compare: compare,
		Log:     slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
}

func (h *house) start() {
	h.t.Helper()
	var err error
	if h.store, err = home.Open(h.dir); err != nil {
		h.t.Fatal(err)
	}
	if h.page, err = setup.New(h.config(), h.clock.now); err != nil {
		h.t.Fatal(err)
	}
	h.url = "http://" + h.page.Addr().String()
	ctx, cancel := context.WithCancel(h.t.Context())
	done := make(chan error, 1)
	go func() { done <- h.page.Run(ctx) }()
	h.stop = sync.OnceFunc(func() {
		cancel()
		http.DefaultClient.CloseIdleConnections()
		if err := <-done; err != nil {
			h.t.Error(err)
		}
	})
}

// restart is a power cut: memory is gone, the book stays. The household comes in again.
func (h *house) restart() {
	h.t.Helper()
	h.stop()
	h.start()
	h.signIn()
}

// reply is an answer.
type reply struct {
	status  int
	header  http.Header
	body    []byte
	problem gen.Problem
}

func (r reply) code() string { return r.problem.Code }

func (r reply) detail() string {
	if r.problem.Detail == nil {
		return ""
	}
	return *r.problem.Detail
}

// do asks as the household's browser does.
func (h *house) do(method, path, body string, change ...func(*http.Request)) reply {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), method, h.url+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if h.cookie != nil {
		req.AddCookie(h.cookie)
	}
	for _, c := range change {
		c(req)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	out := reply{status: res.StatusCode, header: res.Header}
	if out.body, err = io.ReadAll(res.Body); err != nil {
		h.t.Fatal(err)
	}
	_ = res.Header.Write(&h.said)
	h.said.Write(out.body)
	if res.StatusCode >= 400 {
		_ = json.Unmarshal(out.body, &out.problem)
	}
	return out
}

// api is do with a status that is expected.
func (h *house) api(want int, method, path, body string, change ...func(*http.Request)) reply {
	h.t.Helper()
	r := h.do(method, "/api/v1"+path, body, change...)
	if r.status != want {
		h.t.Fatalf("%s %s: %d %s, want %d", method, path, r.status, r.body, want)
	}
	return r
}

func (h *house) signIn() {
	h.t.Helper()
	h.cookie = nil
	r := h.api(http.StatusNoContent, "POST", "/session", `{"code":"`+h.page.Code()+`"}`)
	c, err := http.ParseSetCookie(r.header.Get("Set-Cookie"))
	if err != nil {
		h.t.Fatal(err)
	}
	h.cookie = c
}

func (h *house) state() gen.State {
	h.t.Helper()
	var s gen.State
	if err := json.Unmarshal(h.api(http.StatusOK, "GET", "/state", "").body, &s); err != nil {
		h.t.Fatal(err)
	}
	return s
}

// eventually waits for what happens in the background.
func (h *house) eventually(what string, ok func() bool) {
	h.t.Helper()
	end := time.NewTimer(20 * time.Second)
	defer end.Stop()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-end.C:
			h.t.Fatalf("never: %s\n%s", what, h.log.String())
		case <-tick.C:
		}
	}
}

const (
	invitation = "http://127.0.0.1:8470/ghep#1..ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	network    = "192.168.1.0/24"
	nvr        = "192.168.1.20"
	login      = `{"address":"192.168.1.20","username":"admin","password":"` + password + `"}`
	view       = `{"position":{"lon":106.7,"lat":21.9},"heading":12.5,"fov":90,"range":40}`
)

// The steps of the first ten minutes.

func (h *house) pair() { h.api(http.StatusOK, "POST", "/pair", `{"link":"`+invitation+`"}`) }

func (h *house) find() {
	h.t.Helper()
	h.api(http.StatusOK, "PUT", "/networks", `{"confirmed":["`+network+`"]}`)
	h.api(http.StatusAccepted, "POST", "/search", "")
	h.eventually("the search ends", func() bool { return !h.found().Running })
}

func (h *house) found() gen.Search {
	h.t.Helper()
	var s gen.Search
	if err := json.Unmarshal(h.api(http.StatusOK, "GET", "/search", "").body, &s); err != nil {
		h.t.Fatal(err)
	}
	return s
}

// open signs in and gives the recorder's id.
func (h *house) open() string {
	h.t.Helper()
	var r gen.Recorder
	if err := json.Unmarshal(h.api(http.StatusOK, "POST", "/recorders", login).body, &r); err != nil {
		h.t.Fatal(err)
	}
	return r.Id
}

// choose picks the first channel and gives the camera's id.
func (h *house) choose(recorder string) camera.CameraID {
	h.t.Helper()
	h.api(http.StatusOK, "PUT", "/recorders/"+recorder+"/chosen", `{"channels":[0]}`)
	return camera.CameraID(h.state().Cameras[0].Id)
}

func (h *house) aim(id camera.CameraID) {
	h.t.Helper()
	h.api(http.StatusOK, "PUT", "/cameras/"+string(id)+"/aim", aiming(view, "Cổng", day))
}

func aiming(view, label string, reference []byte) string {
	text, _ := json.Marshal(reference)
	return `{"view":` + view + `,"label":"` + label + `","outline":[{"x":0.1,"y":0.9},{"x":0.5,"y":0.4},{"x":0.9,"y":0.9}],"reference":` + string(text) + `}`
}

func (h *house) consent(id camera.CameraID, level string) {
	h.t.Helper()
	h.api(http.StatusOK, "PUT", "/cameras/"+string(id)+"/consent", agreement(`{"level":"`+level+`"}`))
}

func agreement(consent string) string {
	return `{"consent":` + consent + `,"text":"2026-11","words":"Tôi đồng ý.","language":"vi"}`
}

// shared is a house whose first camera is shared, before the self-test.
func shared(t testing.TB) (*house, camera.CameraID) {
	t.Helper()
	h := newHouse(t)
	h.signIn()
	h.pair()
	h.find()
	id := h.choose(h.open())
	h.aim(id)
	h.consent(id, "clip")
	return h, id
}

// files are all bytes in the data folder.
func (h *house) files() string {
	h.t.Helper()
	var all bytes.Buffer
	if err := filepath.WalkDir(h.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		all.Write(text)
		return err
	}); err != nil {
		h.t.Fatal(err)
	}
	return all.String()
}
