package setup_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/setup/gen"
)

// TestFirstTenMinutes goes from step to step with a power cut after each one: the page
// goes on where it was, with all that was decided.
func TestFirstTenMinutes(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	at := func(want gen.StateStep) gen.State {
		t.Helper()
		before := h.state()
		h.restart()
		after := h.state()
		if before.Step != want || after.Step != want {
			t.Fatalf("step %s, after a restart %s, want %s", before.Step, after.Step, want)
		}
		return after
	}
	s := at(gen.StateStepPair)
	if s.Fingerprint != "ABCD-EFGH" || s.Member != nil || s.Linked {
		t.Errorf("before pairing: %+v", s)
	}

	h.pair()
	if s = at(gen.StateStepFind); s.Member.Label != "Nhà 01" || !s.Linked || len(s.Networks.Offered) != 1 {
		t.Errorf("paired: %+v", s)
	}

	h.find()
	if s = at(gen.StateStepFind); len(s.Networks.Confirmed) != 1 || s.Networks.Confirmed[0] != network {
		t.Errorf("networks: %+v", s.Networks)
	}
	if r := h.api(http.StatusNotFound, "POST", "/recorders", login); r.code() != "not-found" {
		t.Errorf("what was found before a restart: %s", r.code())
	}

	h.find() // the search is done again
	recorder := h.open()
	s = at(gen.StateStepChoose)
	r := s.Recorders[0]
	if r.Id != recorder || *r.Serial != "0001" || !*r.Past || !*r.DefaultPassword || *r.ClockAheadS != -420 || len(r.Channels) != 3 || r.Channels[0].Chosen {
		t.Errorf("recorder: %+v", r)
	}

	id := h.choose(recorder)
	s = at(gen.StateStepAim)
	if c := s.Cameras[0]; c.Label != "Nhà 01 · Cổng" || c.Consent.Level != "none" || c.State != "off" || c.View != nil {
		t.Errorf("chosen: %+v", c)
	}
	if id != camera.NewCameraID("h1", "DS-7604-0001", 0) {
		t.Errorf("identity %s is not by household, serial and channel", id)
	}

	h.aim(id)
	s = at(gen.StateStepConsent)
	if c := s.Cameras[0]; c.View == nil || c.View.Heading != 12.5 || len(*c.Outline) != 3 || (*c.Sights)[0].Name != "Quốc lộ 4A" || *(*c.Sights)[0].Side != "right" || !c.View.From.Equal(noon) {
		t.Errorf("aimed: %+v", c)
	}

	h.consent(id, "clip")
	s = at(gen.StateStepSelftest)
	if c := s.Cameras[0]; c.Consent.Level != "clip" || *c.Receipt.Number != "BN-1" || *c.Receipt.Words != "Tôi đồng ý." {
		t.Errorf("agreed: %+v", c)
	}

	// A self-test that is cut off by the power cut has to be done again.
	h.agent.set(func() { h.agent.gate = make(chan struct{}) })
	h.api(http.StatusAccepted, "POST", "/selftest", "")
	h.eventually("the test begins", func() bool { return h.agent.calls("TestRecord") == 1 })
	if s = at(gen.StateStepSelftest); s.Selftest != nil {
		t.Errorf("half a test: %+v", s.Selftest)
	}
	h.agent.set(func() { close(h.agent.gate); h.agent.gate = nil })
	h.selfTest()
	if s = at(gen.StateStepDone); s.Selftest == nil || len(s.Selftest.Lines) < 5 {
		t.Errorf("tested: %+v", s.Selftest)
	}
}

// selfTest presses, and waits for the end.
func (h *house) selfTest() *gen.SelfTest {
	h.t.Helper()
	h.api(http.StatusAccepted, "POST", "/selftest", "")
	h.eventually("the self-test ends", func() bool { s := h.state().Selftest; return s != nil && !s.Running })
	return h.state().Selftest
}

