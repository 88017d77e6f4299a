package lan

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/icholy/digest"
)

// account answers challenges with one name and password and remembers, host by
// host, how they were taken. The digest library's own transport tries a refused
// password a second time and reads answers without a limit.
type account struct {
	guard    *Guard // whose memory counts refusals
	plain    *http.Transport
	username string
	password func() string // a function, so that no printing of the client shows it
	digest   bool          // answer nothing less than digest

	mu    sync.Mutex
	hosts map[string]*login // by host and port; guarded by mu
}

// login is how one host takes the password. Its fields belong to whoever holds
// the token of turn; requests of a login that works hold it only for a moment.
type login struct {
	turn      chan struct{}
	challenge *digest.Challenge // that the host gave last; nil before, and for basic
	basic     bool
	count     int // requests made with this challenge
	proven    bool
	refusals  int // in a row
}

// mostHosts is how many hosts one client remembers: a client is for one device.
const mostHosts = 16

var errHosts = errors.New("one client asks too many devices")

func (a *account) host(name string) (*login, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	l, ok := a.hosts[name]
	if !ok {
		if len(a.hosts) >= mostHosts {
			return nil, errHosts
		}
		l = &login{turn: make(chan struct{}, 1)}
		l.turn <- struct{}{}
		a.hosts[name] = l
	}
	return l, nil
}

// CloseIdleConnections lets http.Client close what nobody uses.
func (a *account) CloseIdleConnections() { a.plain.CloseIdleConnections() }

// RoundTrip sends the request with the known challenge, or first without and then
// in answer to one. While it is not known whether the password is right, one
// request at a time asks.
func (a *account) RoundTrip(req *http.Request) (*http.Response, error) {
	l, err := a.host(req.URL.Host)
	if err != nil {
		return nil, err
	}
	again, err := repeatable(req)
	if err != nil {
		return nil, err
	}
	select {
	case <-l.turn:
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
	held := true
	release := func() {
		if held {
			held = false
			l.turn <- struct{}{}
		}
	}
	defer release()
	first, err := again()
	if err != nil {
		return nil, err
	}
	if err := a.sign(l, first); err != nil {
		return nil, err
	}
	if l.proven {
		release()
	}
	res, err := a.plain.RoundTrip(first)
	if err != nil || res.StatusCode != http.StatusUnauthorized {
		return res, err
	}
	if !held {
		select {
		case <-l.turn:
			held = true
		case <-req.Context().Done():
			return res, nil
		}
	}
	return a.answer(l, res, first.Header.Get("Authorization") != "", again)
}

// answer repeats a request that was refused without a password, or with one that
// worked before. The latter counts as a refusal unless the device says that only its
// challenge was old (RFC 7616, 3.3, stale).
func (a *account) answer(l *login, res *http.Response, signed bool, again func() (*http.Request, error)) (*http.Response, error) {
	known := l.challenged(res.Header, a.digest)
	if signed && (l.challenge == nil || !l.challenge.Stale) {
		a.refused(l, res.Request.URL.Host)
	}
	if !known || !a.mayTry(l, res.Request.URL.Host) {
		return res, nil
	}
	_, _ = io.CopyN(io.Discard, res.Body, mostRefusal)
	if err := res.Body.Close(); err != nil {
		return nil, fmt.Errorf("close challenge: %w", err)
	}
	req, err := again()
	if err != nil {
		return nil, err
	}
	if err := a.sign(l, req); err != nil {
		return nil, err
	}
	res, err = a.plain.RoundTrip(req)
	if err != nil {
		// The device may have seen the password and counted it: not a proof, and no
		// refusal either. The next request starts from a new challenge.
		l.challenge, l.basic = nil, false
		return nil, err
	}
	if res.StatusCode == http.StatusUnauthorized {
		a.refused(l, req.URL.Host)
		l.challenge, l.basic = nil, false
	} else {
		l.proven, l.refusals = true, 0
		a.guard.Worked(req.URL.Host, a.username, a.password())
	}
	return res, nil
}

func (a *account) refused(l *login, host string) {
	l.refusals++
	a.guard.Refused(host, a.username, a.password())
}

func (a *account) mayTry(l *login, host string) bool {
	return !l.spent() && a.guard.MayTry(host, a.username, a.password())
}

// spent tells that the password was refused as often as it may be.
func (l *login) spent() bool { return l.refusals >= 2 || l.refusals == 1 && !l.proven }

// challenged takes the best challenge of a 401.
func (l *login) challenged(h http.Header, onlyDigest bool) bool {
	l.challenge, l.basic, l.count = nil, false, 0
	for _, text := range h.Values("WWW-Authenticate") {
		scheme, rest, _ := strings.Cut(text, " ")
		switch strings.ToLower(scheme) {
		case "digest":
			c, err := digest.ParseChallenge(digest.Prefix + rest)
			if err != nil {
				continue
			}
			for i := range c.QOP {
				c.QOP[i] = strings.TrimSpace(c.QOP[i])
			}
			if digest.CanDigest(c) && l.challenge == nil {
				l.challenge = c
			}
		case "basic":
			l.basic = true
		}
	}
	if l.challenge != nil || onlyDigest {
		l.basic = false
	}
	return l.challenge != nil || l.basic
}

// sign puts the password's proof into a request when the host's challenge is known.
func (a *account) sign(l *login, req *http.Request) error {
	switch {
	case !a.mayTry(l, req.URL.Host):
		return nil
	case l.basic:
		req.SetBasicAuth(a.username, a.password())
		return nil
	case l.challenge == nil:
		return nil
	}
	l.count++
	cred, err := digest.Digest(l.challenge, digest.Options{
		Method: req.Method, URI: req.URL.RequestURI(), GetBody: req.GetBody,
		Count: l.count, Username: a.username, Password: a.password(),
	})
	if err != nil {
		return fmt.Errorf("answer challenge: %w", err)
	}
	req.Header.Set("Authorization", cred.String())
	return nil
}

// repeatable gives copies of a request; its body is read once. Device calls are
// small, so it is kept.
func repeatable(req *http.Request) (func() (*http.Request, error), error) {
	var body []byte
	if req.Body != nil && req.Body != http.NoBody {
		var err error
		if body, err = io.ReadAll(req.Body); err != nil {
			return nil, fmt.Errorf("read own request: %w", err)
		}
		if err := req.Body.Close(); err != nil {
			return nil, fmt.Errorf("close own request: %w", err)
		}
	}
	return func() (*http.Request, error) {
		c := req.Clone(req.Context())
		c.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		c.Body = http.NoBody
		if len(body) > 0 {
			c.Body, _ = c.GetBody()
		}
		return c, nil
	}, nil
}
