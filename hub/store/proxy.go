package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"strings"
	"time"

	camera "xulang.vn/camera"
)

// transferLongest ends a transfer that does not get on: 64 MiB in this time is
// 75 kB/s.
const transferLongest = 15 * time.Minute

// Headers that pass. Everything else, cookies and credentials first, stays out;
// no header that passes besides the signed ones changes what the store does.
var (
	passRead  = []string{"Range", "If-Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"}
	passWrite = []string{"Content-Type", "If-None-Match", "X-Amz-Checksum-Sha256"}
	passBack  = []string{
		"Accept-Ranges", "Content-Length", "Content-Range", "Content-Type", "Etag", "Last-Modified",
		"X-Amz-Checksum-Sha256",
	}
)

// Proxy serves the links of [Store.Slot] and [Store.Link] under [Prefix] when the
// object store has no address of its own. It passes nothing but presigned
// requests for keys of ours in our bucket, streams both ways and leaves the
// signature intact. It knows no secret: the object store checks the signature.
func (s *Store) Proxy() http.Handler {
	forward := &httputil.ReverseProxy{
		Transport:      transport(),
		Rewrite:        s.rewrite,
		ModifyResponse: answer,
		ErrorHandler:   s.broken,
		ErrorLog:       slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if status, err := s.check(r); err != nil {
			refuse(w, status, err)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), transferLongest)
		defer cancel()
		forward.ServeHTTP(w, r.WithContext(ctx))
	})
}

// rewrite aims the request at the endpoint. The path is signed as the store sees
// it, without the prefix, and so is the host.
func (s *Store) rewrite(p *httputil.ProxyRequest) {
	pass := passRead
	if p.In.Method == http.MethodPut {
		pass = passWrite
	}
	p.Out.Header = choose(p.In.Header, pass)
	p.Out.Header.Set("User-Agent", "xulang-hub") // keeps Go's own away
	p.Out.URL.Scheme = s.endpoint.Scheme
	p.Out.URL.Host = s.endpoint.Host
	p.Out.URL.Path = "/" + strings.TrimPrefix(p.In.URL.Path, Prefix)
	p.Out.URL.RawPath = ""
	p.Out.URL.RawQuery = p.In.URL.RawQuery
	p.Out.Host = s.endpoint.Host
}

// answer strips the store's response to what a client needs. An error's XML names
// hosts and request ids: it is replaced by a code and a sentence.
func answer(resp *http.Response) error {
	status := resp.StatusCode
	back := choose(resp.Header, passBack)
	secure(back)
	resp.Header = back
	switch {
	case status >= 400:
	case status == http.StatusOK, status == http.StatusPartialContent, status == http.StatusNotModified:
		return nil
	default: // a redirect would lead to an address that nobody else should see
		return fmt.Errorf("object store answered %d", status)
	}
	text := errorText(status)
	if err := resp.Body.Close(); err != nil {
		return fmt.Errorf("close error body: %w", err)
	}
	clear(back)
	secure(back)
	back.Set("Content-Type", "text/plain; charset=utf-8")
	back.Set("Content-Length", fmt.Sprint(len(text)))
	resp.ContentLength = int64(len(text))
	resp.Body = io.NopCloser(strings.NewReader(text))
	return nil
}

// broken answers when the object store did not.
func (s *Store) broken(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(r.Context().Err(), context.Canceled) {
		return // the client went away: nobody reads an answer
	}
	s.log.Warn("object store does not answer", "method", r.Method, "err", err)
	refuse(w, http.StatusServiceUnavailable, camera.Errorf(camera.CodeUnavailable, "the object store does not answer"))
}

func refuse(w http.ResponseWriter, status int, err error) {
	secure(w.Header())
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	// The client may be gone; there is nothing else to tell it.
	_, _ = fmt.Fprintf(w, "%s: %s\n", camera.CodeOf(err), err)
}

// secure sets what every answer carries. Footage is not kept by caches, so that a
// pause is a pause; nothing is ever taken for a page.
func secure(h http.Header) {
	h.Set("Cache-Control", "private, no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
}

func choose(from http.Header, names []string) http.Header {
	to := make(http.Header, len(names))
	for _, name := range names {
		if v := from.Values(name); len(v) > 0 {
			to[name] = v[:1]
		}
	}
	return to
}

// errorText names a refusal of the object store in our own words.
func errorText(status int) string {
	code, text := camera.CodeUnavailable, "the object store could not do this"
	switch status {
	case http.StatusForbidden, http.StatusUnauthorized:
		code, text = camera.CodeForbidden, "the link is not valid or no longer valid"
	case http.StatusNotFound:
		code, text = camera.CodeNotFound, "no such object"
	case http.StatusPreconditionFailed:
		code, text = camera.CodeConflict, "the object exists already"
	case http.StatusRequestedRangeNotSatisfiable:
		code, text = camera.CodeBadRequest, "the range lies outside of the object"
	case http.StatusTooManyRequests:
		code, text = camera.CodeTooMany, "the object store is busy"
	default:
		if status < 500 {
			code, text = camera.CodeBadRequest, "the bytes or headers are not those that the link is for"
		}
	}
	return fmt.Sprintf("%s: %s\n", code, text)
}

// transport never takes a proxy from the environment: the object store is local
// or configured, and links must not reach anybody else.
func transport() *http.Transport {
	return &http.Transport{
		DialContext:           (&net.Dialer{Timeout: 3 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		TLSHandshakeTimeout:   5 * time.Second,
		ResponseHeaderTimeout: 30 * time.Second,
		IdleConnTimeout:       time.Minute,
		MaxIdleConnsPerHost:   32,
		DisableCompression:    true, // sizes and hashes are of the bytes as they are
	}
}
