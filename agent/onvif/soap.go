package onvif

import (
	"context"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // the profile's digest
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/lan"
)

// Namespaces of the services (their WSDL files).
const (
	nsDevice    = "http://www.onvif.org/ver10/device/wsdl"
	nsMedia     = "http://www.onvif.org/ver10/media/wsdl"
	nsMedia2    = "http://www.onvif.org/ver20/media/wsdl"
	nsSearch    = "http://www.onvif.org/ver10/search/wsdl"
	nsReplay    = "http://www.onvif.org/ver10/replay/wsdl"
	nsRecording = "http://www.onvif.org/ver10/recording/wsdl"
	nsSchema    = "http://www.onvif.org/ver10/schema"
)

// scheme is how a device wants to be shown the password.
type scheme int

const (
	nothing scheme = iota // not asked for yet
	token                 // WS-UsernameToken in the SOAP header
	digest                // HTTP digest
)

// skewLarge is when a refused token is put down to the clock.
const skewLarge = 5 * time.Minute

// soap calls an ONVIF device (Core Specification, "Web Services framework").
//
// A call goes without the password first. When the device refuses that, its refusal
// tells which scheme it has (Core Specification, "Authentication"), and the password
// is sent once in that one. Refused the first time, or twice in a row later, it is
// not sent again.
type soap struct {
	guard         *lan.Guard // whose memory counts refused tokens; HTTP clients count theirs
	signed, plain *web       // with and without the login for HTTP digest
	user          string
	password      func() string // a function, so that no printing shows it

	ahead atomic.Int64 // time.Duration: of the device's clock as it was asked for last
	known bool         // ahead was known when the device was opened

	mu       sync.Mutex // guards the ones below; held while the scheme is found
	scheme   scheme
	refusals int // in a row
	spent    error
}

// fault is SOAP 1.2's; of SOAP 1.1 only that there is one.
type fault struct {
	Code string `xml:"Code>Value"`
	Sub  string `xml:"Code>Subcode>Value"`
	Deep string `xml:"Code>Subcode>Subcode>Value"`
	Text string `xml:"Reason>Text"`
	Old  string `xml:"faultcode"`
}

// has tells whether the fault has one of these codes, whatever their prefixes are.
func (f *fault) has(codes ...string) bool {
	for _, given := range []string{f.Code, f.Sub, f.Deep, f.Old} {
		_, local, ok := strings.Cut(strings.TrimSpace(given), ":")
		if !ok {
			local = strings.TrimSpace(given)
		}
		for _, c := range codes {
			if strings.EqualFold(local, c) {
				return true
			}
		}
	}
	return false
}

// name is the fault's innermost code, without anything that could be a secret.
func (f *fault) name() string {
	for _, given := range []string{f.Deep, f.Sub, f.Code, f.Old} {
		if given = strings.TrimSpace(given); given != "" {
			return strings.Map(func(r rune) rune {
				if r == ':' || r == '.' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
					return r
				}
				return -1
			}, given[:min(len(given), 40)])
		}
	}
	return "no code"
}

// envelope has an answer of one type in its body.
type envelope[T any] struct {
	XMLName xml.Name `xml:"Envelope"`
	Body    struct {
		Fault  *fault `xml:"Fault"`
		Answer *T     `xml:",any"`
	} `xml:"Body"`
}

// refusal is an answer that wants the password, or another one.
type refusal struct {
	digest bool // HTTP digest is offered
	unsent bool // the login was held back
	lock   lock
}

// unsupported marks calls that the device does not have.
type unsupported struct{ error }

func (u unsupported) Unwrap() error { return u.error }

