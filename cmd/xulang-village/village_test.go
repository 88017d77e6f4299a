package main_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"xulang.vn/camera/hub/api/gen"
)

// homes of the test: five along the main road and one, home-05, beside a side
// road; home-04 and home-09 send H.265.
var homes = []string{"home-04", "home-05", "home-06", "home-07", "home-08", "home-09"}

// TestVillage is the main job from end to end on real parts: RTSP cameras,
// agents in processes of their own, the hub, MinIO and a browser, with kill -9
// of each in turn.
func TestVillage(t *testing.T) {
	v := begin(t, "", "100s", "4m", homes...)
	v.await("footage of all homes", 2*time.Minute, func() error { return v.freshSince(v.began) })
	v.joined = time.Now()
	for _, part := range []struct {
		name string
		run  func(*testing.T, *story)
	}{
		{"road order", roadOrder},
		{"bad input", badInput},
		{"kill agent", killAgent},
		{"kill hub", killHub},
		{"kill object store", killStore},
		{"playback", playback},
		{"camera states", cameraStates},
		{"uplink classes", uplinkClasses},
		{"browser", browser},
		{"recordings show the rider", rider},
		{"no hole without a cause", holes},
		{"trace", trace},
		{"lost database", lostDatabase},
		{"books agree", books},
	} {
		if !t.Run(part.name, func(t *testing.T) { part.run(t, v) }) && t.Context().Err() != nil {
			break
		}
	}
}

// story is what the parts of the test share.
type story struct {
	*box
	opened gen.Case
	began  time.Time // before the programs were started
	joined time.Time // when every home had footage at the hub
	lost   time.Time // when the hub lost its database
}

// begin starts everything, and opens a case as the officer.
func begin(t *testing.T, database, firstRide, everyRide string, homes ...string) *story {
	t.Helper()
	v := &story{box: startBox(t, database, firstRide, everyRide, homes...), began: time.Now()}
	v.await("the officer's sign-in", time.Minute, func() error {
		return v.post("/session", map[string]string{"login": "canbo", "password": "can-bo-lang-mau"}, nil)
	})
	if err := v.post("/cases", map[string]string{"number": "01/2026", "kind": "criminal", "legal_basis": "Điều 107", "summary": "thử"}, &v.opened); err != nil {
		t.Fatal(err)
	}
	return v
}

// ask searches the part of the main road along which the homes stand.
func (v *story) ask(from, to time.Time) (gen.SearchResult, error) {
	var got gen.SearchResult
	err := v.post("/cases/"+v.opened.Id+"/search", map[string]any{
		"stretch": map[string]any{"road": "ql4a", "from": 1000, "to": 5500}, "from": from, "to": to,
	}, &got)
	return got, err
}

// freshSince is nil once every home along the stretch has stored footage that
// was recorded after the given time.
func (v *story) freshSince(since time.Time) error {
	got, err := v.ask(since, time.Now())
	if err != nil {
		return err
	}
	fresh := 0
	for _, c := range got.Cameras {
		if slices.ContainsFunc(c.Spans, func(s gen.Span) bool { return s.State != nil && *s.State == "stored" }) {
			fresh++
		}
	}
	if fresh != len(homes)-1 {
		return fmt.Errorf("%d of %d cameras have stored footage", fresh, len(homes)-1)
	}
	return nil
}

