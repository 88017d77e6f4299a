package link_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/link"
)

const secret = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

// proves answers as a hub that knows the secret does; change makes the answer another.
func proves(t *testing.T, ca *authority, change func(camera.ProofRequest, *camera.ProofReply)) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/enrol/proof", func(w http.ResponseWriter, r *http.Request) {
		var q camera.ProofRequest
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil || q.Invitation != camera.InvitationID(secret) || len(q.Nonce) < 16 || len(q.Nonce) > 64 {
			t.Errorf("request %v: %v", q, err)
		}
		var reply camera.ProofReply
		var hash camera.Hash
		if ca != nil {
			reply.CA, hash = string(ca.pem()), ca.hash()
		}
		reply.Proof = camera.InvitationProof(camera.InvitationKey(secret), q.Nonce, hash)
		if change != nil {
			change(q, &reply)
		}
		if err := json.NewEncoder(w).Encode(reply); err != nil {
			t.Error(err)
		}
	})
	mux.HandleFunc("POST /api/v1/enrol", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"household":"household-1","label":"Home 1"}`))
	})
	return mux
}

func TestMeetByLink(t *testing.T) {
	ca, twin := newAuthority("Camera an ninh Xứ Lạng CA"), newAuthority("Camera an ninh Xứ Lạng CA")
	if !bytes.Equal(ca.cert.RawSubject, twin.cert.RawSubject) {
		t.Fatal("the twins have different names")
	}
	mixed := twin.server(nil)
	mixed.Certificate[1] = ca.cert.Raw
	both := twin.server(nil)
	both.Certificate = append(both.Certificate, ca.cert.Raw)
	alone := ca.server(nil)
	alone.Certificate = alone.Certificate[:1]
	for _, c := range []struct {
		name  string
		shown tls.Certificate
		code  camera.Code
	}{
		{"the hub", ca.server(nil), ""},
		{"another CA of the same name", twin.server(nil), camera.CodeBadCertificate},
		{"the right CA is shown, another signed", mixed, camera.CodeBadCertificate},
		{"both are shown, the other signed", both, camera.CodeBadCertificate},
		{"the CA is not shown", alone, camera.CodeBadCertificate},
		{"for another host", ca.server(func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(192, 168, 1, 2)} }), camera.CodeBadCertificate},
		{"for a name alone", ca.server(func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"127.0.0.1"} }), camera.CodeBadCertificate},
		{"expired", ca.server(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }), camera.CodeBadCertificate},
		{"not yet valid", ca.server(func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) }), camera.CodeBadCertificate},
		{"for a client", ca.server(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }), camera.CodeBadCertificate},
	} {
		t.Run(c.name, func(t *testing.T) {
			hub := newWitness(t, &c.shown, proves(t, &ca, nil))
			trust, err := link.Meet(t.Context(), camera.Invitation{Hub: hub.url, CA: ca.hash(), Secret: secret})
			if camera.CodeOf(err) != c.code || err != nil && len(trust.CA) > 0 {
				t.Fatalf("%v, want %q", err, c.code)
			}
			hub.never(t, secret)
			if err == nil && !bytes.Equal(trust.CA, ca.pem()) {
				t.Errorf("trust %s", trust.CA)
			}
		})
	}
}

func TestMeetByCode(t *testing.T) {
	ca, other := newAuthority("CA"), newAuthority("CA")
	key := camera.InvitationKey(secret)
	for _, c := range []struct {
		name   string
		shown  tls.Certificate
		ca     *authority
		change func(camera.ProofRequest, *camera.ProofReply)
		code   camera.Code
	}{
		{"the hub", ca.server(nil), &ca, nil, ""},
		{"a slip, an old code", ca.server(nil), &ca, func(q camera.ProofRequest, r *camera.ProofReply) {
			r.Proof = camera.InvitationProof(camera.InvitationKey("another"), q.Nonce, ca.hash())
		}, camera.CodeUsedCode},
		{"no proof", ca.server(nil), &ca, func(_ camera.ProofRequest, r *camera.ProofReply) { r.Proof = camera.Hash{} }, camera.CodeUsedCode},
		{"one of before", ca.server(nil), &ca, func(_ camera.ProofRequest, r *camera.ProofReply) {
			r.Proof = camera.InvitationProof(key, "a nonce of another day", ca.hash())
		}, camera.CodeUsedCode},
		{"somebody in between passes it on", other.server(nil), &ca, nil, camera.CodeBadCertificate},
		{"and the hub's CA with it", func() tls.Certificate {
			shown := other.server(nil)
			shown.Certificate[1] = ca.cert.Raw
			return shown
		}(), &ca, nil, camera.CodeBadCertificate},
		{"and shows a CA of its own", other.server(nil), &ca, func(_ camera.ProofRequest, r *camera.ProofReply) {
			r.CA = string(other.pem())
		}, camera.CodeUsedCode},
		{"for another host", ca.server(func(c *x509.Certificate) { c.IPAddresses = nil }), &ca, nil, camera.CodeBadCertificate},
		{"expired", ca.server(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }), &ca, nil, camera.CodeBadCertificate},
		{"a public CA", public.server(nil), nil, nil, ""},
		{"a public CA that is none", ca.server(nil), nil, nil, camera.CodeBadCertificate},
		{"a public certificate in between", public.server(nil), &ca, func(_ camera.ProofRequest, r *camera.ProofReply) { r.CA = "" }, camera.CodeUsedCode},
		{"rubbish for a CA", ca.server(nil), &ca, func(_ camera.ProofRequest, r *camera.ProofReply) { r.CA = "x" }, camera.CodeBadRequest},
		{"two CAs", ca.server(nil), &ca, func(_ camera.ProofRequest, r *camera.ProofReply) { r.CA += r.CA }, camera.CodeBadRequest},
	} {
		t.Run(c.name, func(t *testing.T) {
			hub := newWitness(t, &c.shown, proves(t, c.ca, c.change))
			trust, err := link.Meet(t.Context(), camera.Invitation{Hub: hub.url, Secret: secret})
			if camera.CodeOf(err) != c.code || err != nil && len(trust.CA) > 0 {
				t.Fatalf("%v, want %q", err, c.code)
			}
			if err != nil && saw(err.Error(), secret) {
				t.Errorf("the secret is in the error: %v", err)
			}
			hub.never(t, secret)
			if err != nil {
				return
			}
			if want := c.ca; want == nil && len(trust.CA) > 0 || want != nil && !bytes.Equal(trust.CA, want.pem()) {
				t.Errorf("trust %s", trust.CA)
			}
			if _, err := link.Enrol(t.Context(), trust.Client(patience), hub.url, secret, "gate", identity(t)); err != nil {
				t.Errorf("enrol: %v", err)
			}
			if !hub.saw(secret) {
				t.Error("the witness is blind")
			}
		})
	}
}

// TestMeetStrangers: what else may stand at an address.
func TestMeetStrangers(t *testing.T) {
	ca := newAuthority("CA")
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }))
	defer elsewhere.Close()
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		code    camera.Code
	}{
		"no hub":    {answer(404, "nothing here"), camera.CodeUnavailable},
		"too often": {answer(429, `{"code":"too-many"}`), camera.CodeTooMany},
		"lies":      {answer(403, `{"code":"used-code","message":"come to evil.example"}`), camera.CodeUnavailable},
		"a page":    {answer(200, "<html>"), camera.CodeBadRequest},
		"endless":   {answer(200, strings.Repeat(" ", 1<<20)), camera.CodeBadRequest},
		"a redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		}, camera.CodeUnavailable},
		"broken off":  {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, camera.CodeUnreachable},
		"empty proof": {answer(200, `{}`), camera.CodeBadCertificate},
	} {
		shown := ca.server(nil)
		hub := newWitness(t, &shown, c.handler)
		_, err := link.Meet(t.Context(), camera.Invitation{Hub: hub.url, Secret: secret})
		if camera.CodeOf(err) != c.code || strings.Contains(err.Error(), "evil") {
			t.Errorf("%s: %v, want %q", name, err, c.code)
		}
		hub.never(t, secret)
	}

	plain := newWitness(t, nil, proves(t, &ca, nil))
	bare := strings.TrimPrefix(plain.url, "http://")
	for _, c := range []struct {
		name       string
		invitation camera.Invitation
		code       camera.Code
	}{
		{"no TLS", camera.Invitation{Hub: "https://" + bare, CA: ca.hash(), Secret: secret}, camera.CodeUnreachable},
		{"no TLS, typed", camera.Invitation{Hub: "https://" + bare, Secret: secret}, camera.CodeUnreachable},
		{"nobody", camera.Invitation{Hub: "https://127.0.0.1:1", CA: ca.hash(), Secret: secret}, camera.CodeUnreachable},
		{"in the clear", camera.Invitation{Hub: "http://192.0.2.7:8470", Secret: secret}, camera.CodeBadCertificate},
		{"in the clear, by name", camera.Invitation{Hub: "http://hub.example", CA: ca.hash(), Secret: secret}, camera.CodeBadCertificate},
		{"in the clear, a trick", camera.Invitation{Hub: "http://127.0.0.1.hub.example", Secret: secret}, camera.CodeBadCertificate},
		{"not whole", camera.Invitation{Hub: "https://127.0.0.1:1", Secret: "ABC"}, camera.CodeBadRequest},
		{"other letters", camera.Invitation{Hub: "https://127.0.0.1:1", Secret: "abcdefghijklmnopqrstuvwxyz"}, camera.CodeBadRequest},
		{"no address", camera.Invitation{Secret: secret}, camera.CodeBadRequest},
		{"this machine", camera.Invitation{Hub: plain.url, Secret: secret}, ""},
		{"this machine by name", camera.Invitation{Hub: "http://localhost:1", Secret: secret}, ""},
	} {
		trust, err := link.Meet(t.Context(), c.invitation)
		if camera.CodeOf(err) != c.code || len(trust.CA) > 0 {
			t.Errorf("%s: %v, want %q", c.name, err, c.code)
		}
	}
	plain.never(t, secret)
}

// TestEnrolElsewhere: between Meet and Enrol somebody takes the hub's place.
func TestEnrolElsewhere(t *testing.T) {
	ca, twin := newAuthority("CA"), newAuthority("CA")
	right, wrong := ca.server(nil), twin.server(nil)
	hub := newWitness(t, &right, proves(t, &ca, nil))
	trust, err := link.Meet(t.Context(), camera.Invitation{Hub: hub.url, CA: ca.hash(), Secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	thief := newWitness(t, &wrong, proves(t, &twin, nil))
	for name, other := range map[string]link.Trust{"its hub's": trust, "the machine's": {}, "a damaged one": {CA: []byte("x")}} {
		if _, err := link.Enrol(t.Context(), other.Client(patience), thief.url, secret, "", identity(t)); camera.CodeOf(err) != camera.CodeBadCertificate {
			t.Errorf("with %s trust: %v", name, err)
		}
	}
	if _, err := link.Enrol(t.Context(), trust.Client(patience), "http://192.0.2.7", secret, "", identity(t)); camera.CodeOf(err) != camera.CodeBadCertificate {
		t.Errorf("in the clear: %v", err)
	}
	thief.never(t, secret)
}

// FuzzReadProof: what a stranger answers is refused without its words, or is a proof.
func FuzzReadProof(f *testing.F) {
	ca := newAuthority("CA")
	good, err := json.Marshal(camera.ProofReply{CA: string(ca.pem()), Proof: ca.hash()})
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		string(good), `{"proof":"` + strings.Repeat("0", 64) + `"}`, `{}`, `null`, `[]`, `{"ca":"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"}`,
		`{"ca":1}`, `{"proof":"x"}`, strings.Repeat("[", 20_000), "\xff",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		root, _, err := link.ReadProof(b)
		if err != nil && (root != nil || len(err.Error()) > 40) {
			t.Errorf("%v with %v", root, err)
		}
		var reply camera.ProofReply
		if err == nil && (json.Unmarshal(b, &reply) != nil || (root == nil) != (reply.CA == "")) {
			t.Errorf("%q was accepted", b)
		}
	})
}
