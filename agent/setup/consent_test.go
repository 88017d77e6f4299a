package setup_test

import (
	"crypto/sha256"
	"net/http"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/home"
)

// unnumber makes a camera's newest receipt one that the hub has not answered.
func unnumber(id camera.CameraID, at time.Time) func(*home.Book) error {
	return func(b *home.Book) error {
		c := b.Camera(id)
		r := c.Receipts[len(c.Receipts)-1]
		r.Number, r.At = "", at.Add(time.Duration(len(c.Receipts))*time.Millisecond)
		c.Receipts = append(c.Receipts, r)
		return nil
	}
}

func TestConsent(t *testing.T) {
	h, id := chosenHouse(t)
	path := "/cameras/" + string(id) + "/consent"
	if r := h.do("PUT", "/api/v1"+path, agreement(`{"level":"clip"}`)); r.code() != "conflict" {
		t.Errorf("before it is aimed: %d %s", r.status, r.body)
	}
	h.aim(id)
	for name, body := range map[string]string{
		"level":     agreement(`{"level":"all"}`),
		"purpose":   agreement(`{"level":"clip","for":{"criminal":"x"}}`),
		"hours":     agreement(`{"level":"clip","hours":{"from":-1,"to":5}}`),
		"past":      agreement(`{"level":"clip","until":"2026-11-22T07:00:00Z"}`),
		"too long":  agreement(`{"level":"clip","until":"2027-11-23T07:00:01Z"}`),
		"no words":  strings.Replace(agreement(`{"level":"clip"}`), "Tôi đồng ý.", "", 1),
		"no text":   strings.Replace(agreement(`{"level":"clip"}`), "2026-11", "", 1),
		"language":  strings.Replace(agreement(`{"level":"clip"}`), `"vi"`, `"fr"`, 1),
		"uplink":    strings.Replace(agreement(`{"level":"clip"}`), `"language"`, `"uplink":"x","language"`, 1),
		"long text": strings.Replace(agreement(`{"level":"clip"}`), "2026-11", strings.Repeat("x", 41), 1),
	} {
		if r := h.do("PUT", "/api/v1"+path, body); r.status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	if c := h.agent.book().Camera(id); c.Shared() || len(c.Receipts) != 0 || len(h.agent.receipts) != 0 {
		t.Fatalf("refused, and in force: %+v", c)
	}
	h.api(http.StatusOK, "PUT", path, strings.Replace(agreement(`{"level":"live","for":{"administrative":"ask","missing":"clip"},"hours":{"from":1320,"to":360},"until":"2027-11-23T07:00:00Z"}`), `"language"`, `"sound":true,"uplink":"sub","language"`, 1))
	want := camera.Consent{
		Level: camera.ConsentLive, For: camera.Levels{Administrative: camera.ConsentAsk, Missing: camera.ConsentClip},
		Hours: camera.Hours{From: 1320, To: 360}, Until: time.Date(2027, 11, 23, 7, 0, 0, 0, time.UTC),
	}
	c, r := h.agent.book().Camera(id), h.agent.receipts[0]
	if c.Consent != want || !c.Sound || c.Uplink != camera.UplinkSub {
		t.Errorf("in force: %+v", c)
	}
	if r.Consent != want || r.TextHash != sha256.Sum256([]byte("Tôi đồng ý.")) || r.Check() != nil || r.Camera != id || r.Method != "household-page" || !r.At.Equal(noon) {
		t.Errorf("receipt %+v: %v", r, r.Check())
	}
	mine := h.store.Book().Cameras[0].Receipts[0]
	if mine.Number != "BN-1" || mine.Words != "Tôi đồng ý." || mine.Signature.IsZero() || mine.HubAt.IsZero() {
		t.Errorf("our side: %+v", mine)
	}
	if s := h.state().Cameras[0].Consent; *s.For.Missing != "clip" || s.Hours.From != 1320 || !s.Until.Equal(want.Until) {
		t.Errorf("shown: %+v", s)
	}
	h.api(http.StatusOK, "PUT", path, agreement(`{"level":"none","until":"2027-01-01T00:00:00Z","for":{"missing":"clip"}}`))
	if c := h.agent.book().Camera(id); c.Shared() || c.Consent != (camera.Consent{Level: camera.ConsentNone}) || len(h.agent.receipts) != 2 {
		t.Errorf("taken back: %+v", c)
	}
	h.api(http.StatusNotFound, "PUT", "/cameras/x/consent", agreement(`{"level":"clip"}`))
}

// TestStandingConsentEnds: at most a year, also when nobody says so.
func TestStandingConsentEnds(t *testing.T) {
	for level, ends := range map[string]bool{"registry": false, "stills": false, "ask": false, "clip": true, "live": true} {
		h, id := chosenHouse(t)
		h.aim(id)
		h.consent(id, level)
		until := h.agent.book().Camera(id).Consent.Until
		if until.IsZero() == ends || until.Sub(noon) > camera.ConsentLongest {
			t.Errorf("%s until %s", level, until)
		}
	}
}

// TestReceiptWaitsForTheHub: consent is in force at once, also when the hub is away; its
// receipt is signed and gets its number when the hub is back, after a restart too.
func TestReceiptWaitsForTheHub(t *testing.T) {
	h, id := chosenHouse(t)
	h.aim(id)
	h.agent.set(func() {
		h.agent.fail["Receipt"] = camera.Errorf(camera.CodeUnreachable, "no link")
		h.agent.unlinked = true
	})
	h.consent(id, "ask")
	if c := h.state().Cameras[0]; c.Consent.Level != "ask" || c.Receipt == nil || c.Receipt.Number != nil {
		t.Errorf("hub away: %+v", c.Receipt)
	}
	h.consent(id, "none")
	h.restart()
	if r := h.store.Book().Cameras[0].Receipts; len(r) != 2 || r[0].Signature.IsZero() || r[1].Signature.IsZero() {
		t.Errorf("not signed: %+v", r)
	}
	h.agent.set(func() { delete(h.agent.fail, "Receipt"); h.agent.unlinked = false })
	h.page.Poke()
	h.eventually("both numbers come", func() bool {
		r := h.store.Book().Cameras[0].Receipts
		return r[0].Number == "BN-1" && r[1].Number == "BN-2"
	})
	if l := h.agent.receipts; l[0].Consent.Level != camera.ConsentAsk || l[1].Consent.Level != camera.ConsentNone {
		t.Errorf("not in their order: %+v", l)
	}
}

func TestKeep(t *testing.T) {
	h, _ := shared(t)
	if h.state().Keep != camera.KeepUsual {
		t.Errorf("before a choice: %d days", h.state().Keep)
	}
	n := h.agent.calls("Apply")
	h.api(http.StatusOK, "PUT", "/keep", `{"days":5}`)
	if h.state().Keep != 5 || h.agent.book().Keep != 5 || h.agent.calls("Apply") != n+1 {
		t.Errorf("chosen: %d days, %d told", h.state().Keep, h.agent.book().Keep)
	}
	for _, bad := range []string{`{"days":2}`, `{"days":31}`, `{"days":0}`, `{"days":-3}`, `{}`} {
		h.api(http.StatusBadRequest, "PUT", "/keep", bad)
	}
	h.restart()
	if h.state().Keep != 5 {
		t.Errorf("after a restart: %d days", h.state().Keep)
	}
}

func TestPause(t *testing.T) {
	h, id := shared(t)
	one := `{"paused":true,"camera":"` + string(id) + `"}`
	for _, c := range []struct {
		body   string
		paused bool
	}{{`{"paused":true}`, true}, {`{"paused":false}`, false}, {one, true}, {strings.Replace(one, "true", "false", 1), false}} {
		n := h.agent.calls("Apply")
		h.api(http.StatusOK, "PUT", "/pause", c.body)
		if b := h.agent.book(); h.agent.calls("Apply") != n+1 || b.Camera(id).Consent.Paused != c.paused || b.Camera(id).Consent.Level != camera.ConsentClip {
			t.Errorf("%s: %+v", c.body, b.Camera(id).Consent)
		}
	}
	h.api(http.StatusNotFound, "PUT", "/pause", `{"paused":true,"camera":"x"}`)
	if len(h.agent.receipts) != 1 {
		t.Error("a pause is no agreement")
	}
	h.api(http.StatusOK, "PUT", "/pause", `{"paused":true}`)
	h.consent(id, "live") // says nothing of the pause: it stays
	if c := h.agent.book().Camera(id).Consent; !c.Paused || c.Level != camera.ConsentLive {
		t.Errorf("consent ended the pause: %+v", c)
	}
	b := h.store.Book()
	if w := b.Camera(id).Withheld; len(w) != 3 || w[0].To.IsZero() || w[1].To.IsZero() || !w[2].To.IsZero() {
		t.Errorf("what the recorder must not give away is not known: %v", w)
	}
	h.agent.set(func() { h.agent.fail["Apply"] = camera.Errorf(camera.CodeUnavailable, "stuck") })
	if r := h.do("PUT", "/api/v1/pause", `{"paused":false}`); r.status != http.StatusServiceUnavailable {
		t.Errorf("what is not in force was called done: %d", r.status)
	}
}

// TestDeliveriesWaitForEachOther without turning in circles meanwhile.
func TestDeliveriesWaitForEachOther(t *testing.T) {
	h, id := shared(t)
	release := h.page.HoldDelivery()
	n := h.agent.calls("Member")
	for range 20 {
		h.consent(id, "ask")
	}
	if n = h.agent.calls("Member") - n; n > 200 {
		t.Errorf("asked %d times whether there is something to do", n)
	}
	release()
	h.eventually("the receipts come", func() bool {
		r := h.store.Book().Cameras[0].Receipts
		return r[len(r)-1].Number != ""
	})
}

func TestRequests(t *testing.T) {
	h, id := shared(t)
	ask := func(n string, asked time.Duration, answer camera.Reply) camera.Want {
		return camera.Want{
			ID: n, Camera: id, From: noon.Add(-time.Hour), To: noon, Purpose: camera.PurposeCriminal,
			Ask: &camera.Ask{Unit: "Công an xã A", Case: "1/2026", Asked: noon.Add(asked), Until: noon.Add(asked + camera.AskFor), Answer: answer},
		}
	}
	h.agent.set(func() {
		h.agent.wants = []camera.Want{
			ask("w1", -2*time.Hour, ""), ask("w2", -3*time.Hour, camera.ReplySilent), ask("w3", -time.Hour, ""), ask("w4", -25*time.Hour, ""),
			{ID: "w5", Camera: id, From: noon, To: noon.Add(time.Hour)},
		}
		h.agent.fail["Answer"] = camera.Errorf(camera.CodeUnreachable, "no link")
	})
	order := func() (out []string) {
		for _, r := range h.state().Requests {
			text := r.Id
			if r.Answer != nil {
				text += " " + string(*r.Answer)
			}
			out = append(out, text)
		}
		return out
	}
	if got := strings.Join(order(), ", "); got != "w3, w1, w4, w2 silent" {
		t.Errorf("requests %s", got)
	}
	if r := h.state().Requests[0]; r.Camera != "Cổng" || r.Unit != "Công an xã A" || r.Case != "1/2026" || r.Purpose != "criminal" {
		t.Errorf("request %+v", r)
	}
	answer := func(want, yes string) string {
		return h.do("PUT", "/api/v1/requests/"+want, `{"granted":`+yes+`}`).code()
	}
	for _, c := range []struct{ want, yes, code string }{
		{"w1", "true", ""}, {"w1", "true", ""}, {"w3", "false", ""}, {"w3", "false", ""},
		{"w3", "true", "conflict"}, {"w2", "true", "conflict"}, {"w4", "true", "conflict"}, {"w5", "true", "not-found"}, {"x", "true", "not-found"},
	} {
		if got := answer(c.want, c.yes); got != c.code {
			t.Errorf("%s %s: %q, want %q", c.want, c.yes, got, c.code)
		}
	}
	if b := h.agent.book(); !b.Answer("w1").Granted || b.Answer("w1").Camera != id || !b.Answer("w1").To.Equal(noon) || b.Answer("w3").Granted || b.Answer("w2") != nil {
		t.Errorf("the agent's last gate: %+v", b.Answers)
	}
	if got := strings.Join(order(), ", "); got != "w4, w3 refused, w1 granted, w2 silent" {
		t.Errorf("before the hub has heard of it: %s", got)
	}
	h.restart()
	if len(h.agent.answers) != 0 {
		t.Errorf("the hub is away: %v", h.agent.answers)
	}
	h.agent.set(func() { delete(h.agent.fail, "Answer") })
	h.page.Poke()
	h.eventually("the hub hears of both", func() bool { a := h.store.Book().Answers; return a[0].Told && a[1].Told })
	if a := h.agent.answers; !a["w1"] || a["w3"] || len(a) != 2 {
		t.Errorf("the hub has %v", a)
	}
	if got := answer("w1", "false"); got != "" { // a yes is taken back
		t.Errorf("taking back: %s", got)
	}
	if a := h.agent.answers; a["w1"] || h.agent.book().Answer("w1").Granted {
		t.Errorf("taken back, and the hub has %v", a)
	}
}
