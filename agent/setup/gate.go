package setup

import (
	"context"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/setup/gen"
)

// access is who may call an operation.
type access int

const (
	nobody   access = iota // an operation without a row: refused
	anyone                 // at the door
	signedIn               // with a session
)

// rows is the table of accesses. A test holds it against openapi.yaml.
var rows = map[string]access{
	"GET /session": anyone, "POST /session": anyone, "DELETE /session": signedIn,
	"GET /state": signedIn, "POST /pair": signedIn, "DELETE /pair": signedIn, "PUT /networks": signedIn,
	"GET /search": signedIn, "POST /search": signedIn,
	"POST /recorders": signedIn, "POST /recorders/url": signedIn, "DELETE /recorders/{recorder}": signedIn,
	"GET /recorders/{recorder}/channels/{channel}/picture": signedIn, "PUT /recorders/{recorder}/chosen": signedIn,
	"GET /cameras/{camera}/picture": signedIn, "GET /cameras/{camera}/reference": signedIn, "PUT /cameras/{camera}/aim": signedIn,
	"POST /cameras/{camera}/check": signedIn, "PUT /cameras/{camera}/consent": signedIn,
	"PUT /pause": signedIn, "PUT /keep": signedIn, "PUT /requests/{want}": signedIn, "GET /map": signedIn, "POST /seen": signedIn,
	"POST /selftest": signedIn, "GET /notice.pdf": signedIn,
}

const (
	base       = "/api/v1"
	cookieName = "xulang_home" // as openapi.yaml says

	bodyMost    = 64 << 10 // bytes of a request
	aimingMost  = 1 << 20  // with a reference picture
	pictureMost = 2 << 20  // a picture to compare
)

// bodies are larger than bodyMost for some.
var bodies = map[string]int64{"PUT /cameras/{camera}/aim": aimingMost, "POST /cameras/{camera}/check": pictureMost}

// securityPolicy is that of the hub's web: nothing is loaded from elsewhere.
const securityPolicy = "default-src 'self'; worker-src 'self' blob:; media-src 'self' blob:; img-src 'self' data: blob:; connect-src 'self'; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

type contextKey int

const (
	callerKey contextKey = iota
	tokenKey
)

// handler is all that the address answers.
func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	strict := gen.NewStrictHandlerWithOptions(s, nil, gen.StrictHTTPServerOptions{
		RequestErrorHandlerFunc: s.unreadable, ResponseErrorHandlerFunc: s.fail,
	})
	gen.HandlerWithOptions(strict, gen.StdHTTPServerOptions{BaseURL: base, BaseRouter: mux, ErrorHandlerFunc: s.unreadable})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", securityPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		caller, err := s.caller(r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		if r.URL.Path != "/api" && !strings.HasPrefix(r.URL.Path, "/api/") {
			s.Web.ServeHTTP(w, r)
			return
		}
		h.Set("Cache-Control", "no-store")
		_, pattern := mux.Handler(r)
		ctx, err := s.admit(r, strings.Replace(pattern, " "+base, " ", 1))
		if err != nil {
			s.fail(w, r, err)
			return
		}
		most, ok := bodies[strings.Replace(pattern, " "+base, " ", 1)]
		if !ok {
			most = bodyMost
		}
		r = r.WithContext(context.WithValue(ctx, callerKey, caller))
		r.Body = http.MaxBytesReader(w, r.Body, most)
		mux.ServeHTTP(w, r)
	})
}

// caller lets nobody in who is not on the own network, and no page that got
// here under a foreign name: a name that its owner points at this box (DNS
// rebinding) would make that page one of ours in the browser's eyes.
func (s *server) caller(r *http.Request) (netip.Addr, error) {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	caller := at.Addr().Unmap()
	if err != nil || !caller.IsPrivate() && !caller.IsLoopback() && !caller.IsLinkLocalUnicast() {
		return caller, camera.Errorf(camera.CodeForbidden, "caller is not on the household's network")
	}
	if !s.ours(r.Host) {
		return caller, camera.Errorf(camera.CodeForbidden, "host is not a name of this box")
	}
	return caller, nil
}

// ours tells whether a Host header names this box: an address, localhost, a name
// that only multicast DNS gives (RFC 6762, section 3), or what the box is called.
func (s *server) ours(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.TrimSuffix(strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")), ".")
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	return name != "" && (name == "localhost" || strings.HasSuffix(name, ".local") || name == s.Hostname)
}

// admit decides by the table: default deny.
func (s *server) admit(r *http.Request, operation string) (context.Context, error) {
	if operation == "" {
		return nil, camera.Errorf(camera.CodeNotFound, "no such path")
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		if !sameOrigin(r) {
			return nil, camera.Errorf(camera.CodeForbidden, "request from another origin")
		}
		if !readable(r) {
			return nil, camera.Errorf(camera.CodeBadRequest, "body is neither JSON nor JPEG")
		}
	}
	token := ""
	if cookie, err := r.Cookie(cookieName); err == nil {
		token = cookie.Value
	}
	ctx := context.WithValue(r.Context(), tokenKey, token)
	switch rows[operation] {
	case anyone:
		return ctx, nil
	case signedIn:
		if !s.sessions.valid(token, s.now()) {
			return nil, camera.Errorf(camera.CodeSignedOut, "no session")
		}
		return ctx, nil
	}
	return nil, camera.Errorf(camera.CodeForbidden, "operation has no access row")
}

// sameOrigin refuses pages of other sites, also those of another port of this box.
// SameSite=Strict keeps the cookie from them; this keeps them from the door as well.
func sameOrigin(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return false
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true // not a browser's cross-site request: those always name their origin
	}
	u, err := url.Parse(origin)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && strings.EqualFold(u.Host, r.Host)
}

// readable: a body of any other kind is one that a form of another site could send.
func readable(r *http.Request) bool {
	if r.ContentLength == 0 {
		return true
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && (kind == "application/json" || kind == "image/jpeg")
}