// call makes one call and reads its answer into T.
func call[T any](ctx context.Context, s *soap, address, space, name, body string) (*T, error) {
	data, err := s.post(ctx, address, space+"/"+name, body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var e envelope[T]
	if err := decode(data, &e); err != nil || e.Body.Answer == nil {
		return nil, camera.Errorf(camera.CodeBadRequest, "%s: device's answer cannot be read", name)
	}
	return e.Body.Answer, nil
}

// post makes a call in the known scheme, or finds it.
func (s *soap) post(ctx context.Context, address, action, body string) ([]byte, error) {
	s.mu.Lock()
	how, spent := s.scheme, s.spent
	s.mu.Unlock()
	if spent != nil {
		return nil, spent
	}
	data, no, err := s.once(ctx, how, address, action, body)
	if no == nil {
		return data, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if how != nothing || s.spent != nil || s.user == "" {
		return nil, s.refused(how, no)
	}
	if how = s.scheme; how == nothing {
		if how = token; no.digest {
			how = digest
		}
	}
	if how == token && !s.guard.MayTry(s.host(), s.user, s.password()) {
		s.spent = camera.Errorf(camera.CodeLockedOut, "device refused this login twice; it is not sent again for half an hour")
		return nil, s.spent
	}
	data, no, err = s.once(ctx, how, address, action, body)
	switch {
	case no != nil:
		return nil, s.refused(how, no)
	case err == nil:
		s.scheme, s.refusals = how, 0
		s.guard.Worked(s.host(), s.user, s.password())
	}
	return data, err
}

// logged tells whether a login has worked.
func (s *soap) logged() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.scheme != nothing && s.spent == nil
}

func (s *soap) skew() time.Duration { return time.Duration(s.ahead.Load()) }

func (s *soap) host() string {
	return net.JoinHostPort(s.plain.host.String(), strconv.Itoa(s.plain.port))
}

// refused says what a refusal means and whether the password may be sent again. It
// is called with mu held.
func (s *soap) refused(how scheme, no *refusal) error {
	if s.spent != nil {
		return s.spent
	}
	var err error
	switch {
	case no.lock.locked:
		err = camera.Errorf(camera.CodeLockedOut, "device is locked after wrong passwords")
	case how == nothing:
		err = camera.Errorf(camera.CodeWrongPassword, "device wants a name and password")
	case no.unsent:
		err = camera.Errorf(camera.CodeLockedOut, "device refused this login twice; it is not sent again for half an hour")
	case how == token && s.known && s.skew().Abs() > skewLarge:
		err = camera.Errorf(camera.CodeClockSkew, "device refused the login, and its clock is %+.0f s from ours: it may refuse a right password for that", s.skew().Seconds())
	default:
		err = camera.Errorf(camera.CodeWrongPassword, "device refused the name or password")
	}
	if how == token && camera.CodeOf(err) == camera.CodeWrongPassword {
		// Not for the clock's sake: a person who sets it right tries the same login again.
		s.guard.Refused(s.host(), s.user, s.password())
	}
	if s.refusals++; s.scheme == nothing || s.refusals >= 2 {
		s.spent = err
	}
	return err
}

// once sends one request. A refusal is no error.
func (s *soap) once(ctx context.Context, how scheme, address, action, body string) ([]byte, *refusal, error) {
	w, header := s.plain, ""
	switch how {
	case digest:
		w = s.signed
	case token:
		header = s.usernameToken()
	case nothing:
	}
	text := `<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope">` +
		header + `<s:Body xmlns:tt="` + nsSchema + `">` + body + `</s:Body></s:Envelope>`
	a, err := w.do(ctx, http.MethodPost, address, `application/soap+xml; charset=utf-8; action="`+action+`"`, []byte(text), mostBody)
	if err != nil {
		return nil, nil, err
	}
	return judge(a)
}

// judge tells an answer from a refusal and from a fault.
func judge(a answer) ([]byte, *refusal, error) {
	var e envelope[struct{}]
	broken := decode(a.body, &e)
	no := &refusal{lock: lockOf(a.body), unsent: a.unsent}
	for _, c := range a.header.Values("WWW-Authenticate") {
		no.digest = no.digest || len(c) > 7 && strings.EqualFold(c[:7], "digest ")
	}
	switch {
	case a.status == http.StatusUnauthorized:
		return nil, no, nil
	case broken != nil && a.status == http.StatusForbidden:
		return nil, no, nil
	case broken != nil:
		return nil, nil, camera.Errorf(camera.CodeBadRequest, "device answered %d and no SOAP", a.status)
	case e.Body.Fault == nil && a.status == http.StatusOK:
		return a.body, nil, nil
	case e.Body.Fault == nil:
		return nil, nil, camera.Errorf(camera.CodeBadRequest, "device answered %d", a.status)
	case e.Body.Fault.has("NotAuthorized", "FailedAuthentication", "InvalidSecurity", "InvalidSecurityToken", "FailedCheck", "MessageExpired"):
		return nil, no, nil
	case e.Body.Fault.has("ActionNotSupported", "OptionalActionNotImplemented", "UnknownAction", "NotImplemented"):
		return nil, nil, unsupported{camera.Errorf(camera.CodeNotFound, "device has no such call: %s", e.Body.Fault.name())}
	}
	return nil, nil, camera.Errorf(camera.CodeBadRequest, "device answered with a fault: %s", e.Body.Fault.name())
}

// usernameToken shows that the password is known (WSS UsernameToken Profile 1.0,
// section 3.1: Base64(SHA-1(nonce + created + password))). Created is told by the
// device's own clock, as it gave it: devices refuse what looks old to them.
func (s *soap) usernameToken() string {
	nonce := make([]byte, 16)
	_, _ = rand.Read(nonce) // never fails (crypto/rand)
	created := s.plain.now().Add(s.skew()).UTC().Format("2006-01-02T15:04:05Z")
	h := sha1.New() //nolint:gosec // the profile's digest
	h.Write(nonce)
	h.Write([]byte(created + s.password()))
	const wss = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
	return `<s:Header><wsse:Security s:mustUnderstand="1" xmlns:wsse="` + wss + `wssecurity-secext-1.0.xsd" xmlns:wsu="` + wss + `wssecurity-utility-1.0.xsd">` +
		`<wsse:UsernameToken><wsse:Username>` + escape(s.user) + `</wsse:Username>` +
		`<wsse:Password Type="` + wss + `username-token-profile-1.0#PasswordDigest">` + base64.StdEncoding.EncodeToString(h.Sum(nil)) + `</wsse:Password>` +
		`<wsse:Nonce EncodingType="` + wss + `soap-message-security-1.0#Base64Binary">` + base64.StdEncoding.EncodeToString(nonce) + `</wsse:Nonce>` +
		`<wsu:Created>` + created + `</wsu:Created></wsse:UsernameToken></wsse:Security></s:Header>`
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return b.String()
}
