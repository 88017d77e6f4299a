package agent_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent"
)

// TestJoinIsInterrupted between the hub's yes and the membership on the disk: the
// same code and the same key ask again, and after that nobody is asked any more.
func TestJoinIsInterrupted(t *testing.T) {
	cfg := agent.Default()
	cfg.Data, cfg.Code, cfg.Name = t.TempDir(), "ABCD-EFGH-IJKL-MNOP-QRST-UVWX-YZ", "Nhà 1"
	inTheWay := filepath.Join(cfg.Data, "membership.json")
	var asked []camera.EnrolRequest
	hub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var req camera.EnrolRequest
		if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
			t.Error(err)
		}
		asked = append(asked, req)
		switch len(asked) {
		case 1:
			panic(http.ErrAbortHandler) // the answer is lost
		case 2:
			if err := os.MkdirAll(filepath.Join(inTheWay, "x"), 0o700); err != nil {
				t.Error(err)
			}
		}
		fmt.Fprint(w, `{"household":"h1","label":"Nhà 1"}`)
	}))
	defer hub.Close()
	cfg.Hub = hub.URL
	log := slog.New(slog.DiscardHandler)
	for n := range 2 {
		if _, err := agent.Join(t.Context(), cfg, log); err == nil {
			t.Fatalf("interruption %d is not told", n+1)
		}
	}
	if err := os.RemoveAll(inTheWay); err != nil {
		t.Fatal(err)
	}
	first, err := agent.Join(t.Context(), cfg, log)
	if err != nil || first.Before {
		t.Fatalf("%+v, %v", first, err)
	}
	cfg.Code = ""
	again, err := agent.Join(t.Context(), cfg, log)
	if err != nil || !again.Before || again.Household != "h1" || again.Device() != first.Device() || again.Hub != hub.URL {
		t.Errorf("membership %+v, %v", again, err)
	}
	if len(asked) != 3 {
		t.Errorf("the hub was asked %d times, want 3", len(asked))
	}
	for _, req := range asked {
		if req.Device != first.Device() || req.Code != asked[0].Code {
			t.Errorf("asked as %s with %q", req.Device, req.Code)
		}
	}
	if left, err := filepath.Glob(filepath.Join(cfg.Data, "membership-*")); err != nil || len(left) > 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
}