func TestPairingSaysWhyNot(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	for body, want := range map[string]string{
		`{}`: "bad-request", `{"link":""}`: "bad-request", `{"hub":"a"}`: "bad-request", `{"code":"a"}`: "bad-request",
		`{"link":"https://hub/ghep"}`:                           "bad-request",
		`{"link":"` + invitation + `","hub":"a","code":"b"}`:    "bad-request",
		`{"hub":"a","code":"` + strings.Repeat("a", 101) + `"}`: "too-large",
	} {
		if r := h.do("POST", "/api/v1/pair", body); r.code() != want || h.agent.calls("Pair") != 0 {
			t.Errorf("%s: %s, want %s", body, r.code(), want)
		}
	}
	for _, code := range []camera.Code{camera.CodeUsedCode, camera.CodeBadCertificate, camera.CodeUnreachable, camera.CodeConflict} {
		h.agent.set(func() { h.agent.fail["Pair"] = camera.Errorf(code, "%s was refused", invitation) })
		if r := h.do("POST", "/api/v1/pair", `{"link":"`+invitation+`"}`); r.code() != string(code) {
			t.Errorf("%s became %d %s", code, r.status, r.code())
		}
	}
	h.agent.set(func() { delete(h.agent.fail, "Pair") })
	h.api(http.StatusOK, "POST", "/pair", `{"hub":"hub.example","code":"abcd-efgh"}`)
	if r := h.api(http.StatusConflict, "POST", "/pair", `{"link":"`+invitation+`"}`); r.code() != "conflict" {
		t.Errorf("pairing twice: %s", r.code())
	}
	if strings.Contains(h.said.String()+h.log.String(), "ABCDEFGHIJKLMNOP") {
		t.Error("the invitation's secret shows")
	}
}

func TestTroubleIsNamed(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	for code, want := range map[camera.Code]string{camera.CodeQuarantined: "quarantined", camera.CodeForbidden: "revoked", camera.CodeBadCertificate: "bad-certificate"} {
		h.agent.set(func() { h.agent.trouble = code })
		if s := h.state(); s.Trouble == nil || string(*s.Trouble) != want {
			t.Errorf("%s: %v", code, s.Trouble)
		}
	}
	h.agent.set(func() { h.agent.trouble = "" })
	if s := h.state(); s.Trouble != nil {
		t.Errorf("no trouble: %v", *s.Trouble)
	}
}

func TestSearchShowsItsProgress(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	if r := h.api(http.StatusConflict, "POST", "/search", ""); r.code() != "conflict" {
		t.Errorf("without a network: %s", r.code())
	}
	h.api(http.StatusOK, "PUT", "/networks", `{"confirmed":["192.168.1.7/24","192.168.1.0/24"]}`)
	gate := make(chan struct{})
	h.finder.set(func() { h.finder.gate = gate })
	h.api(http.StatusAccepted, "POST", "/search", "")
	h.eventually("progress", func() bool { f := h.found(); return f.Running && f.Tried == 1 && f.Total == 254 })
	h.api(http.StatusAccepted, "POST", "/search", "") // goes on
	close(gate)
	h.eventually("the search ends", func() bool { return !h.found().Running })
	if f := h.found().Found; len(f) != 1 || f[0].Address != nvr || *f[0].Brand != "Hikvision" || f[0].Kind != "recorder" || f[0].Opened {
		t.Errorf("found %+v", f)
	}
	if n := h.finder.calls()["Search"]; n != 1 {
		t.Errorf("%d searches", n)
	}
	h.pair()
	h.open()
	if !h.found().Found[0].Opened {
		t.Error("what was signed in at is not shown so")
	}
	h.finder.set(func() { h.finder.gate = make(chan struct{}) }) // a stop in the middle must end it
	h.api(http.StatusAccepted, "POST", "/search", "")
	h.eventually("a second search", func() bool { return h.finder.calls()["Search"] == 2 })
}

