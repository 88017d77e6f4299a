package api_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nkeys"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/api"
	"xulang.vn/camera/hub/api/gen"
)

// TestInvitationProvesTheHub: who has the link needs nobody's word; who typed the code
// hears which CA the hub has before the code goes anywhere; and one device gets in.
func TestInvitationProvesTheHub(t *testing.T) {
	h := newHouse(t)
	got := h.do(admin, http.MethodPost, "/api/v1/households", `{"label":"Nhà 02","place":{"lon":106.7,"lat":21.9}}`)
	var home gen.Household
	if err := json.Unmarshal([]byte(got.body), &home); err != nil || home.Place == nil {
		t.Fatalf("%d %s", got.status, got.body)
	}
	var invited gen.Invitation
	got = h.do(admin, http.MethodPost, "/api/v1/households/"+home.Id+"/invitations", "")
	if err := json.Unmarshal([]byte(got.body), &invited); err != nil || got.status != http.StatusCreated {
		t.Fatalf("%d %s", got.status, got.body)
	}
	i, err := camera.ParseInvitation(invited.Link)
	if err != nil || i.Hub != "https://hub.example:8470" || i.CA != (camera.Hash{9}) || i.Secret != camera.SecretOf(invited.Code) || !invited.Expires.After(time.Now()) {
		t.Fatalf("%+v, %+v, %v", invited, i, err)
	}
	prove := func(secret string) camera.ProofReply {
		var reply camera.ProofReply
		got := h.do(stranger, http.MethodPost, "/api/v1/enrol/proof", `{"invitation":"`+camera.InvitationID(secret).String()+`","nonce":"0123456789abcdef"}`)
		if err := json.Unmarshal([]byte(got.body), &reply); err != nil || got.status != http.StatusOK {
			t.Fatalf("%d %s", got.status, got.body)
		}
		return reply
	}
	if reply := prove(i.Secret); reply.Proof != camera.InvitationProof(camera.InvitationKey(i.Secret), "0123456789abcdef", camera.Hash{9}) || reply.CA == "" {
		t.Errorf("the hub cannot prove itself: %+v", reply)
	}
	other := strings.Repeat("A", 26)
	if reply := prove(other); reply.Proof == camera.InvitationProof(camera.InvitationKey(other), "0123456789abcdef", camera.Hash{9}) {
		t.Error("the hub proves an invitation that it never made")
	}
	key := must(nkeys.CreateUser())
	device := camera.DeviceID(must(key.PublicKey()))
	sig := must(key.Sign(camera.EnrolPayload(i.Secret, device)))
	body := must(json.Marshal(camera.EnrolRequest{Code: i.Secret, Device: device, Signature: base64.StdEncoding.EncodeToString(sig), Name: "hộp"}))
	var joined gen.EnrolReply
	got = h.do(stranger, http.MethodPost, "/api/v1/enrol", string(body))
	if err := json.Unmarshal([]byte(got.body), &joined); err != nil || joined.Label != "Nhà 02" || joined.Place == nil || joined.Place.Lon != 106.7 {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// TestInvitationsNameTheCAOfNow: the files with the hub's certificate may be others
// than when it started.
func TestInvitationsNameTheCAOfNow(t *testing.T) {
	h := newHouse(t)
	h.ca = api.CA{Hash: camera.Hash{7}, PEM: []byte("-----BEGIN ANOTHER-----")}
	home := must(h.cfg.Registry.CreateHousehold(t.Context(), "Nhà 02", nil))
	var invited gen.Invitation
	got := h.do(admin, http.MethodPost, "/api/v1/households/"+string(home.ID)+"/invitations", "")
	if err := json.Unmarshal([]byte(got.body), &invited); err != nil {
		t.Fatalf("%d %s", got.status, got.body)
	}
	if i, err := camera.ParseInvitation(invited.Link); err != nil || i.CA != (camera.Hash{7}) {
		t.Errorf("invited to the CA of before: %v, %v", i.CA, err)
	}
	if got := h.do(stranger, http.MethodGet, "/api/v1/ca.pem", ""); got.body != string(h.ca.PEM) {
		t.Errorf("%s", got.body)
	}
}

// TestPagesInTheClearSpeakNotForThoseThatAreNot: a page of the same address that came
// without TLS may be anybody's.
func TestPagesInTheClearSpeakNotForThoseThatAreNot(t *testing.T) {
	h := newHouse(t)
	hub := api.New(h.cfg)
	for _, x := range []struct {
		target, origin string
		want           int
	}{
		{"https://hub.example", "https://hub.example", http.StatusUnauthorized}, {"https://hub.example", "http://hub.example", http.StatusForbidden},
		{"http://127.0.0.1", "http://127.0.0.1", http.StatusUnauthorized}, {"http://127.0.0.1", "https://127.0.0.1", http.StatusUnauthorized}, // behind a proxy
		{"https://hub.example", "null", http.StatusForbidden}, {"https://hub.example", "https://other.example", http.StatusForbidden},
	} {
		r := httptest.NewRequest(http.MethodPost, x.target+"/api/v1/households", strings.NewReader(`{"label":"Nhà 03"}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Origin", x.origin)
		w := httptest.NewRecorder()
		if hub.ServeHTTP(w, r); w.Code != x.want {
			t.Errorf("%s from %s: %d, want %d", x.target, x.origin, w.Code, x.want)
		}
	}
}

// TestCookiesStayWithTLS: where the session began over TLS, also before a proxy on this
// machine, no browser ever sends its cookie in the clear.
func TestCookiesStayWithTLS(t *testing.T) {
	h := newHouse(t)
	hub := api.New(h.cfg)
	for _, x := range []struct {
		target, proto string
		secure        bool
	}{{"http://127.0.0.1", "", false}, {"http://127.0.0.1", "https", true}, {"http://127.0.0.1", "http", false}, {"https://hub.example", "", true}} {
		r := httptest.NewRequest(http.MethodPost, x.target+"/api/v1/session", strings.NewReader(`{"login":"canbo","password":"`+password+`"}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Forwarded-Proto", x.proto)
		w := httptest.NewRecorder()
		hub.ServeHTTP(w, r)
		if c := w.Result().Cookies(); len(c) != 1 || c[0].Secure != x.secure || !c[0].HttpOnly || c[0].SameSite != http.SameSiteStrictMode {
			t.Errorf("%+v: %d %+v", x, w.Code, c)
		}
	}
}

// TestStrangersAreBounded: what is answered without a session is answered so often; and
// one who floods keeps nobody else from joining.
func TestStrangersAreBounded(t *testing.T) {
	h := newHouse(t)
	hub := api.New(h.cfg)
	ask := func(from string) int {
		r := httptest.NewRequest(http.MethodPost, "https://hub.example/api/v1/enrol/proof",
			strings.NewReader(`{"invitation":"`+strings.Repeat("0", 64)+`","nonce":"0123456789abcdef"}`))
		r.Header.Set("Content-Type", "application/json")
		r.RemoteAddr = from
		w := httptest.NewRecorder()
		hub.ServeHTTP(w, r)
		return w.Code
	}
	flood := func(address func(i int) string) (answered int) {
		for i := range 150 {
			if ask(address(i)) == http.StatusOK {
				answered++
			}
		}
		return answered
	}
	for name, address := range map[string]func(i int) string{
		"one address": func(int) string { return "203.0.113.7:1000" },
		"one network": func(i int) string { return fmt.Sprintf("[2001:db8:0:1::%x]:1000", i+1) },
	} {
		if n := flood(address); n < 50 || n > 140 {
			t.Errorf("%s: %d of 150 questions at once are answered", name, n)
		}
	}
	if got := ask("192.0.2.1:1000"); got != http.StatusOK {
		t.Errorf("a household cannot join while others flood: %d", got)
	}
	for i := range 400 {
		if ask(fmt.Sprintf("198.51.%d.%d:1000", i/200, i%200)) == http.StatusTooManyRequests {
			return
		}
	}
	t.Error("however many strangers ask, all are answered")
}
