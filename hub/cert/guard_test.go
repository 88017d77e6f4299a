package cert_test

import (
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"xulang.vn/camera/hub/cert"
)

func TestGuard(t *testing.T) {
	for _, c := range []struct {
		name, method, target, from string
		tls                        bool
		header                     [2]string
		status                     int
		says                       string // a part of the body, or the address that it sends to
	}{
		{"TLS", "POST", "/api/v1/session", "203.0.113.7:9", true, [2]string{}, 200, "in"},
		{"this machine", "POST", "/api/v1/session", "127.0.0.1:9", false, [2]string{}, 200, "in"},
		{"this machine, IPv6", "POST", "/api/v1/session", "[::1]:9", false, [2]string{}, 200, "in"},
		{"this machine, mapped", "POST", "/", "[::ffff:127.0.0.1]:9", false, [2]string{}, 200, "in"},
		{"page", "GET", "/ghep?x=1", "192.168.1.9:9", false, [2]string{}, 308, "https://hub.example:8470/ghep?x=1"},
		{"head", "HEAD", "/", "192.168.1.9:9", false, [2]string{}, 308, "https://hub.example:8470/"},
		{"two slashes", "GET", "//evil.example/", "192.168.1.9:9", false, [2]string{}, 308, "https://hub.example:8470//evil.example/"},
		{"password", "POST", "/api/v1/session", "192.168.1.9:9", false, [2]string{}, 403, "https://"},
		{"password, English", "POST", "/api/v1/session", "192.168.1.9:9", false, [2]string{"Accept-Language", "en-GB"}, 403, "not encrypted"},
		{"form", "POST", "/setup", "192.168.1.9:9", false, [2]string{}, 403, "không được mã hóa"},
		{"link", "GET", "/link", "192.168.1.9:9", false, [2]string{"Upgrade", "websocket"}, 403, "not encrypted"},
		{"object", "PUT", "/o/x", "192.168.1.9:9", false, [2]string{}, 403, "not encrypted"},
		{"through a proxy", "POST", "/setup", "127.0.0.1:9", false, [2]string{"X-Forwarded-For", "192.168.1.9"}, 403, "not encrypted"},
		{"through a proxy, standard", "POST", "/setup", "127.0.0.1:9", false, [2]string{"Forwarded", "for=192.168.1.9"}, 403, "not encrypted"},
		{"through a plain proxy", "POST", "/setup", "127.0.0.1:9", false, [2]string{"X-Forwarded-Proto", "http"}, 403, "not encrypted"},
		{"through a TLS proxy", "POST", "/setup", "127.0.0.1:9", false, [2]string{"X-Forwarded-Proto", "https"}, 200, "in"},
		{"says so from elsewhere", "POST", "/setup", "192.168.1.9:9", false, [2]string{"X-Forwarded-Proto", "https"}, 403, "not encrypted"},
		{"no address", "POST", "/setup", "@", false, [2]string{}, 403, "not encrypted"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, "http://hub.example:8470"+c.target, strings.NewReader("secret"))
			r.RemoteAddr, r.TLS = c.from, nil
			if c.tls {
				r.TLS = &tls.ConnectionState{}
			}
			if c.header[0] != "" {
				r.Header.Set(c.header[0], c.header[1])
			}
			w := httptest.NewRecorder()
			cert.Guard(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = w.Write([]byte("in"))
			})).ServeHTTP(w, r)
			got := w.Body.String()
			if c.status == 308 {
				got = w.Header().Get("Location")
			}
			if w.Code != c.status || !strings.Contains(got, c.says) || c.status != 403 && got != c.says {
				t.Errorf("%d %q, want %d %q", w.Code, got, c.status, c.says)
			}
			if c.status == 403 && strings.HasPrefix(c.target, "/api/") {
				var problem struct{ Code, Message string }
				if err := json.Unmarshal(w.Body.Bytes(), &problem); err != nil || problem.Code != "forbidden" || problem.Message == "" {
					t.Errorf("problem %q: %v", got, err)
				}
			}
		})
	}
}