func TestNetworks(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	for list, want := range map[string]string{
		`["192.168.1.0/24"]`: "", `["10.0.0.4/30","fd00::/120"]`: "", `[]`: "",
		`["192.168.0.0/16"]`: "outside-lan", `["8.8.8.0/24"]`: "outside-lan", `["169.254.0.0/24"]`: "outside-lan", `["0.0.0.0/0"]`: "outside-lan",
		`["fd00::/64"]`: "outside-lan", `["::ffff:192.168.1.0/120"]`: "outside-lan", `["224.0.0.0/24"]`: "outside-lan", `["127.0.0.0/24"]`: "outside-lan",
		`["192.168.1.1"]`: "bad-request", `["x"]`: "bad-request", `["192.168.1.0/24","192.168.2.0/24","192.168.3.0/24","192.168.4.0/24","192.168.5.0/24"]`: "too-many",
	} {
		before := h.finder.calls()["Allow"]
		r := h.do("PUT", "/api/v1/networks", `{"confirmed":`+list+`}`)
		if r.code() != want || (h.finder.calls()["Allow"] == before) != (want != "") {
			t.Errorf("%s: %q, want %q", list, r.code(), want)
		}
	}
	h.api(http.StatusOK, "PUT", "/networks", `{"confirmed":["`+network+`"]}`)
	h.finder.set(func() { h.finder.fail["Allow"] = camera.Errorf(camera.CodeOutsideLAN, "the hub is in there") })
	if r := h.api(http.StatusForbidden, "PUT", "/networks", `{"confirmed":["10.0.0.0/24"]}`); r.code() != "outside-lan" {
		t.Errorf("refused by the guard: %s", r.code())
	}
	if n := h.store.Book().Networks; len(n) != 1 || n[0] != network {
		t.Errorf("refused, and written: %v", n)
	}
	h.finder.set(func() { delete(h.finder.fail, "Allow"); h.finder.allowed = nil })
	h.restart()
	h.eventually("the networks of the book are allowed", func() bool {
		h.finder.mu.Lock()
		defer h.finder.mu.Unlock()
		return len(h.finder.allowed) == 1 && h.finder.allowed[0].String() == network
	})
}

func TestLeaving(t *testing.T) {
	for _, anew := range []bool{false, true} {
		h, id := shared(t)
		query := "?erase=true"
		if anew {
			query = "?anew=true"
		}
		h.agent.set(func() { h.agent.fail["Leave"] = camera.Errorf(camera.CodeUnavailable, "disk") })
		h.api(http.StatusServiceUnavailable, "DELETE", "/pair"+query, "")
		if c := h.agent.book().Camera(id); c == nil || c.Shared() {
			t.Errorf("leaving that failed still shares: %+v", c)
		}
		h.restart() // in the middle of leaving
		h.agent.set(func() { delete(h.agent.fail, "Leave") })
		h.api(http.StatusOK, "DELETE", "/pair"+query, "")
		s, b := h.state(), h.store.Book()
		if s.Step != gen.StateStepPair || len(b.Cameras) != 0 || h.agent.left != [2]bool{anew, !anew} {
			t.Errorf("left: step %s, %d cameras, %v", s.Step, len(b.Cameras), h.agent.left)
		}
		if anew != (len(b.Recorders) == 1) || anew != (len(b.Networks) == 1) {
			t.Errorf("anew %t: %d recorders, networks %v", anew, len(b.Recorders), b.Networks)
		}
		if _, err := h.store.Reference(id); camera.CodeOf(err) != camera.CodeNotFound {
			t.Errorf("the reference picture stays: %v", err)
		}
		if n := len(h.agent.receipts); n != 2 || h.agent.receipts[1].Consent.Level != camera.ConsentNone {
			t.Errorf("%d receipts", n)
		}
		h.api(http.StatusConflict, "DELETE", "/pair", "")
		h.pair() // and back
		if anew {
			h.choose(b.Recorders[0].ID)
		}
	}
}

// TestLeavingThatWasCutOff: the agent has left, and the power went before the book said so.
func TestLeavingThatWasCutOff(t *testing.T) {
	for _, again := range []bool{true, false} {
		h, _ := shared(t)
		h.agent.set(func() { h.agent.member = nil })
		h.restart()
		if again {
			h.api(http.StatusOK, "DELETE", "/pair", "")
			h.api(http.StatusConflict, "DELETE", "/pair", "")
		}
		h.pair()
		if b := h.store.Book(); len(b.Cameras) != 0 || (len(b.Recorders) == 0) != again || len(h.agent.book().Cameras) != 0 && again {
			t.Errorf("cameras of the household before: %+v", b.Cameras)
		}
	}
}

