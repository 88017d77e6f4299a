package web_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"xulang.vn/camera/web"
)

const page = "<!doctype html><title>page</title>"

var script = strings.Repeat("export const road = 1;\n", 100)

func built() fstest.MapFS {
	return fstest.MapFS{
		".keep":                {},
		"index.html":           {Data: []byte(page)},
		"icon.svg":             {Data: []byte("<svg/>")},
		"assets/index-a1.js":   {Data: []byte(script)},
		"assets/worker-b2.mjs": {Data: []byte(script)},
	}
}

func get(t *testing.T, h http.Handler, method, path string, header http.Header) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	for k, v := range header {
		r.Header[k] = v
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestServe(t *testing.T) {
	h := web.Serve(built())
	for _, c := range []struct {
		method, path string
		status       int
		body, cache  string
		kind         string
	}{
		{"GET", "/", 200, page, "no-cache", "text/html; charset=utf-8"},
		{"GET", "/case/k1", 200, page, "no-cache", "text/html; charset=utf-8"},
		{"GET", "/setup", 200, page, "no-cache", "text/html; charset=utf-8"},
		{"GET", "/../../etc/passwd", 200, page, "no-cache", "text/html; charset=utf-8"},
		{"GET", "/.keep", 200, page, "no-cache", "text/html; charset=utf-8"},
		{"GET", "/icon.svg", 200, "<svg/>", "no-cache", "image/svg+xml"},
		{"GET", "/assets/index-a1.js", 200, script, "public, max-age=31536000, immutable", "text/javascript; charset=utf-8"},
		{"GET", "/assets/worker-b2.mjs", 200, script, "public, max-age=31536000, immutable", "text/javascript; charset=utf-8"},
		{"HEAD", "/", 200, "", "no-cache", "text/html; charset=utf-8"},
		{"GET", "/assets/gone.js", 404, "404 page not found\n", "", "text/plain; charset=utf-8"},
		{"GET", "/api/v1/unknown", 404, "404 page not found\n", "", "text/plain; charset=utf-8"},
		{"GET", "/assets/../api/v1", 404, "404 page not found\n", "", "text/plain; charset=utf-8"},
		{"POST", "/", 405, "method not allowed\n", "", "text/plain; charset=utf-8"},
	} {
		r := get(t, h, c.method, c.path, nil)
		if r.StatusCode != c.status || body(t, r) != c.body {
			t.Errorf("%s %s: status %d, or another body", c.method, c.path, r.StatusCode)
		}
		if r.Header.Get("Cache-Control") != c.cache || r.Header.Get("Content-Type") != c.kind {
			t.Errorf("%s %s: %v", c.method, c.path, r.Header)
		}
		if c.status == 200 && !strings.HasPrefix(r.Header.Get("Content-Security-Policy"), "default-src 'self';") {
			t.Errorf("%s %s: policy %q", c.method, c.path, r.Header.Get("Content-Security-Policy"))
		}
	}
}

func TestServeAgain(t *testing.T) {
	h := web.Serve(built())
	for _, coding := range []string{"", "gzip, br"} {
		header := http.Header{"Accept-Encoding": {coding}}
		first := get(t, h, "GET", "/assets/index-a1.js", header)
		tag := first.Header.Get("ETag")
		if tag == "" {
			t.Fatalf("coding %q: no ETag", coding)
		}
		header.Set("If-None-Match", tag)
		again := get(t, h, "GET", "/assets/index-a1.js", header)
		if again.StatusCode != http.StatusNotModified || body(t, again) != "" {
			t.Errorf("coding %q: status %d", coding, again.StatusCode)
		}
	}
}

func TestServeCompressed(t *testing.T) {
	r := get(t, web.Serve(built()), "GET", "/assets/index-a1.js", http.Header{"Accept-Encoding": {"gzip"}})
	if r.Header.Get("Content-Encoding") != "gzip" || r.Header.Get("Vary") != "Accept-Encoding" {
		t.Fatalf("header %v", r.Header)
	}
	z, err := gzip.NewReader(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(z); err != nil || string(b) != script {
		t.Fatalf("%d bytes, %v", len(b), err)
	}
}

func TestNotBuilt(t *testing.T) {
	r := get(t, web.Serve(fstest.MapFS{".keep": {}}), "GET", "/", nil)
	if r.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body(t, r), "chưa được dựng") {
		t.Errorf("status %d", r.StatusCode)
	}
}

// Both webs answer, built or not, and neither page may load from another host.
func TestHandlersAnswer(t *testing.T) {
	policies := map[string]bool{}
	for name, h := range map[string]http.Handler{"hub": web.Handler(), "household": web.Household()} {
		r := get(t, h, "GET", "/", nil)
		if s := r.StatusCode; s != http.StatusOK && s != http.StatusServiceUnavailable {
			t.Errorf("%s: status %d", name, s)
		}
		policy := r.Header.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'self';") || strings.Contains(policy, "http") || strings.Contains(policy, "*") {
			t.Errorf("%s: policy %q", name, policy)
		}
		policies[policy] = true
		if r := get(t, h, "GET", "/api/v1/state", nil); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s: the API's paths answered with %d", name, r.StatusCode)
		}
	}
	if len(policies) != 2 {
		t.Error("the household's page has no policy of its own")
	}
}
