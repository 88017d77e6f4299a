package cert_test

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"xulang.vn/camera/hub/cert"
)

func write(t *testing.T, path string, blocks ...any) {
	t.Helper()
	var text []byte
	for _, b := range blocks {
		switch b := b.(type) {
		case *x509.Certificate:
			text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: b.Raw})...)
		case *ecdsa.PrivateKey:
			der, err := x509.MarshalECPrivateKey(b) // as openssl writes it
			if err != nil {
				t.Fatal(err)
			}
			text = append(text, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})...)
		case string:
			text = append(text, b...)
		}
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestGivenFiles(t *testing.T) {
	dir := t.TempDir()
	certPath, keyPath := filepath.Join(dir, "chain.pem"), filepath.Join(dir, "key.pem")
	rootKey, root := forge(t, nil, nil, true)
	firstKey, first := forge(t, root, rootKey, false)
	secondKey, second := forge(t, root, rootKey, false)
	write(t, certPath, first)
	write(t, keyPath, firstKey)
	c, logs := open(t, cert.Config{CertFile: certPath, KeyFile: keyPath}, time.Now)
	if _, _, ok := c.CA(); ok {
		t.Error("a chain without its root names a CA")
	}
	pool := x509.NewCertPool()
	pool.AddCert(root)
	shows := func(want *x509.Certificate, when string) {
		t.Helper()
		cfg := trusting(c, "bank.example", time.Now())
		cfg.RootCAs = pool
		if chain, err := shown(t, c, cfg); err != nil || !chain[0].Equal(want) {
			t.Errorf("%s: not the expected one, %v", when, err)
		}
	}
	told := func(want int, when string) {
		t.Helper()
		cert.Tend(t.Context(), c)
		if n := strings.Count(logs.String(), "no good"); n != want {
			t.Errorf("%s: told %d times, want %d\n%s", when, n, want, logs)
		}
	}
	shows(first, "at the start")
	told(0, "unchanged")
	write(t, certPath, second) // the tool is between its two files
	told(1, "half a pair")
	told(1, "half a pair again")
	write(t, certPath, "rubbish")
	told(1, "worse")
	if err := os.Remove(certPath); err != nil {
		t.Fatal(err)
	}
	told(1, "gone")
	shows(first, "while the files are no good")
	write(t, certPath, second)
	write(t, keyPath, secondKey)
	told(1, "whole again")
	shows(second, "after the change")
	write(t, keyPath, firstKey)
	told(2, "broken once more")
	write(t, keyPath, secondKey)
	told(2, "as before")
	write(t, certPath, second, root) // with its root: agents can be told of it
	told(2, "with the root")
	shows(second, "with the root")
	if hash, text, ok := c.CA(); !ok || hash != sha256.Sum256(root.Raw) || !strings.HasPrefix(string(text), "-----BEGIN CERTIFICATE-----") {
		t.Errorf("CA %v %t", hash, ok)
	}
	otherRootKey, otherRoot := forge(t, nil, nil, true)
	thirdKey, third := forge(t, otherRoot, otherRootKey, false)
	write(t, certPath, third, otherRoot)
	write(t, keyPath, thirdKey)
	told(2, "another root")
	if !strings.Contains(logs.String(), "invited again") {
		t.Error("nobody is told that the agents are lost")
	}
	if n := strings.Count(logs.String(), "ends soon"); n != 4 {
		t.Errorf("told %d times of ends, want once of each of four", n)
	}
	if block, _ := pem.Decode(mustRead(t, keyPath)); strings.Contains(logs.String(), string(block.Bytes)) {
		t.Error("the key is in the log")
	}
}

func mustRead(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
