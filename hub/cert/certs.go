// Package cert gives the hub's one port its certificate: by default from a CA of
// its own, whose fingerprint stands in every invitation; from files that the
// administrator gives; or from a public CA by ACME (RFC 8555).
//
// The key of the hub's own CA is in one file of the hub's folder, readable by its
// owner alone, and nowhere else. Who loses that file loses its agents: they know
// the hub by this CA and by nothing else.
package cert

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"log/slog"
	"time"

	camera "xulang.vn/camera"
)

// Config says where the certificate comes from.
type Config struct {
	// Dir is a folder of the hub's own for keys: the CA's, the server's, ACME's.
	Dir string
	// Hosts are names and IP addresses, without a port, by which people and agents
	// reach the hub; those of this machine alone (localhost) are always added. Only
	// for the hub's own CA.
	Hosts []string
	// CertFile and KeyFile, if there, are PEM files with a chain, leaf first, and its
	// key. They are read again when they change.
	CertFile, KeyFile string
	// ACME asks a public CA, if it has domains.
	ACME ACME

	Log *slog.Logger
}

// ACME is an account at a public CA. The hub has to be reachable on port 443 of
// these domains: they are proved by tls-alpn-01 (RFC 8737) on the hub's own port.
type ACME struct {
	Domains   []string
	Email     string // for the CA's warnings; may be empty
	Directory string // URL; empty: Let's Encrypt
}

// source is one of the three ways to a certificate. It may be used from many
// goroutines.
type source interface {
	get(hello *tls.ClientHelloInfo) (*tls.Certificate, error)
	// ca is the DER of the CA that agents have to be told of; nil: they know it.
	ca() []byte
	// tend renews what has to be, and says when to call it again. It logs what it
	// cannot do and keeps what is there.
	tend(ctx context.Context) time.Duration
}

// Certs is the hub's certificate. It is safe for concurrent use.
type Certs struct {
	source source
	protos []string
}

// Open finds or makes a certificate. now is used for terms of validity; TLS itself
// looks at the machine's clock.
func Open(cfg Config, now func() time.Time) (*Certs, error) {
	c := &Certs{protos: []string{"h2", "http/1.1"}} // agents link by WebSocket, which is of HTTP/1.1
	var err error
	switch files := cfg.CertFile != "" || cfg.KeyFile != ""; {
	case files && len(cfg.ACME.Domains) > 0:
		err = fmt.Errorf("certificate files and ACME exclude each other")
	case files:
		c.source, err = openGiven(cfg.CertFile, cfg.KeyFile, cfg.Log, now)
	case len(cfg.ACME.Domains) > 0:
		c.source, err = openPublic(cfg.Dir, cfg.ACME, cfg.Log)
		c.protos = append(c.protos, acmeProto)
	default:
		c.source, err = openOwn(cfg.Dir, cfg.Hosts, cfg.Log, now)
	}
	if err != nil {
		return nil, fmt.Errorf("open certificate: %w", err)
	}
	return c, nil
}

// Run keeps the certificate valid until ctx ends, which it reports as nil.
func (c *Certs) Run(ctx context.Context) error {
	for {
		again := time.NewTimer(c.source.tend(ctx))
		select {
		case <-ctx.Done():
			again.Stop()
			return nil
		case <-again.C:
		}
	}
}

// TLS is for the server: TLS 1.2 with forward secrecy and authenticated encryption
// alone, or TLS 1.3. The answer's chain holds the hub's own CA, so that a new agent
// finds the one in it that its invitation names.
func (c *Certs) TLS() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     c.protos,
		GetCertificate: c.source.get,
		CipherSuites: []uint16{ // of TLS 1.2; those of 1.3 are all good
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		},
	}
}

// CA is the CA that an invitation has to name: the SHA-256 of its DER, and the
// certificate as PEM. ok is false when it is one that every machine knows. It may
// change when given files do.
func (c *Certs) CA() (hash camera.Hash, text []byte, ok bool) {
	der := c.source.ca()
	if der == nil {
		return hash, nil, false
	}
	return sha256.Sum256(der), pem.EncodeToMemory(&pem.Block{Type: typeCert, Bytes: der}), true
}
