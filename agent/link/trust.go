package link

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"time"

	camera "xulang.vn/camera"
)

// dialLongest is for one connection to the hub with its TLS handshake.
const dialLongest = 10 * time.Second

// Trust is how the agent knows its hub: it is kept with the membership, and every
// connection to the hub is made with it.
type Trust struct {
	// CA is the certificate of the hub's own CA, PEM; empty: the hub's certificate is
	// of a public one, which this machine knows.
	CA []byte `json:"ca,omitempty"`
}

// TLS believes hubs whose certificate is signed by the CA, and no others. A CA that
// cannot be read leaves none: nobody is believed then.
func (t Trust) TLS() *tls.Config {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if len(t.CA) > 0 {
		config.RootCAs = x509.NewCertPool()
		config.RootCAs.AppendCertsFromPEM(t.CA)
	}
	return config
}

// Client speaks with the hub alone: it follows no redirect and asks no proxy.
func (t Trust) Client(timeout time.Duration) *http.Client { return client(t.TLS(), timeout) }

func client(config *tls.Config, timeout time.Duration) *http.Client {
	return &http.Client{
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: dialLongest}).DialContext,
			TLSClientConfig:     config,
			TLSHandshakeTimeout: dialLongest,
			IdleConnTimeout:     time.Minute,
		},
	}
}

// signed tells whether a chain, leaf first, leads from a certificate for the host to
// the root; without a root, to one that this machine knows. Terms count.
func signed(root *x509.Certificate, chain []*x509.Certificate, host string) error {
	if len(chain) == 0 {
		return camera.Errorf(camera.CodeBadCertificate, "the hub shows no certificate")
	}
	options := x509.VerifyOptions{DNSName: host, Intermediates: x509.NewCertPool()}
	for _, c := range chain[1:] {
		options.Intermediates.AddCert(c)
	}
	if root != nil {
		options.Roots = x509.NewCertPool()
		options.Roots.AddCert(root)
	}
	if _, err := chain[0].Verify(options); err != nil {
		return camera.Errorf(camera.CodeBadCertificate, "the hub's certificate is not believed: %w", err)
	}
	return nil
}

// noHub tells a hub that shows a wrong certificate from one that is not there.
func noHub(err error) error {
	if badCertificate(err) {
		return camera.Errorf(camera.CodeBadCertificate, "speak with hub: %w", err)
	}
	return camera.Errorf(camera.CodeUnreachable, "reach hub: %w", err)
}

func badCertificate(err error) bool {
	var refused *tls.CertificateVerificationError
	return errors.As(err, &refused) || camera.CodeOf(err) == camera.CodeBadCertificate
}
