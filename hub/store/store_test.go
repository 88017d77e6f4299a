package store_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/store"
)

func TestStraight(t *testing.T) {
	each(t, func(t *testing.T, srv *s3) {
		cfg := srv.config(t, "straight")
		cfg.Public = "http://" + srv.at(t)
		s, err := store.Open(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Ping(t.Context()); camera.CodeOf(err) != camera.CodeUnavailable {
			t.Fatalf("ping without a bucket: %v", err)
		}
		for range 2 { // the second time it is there
			if err := s.Ensure(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
		conform(t, &bench{store: s, server: srv})
	})
}

func TestThroughTheProxy(t *testing.T) {
	each(t, func(t *testing.T, srv *s3) {
		s := srv.open(t, "proxied")
		mux := http.NewServeMux()
		mux.Handle(store.Prefix, s.Proxy())
		hub := httptest.NewServer(mux)
		defer hub.Close()
		conformLinks(t, &bench{store: s, server: srv, base: hub.URL})
	})
}

// TestWithoutVersions: a store that keeps no versions is good for footage and for
// the index, and is refused for evidence before anything is kept there.
func TestWithoutVersions(t *testing.T) {
	srv := &s3{name: "versitygw", program: "versitygw", health: "/health", command: func(path, addr, dir string) *exec.Cmd {
		return versityCommand(path, addr, dir, false)
	}}
	if err := srv.start(); err != nil {
		t.Fatal(err)
	}
	defer srv.stop()
	s := srv.open(t, "footage")
	b := &bench{store: s, server: srv, base: "http://" + srv.at(t)}
	keys := []camera.Key{b.key(), b.key()}
	for _, key := range keys {
		b.overwrite(t, srv.plain(t), "footage", key)
	}
	b.left(t, s, keys, keys...)
	if err := s.Delete(t.Context(), keys[:1]); err != nil {
		t.Fatal(err)
	}
	b.left(t, s, keys, keys[1])
	if err := s.Vault("evidence").Ensure(t.Context()); camera.CodeOf(err) != camera.CodeConflict {
		t.Fatalf("a vault where no versions are kept: %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	good := store.Config{Endpoint: "127.0.0.1:9", AccessKey: "a", SecretKey: "secret-word", Bucket: "footage"}
	cases := map[string]func(*store.Config){
		"endpoint":      func(c *store.Config) { c.Endpoint = "http://127.0.0.1/path" },
		"no key":        func(c *store.Config) { c.AccessKey = "" },
		"no secret":     func(c *store.Config) { c.SecretKey = "" },
		"no bucket":     func(c *store.Config) { c.Bucket = "" },
		"bucket a path": func(c *store.Config) { c.Bucket = "a/b" },
		"public":        func(c *store.Config) { c.Public = "s3.example:9000" },
		"public a path": func(c *store.Config) { c.Public = "https://s3.example/x" },
	}
	if _, err := store.Open(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			cfg := good
			change(&cfg)
			_, err := store.Open(cfg)
			if err == nil {
				t.Fatal("opened")
			}
			if strings.Contains(err.Error(), "secret-word") {
				t.Fatalf("the error shows the secret: %v", err)
			}
		})
	}
}

func TestSlotRefuses(t *testing.T) {
	s, err := store.Open(store.Config{Endpoint: "127.0.0.1:9", AccessKey: "a", SecretKey: "b", Bucket: "footage"})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{store: s}
	good, sum := b.key(), camera.Hash{1}
	foreign := good
	foreign.Camera = "../../x"
	cases := []struct {
		name string
		key  camera.Key
		size int64
		sum  camera.Hash
		code camera.Code
	}{
		{"no bytes", good, 0, sum, camera.CodeTooLarge},
		{"too many bytes", good, camera.SegmentLargest + 1, sum, camera.CodeTooLarge},
		{"no hash", good, 10, camera.Hash{}, camera.CodeBadClaim},
		{"bad key", foreign, 10, sum, camera.CodeBadClaim},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if _, err := s.Slot(t.Context(), c.key, c.size, c.sum, time.Minute); camera.CodeOf(err) != c.code {
				t.Fatalf("%v, want %s", err, c.code)
			}
		})
	}
	if _, err := s.Link(t.Context(), foreign, time.Minute); camera.CodeOf(err) != camera.CodeBadClaim {
		t.Fatalf("link for a bad key: %v", err)
	}
	if _, err := s.ReadKey(t.Context(), foreign, 10); camera.CodeOf(err) != camera.CodeBadClaim {
		t.Fatalf("read of a bad key: %v", err)
	}
	slot, err := s.Slot(t.Context(), good, camera.SegmentLargest, sum, 100*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(slot.URL, "/o/footage/"+good.String()+"?") || time.Until(slot.Expires) > store.SlotLongest {
		t.Fatalf("slot %s until %s", slot.URL, slot.Expires)
	}
}

// down gives an address at which nothing listens.
func down(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return l.Addr().String()
}

func TestStoreDown(t *testing.T) {
	addr := down(t)
	s, err := store.Open(store.Config{Endpoint: addr, AccessKey: "a", SecretKey: "b", Bucket: "footage"})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{store: s}
	_, _, _, hasErr := s.Has(t.Context(), b.key())
	_, readErr := s.ReadKey(t.Context(), b.key(), 100)
	for _, err := range []error{hasErr, readErr, s.Ensure(t.Context()), s.Ping(t.Context())} {
		if camera.CodeOf(err) != camera.CodeUnavailable {
			t.Fatalf("%v, want %s", err, camera.CodeUnavailable)
		}
		if strings.Contains(err.Error(), addr) {
			t.Fatalf("the error names the endpoint: %v", err)
		}
	}
}
