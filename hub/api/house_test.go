package api_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nkeys"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/api"
	"xulang.vn/camera/hub/api/gen"
	"xulang.vn/camera/hub/audit"
	"xulang.vn/camera/hub/auth"
	"xulang.vn/camera/hub/cases"
	"xulang.vn/camera/hub/db"
	"xulang.vn/camera/hub/index"
	"xulang.vn/camera/hub/index/indextest"
	"xulang.vn/camera/hub/registry"
	"xulang.vn/camera/hub/road"
	"xulang.vn/camera/hub/road/sign"
	"xulang.vn/camera/hub/store"
	"xulang.vn/camera/hub/trace"
)

const password = "mười chữ cái"

// offer begins as a session description does; the live room behind is a fake.
const offer = "v=0\r\n"

// Who asks in the tests; an asker without a cookie is signed out.
const (
	stranger = "signed out"
	admin    = "administrator"
	officer  = "officer"
	other    = "officer of another unit"
)

var askers = []string{stranger, admin, officer, other}

// house is the hub's HTTP edge over real rooms; only the link and the media are fakes.
type house struct {
	ca       api.CA // of the hub
	t        *testing.T
	url      string
	cfg      api.Config
	db       *db.DB
	audit    *audit.Log
	log      *logText
	cookies  map[string]*http.Cookie
	users    map[string]auth.User
	caseID   string
	device   string
	home     string
	camera   camera.CameraID
	segment  camera.Segment
	road     string
	panicked bool // the live room panics
	away     bool // the box at home has no link
	looked   int  // how often it was told to look
	upkeep   api.Upkeep
}

// picture is the first key frame of every segment.
const picture = "\x00\x01one key frame"

// village's claims are the device's own, and signed.
type believed struct{}

func (believed) Owns(camera.CameraID) bool            { return true }
func (believed) Signed([]byte, camera.Signature) bool { return true }

type logText struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}
func (l *logText) String() string { l.mu.Lock(); defer l.mu.Unlock(); return l.text.String() }

func newHouse(t *testing.T, change ...func(*api.Config)) *house {
	t.Helper()
	h := &house{t: t, log: &logText{}, cookies: map[string]*http.Cookie{}, users: map[string]auth.User{}}
	h.build()
	for _, f := range change {
		f(&h.cfg)
	}
	server := httptest.NewServer(api.New(h.cfg))
	t.Cleanup(server.Close)
	h.url = server.URL
	h.people()
	h.village()
	return h
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

const drawing = `<osm version="0.6"><node id="1" lat="21.9" lon="106.70"/><node id="2" lat="21.9" lon="106.72"/>
<way id="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="primary"/><tag k="name" v="Đường làng"/></way></osm>`

func (h *house) build() {
	t := h.t
	h.db = must(db.Open(t.Context(), filepath.Join(t.TempDir(), "hub.sqlite")))
	t.Cleanup(func() { h.db.Close() })
	graph, _, err := road.Load(t.Context(), strings.NewReader(drawing), road.FormatXML)
	if err != nil {
		t.Fatal(err)
	}
	h.road = string(graph.Roads()[0].ID)
	h.audit = audit.New(h.db, time.Now)
	people, registered := auth.New(h.db, time.Now), registry.New(h.db, time.Now)
	known := must(index.Open(t.Context(), h.db, &indextest.Memory{}, slog.New(slog.DiscardHandler), time.Now))
	door := cases.New(cases.Parts{
		DB: h.db, Cameras: cameras{registered, graph}, Past: past{known}, Roads: roads{graph}, Live: media{h}, Audit: auditor{h.audit}, Now: time.Now,
		Links: links{must(store.Open(store.Config{Endpoint: "127.0.0.1:1", Bucket: "footage", AccessKey: "access", SecretKey: "secret-key"}))}, Home: box{h},
		Reach: reach{registered, known}, Tracer: tracer{trace.NewNetwork(graph)}, Paths: paths{graph},
	})
	text := func(s string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, s) })
	}
	h.ca = api.CA{Hash: camera.Hash{9}, PEM: []byte("-----BEGIN CERTIFICATE-----")}
	h.cfg = api.Config{
		Auth: people, Registry: registered, Cases: door, Publisher: media{h}, Devices: media{h}, Past: known, Roads: graph, Signs: sign.New(h.db, graph),
		Coverage: h.coverage, Upkeep: func(context.Context) (api.Upkeep, error) { return h.upkeep, nil },
		Public: "https://hub.example:8470", CA: func() api.CA { return h.ca }, Version: "test", Health: func(context.Context) gen.Health { return gen.Health{Database: true, Store: true, Link: true} },
		Link: text("link"), Objects: text("objects"), Web: text("<!doctype html>web"),
		Log: slog.New(slog.NewTextHandler(h.log, nil)), Now: time.Now,
	}
}