func TestMapAndSights(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	h.pair()
	body := string(h.api(http.StatusOK, "GET", "/map?lon=106.7&lat=21.9&radius=900", "").body)
	if !strings.Contains(body, `"line":[[106.7,21.9],[106.71,21.91]]`) || !strings.Contains(body, `"place":{"lat":21.9,"lon":106.7}`) || h.agent.asked.Radius != 900 || h.agent.asked.Near.Lon != 106.7 {
		t.Errorf("map %s, asked %+v", body, h.agent.asked)
	}
	h.api(http.StatusOK, "GET", "/map", "")
	if h.agent.asked.Near != nil {
		t.Errorf("without a place: %+v", h.agent.asked)
	}
	for _, query := range []string{"?lon=1", "?radius=5001", "?radius=-1", "?radius=NaN", "?lon=999&lat=1", "?lon=x&lat=1"} {
		h.api(http.StatusBadRequest, "GET", "/map"+query, "")
	}
	if body := string(h.api(http.StatusOK, "POST", "/seen", view).body); !strings.Contains(body, `"toward":"Na Sầm"`) {
		t.Errorf("seen %s", body)
	}
	h.api(http.StatusBadRequest, "POST", "/seen", strings.Replace(view, "90", "900", 1))
	h.agent.set(func() {
		h.agent.fail["Seen"], h.agent.fail["Roads"] = camera.Errorf(camera.CodeUnreachable, "no link"), camera.Errorf(camera.CodeUnreachable, "no link")
	})
	h.api(http.StatusServiceUnavailable, "GET", "/map", "")
	h.api(http.StatusServiceUnavailable, "POST", "/seen", view)
}

func TestNotice(t *testing.T) {
	h, _ := shared(t)
	r := h.api(http.StatusOK, "GET", "/notice.pdf?lang=en", "")
	if r.header.Get("Content-Type") != "application/pdf" || !strings.Contains(string(r.body), `"Nhà 01"`) || !strings.Contains(string(r.body), `"Quốc lộ 4A"`) || !strings.Contains(string(r.body), `"en"`) {
		t.Errorf("%v %s", r.header, r.body)
	}
	h.api(http.StatusBadRequest, "GET", "/notice.pdf?lang=fr", "")
}

func TestSelfTestLines(t *testing.T) {
	h, id := shared(t)
	recorder := h.store.Book().Recorders[0].ID
	h.agent.set(func() {
		h.agent.fail["TestPast"] = camera.Errorf(camera.CodeRecorderFull, "453")
		h.agent.fail["Report"] = camera.Errorf(camera.CodeUnreachable, "no link")
		h.agent.recorders = []setupRecorder{{ID: recorder, Ahead: -7 * time.Minute, AheadKnown: true}}
	})
	s := h.selfTest()
	want := []string{"record Cổng true  20", "own Hikvision true  -420", "past Cổng false recorder-full 60", "uplink  true  250000", "clock  true  -0.12", "disk  true  14"}
	if got := lines(s); strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if s.Told != nil || len(h.agent.reports) != 0 {
		t.Error("told a hub that is away")
	}
	h.agent.set(func() { delete(h.agent.fail, "Report") })
	h.page.Poke()
	h.eventually("the hub is told", func() bool { s := h.state().Selftest; return s.Told != nil && *s.Told })
	if r := h.agent.reports[0]; r.At.IsZero() || len(r.Lines) != 6 || r.Lines[0].Camera != id {
		t.Errorf("report %+v", r)
	}
	h.api(http.StatusOK, "PUT", "/pause", `{"paused":true}`)
	if got := lines(h.selfTest())[0]; got != "record Cổng false paused" {
		t.Errorf("a paused camera: %q", got)
	}
	h.api(http.StatusOK, "PUT", "/pause", `{"paused":false}`)
	h.agent.set(func() { h.agent.fail["TestPast"] = fmt.Errorf("fetch: %w", context.DeadlineExceeded) })
	if got := strings.Join(lines(h.selfTest()), "|"); !strings.Contains(got, "past Cổng false no-footage") {
		t.Errorf("a recorder that never came to it: %q", got)
	}
	h.consent(id, "registry")
	if got := strings.Join(lines(h.selfTest()), "|"); strings.Contains(got, "past") {
		t.Errorf("a camera that is on the map only: %q", got)
	}
}
