package cert_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/acme"

	"xulang.vn/camera/hub/cert"
)

const domain = "hub.example"

// publicCA is as much of an ACME server (RFC 8555) as one order needs: it checks
// every request's signature, proves the domain by tls-alpn-01 at the hub's port,
// and signs the request's key. One account, one order, always the same nonce.
type publicCA struct {
	t    *testing.T
	url  string
	hub  string // address that it finds the domain at
	key  *ecdsa.PrivateKey
	root *x509.Certificate

	mu      sync.Mutex
	account *ecdsa.PublicKey
	proved  bool
	chain   []byte
}

func newPublicCA(t *testing.T) *publicCA {
	p := &publicCA{t: t}
	p.key, p.root = forge(t, nil, nil, true)
	front := httptest.NewServer(p)
	t.Cleanup(front.Close)
	p.url = front.URL
	return p
}

func (p *publicCA) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w.Header().Set("Replay-Nonce", "nonce")
	say := func(status int, body map[string]any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		if err := json.NewEncoder(w).Encode(body); err != nil {
			p.t.Error(err)
		}
	}
	if r.URL.Path == "/directory" {
		say(200, map[string]any{"newNonce": p.url + "/nonce", "newAccount": p.url + "/account", "newOrder": p.url + "/order"})
		return
	}
	if r.Method == http.MethodHead {
		return
	}
	payload, err := p.signed(r)
	if err != nil {
		p.t.Errorf("%s: %v", r.URL.Path, err)
		http.Error(w, "bad", http.StatusBadRequest)
		return
	}
	order := map[string]any{"status": p.status("pending", "ready"), "authorizations": []string{p.url + "/authz"}, "finalize": p.url + "/finalize"}
	challenge := map[string]any{"type": "tls-alpn-01", "url": p.url + "/challenge", "token": "token", "status": p.status("pending", "valid")}
	w.Header().Set("Location", p.url+r.URL.Path+"/1")
	switch r.URL.Path {
	case "/account":
		say(201, map[string]any{"status": "valid"})
	case "/order":
		say(201, order)
	case "/order/1":
		say(200, order)
	case "/authz":
		say(200, map[string]any{
			"status": p.status("pending", "valid"), "identifier": map[string]string{"type": "dns", "value": domain},
			"challenges": []any{challenge},
		})
	case "/challenge":
		p.prove()
		say(200, challenge)
	case "/finalize":
		p.sign(payload)
		order["status"], order["certificate"] = "valid", p.url+"/cert"
		say(200, order)
	case "/cert":
		_, _ = w.Write(p.chain)
	default:
		say(404, nil)
	}
}

func (p *publicCA) status(before, after string) string {
	if p.proved {
		return after
	}
	return before
}

// signed reads a JWS (RFC 7515, ES256) of the account's key.
func (p *publicCA) signed(r *http.Request) ([]byte, error) {
	var jws struct{ Protected, Payload, Signature string }
	if err := json.NewDecoder(r.Body).Decode(&jws); err != nil {
		return nil, err
	}
	var head struct {
		URL string
		JWK *struct{ X, Y string }
	}
	text, err := base64.RawURLEncoding.DecodeString(jws.Protected)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &head); err != nil || head.URL != p.url+r.URL.Path {
		return nil, fmt.Errorf("head %s: %w", text, err)
	}
	if head.JWK != nil {
		point := append([]byte{4}, append(unbase(head.JWK.X), unbase(head.JWK.Y)...)...)
		if p.account, err = ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point); err != nil {
			return nil, err
		}
	}
	sum := sha256.Sum256([]byte(jws.Protected + "." + jws.Payload))
	sig, err := base64.RawURLEncoding.DecodeString(jws.Signature)
	if err != nil || len(sig) != 64 || p.account == nil ||
		!ecdsa.Verify(p.account, sum[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])) {
		return nil, fmt.Errorf("signature does not hold: %w", err)
	}
	return base64.RawURLEncoding.DecodeString(jws.Payload)
}

func unbase(text string) []byte {
	raw, _ := base64.RawURLEncoding.DecodeString(text)
	return raw
}

