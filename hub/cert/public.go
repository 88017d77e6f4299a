package cert

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// acmeProto is what a CA that proves a domain asks for (RFC 8737 section 3).
const acmeProto = acme.ALPNProto

const (
	publicEvery = 12 * time.Hour
	publicAgain = 5 * time.Minute  // after a failure; a public CA counts them
	publicAsk   = 30 * time.Second // for one answer of the CA
)

// public is a certificate of a public CA. autocert renews it when 30 days are left.
type public struct {
	log     *slog.Logger
	manager *autocert.Manager
	domains []string
	ended   chan struct{} // closed when Run's ctx is done: the CA is not asked any more
	end     sync.Once
}

func openPublic(dir string, cfg ACME, log *slog.Logger) (*public, error) {
	directory := cfg.Directory
	if directory == "" {
		directory = autocert.DefaultACMEDirectory
	}
	if u, err := url.Parse(directory); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("the ACME directory is no URL")
	}
	p := &public{log: log, domains: cfg.Domains, ended: make(chan struct{})}
	p.manager = &autocert.Manager{
		Prompt: autocert.AcceptTOS, Email: cfg.Email,
		Cache:      autocert.DirCache(filepath.Join(dir, "acme")), // folder 0700, files 0600
		HostPolicy: autocert.HostWhitelist(cfg.Domains...),
		Client: &acme.Client{
			DirectoryURL: directory,
			HTTPClient:   &http.Client{Timeout: publicAsk, Transport: whileOpen{p.ended, http.DefaultTransport}},
		},
	}
	return p, nil
}

func (p *public) get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	return p.manager.GetCertificate(hello)
}

func (p *public) ca() []byte { return nil }

// tend asks for every domain's certificate, so that it is there before the first
// visitor and that a failure is told: in a handshake nobody reads it. autocert takes
// no context; the end of ctx ends what it asks the CA.
func (p *public) tend(ctx context.Context) time.Duration {
	done := context.AfterFunc(ctx, func() { p.end.Do(func() { close(p.ended) }) })
	defer done()
	wait := publicEvery
	for _, domain := range p.domains {
		if ctx.Err() != nil {
			break
		}
		_, err := p.manager.GetCertificate(&tls.ClientHelloInfo{
			ServerName:       domain,
			SignatureSchemes: []tls.SignatureScheme{tls.ECDSAWithP256AndSHA256},
			SupportedCurves:  []tls.CurveID{tls.CurveP256},
			CipherSuites:     []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256},
		})
		if err != nil && ctx.Err() == nil {
			p.log.Error("no certificate from the public CA", "domain", domain, "err", err)
			wait = publicAgain
		}
	}
	return wait
}

// whileOpen fails requests, also those on their way, as soon as ended is closed.
type whileOpen struct {
	ended <-chan struct{}
	http.RoundTripper
}

var errEnded = errors.New("the hub is closing")

func (w whileOpen) RoundTrip(r *http.Request) (*http.Response, error) {
	select {
	case <-w.ended:
		return nil, errEnded
	default:
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	go func() { // ends with the request's own context, which http.Client and autocert cancel
		select {
		case <-w.ended:
			cancel(errEnded)
		case <-ctx.Done():
		}
	}()
	return w.RoundTripper.RoundTrip(r.WithContext(ctx))
}
