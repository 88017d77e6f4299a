package upload

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

const (
	dialLongest = 10 * time.Second
	keepAlive   = 15 * time.Second
)

// direct makes the client that sends bytes of the one that was given: no time-out
// for the whole, no redirects, no cookies, one connection for each put. HTTP/2
// would share one connection, whose window (1 MiB in Go's server) carries no more
// than 8 Mbit/s over a round trip of a second.
func direct(client *http.Client) *http.Client {
	own := *client
	own.Timeout, own.Jar = 0, nil
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	given := client.Transport
	if given == nil {
		given = http.DefaultTransport
	}
	base, ok := given.(*http.Transport)
	if !ok {
		return &own // somebody's own way, to be taken as it is
	}
	t := base.Clone()
	t.MaxIdleConnsPerHost = parallel
	t.ForceAttemptHTTP2 = false
	t.Protocols = new(http.Protocols)
	t.Protocols.SetHTTP1(true)
	t.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	if t.TLSClientConfig == nil {
		t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	t.TLSClientConfig.NextProtos = []string{"http/1.1"} // a transport that was used before offers h2 here
	if base == http.DefaultTransport || t.DialContext == nil {
		t.DialContext = (&net.Dialer{Timeout: dialLongest, KeepAlive: keepAlive, Control: tune}).DialContext
	}
	own.Transport = t
	return &own
}
