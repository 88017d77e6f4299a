package camera

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strings"
)

// Invitation is what a household gets from the commune's administrator: where the
// hub is, how its certificate is known, and a secret that works once.
type Invitation struct {
	Hub    string // address of the hub, "https://…"
	CA     Hash   // SHA-256 of the DER of the hub's CA certificate; zero: see Code's comment
	Secret string // 26 base32 letters, 130 bits
}

// invitationPath is a page of the hub that tells people what to do with the link.
const invitationPath = "/ghep"

// Link is the invitation as a QR code holds it. All that is secret is in the
// fragment, which browsers do not send.
func (i Invitation) Link() string {
	ca := ""
	if !i.CA.IsZero() {
		ca = base64.RawURLEncoding.EncodeToString(i.CA[:])
	}
	return strings.TrimSuffix(i.Hub, "/") + invitationPath + "#1." + ca + "." + i.Secret
}

// Code is the secret as people type it, in groups of four. Typed beside the hub's
// address it comes without the CA's hash: the hub then proves its CA with the
// secret (ProofPayload), before the secret is sent.
func (i Invitation) Code() string {
	var b strings.Builder
	for n, letter := range i.Secret {
		if n > 0 && n%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteRune(letter)
	}
	return b.String()
}

// typed undoes what people do to a code that they copy by hand: lower case,
// blanks, and digits that look like letters (base32 has no 0, 1 and 8).
var typed = strings.NewReplacer("-", "", " ", "", "\u00a0", "", "0", "O", "1", "I", "8", "B")

// SecretOf reads a code as it was typed or shown.
func SecretOf(code string) string { return typed.Replace(strings.ToUpper(strings.TrimSpace(code))) }

// ParseInvitation reads a link. Its errors repeat nothing of it.
func ParseInvitation(text string) (Invitation, error) {
	text = strings.TrimSpace(text)
	u, err := url.Parse(text)
	if err != nil || len(text) > 500 || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Scheme != "https" && u.Scheme != "http" {
		return Invitation{}, Errorf(CodeBadRequest, "read invitation: not a link of a hub")
	}
	path, ok := strings.CutSuffix(u.Path, invitationPath)
	parts := strings.Split(u.Fragment, ".")
	if !ok || len(parts) != 3 || parts[0] != "1" {
		return Invitation{}, Errorf(CodeBadRequest, "read invitation: not an invitation's link")
	}
	i := Invitation{Hub: u.Scheme + "://" + u.Host + path, Secret: SecretOf(parts[2])}
	if len(i.Secret) != 26 {
		return Invitation{}, Errorf(CodeBadRequest, "read invitation: the secret is not whole")
	}
	ca, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || len(ca) != 0 && len(ca) != len(i.CA) {
		return Invitation{}, Errorf(CodeBadRequest, "read invitation: the fingerprint is not whole")
	}
	copy(i.CA[:], ca)
	return i, nil
}

// InvitationID names an invitation without telling its secret.
func InvitationID(secret string) Hash {
	return sha256.Sum256([]byte("xulang invitation id 1\n" + secret))
}

// InvitationKey is the key with which the hub proves that it knows the secret. It
// is kept in place of the secret; nobody enrols with it.
func InvitationKey(secret string) Hash {
	return sha256.Sum256([]byte("xulang invitation key 1\n" + secret))
}

// InvitationProof is HMAC-SHA-256 over the asker's nonce and the hash of the CA's
// certificate: who has the secret knows from it that this is the hub's CA.
func InvitationProof(key Hash, nonce string, ca Hash) Hash {
	mac := hmac.New(sha256.New, key[:])
	mac.Write([]byte("xulang hub proof 1\n" + nonce + "\n" + ca.String()))
	var out Hash
	copy(out[:], mac.Sum(nil))
	return out
}

// ProofRequest is sent over HTTPS (POST /api/v1/enrol/proof) to a hub that is not
// trusted yet.
type ProofRequest struct {
	Invitation Hash   `json:"invitation"` // InvitationID
	Nonce      string `json:"nonce"`      // random, 16 to 64 letters
}

// ProofReply shows the hub's CA.
type ProofReply struct {
	CA    string `json:"ca"`    // PEM certificate; "" when the hub's certificate is of a public CA
	Proof Hash   `json:"proof"` // InvitationProof of the CA's DER hash; of the zero Hash when there is none
}
