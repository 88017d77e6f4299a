package hub_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"xulang.vn/camera/hub"
)

// running serves a hub until stop, which gives Run's error.
func running(t *testing.T, h *home) (address string, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, ready, ended := h.outside(), make(chan string, 1), make(chan error, 1)
	out.Ready = func(at string) { ready <- at }
	go func() { ended <- hub.Run(ctx, h.cfg, out) }()
	stop = func() error { cancel(); return <-ended }
	select {
	case address = <-ready:
		return address, stop
	case err := <-ended:
		t.Fatalf("run: %v", err)
	}
	return "", nil
}

func bare(t *testing.T) *home {
	_, endpoint := newBucket(t)
	return &home{cfg: config(t, endpoint), log: &lines{}}
}

// TestSetupLinkGoesWithItsUse: the file is there while it is needed, and no longer.
func TestSetupLinkGoesWithItsUse(t *testing.T) {
	h := bare(t)
	file := filepath.Join(h.cfg.Data, "setup-link")
	address, stop := running(t, h)
	link, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	where, token, ok := strings.Cut(strings.TrimSpace(string(link)), "#")
	if !ok || where != address+"/setup" || strings.Contains(h.log.String(), token) {
		t.Errorf("link %q of a hub at %s; the log must not hold it", link, address)
	}
	post := func(token string) int {
		body, _ := json.Marshal(map[string]string{"token": token, "login": "quantri", "name": "Quản trị", "password": "mười chữ cái"})
		resp, err := http.Post(address+"/api/v1/setup", "application/json", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	if status := post("wrong"); status != http.StatusForbidden {
		t.Errorf("wrong token: %d", status)
	}
	if _, err := os.Stat(file); err != nil {
		t.Errorf("a stranger's guess took the link away: %v", err)
	}
	if status := post(token); status != http.StatusOK {
		t.Errorf("right token: %d", status)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("the used link is still there: %v", err)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	// A link that a hub which died left behind goes with the next start.
	if err := os.WriteFile(file, link, 0o600); err != nil {
		t.Fatal(err)
	}
	_, stop = running(t, h)
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("an old link is still there: %v", err)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

// TestTakenAddressLeavesNothingOpen: the sockets for live views are free again.
func TestTakenAddressLeavesNothingOpen(t *testing.T) {
	h := bare(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	media, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.cfg.Live.TCP = media.Addr().String()
	media.Close()
	free := h.cfg.Listen
	h.cfg.Listen = taken.Addr().String()
	if err := hub.Run(t.Context(), h.cfg, h.outside()); err == nil {
		t.Error("two servers on one address")
	}
	taken.Close()
	h.cfg.Listen = free
	if _, stop := running(t, h); stop() != nil {
		t.Error("the hub did not stop cleanly")
	}
}