func (h *house) people() {
	ctx, a := h.t.Context(), h.cfg.Auth
	token, _, err := a.SetupToken(ctx)
	if err != nil {
		h.t.Fatal(err)
	}
	h.users[admin] = must(a.Setup(ctx, token, "quantri", "Quản trị", password))
	h.users[officer] = must(a.CreateUser(ctx, "canbo", "Cán bộ", auth.Officer, "Xã A", password))
	h.users[other] = must(a.CreateUser(ctx, "canbo2", "Cán bộ khác", auth.Officer, "Xã B", password))
	for who, u := range h.users {
		resp := h.do(stranger, http.MethodPost, "/api/v1/session", `{"login":"`+u.Login+`","password":"`+password+`"}`)
		if resp.status != http.StatusOK || len(resp.cookies) != 1 {
			h.t.Fatalf("sign in %s: %d %s", who, resp.status, resp.body)
		}
		h.cookies[who] = resp.cookies[0]
	}
}

// village is one home with one camera on the road and one stored segment, and a case.
func (h *house) village() {
	ctx, r := h.t.Context(), h.cfg.Registry
	home := must(r.CreateHousehold(ctx, "Nhà 01", nil))
	code := must(r.Invite(ctx, home.ID)).Secret
	key := must(nkeys.CreateUser())
	h.home, h.device = string(home.ID), must(key.PublicKey())
	d := camera.DeviceID(h.device)
	sig := must(key.Sign(camera.EnrolPayload(code, d)))
	must(r.Enrol(ctx, camera.EnrolRequest{Code: code, Device: d, Signature: base64.StdEncoding.EncodeToString(sig)}))
	h.camera = camera.NewCameraID(home.ID, "S1", 0)
	must(r.Hello(ctx, d, camera.Hello{V: camera.LinkVersion, Cameras: []camera.CameraNote{{
		Camera: h.camera, Serial: "S1", Label: "Cổng", Consent: camera.Consent{Level: camera.ConsentLive},
		View: camera.View{Position: camera.Position{Lon: 106.71, Lat: 21.9001}, Heading: 180, FOV: 90, Range: 50},
	}}}))
	end := time.Now().UTC().Truncate(time.Millisecond)
	h.segment = camera.Segment{
		SegmentID: camera.SegmentID{Camera: h.camera, Run: "0123456789abcdef"}, Start: end.Add(-6 * time.Second), End: end,
		Size: 1000, InitSize: 10, SHA256: camera.Hash{1}, Codec: "avc1.64001f",
		KeySize: int64(len(picture)), KeySHA256: sha256.Sum256([]byte(picture)), Activity: "\x00\x07\xff\x00\x00\x01", Signature: camera.Signature{1},
	}
	known := h.cfg.Past.(*index.Index)
	must(known.Put(ctx, camera.Announce{V: camera.LinkVersion, Segments: []camera.Segment{h.segment}}, believed{}))
	if err := known.SetState(ctx, h.segment.SegmentID, camera.StateStored); err != nil {
		h.t.Fatal(err)
	}
	resp := h.do(officer, http.MethodPost, "/api/v1/cases", `{"number":"1/2026","kind":"criminal","legal_basis":"Điều 107","summary":""}`)
	var c gen.Case
	if err := json.Unmarshal([]byte(resp.body), &c); err != nil || resp.status != http.StatusCreated {
		h.t.Fatalf("open case: %d %s", resp.status, resp.body)
	}
	h.caseID = c.Id
}

// answer is a response that has been read.
type answer struct {
	status  int
	header  http.Header
	cookies []*http.Cookie
	body    string
	problem gen.Problem // of a refusal
}

// do asks without following redirects. header is "Name: value".
func (h *house) do(who, method, path, body string, header ...string) answer {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), method, h.url+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	if strings.HasPrefix(body, "v=0") {
		req.Header.Set("Content-Type", "application/sdp")
	} else if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		req.Header.Set(name, value)
	}
	if c := h.cookies[who]; c != nil {
		req.AddCookie(c)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		h.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	a := answer{status: resp.StatusCode, header: resp.Header, cookies: resp.Cookies(), body: string(text)}
	if resp.StatusCode >= 400 && len(text) > 0 {
		if err := json.Unmarshal(text, &a.problem); err != nil && a.status != http.StatusServiceUnavailable {
			h.t.Errorf("%s %s: %d is no Problem: %q", method, path, a.status, text)
		}
	}
	return a
}
