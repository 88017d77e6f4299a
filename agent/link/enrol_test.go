package link_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nkeys"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/link"
)

var quiet = slog.New(slog.DiscardHandler)

const code = "one-time-code"

func TestEnrol(t *testing.T) {
	id := identity(t)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the redirect was followed")
	}))
	defer elsewhere.Close()
	cases := []struct {
		name   string
		answer http.HandlerFunc
		code   camera.Code
	}{
		{"agreed", func(w http.ResponseWriter, r *http.Request) {
			var req camera.EnrolRequest
			if err := json.NewDecoder(r.Body).Decode(&req); err != nil || r.URL.Path != "/sub/api/v1/enrol" || r.Method != http.MethodPost {
				t.Errorf("%s %s: %v", r.Method, r.URL.Path, err)
			}
			sig, err := base64.StdEncoding.DecodeString(req.Signature)
			key, keyErr := nkeys.FromPublicKey(string(req.Device))
			if err != nil || keyErr != nil || key.Verify(camera.EnrolPayload(req.Code, req.Device), sig) != nil {
				t.Error("signature does not hold")
			}
			if req.Code != code || req.Name != "gate" || req.Device != id.Device() {
				t.Errorf("request %v", req)
			}
			fmt.Fprint(w, `{"household":"household-1","label":"Home 1"}`)
		}, ""},
		{"used code", answer(409, `{"code":"used-code","message":"this invitation was used"}`), camera.CodeUsedCode},
		{"not ours", answer(502, `<html>`), camera.CodeUnavailable},
		{"no household", answer(200, `{}`), camera.CodeBadRequest},
		{"not JSON", answer(200, `hello`), camera.CodeBadRequest},
		{"endless", answer(200, strings.Repeat(" ", 1<<20)), camera.CodeBadRequest},
		{"redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		}, camera.CodeUnavailable},
		{"broken off", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, camera.CodeUnreachable},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			hub := httptest.NewServer(c.answer)
			defer hub.Close()
			reply, err := link.Enrol(t.Context(), hub.Client(), hub.URL+"/sub", code, "gate", id)
			if camera.CodeOf(err) != c.code {
				t.Fatalf("%v, want %q", err, c.code)
			}
			if err == nil && (reply != camera.EnrolReply{Household: "household-1", Label: "Home 1"}) {
				t.Errorf("reply %v", reply)
			}
			if err != nil && strings.Contains(err.Error(), code) {
				t.Errorf("the code is in the error: %v", err)
			}
		})
	}
	if _, err := link.Enrol(t.Context(), http.DefaultClient, "ftp://hub.example", code, "", id); err == nil {
		t.Error("ftp was accepted")
	}
	if _, err := link.Enrol(t.Context(), http.DefaultClient, "http://127.0.0.1:1", code, "", link.Identity{}); err == nil || camera.CodeOf(err) == camera.CodeUnreachable {
		t.Errorf("no identity: %v", err)
	}
}

func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

func TestIdentity(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "device.seed")
	id, err := link.LoadOrCreateIdentity(path)
	if err != nil {
		t.Fatal(err)
	}
	seed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	again, err := link.LoadOrCreateIdentity(path)
	if err != nil || again.Device() != id.Device() || len(id.Device()) != 56 {
		t.Errorf("loaded %v, made %v: %v", again, id, err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v %v", info.Mode(), err)
	}
	if list, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); len(list) != 1 {
		t.Errorf("left behind: %v", list)
	}
	sig, err := id.SignPayload([]byte("payload"))
	key, keyErr := nkeys.FromPublicKey(string(again.Device()))
	if err != nil || keyErr != nil || key.Verify([]byte("payload"), sig[:]) != nil || key.Verify([]byte("another"), sig[:]) == nil {
		t.Errorf("signature does not hold: %v %v", err, keyErr)
	}
	if sig, err := (link.Identity{}).SignPayload(nil); err == nil || !sig.IsZero() {
		t.Error("signed by nobody")
	}
	secret := strings.TrimSpace(string(seed))
	logs := &buffer{}
	slog.New(slog.NewTextHandler(logs, nil)).Info("x", "id", id, "cfg", fmt.Sprintf("%v %+v %#v", id, link.Config{Identity: id}, id))
	if !strings.HasPrefix(secret, "SU") || strings.Contains(logs.String(), secret) || !strings.Contains(logs.String(), string(id.Device())) {
		t.Errorf("log %s", logs)
	}
	account, err := nkeys.CreateAccount()
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := account.Seed()
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"empty": "", "cut": secret[:20], "another kind": string(foreign), "huge": strings.Repeat("S", 1<<20),
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := link.LoadOrCreateIdentity(path)
		if err == nil || content != "" && strings.Contains(err.Error(), content) {
			t.Errorf("%s: %v", name, err)
		}
		if now, _ := os.ReadFile(path); string(now) != content {
			t.Errorf("%s: the file was changed", name)
		}
	}
}
