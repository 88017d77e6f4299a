package cert_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"xulang.vn/camera/hub/cert"
)

const day = 24 * time.Hour

// buffer is a log that may be written from many goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// clock is a time that tests move.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func open(t *testing.T, cfg cert.Config, now func() time.Time) (*cert.Certs, *buffer) {
	t.Helper()
	logs := &buffer{}
	cfg.Log = slog.New(slog.NewTextHandler(logs, nil))
	c, err := cert.Open(cfg, now)
	if err != nil {
		t.Fatal(err)
	}
	return c, logs
}

// shown is the chain that a client gets.
func shown(t *testing.T, c *cert.Certs, client *tls.Config) ([]*x509.Certificate, error) {
	t.Helper()
	here, there := net.Pipe()
	defer here.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		server := tls.Server(there, c.TLS())
		_ = server.Handshake() // the client tells
		there.Close()
	}()
	conn := tls.Client(here, client)
	err := conn.Handshake()
	here.Close()
	<-done
	return conn.ConnectionState().PeerCertificates, err
}

func trusting(c *cert.Certs, host string, at time.Time) *tls.Config {
	pool := x509.NewCertPool()
	_, text, _ := c.CA()
	pool.AppendCertsFromPEM(text)
	return &tls.Config{RootCAs: pool, ServerName: host, Time: func() time.Time { return at }}
}

func TestOwn(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "cert")
	cfg := cert.Config{Dir: dir, Hosts: []string{"Hub.Example.", "192.168.7.2", "[fd00::7]", "hub.example"}}
	c, _ := open(t, cfg, time.Now)
	hash, _, ok := c.CA()
	if !ok {
		t.Fatal("no CA to be told")
	}
	var leaf []byte
	for _, host := range []string{"hub.example", "192.168.7.2", "fd00::7", "localhost", "127.0.0.1", "::1"} {
		chain, err := shown(t, c, trusting(c, host, time.Now()))
		if err != nil {
			t.Fatalf("%s: %v", host, err)
		}
		if len(chain) != 2 || sha256.Sum256(chain[1].Raw) != hash || chain[0].IsCA || !chain[1].IsCA {
			t.Fatalf("%s: chain of %d", host, len(chain))
		}
		if life := chain[0].NotAfter.Sub(chain[0].NotBefore); life > 398*day {
			t.Errorf("browsers refuse a certificate of %v", life)
		}
		leaf = chain[0].Raw
	}
	for _, host := range []string{"other.example", "192.168.7.3"} {
		if _, err := shown(t, c, trusting(c, host, time.Now())); err == nil {
			t.Errorf("it is for %s as well", host)
		}
	}
	again, _ := open(t, cfg, time.Now)
	if chain, err := shown(t, again, trusting(c, "hub.example", time.Now())); err != nil || !bytes.Equal(chain[0].Raw, leaf) {
		t.Errorf("after a restart: another one, %v", err)
	}
	cfg.Hosts = []string{"192.168.7.9"}
	moved, _ := open(t, cfg, time.Now)
	if _, err := shown(t, moved, trusting(c, "192.168.7.9", time.Now())); err != nil {
		t.Errorf("after a move, by the same CA: %v", err)
	}
	if _, err := shown(t, moved, trusting(c, "hub.example", time.Now())); err == nil {
		t.Error("after a move it is still for the old name")
	}
	other, _ := open(t, cert.Config{Dir: t.TempDir()}, time.Now)
	if h, _, _ := other.CA(); h == hash {
		t.Error("two hubs have one CA")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 2 {
		t.Errorf("files %v %v", files, err)
	}
	hidden, _ := filepath.Glob(filepath.Join(dir, ".*"))
	for _, f := range append(files, hidden...) {
		if info, err := os.Stat(f); err != nil || !info.IsDir() && info.Mode().Perm() != 0o600 || strings.Contains(f, ".new") {
			t.Errorf("%s: %v %v", f, info.Mode(), err)
		}
	}
}

