package fleet

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"

	"golang.org/x/time/rate"

	camera "xulang.vn/camera"
)

// New links that the whole hub takes: after a restart everybody comes back at
// once, and agents wait longer from try to try.
const (
	linksPerSecond = 100
	linksAtOnce    = 500
)

// passUp are the headers of a WebSocket handshake (RFC 6455 section 4.1) that the
// server needs; all others stay out.
var passUp = []string{"Connection", "Upgrade", "Sec-Websocket-Key", "Sec-Websocket-Version", "Nats-No-Masking"}

var errHandshake = camera.Errorf(camera.CodeBadRequest, "not a WebSocket handshake")

// Handler is the WebSocket end of the link for the hub's own port. It takes
// nothing but a handshake, whatever the path that it is mounted at.
func (f *Fleet) Handler() http.Handler {
	forward := &httputil.ReverseProxy{
		Transport: &http.Transport{
			DialContext:           (&net.Dialer{Timeout: 3 * time.Second}).DialContext,
			ResponseHeaderTimeout: 10 * time.Second,
			DisableKeepAlives:     true,
		},
		Rewrite: f.rewrite,
		ModifyResponse: func(resp *http.Response) error {
			switch resp.StatusCode {
			case http.StatusSwitchingProtocols:
				return nil
			case http.StatusBadRequest:
				return errHandshake
			}
			return fmt.Errorf("link server answered %d", resp.StatusCode)
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			if errors.Is(err, errHandshake) {
				deny(w, http.StatusBadRequest, err)
				return
			}
			f.log.Warn("link not taken", "err", err)
			deny(w, http.StatusServiceUnavailable, camera.Errorf(camera.CodeUnavailable, "the link is not there now"))
		},
		ErrorLog: slog.NewLogLogger(f.log.Handler(), slog.LevelDebug),
	}
	fresh := rate.NewLimiter(linksPerSecond, linksAtOnce)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method != http.MethodGet || !strings.EqualFold(r.Header.Get("Upgrade"), "websocket"):
			w.Header().Set("Upgrade", "websocket") // RFC 9110 section 15.5.22
			deny(w, http.StatusUpgradeRequired, camera.Errorf(camera.CodeBadRequest, "agents link here, by WebSocket"))
		case r.Header.Get("Origin") != "": // only browsers send one, and no page has business here
			deny(w, http.StatusForbidden, camera.Errorf(camera.CodeForbidden, "not for browsers"))
		case f.upstream.Load() == nil:
			deny(w, http.StatusServiceUnavailable, camera.Errorf(camera.CodeUnavailable, "the link is not there now"))
		case !fresh.Allow():
			w.Header().Set("Retry-After", "5")
			deny(w, http.StatusTooManyRequests, camera.Errorf(camera.CodeTooMany, "too many new links at once"))
		default:
			forward.ServeHTTP(w, r)
		}
	})
}

// rewrite aims the handshake at the embedded server, at its root: other paths
// there are for other protocols.
func (f *Fleet) rewrite(p *httputil.ProxyRequest) {
	header := make(http.Header, len(passUp))
	for _, name := range passUp {
		// ReverseProxy has taken the hop-by-hop headers out and has put its own
		// Connection and Upgrade in.
		if v := p.Out.Header.Values(name); len(v) > 0 {
			header[name] = v[:1]
		}
	}
	p.Out.Header = header
	up := f.upstream.Load()
	if up == nil { // it ended meanwhile; the dial fails and is answered
		up = &url.URL{Scheme: "http", Host: "127.0.0.1:0"}
	}
	p.Out.URL = &url.URL{Scheme: up.Scheme, Host: up.Host, Path: "/"}
	p.Out.Host = up.Host
}

func deny(w http.ResponseWriter, status int, err error) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "%s: %s\n", camera.CodeOf(err), err) // the client may be gone
}
