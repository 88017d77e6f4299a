package hub_test

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/store"
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

// TestOnePort: TLS with the hub's own CA and plain HTTP for this machine on one port, with
// everything that passes there: pages by HTTP/2, uploads, and the agents' links.
func TestOnePort(t *testing.T) {
	h := bare(t)
	address, stop := running(t, h)
	defer func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	}()
	host := strings.TrimPrefix(address, "http://")
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(get(t, http.DefaultClient, address+"/api/v1/ca.pem", 1)) {
		t.Fatal("the hub shows no CA")
	}
	overTLS := &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: pool}}}
	defer overTLS.CloseIdleConnections()
	get(t, overTLS, "https://"+host+"/api/v1/health", 2)
	h.note.Camera = camera.NewCameraID("h1", "S1", 0)
	s := h.segment(object)
	objects, err := store.Open(store.Config{Endpoint: h.cfg.Store.Endpoint, Bucket: "footage", AccessKey: "access", SecretKey: "secret-key", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	slot, err := objects.Slot(t.Context(), s.Key(), s.Size, s.SHA256, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	put, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "https://"+host+slot.URL, bytes.NewReader(object))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range slot.Header {
		put.Header.Set(name, value)
	}
	resp, err := overTLS.Do(put)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK || resp.ProtoMajor != 2 {
		t.Errorf("upload: %s %s", resp.Proto, resp.Status)
	}
	link, err := tls.Dial("tcp", host, &tls.Config{RootCAs: pool, ServerName: "127.0.0.1", NextProtos: []string{"http/1.1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer link.Close()
	fmt.Fprintf(link, "GET /link HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", host)
	if answer, err := bufio.NewReader(link).ReadString('\n'); err != nil || !strings.Contains(answer, "101") {
		t.Errorf("link: %q, %v", answer, err)
	}
	from := &http.Transport{}
	defer from.CloseIdleConnections()
	far, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, address+"/api/v1/session", strings.NewReader("{}"))
	far.Header.Set("X-Forwarded-For", "203.0.113.7")
	if resp, err := from.RoundTrip(far); err != nil || resp.Body.Close() != nil || resp.StatusCode != http.StatusForbidden {
		t.Errorf("a password in the clear: %v, %v", resp, err)
	}
}

func get(t *testing.T, client *http.Client, url string, proto int) []byte {
	t.Helper()
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || resp.ProtoMajor != proto {
		t.Fatalf("%s: %s %s %s, %v", url, resp.Proto, resp.Status, body, err)
	}
	return body
}