// TestNothingBelow: what the CA signs as another CA is worth nothing, nor what the
// server's key signs.
func TestNothingBelow(t *testing.T) {
	dir := t.TempDir()
	c, _ := open(t, cert.Config{Dir: dir}, time.Now)
	for _, file := range []string{"ca.key.pem", "server.key.pem"} {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		signer, err := tls.X509KeyPair(text, text)
		if err != nil {
			t.Fatal(err)
		}
		middleKey, middle := forge(t, signer.Leaf, signer.PrivateKey, true)
		_, leaf := forge(t, middle, middleKey, false)
		between := x509.NewCertPool()
		between.AddCert(middle)
		between.AddCert(signer.Leaf)
		_, err = leaf.Verify(x509.VerifyOptions{Roots: trusting(c, "", time.Now()).RootCAs, Intermediates: between, DNSName: "bank.example"})
		if err == nil {
			t.Errorf("%s: a CA below is believed", file)
		}
	}
}

func forge(t *testing.T, parent *x509.Certificate, signer any, ca bool) (*ecdsa.PrivateKey, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(day),
		BasicConstraintsValid: true, IsCA: ca, DNSNames: []string{"bank.example"},
	}
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return key, made
}

func TestRenewal(t *testing.T) {
	at := &clock{time.Now()}
	cfg := cert.Config{Dir: t.TempDir(), Hosts: []string{"hub.example"}}
	c, _ := open(t, cfg, at.now)
	ca, _, _ := c.CA()
	first, err := shown(t, c, trusting(c, "hub.example", at.at))
	if err != nil {
		t.Fatal(err)
	}
	at.at = at.at.Add(59 * day)
	cert.Tend(t.Context(), c)
	if chain, err := shown(t, c, trusting(c, "hub.example", at.at)); err != nil || !chain[0].Equal(first[0]) {
		t.Errorf("31 days before its end it is another one: %v", err)
	}
	at.at = at.at.Add(2 * day)
	cert.Tend(t.Context(), c)
	second, err := shown(t, c, trusting(c, "hub.example", at.at.Add(80*day)))
	if err != nil || second[0].Equal(first[0]) || bytes.Equal(second[0].RawSubjectPublicKeyInfo, first[0].RawSubjectPublicKeyInfo) {
		t.Errorf("29 days before its end, by certificate and key: %v", err)
	}
	if now, _, _ := c.CA(); now != ca {
		t.Error("the CA changed")
	}
	at.at = at.at.Add(89 * day) // it was off for long
	late, _ := open(t, cfg, at.now)
	if _, err := shown(t, late, trusting(c, "hub.example", at.at)); err != nil {
		t.Errorf("at a late start: %v", err)
	}
	at.at = time.Now().Add(10*365*day - 10*day)
	last, logs := open(t, cfg, at.now)
	before := strings.Count(logs.String(), "is new")
	cert.Tend(t.Context(), last)
	if _, err := shown(t, last, trusting(c, "hub.example", at.at)); err != nil || !strings.Contains(logs.String(), "CA ends") {
		t.Errorf("in the CA's last days: %v, %s", err, logs)
	}
	if strings.Count(logs.String(), "is new") != before {
		t.Error("one that ends with the CA is renewed again and again")
	}
	at.at = at.at.Add(11 * day)
	cfg.Log = slog.New(slog.DiscardHandler)
	if _, err := cert.Open(cfg, at.now); err == nil || !strings.Contains(err.Error(), "invited again") {
		t.Errorf("after the CA's end: %v", err)
	}
}

