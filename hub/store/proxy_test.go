package store_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/store"
)

// upstream is an object store that says yes and remembers: what it has seen has
// passed the proxy.
func upstream(t *testing.T, answer http.HandlerFunc) (*bench, *[]*http.Request) {
	t.Helper()
	var seen []*http.Request
	s3 := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		seen = append(seen, r)
		if answer != nil {
			answer(w, r)
		}
	}))
	t.Cleanup(s3.Close)
	return proxied(t, s3.Listener.Addr().String(), nil), &seen
}

func proxied(t *testing.T, endpoint string, log *slog.Logger) *bench {
	t.Helper()
	s, err := store.Open(store.Config{Endpoint: endpoint, AccessKey: "a", SecretKey: "b", Bucket: "footage", Log: log})
	if err != nil {
		t.Fatal(err)
	}
	hub := httptest.NewServer(s.Proxy())
	t.Cleanup(hub.Close)
	return &bench{store: s, base: hub.URL}
}

func TestProxyRefuses(t *testing.T) {
	b, seen := upstream(t, nil)
	key, body := b.key(), []byte("bytes")
	link, err := b.store.Link(t.Context(), key, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	path, query, _ := strings.Cut(link, "?")
	slot := b.slot(t, key, body, time.Minute)
	slotPath, slotQuery, _ := strings.Cut(slot.URL, "?")
	cases := []struct {
		name, method, link string
		status             int
	}{
		{"unsigned", "GET", path, 403},
		{"unsigned put", "PUT", slotPath, 403},
		{"delete", "DELETE", link, 405},
		{"post", "POST", link, 405},
		{"options", "OPTIONS", link, 405},
		{"list", "GET", "/o/footage?list-type=2", 404},
		{"list, signed", "GET", "/o/footage/?" + query, 404},
		{"list, smuggled", "GET", link + "&list-type=2", 403},
		{"service", "GET", "/o/?" + query, 404},
		{"other bucket", "GET", strings.Replace(link, "/footage/", "/evidence/", 1), 404},
		{"up and away", "GET", "/o/footage/../evidence/" + key.String() + "?" + query, 404},
		{"escaped up", "GET", "/o/footage/%2e%2e/evidence/" + key.String() + "?" + query, 404},
		{"escaped slash", "GET", strings.Replace(path, string(key.Camera)+"/", string(key.Camera)+"%2F", 1) + "?" + query, 404},
		{"double slash", "GET", strings.Replace(path, "/footage/", "//footage/", 1) + "?" + query, 404},
		{"console", "GET", "/o/minio/health/live?" + query, 404},
		{"not a key", "GET", "/o/footage/a.mp4?" + query, 404},
		{"subresource", "PUT", slot.URL + "&acl", 403},
		{"override", "GET", link + "&response-content-type=text/html", 403},
		{"twice", "GET", link + "&X-Amz-Expires=60", 403},
		{"semicolon", "GET", link + ";acl", 403},
		{"bad escape", "GET", link + "&%zz", 403},
		{"another case", "GET", strings.Replace(link, "X-Amz-Signature", "x-amz-signature", 1), 403},
		{"too long", "GET", strings.Replace(link, "X-Amz-Expires=60", "X-Amz-Expires=61", 1), 403},
		{"no end", "GET", strings.Replace(link, "X-Amz-Expires=60", "X-Amz-Expires=x", 1), 403},
		{"unbound put", "PUT", slotPath + "?" + query, 403},
		{"slot read", "GET", slotPath + "?" + slotQuery, 403},
		{"empty put", "PUT", slot.URL, 400},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			payload := body
			if c.method != "PUT" || c.name == "empty put" {
				payload = nil
			}
			status, text := b.send(t, c.method, c.link, slot.Header, payload)
			want(t, status, c.status, text)
			if code, _, ok := strings.Cut(text, ": "); !ok || code == "" {
				t.Fatalf("no code in %q", text)
			}
		})
	}
	t.Run("get with a body", func(t *testing.T) {
		status, text := b.send(t, http.MethodGet, link, nil, body)
		want(t, status, http.StatusBadRequest, text)
	})
	if len(*seen) != 0 {
		t.Fatalf("%d requests passed, first %s %s", len(*seen), (*seen)[0].Method, (*seen)[0].URL)
	}
}