func roadOrder(t *testing.T, v *story) {
	got, err := v.ask(v.began, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	last := 0.0
	for _, c := range got.Cameras {
		order = append(order, c.Camera.Label)
		if c.At < last {
			t.Errorf("%s at %.0f m stands behind %.0f m", c.Camera.Label, c.At, last)
		}
		last = c.At
	}
	if s := strings.Join(order, ", "); s != "Nhà 04, Nhà 06, Nhà 07, Nhà 08, Nhà 09" {
		t.Errorf("homes in road order: %s", s)
	}
	clicked := map[string]any{"points": map[string]any{"a": point(got.Line[0]), "b": point(got.Line[len(got.Line)-1])}, "from": v.began, "to": time.Now()}
	var again gen.SearchResult
	if err := v.post("/cases/"+v.opened.Id+"/search", clicked, &again); err != nil {
		t.Fatal(err)
	}
	if again.Stretch.Road != "ql4a" || len(again.Cameras) != len(got.Cameras) {
		t.Errorf("two clicks give %+v with %d cameras", again.Stretch, len(again.Cameras))
	}
}

func point(p []float64) map[string]float64 { return map[string]float64{"lon": p[0], "lat": p[1]} }

func badInput(t *testing.T, v *story) {
	now := time.Now()
	search := func(change func(map[string]any)) error {
		q := map[string]any{"stretch": map[string]any{"road": "ql4a", "from": 1000, "to": 5500}, "from": now.Add(-time.Minute), "to": now}
		change(q)
		return v.post("/cases/"+v.opened.Id+"/search", q, nil)
	}
	stretch := func(road string, from, to float64) func(map[string]any) {
		return func(q map[string]any) { q["stretch"] = map[string]any{"road": road, "from": from, "to": to} }
	}
	for name, c := range map[string]struct {
		err    error
		status int
		code   string
	}{
		"unknown case":     {v.post("/cases/vnone/search", map[string]any{"from": now, "to": now}, nil), 404, "not-found"},
		"inverted window":  {search(func(q map[string]any) { q["from"], q["to"] = q["to"], q["from"] }), 400, "bad-window"},
		"unknown road":     {search(stretch("duong-khong-co", 0, 10)), 404, "unknown-road"},
		"inverted road":    {search(stretch("ql4a", 500, 100)), 400, "bad-stretch"},
		"too long a road":  {search(stretch("ql4a", 0, 9000)), 413, "too-large"},
		"no JSON":          {v.post("/cases/"+v.opened.Id+"/search", "what", nil), 400, "bad-request"},
		"huge body":        {v.post("/cases", map[string]string{"summary": strings.Repeat("x", 1<<20)}, nil), 413, "too-large"},
		"unknown camera":   {v.get("/cases/"+v.opened.Id+"/cameras/cx/playlist.m3u8?from=2026-01-01T00:00:00Z&to=2026-01-01T01:00:00Z", nil), 404, "not-found"},
		"officer as admin": {v.post("/users", map[string]string{"login": "x"}, nil), 403, "forbidden"},
		"unknown path":     {v.get("/nothing", nil), 404, "not-found"},
	} {
		var a *answer
		if !errors.As(c.err, &a) || a.status != c.status || a.Code != c.code {
			t.Errorf("%s: %v, want %d %s", name, c.err, c.status, c.code)
		}
	}
	signedIn := v.client
	defer func() { v.client = signedIn }()
	v.client = nil
	var a *answer
	if err := v.get("/cases", nil); !errors.As(err, &a) || a.status != 401 || !strings.Contains(a.text, "đăng nhập") {
		t.Errorf("signed out: %v", err)
	}
}

func killAgent(t *testing.T, v *story) {
	v.killAgent("home-06", syscall.SIGKILL)
	v.await("footage after the agent's death", time.Minute, func() error { return v.freshSince(time.Now().Add(-15 * time.Second)) })
}

func killHub(t *testing.T, v *story) {
	at := time.Now()
	v.killAndRestart(v.hub)
	v.await("footage after the hub's death", 90*time.Second, func() error { return v.freshSince(at.Add(10 * time.Second)) })
}

func killStore(t *testing.T, v *story) {
	at := time.Now()
	v.killAndRestart(v.minio)
	v.await("footage after the object store's death", 90*time.Second, func() error { return v.freshSince(at.Add(10 * time.Second)) })
}

// playback follows every link of every playlist as a player would, checks the
// bytes, and lets ffmpeg decode one camera of each codec.
func playback(t *testing.T, v *story) {
	got, err := v.ask(v.began, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	decoded := map[string]bool{}
	for _, c := range got.Cameras {
		if c.Playlist == nil {
			t.Errorf("%s has no playlist", c.Camera.Label)
			continue
		}
		var list []byte
		if err := v.get(*c.Playlist, &list); err != nil {
			t.Fatal(err)
		}
		segments := segmentLinks(t, *c.Playlist, list)
		if len(segments) < 3 {
			t.Errorf("%s: %d segments", c.Camera.Label, len(segments))
		}
		for i, link := range segments {
			var file []byte
			if err := v.get(link, &file); err != nil {
				t.Fatalf("%s %s: %v", c.Camera.Label, link, err)
			}
			if string(file[4:8]) != "ftyp" {
				t.Errorf("%s %s: no fMP4", c.Camera.Label, link)
			}
			if i == 0 && c.Camera.Codec != nil && !decoded[*c.Camera.Codec] {
				decoded[*c.Camera.Codec] = true
				decode(t, v.path("clip.mp4"), file)
			}
		}
	}
	if !decoded["h264"] || !decoded["h265"] {
		t.Errorf("decoded: %v", decoded)
	}
	v.redirects(t, got)
}

// redirects looks at a link itself: it must end within a minute, and must not
// work without the session.
func (v *story) redirects(t *testing.T, got gen.SearchResult) {
	t.Helper()
	var list []byte
	if err := v.get(*got.Cameras[0].Playlist, &list); err != nil {
		t.Fatal(err)
	}
	link := segmentLinks(t, *got.Cameras[0].Playlist, list)[0]
	once := *v.client
	once.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := once.Get(v.hubURL + link)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	where, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || resp.StatusCode != http.StatusFound || !strings.HasPrefix(where.Path, "/o/") {
		t.Fatalf("redirect %d to %q", resp.StatusCode, resp.Header.Get("Location"))
	}
	if life := where.Query().Get("X-Amz-Expires"); life == "" || len(life) > 2 || life > "60" {
		t.Errorf("the link lives for %q s", life)
	}
	stranger, err := http.Get(v.hubURL + link)
	if err != nil {
		t.Fatal(err)
	}
	stranger.Body.Close()
	if stranger.StatusCode != http.StatusUnauthorized {
		t.Errorf("a stranger gets %d", stranger.StatusCode)
	}
}

func segmentLinks(t *testing.T, playlist string, list []byte) []string {
	t.Helper()
	base, err := url.Parse(playlist)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range regexp.MustCompile(`(?m)^segments/\S+$`).FindAllString(string(list), -1) {
		out = append(out, base.ResolveReference(&url.URL{Path: m}).String())
	}
	return out
}

func decode(t *testing.T, file string, bytes []byte) {
	t.Helper()
	if err := os.WriteFile(file, bytes, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("ffmpeg", "-v", "error", "-xerror", "-i", file, "-f", "null", "-").CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("ffmpeg: %v %s", err, out)
	}
}

// browser does the officer's work in Chromium.
func browser(t *testing.T, v *story) {
	files, err := filepath.Glob("../../web/e2e/*.test.mjs")
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"--test", "--test-reporter=spec"}
	for _, f := range files {
		if name := filepath.Base(f); name != joiningPage {
			args = append(args, "e2e/"+name)
		}
	}
	v.node(t, args, "XULANG_BEGAN="+v.began.UTC().Format(time.RFC3339))
}

// node runs browser tests against the hub.
func (b *box) node(t *testing.T, args []string, env ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", args...)
	cmd.Dir = "../../web"
	cmd.Env = append(append(os.Environ(), "XULANG_HUB="+b.hubURL, "XULANG_SHOTS="+cmp.Or(os.Getenv("XULANG_SHOTS"), b.path("shots"))), env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("browser tests: %v", err)
	}
}

// holes: after everything that happened, each home's time is footage or a gap
// with a cause, and only what was killed has a gap. Its home has a recorder, which may
// have what the agent missed.
func holes(t *testing.T, v *story) {
	joined := v.joined
	v.await("the newest minute", time.Minute, func() error { return v.freshSince(time.Now().Add(-15 * time.Second)) })
	until := time.Now().Add(-30 * time.Second)
	v.await("all uploads", 90*time.Second, func() error { return v.allStored(joined, until) })
	got, err := v.ask(joined, until)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range got.Cameras {
		at := joined
		offs := 0
		for _, s := range c.Spans {
			if s.From.Sub(at).Abs() > time.Millisecond {
				t.Errorf("%s: a hole at %s", c.Camera.Label, at)
			}
			at = s.To
			if s.Cause == nil {
				continue
			}
			if *s.Cause == "agent-off" && c.Camera.Label == "Nhà 06" {
				offs++
				continue
			}
			t.Errorf("%s: gap %s–%s: %s", c.Camera.Label, s.From.Format(time.TimeOnly), s.To.Format(time.TimeOnly), *s.Cause)
		}
		if at.Sub(until).Abs() > time.Millisecond {
			t.Errorf("%s: the answer ends at %s", c.Camera.Label, at)
		}
		if c.Camera.Label == "Nhà 06" && offs > 1 {
			t.Errorf("Nhà 06 was killed once and has %d gaps agent-off", offs)
		}
	}
}

// allStored is nil once all footage of the window is at the hub.
func (v *story) allStored(from, to time.Time) error {
	got, err := v.ask(from, to)
	if err != nil {
		return err
	}
	for _, c := range got.Cameras {
		for _, s := range c.Spans {
			missed := c.Camera.Label == "Nhà 06" && s.State != nil && *s.State == "recorder" // when its agent was killed
			if s.State != nil && *s.State != "stored" && !missed {
				return fmt.Errorf("%s: %s is %s", c.Camera.Label, s.From, *s.State)
			}
			if s.Cause != nil && *s.Cause == "pending" {
				return fmt.Errorf("%s: %s is still being recorded", c.Camera.Label, s.From)
			}
		}
	}
	return nil
}