// prove looks at the hub's port for the domain's owner (RFC 8737 section 3).
func (p *publicCA) prove() {
	conn, err := tls.Dial("tcp", p.hub, &tls.Config{ServerName: domain, NextProtos: []string{"acme-tls/1"}, InsecureSkipVerify: true})
	if err != nil {
		p.t.Errorf("prove domain: %v", err)
		return
	}
	defer conn.Close()
	print, err := acme.JWKThumbprint(p.account)
	if err != nil {
		p.t.Error(err)
	}
	want := sha256.Sum256([]byte("token." + print))
	value, err := asn1.Marshal(want[:])
	if err != nil {
		p.t.Error(err)
	}
	for _, e := range conn.ConnectionState().PeerCertificates[0].Extensions {
		if e.Id.String() == "1.3.6.1.5.5.7.1.31" && e.Critical && string(e.Value) == string(value) {
			p.proved = true
		}
	}
}

func (p *publicCA) sign(payload []byte) {
	var finalize struct{ CSR string }
	if err := json.Unmarshal(payload, &finalize); err != nil {
		p.t.Error(err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(finalize.CSR)
	if err != nil {
		p.t.Error(err)
	}
	csr, err := x509.ParseCertificateRequest(raw)
	if err != nil || csr.CheckSignature() != nil || !p.proved {
		p.t.Errorf("request: %v, proved %t", err, p.proved)
		return
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(9), DNSNames: csr.DNSNames, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(90 * day),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, p.root, csr.PublicKey, p.key)
	if err != nil {
		p.t.Error(err)
	}
	p.chain = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func TestPublicCA(t *testing.T) {
	ca := newPublicCA(t)
	dir := t.TempDir()
	cfg := cert.Config{Dir: dir, ACME: cert.ACME{Domains: []string{domain}, Email: "hub@hub.example", Directory: ca.url + "/directory"}}
	c, logs := open(t, cfg, time.Now)
	ca.hub = served(t, c, patience, 8)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	pool := x509.NewCertPool()
	pool.AddCert(ca.root)
	visit := func(c *cert.Certs) error { // waits for the certificate, when it is being asked for
		_, err := shown(t, c, &tls.Config{RootCAs: pool, ServerName: domain})
		return err
	}
	if err := visit(c); err != nil {
		t.Errorf("visit: %v\n%s", err, logs)
	}
	if _, _, ok := c.CA(); ok {
		t.Error("agents are told of a public CA")
	}
	if _, err := shown(t, c, &tls.Config{RootCAs: pool, ServerName: "other.example"}); err == nil {
		t.Error("a certificate for any name")
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	for _, f := range mustGlob(t, filepath.Join(dir, "acme", "*")) {
		if info, err := os.Stat(f); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", f, info.Mode(), err)
		}
	}
	cfg.ACME.Directory = "http://127.0.0.1:1/directory" // not asked again after a restart
	again, _ := open(t, cfg, time.Now)
	if err := visit(again); err != nil {
		t.Errorf("after a restart: %v", err)
	}
}

func mustGlob(t *testing.T, pattern string) []string {
	t.Helper()
	all, err := filepath.Glob(pattern)
	if err != nil || len(all) == 0 {
		t.Fatalf("%s: %v %v", pattern, all, err)
	}
	return all
}

// TestPublicCAFails: a failure is told, and a CA that does not answer does not keep
// the hub from closing.
func TestPublicCAFails(t *testing.T) {
	refusing := httptest.NewServer(http.NotFoundHandler())
	defer refusing.Close()
	cfg := cert.Config{Dir: t.TempDir(), ACME: cert.ACME{Domains: []string{domain}, Directory: refusing.URL}}
	c, logs := open(t, cfg, time.Now)
	if again := cert.Tend(t.Context(), c); again > time.Hour || !strings.Contains(logs.String(), domain) {
		t.Errorf("tried again after %v; %s", again, logs)
	}

	asked := make(chan struct{}, 100)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	go func() {
		for {
			conn, err := silent.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			asked <- struct{}{}
		}
	}()
	cfg = cert.Config{Dir: t.TempDir(), ACME: cert.ACME{Domains: []string{domain}, Directory: "http://" + silent.Addr().String()}}
	c, _ = open(t, cfg, time.Now)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	<-asked
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Error("the hub cannot close")
	}
}
