package lan

import (
	"crypto/tls"
	"net/http"
	"time"
)

const (
	dialTimeout = 2 * time.Second
	mostHeader  = 64 << 10 // bytes of an answer's header
	mostRefusal = 64 << 10 // bytes of a 401's body that are read to keep the connection
)

// Client asks one device over HTTP. It follows no redirect, asks no proxy and
// unpacks nothing; the caller limits what it reads. A name and password, if there
// is a name, answer a digest challenge (RFC 7616), or a basic one where nothing
// better is offered (RFC 7617).
//
// A password that was refused is not sent again by this client: once for one that
// never worked, twice in a row for one that did; and by no client of this guard once
// the device refused it twice in half an hour (MayTry). Answers are then the device's
// 401 to a request without it: Response.Request has no Authorization.
//
// The certificate of an https device is not checked, cameras sign their own: what
// passes cannot be overheard, but that it is the right device is known by its
// address alone.
func (g *Guard) Client(username, password string, timeout time.Duration) *http.Client {
	return g.client(username, password, timeout, false)
}

// DigestClient is a Client that never answers a basic challenge: for passwords
// that are tried without a person who chose the device.
func (g *Guard) DigestClient(username, password string, timeout time.Duration) *http.Client {
	return g.client(username, password, timeout, true)
}

func (g *Guard) client(username, password string, timeout time.Duration, onlyDigest bool) *http.Client {
	plain := &http.Transport{
		Proxy:                  nil, // never from the environment
		DialContext:            g.Dialer(min(timeout, dialTimeout)).DialContext,
		TLSClientConfig:        &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // see above
		TLSHandshakeTimeout:    dialTimeout,
		ResponseHeaderTimeout:  timeout,
		MaxResponseHeaderBytes: mostHeader,
		MaxConnsPerHost:        4, // small devices serve few
		MaxIdleConnsPerHost:    1,
		IdleConnTimeout:        10 * time.Second,
		DisableCompression:     true,
	}
	c := &http.Client{
		Transport:     plain,
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if username != "" {
		c.Transport = &account{
			guard: g, plain: plain, username: username, password: func() string { return password }, digest: onlyDigest, hosts: map[string]*login{},
		}
	}
	return c
}