// raw sends bytes that no HTTP client would.
func raw(t *testing.T, b *bench, request string) int {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(b.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

func TestProxyBoundsTheBody(t *testing.T) {
	b, seen := upstream(t, nil)
	slot := b.slot(t, b.key(), []byte("bytes"), time.Minute)
	head := "PUT " + slot.URL + " HTTP/1.1\r\nHost: hub\r\n"
	for name, c := range map[string]struct {
		header string
		status int
	}{
		"oversize": {fmt.Sprintf("Content-Length: %d\r\n\r\n", camera.SegmentLargest+1), 413},
		"chunked":  {"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411},
	} {
		t.Run(name, func(t *testing.T) {
			if status := raw(t, b, head+c.header); status != c.status {
				t.Fatalf("status %d, want %d", status, c.status)
			}
		})
	}
	if len(*seen) != 0 {
		t.Fatal("a request passed")
	}
}

func TestProxyHeaders(t *testing.T) {
	b, seen := upstream(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Server", "brand")
		w.Header().Set("Set-Cookie", "a=b")
		w.Header().Set("X-Amz-Request-Id", "1")
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Etag", `"e"`)
		_, _ = io.WriteString(w, "footage")
	})
	link, err := b.store.Link(t.Context(), b.key(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.base+link, nil)
	if err != nil {
		t.Fatal(err)
	}
	private := []string{"Cookie", "Authorization", "Origin", "Referer", "X-Forwarded-For", "X-Amz-Security-Token", "Proxy-Authorization", "Upgrade"}
	for _, name := range private {
		req.Header.Set(name, "private")
	}
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Range", "bytes=0-3")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if len(*seen) != 1 {
		t.Fatalf("%d requests passed", len(*seen))
	}
	passed := (*seen)[0]
	for _, name := range private {
		if v := passed.Header.Get(name); v != "" {
			t.Errorf("%s: %s passed", name, v)
		}
	}
	if passed.Header.Get("Range") != "bytes=0-3" || "/o"+passed.RequestURI != link {
		t.Errorf("passed %s with %v", passed.RequestURI, passed.Header)
	}
	for _, name := range []string{"Server", "Set-Cookie", "X-Amz-Request-Id", "Access-Control-Allow-Origin"} {
		if v := resp.Header.Get(name); v != "" {
			t.Errorf("%s: %s came back", name, v)
		}
	}
	if resp.Header.Get("Cache-Control") != "private, no-store" || resp.Header.Get("Etag") != `"e"` {
		t.Errorf("answer with %v", resp.Header)
	}
}

func TestProxyHidesTheStoresErrors(t *testing.T) {
	const secret = "<Error><Resource>10.1.2.3:9000</Resource></Error>"
	for status, wanted := range map[int]int{400: 400, 403: 403, 404: 404, 412: 412, 416: 416, 429: 429, 500: 500, 503: 503, 507: 507, 307: 503, 204: 503} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			b, _ := upstream(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "http://10.1.2.3:9000/")
				w.Header().Set("Content-Type", "application/xml")
				w.WriteHeader(status)
				_, _ = io.WriteString(w, secret)
			})
			link, err := b.store.Link(t.Context(), b.key(), time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := http.Get(b.base + link)
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			want(t, resp.StatusCode, wanted, string(text))
			if bytes.Contains(text, []byte("10.1.2.3")) || resp.Header.Get("Location") != "" || !strings.Contains(string(text), ": ") {
				t.Fatalf("%v %s", resp.Header, text)
			}
		})
	}
}

func TestProxyStoreDown(t *testing.T) {
	addr := down(t)
	var log bytes.Buffer
	b := proxied(t, addr, slog.New(slog.NewTextHandler(&log, nil)))
	body := []byte("bytes")
	status, text := b.put(t, b.slot(t, b.key(), body, time.Minute), body)
	want(t, status, http.StatusServiceUnavailable, text)
	if !strings.HasPrefix(text, string(camera.CodeUnavailable)+": ") || strings.Contains(text, addr) {
		t.Fatalf("answer %q", text)
	}
	if !strings.Contains(log.String(), "refused") || strings.Contains(log.String(), "X-Amz-Signature") {
		t.Fatalf("log %q", log.String())
	}
}

// FuzzCheck: whatever the target, what passes is a key in our bucket with the
// parameters of a link.
func FuzzCheck(f *testing.F) {
	s, err := store.Open(store.Config{Endpoint: "127.0.0.1:9", AccessKey: "a", SecretKey: "b", Bucket: "footage"})
	if err != nil {
		f.Fatal(err)
	}
	link, err := s.Link(f.Context(), (&bench{}).key(), time.Minute)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(link)
	f.Add(strings.Replace(link, "/footage/", "/footage/%2e%2e/", 1))
	f.Add("/o/footage/../x?X-Amz-Expires=60")
	f.Fuzz(func(t *testing.T, target string) {
		req, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET " + target + " HTTP/1.1\r\nHost: hub\r\n\r\n")))
		if err != nil {
			return
		}
		if _, err := store.Check(s, req); err != nil {
			return
		}
		key, ok := strings.CutPrefix(req.URL.EscapedPath(), "/o/footage/")
		if _, err := camera.ParseKey(key); !ok || err != nil || len(req.URL.Query()) != 6 {
			t.Fatalf("%q passed", target)
		}
	})
}
