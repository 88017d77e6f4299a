package onvif

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/jpeg"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	camera "xulang.vn/camera"
)

// web asks one device over HTTP.
type web struct {
	client *http.Client
	host   netip.Addr
	port   int
	now    func() time.Time
	named  bool // the client has a login
}

// answer is a limited one.
type answer struct {
	status int
	header http.Header
	body   []byte
	unsent bool // the client has a login, and the device got a request without it
}

// at is an address on the device.
func (w *web) at(path string) string {
	return "http://" + net.JoinHostPort(w.host.String(), strconv.Itoa(w.port)) + path
}

// get asks for a path and query.
func (w *web) get(ctx context.Context, path string) (answer, error) {
	return w.do(ctx, http.MethodGet, w.at(path), "", nil, mostBody)
}

// good is get for what has to succeed after the login.
func (w *web) good(ctx context.Context, path string) ([]byte, error) {
	a, err := w.get(ctx, path)
	if err != nil {
		return nil, err
	}
	if a.status != http.StatusOK {
		return nil, a.refused(path)
	}
	return a.body, nil
}

// do makes one request to the device. The errors of the HTTP client name the URL,
// in which there are no credentials.
func (w *web) do(ctx context.Context, method, address, kind string, body []byte, most int64) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return answer{}, camera.Errorf(camera.CodeBadRequest, "make request: %w", err)
	}
	if req.URL.Hostname() != w.host.String() || req.URL.User != nil {
		return answer{}, camera.Errorf(camera.CodeOutsideLAN, "request to another host than the device's")
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	res, err := w.client.Do(req)
	if err != nil {
		return answer{}, unreachable(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, most+1))
	if err != nil {
		return answer{}, unreachable(err)
	}
	if int64(len(data)) > most {
		return answer{}, camera.Errorf(camera.CodeTooLarge, "device's answer is larger than %d bytes", most)
	}
	unsent := w.named && res.Request != nil && res.Request.Header.Get("Authorization") == ""
	return answer{res.StatusCode, res.Header, data, unsent}, nil
}

// unreachable keeps the guard's code and gives one to everything else that the
// network does.
func unreachable(err error) error {
	if camera.CodeOf(err) != camera.CodeInternal || errors.Is(err, context.Canceled) {
		return err
	}
	return camera.Errorf(camera.CodeUnreachable, "ask device: %w", err)
}

// refused says what a status other than 200 means. No text of the device goes
// into the error: one that was told a password by a basic login could repeat it.
func (a answer) refused(call string) error {
	lock := lockOf(a.body)
	switch {
	case lock.locked:
		return camera.Errorf(camera.CodeLockedOut, "%s: device is locked for %d s after wrong passwords", call, lock.seconds)
	case lock.dormant:
		return camera.Errorf(camera.CodeBadRequest, "%s: device has no password yet and must be activated first", call)
	case a.status == http.StatusUnauthorized && a.unsent && a.header.Get("WWW-Authenticate") == "":
		// RFC 9110, 11.6.1 wants a challenge; a recorder that gives none takes nobody.
		return camera.Errorf(camera.CodeLockedOut, "%s: device refuses everybody, as after wrong passwords", call)
	case a.status == http.StatusUnauthorized && a.unsent:
		return camera.Errorf(camera.CodeLockedOut, "%s: device refused this login twice; it is not sent again for half an hour", call)
	case a.status == http.StatusUnauthorized && lock.left > 0:
		return camera.Errorf(camera.CodeWrongPassword, "%s: device refused the name or password; %d tries are left", call, lock.left)
	case a.status == http.StatusUnauthorized:
		return camera.Errorf(camera.CodeWrongPassword, "%s: device refused the name or password", call)
	case a.status == http.StatusForbidden:
		return camera.Errorf(camera.CodeWrongPassword, "%s: device does not let this account do it (403)", call)
	case a.status >= 500:
		return camera.Errorf(camera.CodeUnavailable, "%s: device answered %d", call, a.status)
	}
	return camera.Errorf(camera.CodeBadRequest, "%s: device answered %d", call, a.status)
}

