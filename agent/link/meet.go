package link

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"

	camera "xulang.vn/camera"
)

// Meet finds out how the hub of an invitation is known from now on. Nothing of the
// secret is sent: Enrol is for that, with the Trust that is found here.
//
// An invitation that was read from a QR code names the hub's CA: the hub has to show
// it, and a certificate that it signed. One that was typed does not: the hub proves
// its CA with the secret (camera.InvitationProof), and shows on the very same
// connection a certificate that this CA signed, so that nobody in between can pass
// another hub's proof on. A hub on this machine is believed as it is, in the clear.
//
// Errors carry CodeBadCertificate (it is not the hub that invited, or somebody is in
// between), CodeUsedCode (the hub does not know the secret that was typed, as after a
// slip), CodeUnreachable, CodeBadRequest, CodeTooMany or CodeUnavailable.
func Meet(ctx context.Context, invitation camera.Invitation) (Trust, error) {
	hub, err := parseHub(invitation.Hub)
	if err != nil {
		return Trust{}, fmt.Errorf("meet hub: %w", err)
	}
	var root *x509.Certificate
	switch {
	case hub.Scheme == "http":
		return Trust{}, nil
	case invitation.CA.IsZero():
		root, err = proven(ctx, hub, invitation.Secret)
	default:
		root, err = named(ctx, hub, invitation.CA)
	}
	if err != nil {
		return Trust{}, fmt.Errorf("meet hub: %w", err)
	}
	if root == nil {
		return Trust{}, nil
	}
	return Trust{CA: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Raw})}, nil
}

// unknown takes whatever a hub shows. Who uses it looks at the chain before it
// believes a word, and sends nothing that is secret.
func unknown(host string) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host, InsecureSkipVerify: true} //nolint:gosec // see above
}

// named finds the CA with the invitation's hash in the chain that the hub shows.
func named(ctx context.Context, hub *url.URL, ca camera.Hash) (*x509.Certificate, error) {
	ctx, cancel := context.WithTimeout(ctx, dialLongest)
	defer cancel()
	dialer := tls.Dialer{NetDialer: &net.Dialer{}, Config: unknown(hub.Hostname())}
	conn, err := dialer.DialContext(ctx, "tcp", dialAddress(hub))
	if err != nil {
		return nil, noHub(err)
	}
	defer conn.Close()
	chain := conn.(*tls.Conn).ConnectionState().PeerCertificates
	for _, c := range chain {
		if sha256.Sum256(c.Raw) == ca {
			return c, signed(c, chain, hub.Hostname())
		}
	}
	return nil, camera.Errorf(camera.CodeBadCertificate, "the hub does not show the CA that the invitation names")
}

// secretForm is what an invitation's secret looks like: 130 bits, RFC 4648 section 6.
var secretForm = regexp.MustCompile(`^[A-Z2-7]{26}$`)

// proven asks the hub for its CA and the proof of it. A nil CA is a public one.
func proven(ctx context.Context, hub *url.URL, secret string) (*x509.Certificate, error) {
	if !secretForm.MatchString(secret) {
		return nil, camera.Errorf(camera.CodeBadRequest, "the invitation's code is not whole")
	}
	stranger := client(unknown(hub.Hostname()), 2*dialLongest)
	defer stranger.CloseIdleConnections()
	nonce := rand.Text()
	got, err := post(ctx, stranger, hub.JoinPath(proofPath), camera.ProofRequest{
		Invitation: camera.InvitationID(secret), Nonce: nonce,
	})
	switch {
	case err != nil:
		return nil, err
	case got.status == http.StatusTooManyRequests:
		return nil, camera.Errorf(camera.CodeTooMany, "the hub was asked too often")
	case got.status/100 != 2: // its words are not repeated: anybody may have said them
		return nil, camera.Errorf(camera.CodeUnavailable, "the hub answers %d", got.status)
	case got.tls == nil:
		return nil, camera.Errorf(camera.CodeBadCertificate, "the hub answers in the clear")
	}
	root, proof, err := readProof(got.body)
	if err != nil {
		return nil, camera.Errorf(camera.CodeBadRequest, "read the hub's proof: %w", err)
	}
	if err := signed(root, got.tls.PeerCertificates, hub.Hostname()); err != nil {
		return nil, err
	}
	var ca camera.Hash
	if root != nil {
		ca = sha256.Sum256(root.Raw)
	}
	want := camera.InvitationProof(camera.InvitationKey(secret), nonce, ca)
	if !hmac.Equal(want[:], proof[:]) {
		return nil, camera.Errorf(camera.CodeUsedCode, "the hub does not know this invitation, or is not the one that made it")
	}
	return root, nil
}

// readProof reads what a hub says that nobody knows yet. root is nil for a public CA.
func readProof(body []byte) (root *x509.Certificate, proof camera.Hash, err error) {
	var reply camera.ProofReply
	if err := json.Unmarshal(body, &reply); err != nil {
		return nil, proof, errors.New("not a proof")
	}
	if reply.CA == "" {
		return nil, reply.Proof, nil
	}
	block, rest := pem.Decode([]byte(reply.CA))
	if block == nil || block.Type != "CERTIFICATE" || len(rest) > 0 {
		return nil, proof, errors.New("not one certificate")
	}
	if root, err = x509.ParseCertificate(block.Bytes); err != nil {
		return nil, proof, errors.New("the certificate cannot be read")
	}
	return root, reply.Proof, nil
}
