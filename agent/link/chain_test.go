package link_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	camera "xulang.vn/camera"
)

// public is a CA that this machine knows: TestMain puts it into the system's roots.
var public = newAuthority("Public CA")

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "roots-*")
	if err != nil {
		panic(err)
	}
	file := filepath.Join(dir, "roots.pem")
	if err := os.WriteFile(file, public.pem(), 0o600); err != nil {
		panic(err)
	}
	os.Setenv("SSL_CERT_FILE", file) // read by crypto/x509 when it first needs them
	os.Setenv("SSL_CERT_DIR", dir)
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// authority is a CA.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(name string) authority {
	return authority{}.sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageCertSign,
	})
}

func (a authority) sign(template *x509.Certificate) authority {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		panic(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return authority{made, key}
}

func (a authority) hash() camera.Hash { return sha256.Sum256(a.cert.Raw) }

func (a authority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

// server is a certificate for 127.0.0.1, with its CA in the chain; change makes it
// another one.
func (a authority) server(change func(*x509.Certificate)) tls.Certificate {
	template := &x509.Certificate{
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if change != nil {
		change(template)
	}
	leaf := a.sign(template)
	return tls.Certificate{Certificate: [][]byte{leaf.cert.Raw, a.cert.Raw}, PrivateKey: leaf.key}
}

// witness is a server that writes down all that it gets, on the wire and inside TLS.
type witness struct {
	mu  sync.Mutex
	got bytes.Buffer
	url string
}

func (w *witness) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.got.Write(b)
}

// newWitness serves with TLS, or in the clear without a certificate.
func newWitness(t *testing.T, shown *tls.Certificate, handler http.Handler) *witness {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &witness{url: "http://" + inner.Addr().String()}
	listener := net.Listener(noted{inner, w})
	if shown != nil {
		w.url = "https://" + inner.Addr().String()
		listener = noted{tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{*shown}}), w}
	}
	server := &http.Server{Handler: handler, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(listener) }()
	t.Cleanup(func() { server.Close(); <-done })
	return w
}

// saw tells whether the secret was sent, in any form that it has.
func (w *witness) saw(secret string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return saw(w.got.String(), secret)
}

func (w *witness) never(t *testing.T, secret string) {
	t.Helper()
	if w.saw(secret) {
		t.Error("the secret was sent")
	}
}

// saw finds a secret as it is, in small letters, in groups, or as the bytes that it
// stands for.
func saw(got, secret string) bool {
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		panic(err)
	}
	folded := strings.NewReplacer("-", "", " ", "", "%20", "", "+", "").Replace(strings.ToUpper(got))
	return strings.Contains(folded, secret) || strings.Contains(got, string(raw)) ||
		strings.Contains(strings.ToLower(got), hex.EncodeToString(raw)) ||
		strings.Contains(got, base64.StdEncoding.EncodeToString([]byte(secret))[:32]) ||
		strings.Contains(got, base64.RawStdEncoding.EncodeToString(raw)) || strings.Contains(got, base64.RawURLEncoding.EncodeToString(raw))
}

type noted struct {
	net.Listener
	w *witness
}

func (n noted) Accept() (net.Conn, error) {
	conn, err := n.Listener.Accept()
	return notedConn{conn, n.w}, err
}

type notedConn struct {
	net.Conn
	w *witness
}

func (c notedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	_, _ = c.w.Write(b[:n])
	return n, err
}