// lock is what a refusal tells of tries.
type lock struct {
	locked  bool
	dormant bool // not activated: a new device without any password
	seconds int
	left    int
}

// lockOf reads a refusal. Hikvision tells lockStatus, unlockTime (s) and
// retryLoginTime (tries left) in its ResponseStatus (ISAPI, General, "Security
// Authentication"); of others only words are known.
func lockOf(body []byte) lock {
	var said struct {
		LockStatus string `xml:"lockStatus"`
		UnlockTime string `xml:"unlockTime"`
		RetryTimes string `xml:"retryLoginTime"`
		Sub        string `xml:"subStatusCode"`
	}
	var l lock
	if decode(body, &said) == nil {
		l.seconds, l.left = number(said.UnlockTime, 0, 86400), number(said.RetryTimes, 0, 1000)
		l.locked = strings.EqualFold(strings.TrimSpace(said.LockStatus), "lock") || said.Sub == "userLocked"
		l.dormant = said.Sub == "notActivated"
		if said.LockStatus != "" {
			return l
		}
	}
	text := strings.ToLower(string(body[:min(len(body), 4096)]))
	for _, words := range []string{"account is locked", "user is locked", "account locked", "user locked", "userlocked", "has been locked"} {
		l.locked = l.locked || strings.Contains(text, words)
	}
	return l
}

// rewrite takes an address that a device gave of itself and puts the host there
// that was dialled: devices tell 192.168.1.64, 0.0.0.0 or their name. Credentials
// are dropped; a port is kept.
func (w *web) rewrite(raw string, schemes ...string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || len(raw) > mostURL {
		return "", camera.Errorf(camera.CodeBadRequest, "device's address of %d bytes cannot be read", len(raw))
	}
	known := false
	for _, s := range schemes {
		known = known || strings.EqualFold(u.Scheme, s)
	}
	if !known {
		return "", camera.Errorf(camera.CodeBadRequest, "device's address has scheme %q", short(u.Scheme))
	}
	u.User, u.Fragment = nil, ""
	port := number(u.Port(), 0, 65535)
	switch {
	case strings.HasPrefix(strings.ToLower(u.Scheme), "http") && u.Hostname() != w.host.String():
		// It does not know its own address; its port is as doubtful.
		port, u.Scheme = w.port, "http"
	case port == 0 && u.Scheme == "http":
		port = 80
	}
	u.Host = w.host.String()
	if w.host.Is6() {
		u.Host = "[" + u.Host + "]"
	}
	if port != 0 {
		u.Host = net.JoinHostPort(w.host.String(), strconv.Itoa(port))
	}
	return u.String(), nil
}

// Picture asks for one JPEG of at most 4 MiB; CodeNoPicture when there is none.
func (d *Device) Picture(ctx context.Context, c Channel) ([]byte, error) {
	if c.SnapshotURL == "" {
		return nil, camera.Errorf(camera.CodeNoPicture, "channel %d has no address for pictures", c.Number)
	}
	address, err := d.web.rewrite(c.SnapshotURL, "http", "https")
	if err != nil {
		return nil, err
	}
	a, err := d.web.do(ctx, http.MethodGet, address, "", nil, mostPicture)
	if camera.CodeOf(err) == camera.CodeTooLarge {
		return nil, camera.Errorf(camera.CodeNoPicture, "picture: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("picture: %w", err)
	}
	if a.status != http.StatusOK {
		return nil, camera.Errorf(camera.CodeNoPicture, "picture: %w", a.refused("snapshot"))
	}
	head, err := jpeg.DecodeConfig(bytes.NewReader(a.body))
	if err != nil || head.Width < 16 || head.Height < 16 || head.Width > 10000 || head.Height > 10000 {
		return nil, camera.Errorf(camera.CodeNoPicture, "picture: %d bytes that are no JPEG", len(a.body))
	}
	return a.body, nil
}
