package hub_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestInvitationsNameWhatTheCertificateNames: a public CA signs for a name, and an
// agent that is sent to an IP address would not believe the hub.
func TestInvitationsNameWhatTheCertificateNames(t *testing.T) {
	h := bare(t)
	h.cfg.ACME.Domains, h.cfg.ACME.Directory = []string{"camera.example"}, "http://127.0.0.1:1/"
	_, stop := running(t, h)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(h.log.String(), "address=https://camera.example ") {
		t.Errorf("agents are sent elsewhere:\n%s", h.log)
	}
}

// TestGivenCertificateForAnotherAddress: the administrator is told before the first
// household stands before a hub that it cannot believe.
func TestGivenCertificateForAnotherAddress(t *testing.T) {
	for public, told := range map[string]bool{"": true, "https://other.example": true, "https://camera.example:8470": false} {
		h := bare(t)
		h.cfg.Public = public
		h.cfg.TLSCert, h.cfg.TLSKey = givenFiles(t, "camera.example")
		_, stop := running(t, h)
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(h.log.String(), "the certificate is not for the address in invitations"); got != told {
			t.Errorf("public %q: told %v\n%s", public, got, h.log)
		}
	}
}

func givenFiles(t *testing.T, name string) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(90 * 24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for file, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: der}, "key.pem": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(dir, file), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
}
