package cert

import (
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
	"strings"

	camera "xulang.vn/camera"
)

// Guard lets nothing in that travelled in the clear: passwords, cookies and pictures
// pass here. Plain HTTP is for this machine alone, and for a proxy on it that says
// that it spoke TLS outside. Pages are sent on to https:// on the same port; the rest
// is refused, because its secret is out already and has to be noticed.
func Guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.TLS != nil || local(r):
			next.ServeHTTP(w, r)
		case (r.Method == http.MethodGet || r.Method == http.MethodHead) && r.Host != "" && r.Header.Get("Upgrade") == "":
			w.Header().Set("Cache-Control", "no-store")                                             // the hub may be set up otherwise one day
			http.Redirect(w, r, "https://"+r.Host+r.URL.RequestURI(), http.StatusPermanentRedirect) //nolint:gosec // to the host that the client itself has named
		default:
			refuse(w, r)
		}
	})
}

// forwarded are headers of proxies. A request with one of them comes from elsewhere,
// whoever handed it over.
var forwarded = []string{"Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip"}

// local tells whether a plain request never left this machine.
func local(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !peer.Addr().Unmap().IsLoopback() {
		return false
	}
	if proto := r.Header.Values("X-Forwarded-Proto"); len(proto) > 0 {
		return len(proto) == 1 && proto[0] == "https"
	}
	for _, name := range forwarded {
		if len(r.Header.Values(name)) > 0 {
			return false
		}
	}
	return true
}

const (
	refusedVI = "Kết nối này không được mã hóa nên bị từ chối. Xin dùng địa chỉ bắt đầu bằng https://"
	refusedEN = "This connection is not encrypted and was refused. Please use the address that begins with https://"
)

const refusedPage = `<!doctype html><html lang="vi"><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
	`<title>Camera an ninh Xứ Lạng</title><p>` + refusedVI + `</p><p lang="en">` + refusedEN + "</p></html>\n"

// refuse answers as the API does where programs ask, and with a page elsewhere.
func refuse(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Connection", "close") // a body that is on its way is not read
	if !strings.HasPrefix(r.URL.Path, "/api/") {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, refusedPage) // the client may be gone
		return
	}
	message := refusedVI
	if strings.HasPrefix(strings.ToLower(r.Header.Get("Accept-Language")), "en") {
		message = refusedEN
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusForbidden)
	_ = json.NewEncoder(w).Encode(camera.Refusal{Code: camera.CodeForbidden, Message: message})
}
