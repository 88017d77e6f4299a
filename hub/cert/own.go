package cert

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"
)

const (
	caFile     = "ca.key.pem"     // certificate and key of the hub's CA
	serverFile = "server.key.pem" // certificate and key that the port shows
	ownEvery   = time.Hour        // between two looks at the terms
	warnBefore = 365 * day        // of the CA's end
	day        = 24 * time.Hour
)

// own is the hub's own CA and the certificate that it gave to the hub's port.
type own struct {
	log    *slog.Logger
	now    func() time.Time
	dir    string
	hosts  hosts
	issuer authority
	shown  atomic.Pointer[tls.Certificate]
}

func openOwn(dir string, names []string, log *slog.Logger, now func() time.Time) (*own, error) {
	hosts, err := readHosts(names)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	o := &own{log: log, now: now, dir: dir, hosts: hosts}
	if o.issuer, err = o.authority(); err != nil {
		return nil, fmt.Errorf("open the hub's CA: %w", err)
	}
	if end := o.issuer.cert.NotAfter; !now().Before(end) {
		return nil, fmt.Errorf("the hub's CA ended on %s (is this machine's clock right?); with a new one every household has to be invited again", end.Format(time.DateOnly))
	}
	kept, err := readPair(filepath.Join(dir, serverFile))
	switch {
	case err == nil && o.good(kept.cert):
		o.show(kept)
		return o, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		log.Warn("server certificate is damaged; another one is made", "err", err)
	}
	return o, o.renew()
}

// authority reads the CA, or makes it once. A file that cannot be read is an error:
// with a new CA every agent would be lost without a word.
func (o *own) authority() (authority, error) {
	path := filepath.Join(o.dir, caFile)
	ca, err := readPair(path)
	if errors.Is(err, fs.ErrNotExist) {
		made, text, makeErr := newAuthority(o.now())
		if makeErr != nil {
			return authority{}, makeErr
		}
		if err = createSecret(path, text); err == nil {
			o.log.Info("the hub has a CA of its own now", "until", made.cert.NotAfter.Format(time.DateOnly))
			return made, nil
		}
		if errors.Is(err, fs.ErrExist) { // another process was faster
			ca, err = readPair(path)
		}
	}
	if err == nil && !ca.cert.IsCA {
		err = fmt.Errorf("%s holds no CA", caFile)
	}
	return ca, err
}

// good tells whether a certificate of before can be shown on. One that ends with
// the CA cannot be any longer.
func (o *own) good(leaf *x509.Certificate) bool {
	now := o.now()
	return o.hosts.are(leaf) && leaf.CheckSignatureFrom(o.issuer.cert) == nil && !now.Before(leaf.NotBefore) &&
		(leaf.NotAfter.Sub(now) > leafRenew || leaf.NotAfter.Equal(o.issuer.cert.NotAfter))
}

// renew makes a certificate with a key of its own and shows it.
func (o *own) renew() error {
	leaf, text, err := o.issuer.issue(o.hosts, o.now())
	if err == nil {
		err = replaceSecret(filepath.Join(o.dir, serverFile), text)
	}
	if err != nil {
		return fmt.Errorf("make server certificate: %w", err)
	}
	o.show(leaf)
	o.log.Info("server certificate is new", "until", leaf.cert.NotAfter.Format(time.DateOnly))
	return nil
}

func (o *own) show(leaf authority) {
	o.shown.Store(&tls.Certificate{
		Certificate: [][]byte{leaf.cert.Raw, o.issuer.cert.Raw}, PrivateKey: leaf.key, Leaf: leaf.cert,
	})
}

func (o *own) get(*tls.ClientHelloInfo) (*tls.Certificate, error) { return o.shown.Load(), nil }

func (o *own) ca() []byte { return o.issuer.cert.Raw }

func (o *own) tend(context.Context) time.Duration {
	if left := o.issuer.cert.NotAfter.Sub(o.now()); left < warnBefore {
		o.log.Warn("the hub's CA ends; households have to be invited again before", "days", int(left/day))
	}
	if !o.good(o.shown.Load().Leaf) {
		if err := o.renew(); err != nil {
			o.log.Error("server certificate not renewed", "err", err)
		}
	}
	return ownEvery
}
