package ingest_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/ingest"
	"xulang.vn/camera/agent/media"
)

// signed makes the kind of certificate that cameras come with: signed by
// themselves, for no name, and long expired.
func signed(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	long := time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC)
	of := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: long, NotAfter: long.AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, of, of, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// TestTLS: rtsps works with such a certificate, gathers, stays inside of the
// encryption when UDP is asked for, and keeps the other rules.
func TestTLS(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*ingest.Config)
		cause  camera.GapCause
	}{
		{"plain", func(*ingest.Config) {}, ""},
		{"udp asked for", func(c *ingest.Config) { c.UDP = true }, ""},
		{"somebody watches", func(c *ingest.Config) { c.Live = func() bool { return true } }, ""},
		{"wrong password", func(c *ingest.Config) { c.Password = "wrong" }, camera.CauseWrongPassword},
		{"other network", func(c *ingest.Config) { c.Control = only("10.0.0.0/8") }, camera.CauseCameraOff},
		{"a camera that speaks TLS only", func(c *ingest.Config) { c.URL = strings.Replace(c.URL, "rtsps", "rtsp", 1) }, camera.CauseCameraOff},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := startServer(t, &gortsplib.Server{TLSConfig: &tls.Config{Certificates: []tls.Certificate{signed(t)}}}, video264())
			f.roll(t.Context(), media.H264, nil)
			cfg := config(f)
			cfg.URL = strings.Replace(cfg.URL, "rtsp", "rtsps", 1)
			c.change(&cfg)
			r := pull(t, cfg, nil)
			if c.cause != "" {
				events := r.until(t, "a cause", func(es []event) bool { return len(es) > 0 })
				if events[0].cause != c.cause {
					t.Errorf("%+v", events[0])
				}
				return
			}
			events := r.until(t, "40 pictures", func(es []event) bool { return len(units(es)) >= 40 })
			var nalus [][]byte
			for _, u := range units(events) {
				nalus = append(nalus, u.NALUs...)
			}
			f.mu.Lock()
			defer f.mu.Unlock()
			if !contiguous(f.sent, nalus) || len(f.ports) > 0 {
				t.Errorf("not an exact run of what was sent, or by UDP %q", f.ports)
			}
		})
	}
}