func TestDamaged(t *testing.T) {
	dir := t.TempDir()
	cfg := cert.Config{Dir: dir, Hosts: []string{"hub.example"}, Log: slog.New(slog.DiscardHandler)}
	c, _ := open(t, cfg, time.Now)
	caPath, serverPath := filepath.Join(dir, "ca.key.pem"), filepath.Join(dir, "server.key.pem")
	good, err := os.ReadFile(caPath)
	if err != nil {
		t.Fatal(err)
	}
	server, err := os.ReadFile(serverPath)
	if err != nil {
		t.Fatal(err)
	}
	_, serverKey, _ := bytes.Cut(server, []byte("-----END CERTIFICATE-----\n"))
	caCert, caKey, _ := bytes.Cut(good, []byte("-----BEGIN PRIVATE KEY-----"))
	secret := strings.Split(strings.TrimSpace(string(caKey)), "\n")[0]
	for name, text := range map[string][]byte{
		"empty": {}, "cut": good[:len(good)/2], "no certificate": serverKey, "another key": append(bytes.Clone(caCert), serverKey...),
		"no CA": server, "more": append(bytes.Clone(good), 'x'), "huge": bytes.Repeat([]byte("-"), 2<<20),
		"no key": append(bytes.Clone(caCert), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")})...),
	} {
		if err := os.WriteFile(caPath, text, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := cert.Open(cfg, time.Now)
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("CA %s: %v", name, err)
		}
		if now, _ := os.ReadFile(caPath); !bytes.Equal(now, text) {
			t.Errorf("CA %s: the file was changed", name)
		}
	}
	if err := os.WriteFile(caPath, good, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(caPath, 0o644); err != nil { // as after a restore
		t.Fatal(err)
	}
	if err := os.WriteFile(serverPath, server[:100], 0o600); err != nil {
		t.Fatal(err)
	}
	again, logs := open(t, cfg, time.Now)
	if _, err := shown(t, again, trusting(c, "hub.example", time.Now())); err != nil || !strings.Contains(logs.String(), "damaged") {
		t.Errorf("with a damaged server certificate: %v, %s", err, logs)
	}
	if info, err := os.Stat(caPath); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("CA's file: %v %v", info.Mode(), err)
	}
	if strings.Contains(logs.String(), secret) {
		t.Error("the key is in the log")
	}
}

func TestRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, cfg := range map[string]cert.Config{
		"a file for a folder": {Dir: file},
		"a port":              {Dir: t.TempDir(), Hosts: []string{"hub.example:8470"}},
		"an address":          {Dir: t.TempDir(), Hosts: []string{"https://hub.example"}},
		"a blank":             {Dir: t.TempDir(), Hosts: []string{"hub example"}},
		"nothing":             {Dir: t.TempDir(), Hosts: []string{""}},
		"a wildcard":          {Dir: t.TempDir(), Hosts: []string{"*.example"}},
		"half a pair":         {Dir: t.TempDir(), CertFile: file},
		"both":                {Dir: t.TempDir(), CertFile: file, KeyFile: file, ACME: cert.ACME{Domains: []string{"hub.example"}}},
		"no certificate":      {Dir: t.TempDir(), CertFile: file, KeyFile: file},
		"no directory":        {Dir: t.TempDir(), ACME: cert.ACME{Domains: []string{"hub.example"}, Directory: "hub.example"}},
	} {
		cfg.Log = slog.New(slog.DiscardHandler)
		if _, err := cert.Open(cfg, time.Now); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestOldClients(t *testing.T) {
	c, _ := open(t, cert.Config{Dir: t.TempDir()}, time.Now)
	for name, weak := range map[string]*tls.Config{
		"TLS 1.1":  {MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11},
		"CBC":      {MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}},
		"protocol": {NextProtos: []string{"spdy/3"}},
	} {
		weak.RootCAs, weak.ServerName = trusting(c, "", time.Now()).RootCAs, "localhost"
		if _, err := shown(t, c, weak); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	fine := trusting(c, "localhost", time.Now())
	fine.MaxVersion = tls.VersionTLS12
	if _, err := shown(t, c, fine); err != nil {
		t.Errorf("TLS 1.2: %v", err)
	}
}

func TestRunEnds(t *testing.T) {
	c, _ := open(t, cert.Config{Dir: t.TempDir()}, time.Now)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
