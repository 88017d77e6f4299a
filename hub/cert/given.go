package cert

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"
)

const (
	givenEvery  = 30 * time.Second // between two looks at the files
	givenNearly = 14 * day         // before the end somebody is told
)

// given is a certificate from the administrator's files.
type given struct {
	log               *slog.Logger
	now               func() time.Time
	certFile, keyFile string
	shown             atomic.Pointer[shownPair]

	// Of the goroutine that calls tend.
	known  [sha256.Size]byte // of the files that are shown
	broken bool              // it was told that the files are no good
	warned [sha256.Size]byte // files whose near end was told
}

// shownPair is what the port shows, and the CA in it that no machine knows by itself.
type shownPair struct {
	pair tls.Certificate
	root []byte
}

func openGiven(certFile, keyFile string, log *slog.Logger, now func() time.Time) (*given, error) {
	if certFile == "" || keyFile == "" {
		return nil, errors.New("certificate file and key file go together")
	}
	g := &given{log: log, now: now, certFile: certFile, keyFile: keyFile}
	chain, key, err := g.read()
	if err != nil {
		return nil, err
	}
	first, err := usable(chain, key)
	if err != nil {
		return nil, err
	}
	g.known = digest(chain, key)
	g.shown.Store(first)
	return g, nil
}

func (g *given) read() (chain, key []byte, err error) {
	if chain, err = readFile(g.certFile); err != nil {
		return nil, nil, fmt.Errorf("read certificate: %w", err)
	}
	if key, err = readFile(g.keyFile); err != nil {
		return nil, nil, fmt.Errorf("read key: %w", err)
	}
	return chain, key, nil
}

func digest(chain, key []byte) [sha256.Size]byte {
	return sha256.Sum256(append(append([]byte{}, chain...), key...))
}

// usable reads a chain and its key. A last certificate that signed itself is a CA
// of the administrator's own: agents have to be told of it.
func usable(chain, key []byte) (*shownPair, error) {
	pair, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return nil, fmt.Errorf("read certificate and key: %w", err)
	}
	last, err := x509.ParseCertificate(pair.Certificate[len(pair.Certificate)-1])
	if err != nil {
		return nil, fmt.Errorf("read certificate: %w", err)
	}
	s := &shownPair{pair: pair}
	if bytes.Equal(last.RawIssuer, last.RawSubject) && last.CheckSignatureFrom(last) == nil {
		s.root = last.Raw
	}
	return s, nil
}

func (g *given) get(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &g.shown.Load().pair, nil }

func (g *given) ca() []byte { return g.shown.Load().root }

// tend tells once that the files are no good, until they are good again.
func (g *given) tend(context.Context) time.Duration {
	err := g.look()
	if err != nil && !g.broken {
		g.log.Error("certificate files are no good; the old certificate stays", "err", err)
	}
	g.broken = err != nil
	g.warn()
	return givenEvery
}

// look reads the files' content, not their times: a tool that renews them may swap
// a link. Between its two writes the halves do not fit; then, and when the new ones
// make no sense, the old pair stays.
func (g *given) look() error {
	chain, key, err := g.read()
	if err != nil {
		return err
	}
	now := digest(chain, key)
	if now == g.known {
		return nil
	}
	next, err := usable(chain, key)
	if err != nil {
		return err
	}
	g.known = now
	g.replace(next)
	return nil
}

func (g *given) replace(next *shownPair) {
	old := g.shown.Swap(next)
	g.log.Info("certificate read again", "until", next.pair.Leaf.NotAfter.Format(time.DateOnly))
	if old.root != nil && !bytes.Equal(old.root, next.root) {
		g.log.Warn("the hub's CA is another one now; agents that joined before do not know it and have to be invited again")
	}
}

// warn tells once of each certificate that it ends soon.
func (g *given) warn() {
	end := g.shown.Load().pair.Leaf.NotAfter
	if end.Sub(g.now()) < givenNearly && g.warned != g.known {
		g.warned = g.known
		g.log.Warn("certificate ends soon", "at", end)
	}
}
