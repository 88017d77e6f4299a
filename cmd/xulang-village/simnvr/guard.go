package simnvr

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // WS-UsernameToken says SHA-1
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Wrong passwords in a row that lock the account, and for how long.
const (
	mostWrong = 5
	lockedFor = 30 * time.Minute
)

// Times of validity: of a digest challenge, and how far a client's clock may be
// from the recorder's (WS-Security UsernameToken Profile 1.0, section 3.1,
// recommends five minutes).
const (
	nonceLife = 10 * time.Minute
	tokenSkew = 5 * time.Minute
)

// verdict is what the recorder says to a client that wants in.
type verdict int

const (
	granted verdict = iota
	asked           // no credentials came, or some for another realm
	stale           // the challenge is too old: nobody's fault
	skewed          // the token's time is not the recorder's
	refused         // the password is wrong
	locked          // too many wrong ones before
)

// guard knows the one account, and counts wrong passwords of all protocols
// together.
type guard struct {
	user, realm string
	now         func() time.Time
	secret      []byte // of this guard's challenges

	mu       sync.Mutex
	password string
	wrong    int                  // since the start
	row      int                  // since the last right one
	until    time.Time            // locked
	tokens   map[string]time.Time // nonces of tokens that were used, until they are too old
}

func newGuard(user, password, realm string, now func() time.Time) (*guard, error) {
	g := &guard{user: user, password: password, realm: realm, now: now, secret: make([]byte, 32), tokens: make(map[string]time.Time)}
	if _, err := rand.Read(g.secret); err != nil {
		return nil, fmt.Errorf("draw secret: %w", err)
	}
	return g, nil
}

// challenge is the value of WWW-Authenticate.
func (g *guard) challenge(old bool) string {
	return fmt.Sprintf(`Digest realm="%s", qop="auth", nonce="%s", stale="%s"`, g.realm, g.nonce(g.now()), strings.ToUpper(strconv.FormatBool(old)))
}

// nonce carries its time, sealed.
func (g *guard) nonce(at time.Time) string {
	stamp := strconv.FormatInt(at.Unix(), 16)
	seal := hmac.New(sha256.New, g.secret)
	seal.Write([]byte(stamp))
	return stamp + "." + hex.EncodeToString(seal.Sum(nil)[:16])
}

// fresh says whether the recorder itself gave the nonce, not long ago.
func (g *guard) fresh(nonce string) bool {
	stamp, _, _ := strings.Cut(nonce, ".")
	unix, err := strconv.ParseInt(stamp, 16, 64)
	if err != nil {
		return false
	}
	at := time.Unix(unix, 0)
	return hmac.Equal([]byte(nonce), []byte(g.nonce(at))) && g.now().Sub(at).Abs() < nonceLife
}

// digest judges an Authorization header (RFC 2617 section 3.2.2) for the method.
func (g *guard) digest(method, header string) verdict {
	if g.isLocked() {
		return locked
	}
	a, ok := parseDigest(header)
	switch {
	case !ok || a["realm"] != g.realm:
		return asked
	case !g.fresh(a["nonce"]):
		return stale
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.settle(a["username"] == g.user && a.response(method, g.password) == a["response"])
}

// usernameToken is the client's in a SOAP header (WS-Security UsernameToken
// Profile 1.0; ONVIF Core section "User authentication").
type usernameToken struct {
	Username string `xml:"Username"`
	Password struct {
		Type string `xml:"Type,attr"`
		Text string `xml:",chardata"`
	} `xml:"Password"`
	Nonce   string `xml:"Nonce"`
	Created string `xml:"Created"`
}

// token judges by the recorder's own clock. A client with another clock is not
// counted as one with a wrong password, though it is told the same.
func (g *guard) token(t usernameToken, clock time.Time) verdict {
	if g.isLocked() {
		return locked
	}
	created, err := time.Parse(time.RFC3339Nano, strings.TrimSpace(t.Created))
	nonce, nonceErr := base64.StdEncoding.DecodeString(strings.TrimSpace(t.Nonce))
	if err != nil || nonceErr != nil || !strings.HasSuffix(t.Password.Type, "#PasswordDigest") {
		return asked
	}
	if clock.Sub(created).Abs() > tokenSkew {
		return skewed
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for n, at := range g.tokens {
		if clock.Sub(at).Abs() > 2*tokenSkew {
			delete(g.tokens, n)
		}
	}
	if _, again := g.tokens[t.Nonce+t.Created]; again {
		return asked
	}
	g.tokens[t.Nonce+t.Created] = created
	sum := sha1.Sum([]byte(string(nonce) + strings.TrimSpace(t.Created) + g.password)) //nolint:gosec // as above
	return g.settle(t.Username == g.user && strings.TrimSpace(t.Password.Text) == base64.StdEncoding.EncodeToString(sum[:]))
}

// settle is called with mu held.
func (g *guard) settle(right bool) verdict {
	if right {
		g.row = 0
		return granted
	}
	g.wrong++
	g.row++
	if g.row >= mostWrong {
		g.row, g.until = 0, g.now().Add(lockedFor)
	}
	return refused
}

func (g *guard) isLocked() bool { return g.unlocksIn() > 0 }

// unlocksIn is zero when the account is open.
func (g *guard) unlocksIn() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return max(0, g.until.Sub(g.now()))
}

// tries gives how many wrong passwords there were, and how many more are free.
func (g *guard) tries() (wrong, left int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.wrong, mostWrong - g.row
}

func (g *guard) setPassword(password string) (changed bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	changed = g.password != password
	g.password = password
	return changed
}
