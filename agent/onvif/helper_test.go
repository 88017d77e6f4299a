package onvif_test

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/icholy/digest"
	"xulang.vn/camera/agent/lan"
	"xulang.vn/camera/agent/onvif"
)

// The devices of these tests are servers on the loopback interface that answer as
// the public documents say: ONVIF's service specifications and schema, Hikvision's
// ISAPI guide, Dahua's HTTP API. They stand for real devices, which nobody here has.

const (
	user   = "admin"
	secret = "canary-Xu4-Láng&<7>"
)

// at noon of these tests it is 00:30 in Vietnam, on the next day.
var noon = time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC)

func config(log io.Writer) onvif.Config {
	return onvif.Config{
		Guard: lan.New(lan.Config{Loopback: true}), Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, Simulated: true,
		Now: func() time.Time { return noon }, Log: slog.New(slog.NewTextHandler(log, nil)),
	}
}

// account is a device's login by HTTP digest, with makers' ways of locking it.
type account struct {
	mu       sync.Mutex
	realm    string
	password string
	mostBad  int // locked after so many; 0 is never
	tries    int // requests with a password
	bad      int
	basic    bool // asks for the password itself
	told     int  // how often it was told a password by a basic login
}

const (
	isapiLocked = `<?xml version="1.0" encoding="UTF-8"?><userCheck version="1.0" xmlns="http://www.isapi.org/ver20/XMLSchema"><statusValue>401</statusValue><statusString>Unauthorized</statusString><lockStatus>lock</lockStatus><unlockTime>1740</unlockTime><retryLoginTime>0</retryLoginTime></userCheck>`
	isapiWrong  = `<?xml version="1.0" encoding="UTF-8"?><userCheck version="1.0" xmlns="http://www.isapi.org/ver20/XMLSchema"><statusValue>401</statusValue><statusString>Unauthorized</statusString><lockStatus>unlock</lockStatus><retryLoginTime>4</retryLoginTime></userCheck>`
)

// pass tells whether a request may go on; else it has answered.
func (a *account) pass(w http.ResponseWriter, r *http.Request) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	given := r.Header.Get("Authorization")
	if given != "" {
		a.tries++
	}
	if _, _, ok := r.BasicAuth(); ok {
		a.told++
	}
	locked := a.mostBad > 0 && a.bad >= a.mostBad
	if c, err := digest.ParseCredentials(given); err == nil && !locked {
		want, err := digest.Digest(&digest.Challenge{Realm: a.realm, Nonce: "n", QOP: []string{"auth"}}, digest.Options{
			Method: r.Method, URI: r.URL.RequestURI(), Count: c.Nc, Username: user, Password: a.password, Cnonce: c.Cnonce,
		})
		if err == nil && c.Username == user && want.Response == c.Response {
			return true
		}
		a.bad++
	}
	if a.basic {
		w.Header().Set("WWW-Authenticate", `Basic realm="`+a.realm+`"`)
	} else {
		w.Header().Set("WWW-Authenticate", `Digest realm="`+a.realm+`", nonce="n", qop="auth"`)
	}
	w.WriteHeader(http.StatusUnauthorized)
	switch {
	case strings.HasPrefix(r.URL.Path, "/ISAPI") && locked:
		io.WriteString(w, isapiLocked)
	case strings.HasPrefix(r.URL.Path, "/ISAPI"):
		io.WriteString(w, isapiWrong)
	case locked:
		io.WriteString(w, "Error\r\nThe account is locked!\r\n")
	}
	return false
}

func (a *account) counted() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.tries
}

// serveAt runs a device on an address of the loopback network.
func serveAt(t *testing.T, ip string, h http.Handler) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp", ip+":0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: h}
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Serve(l) }()
	t.Cleanup(func() { s.Close(); <-done })
	return netip.MustParseAddrPort(l.Addr().String())
}

func serve(t *testing.T, h http.Handler) netip.AddrPort { return serveAt(t, "127.0.0.1", h) }

func found(at netip.AddrPort, d onvif.Dialect) onvif.Found {
	return onvif.Found{Address: at.Addr(), HTTPPort: int(at.Port()), Dialect: d}
}

// picture is a small JPEG.
func picture(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 32, 32)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// silent fails when any of these shows the password.
func silent(t *testing.T, all ...any) {
	t.Helper()
	for _, x := range all {
		for _, text := range []string{fmt.Sprintf("%v", x), fmt.Sprintf("%+v", x), fmt.Sprintf("%#v", x), fmt.Sprintf("%s", x)} {
			if strings.Contains(text, "canary") {
				t.Errorf("the password is shown: %s", text)
			}
		}
	}
}

// hostileAddress is one that no guard of these tests lets through.
var hostileAddress = netip.MustParseAddr("169.254.169.254")
