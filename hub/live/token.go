package live

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"time"

	camera "xulang.vn/camera"
)

// tokenHash is what is kept of a token: a look at the memory of the table, or the
// time that a look-up takes, gives no token away.
type tokenHash [sha256.Size]byte

// grant is what one token is good for: one publication of one camera.
type grant struct {
	cam     camera.CameraID
	feed    *feed
	attempt *attempt
	expires time.Time
}

// randomID has 128 bits.
func randomID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails (crypto/rand since Go 1.24)
	return hex.EncodeToString(b[:])
}

// grantLocked makes the token of an attempt.
func (l *Live) grantLocked(f *feed, a *attempt) string {
	token := randomID()
	a.token = sha256.Sum256([]byte(token))
	l.tokens[a.token] = grant{cam: f.cam, feed: f, attempt: a, expires: l.now().Add(tokenAge)}
	return token
}

// redeem takes a token out of the table. A token that is shown for another
// camera is burnt as well: it is in wrong hands.
func (l *Live) redeem(cam camera.CameraID, token string) (grant, error) {
	hash := tokenHash(sha256.Sum256([]byte(token)))
	l.mu.Lock()
	defer l.mu.Unlock()
	g, known := l.tokens[hash]
	delete(l.tokens, hash)
	switch {
	case !known:
		return grant{}, camera.Errorf(camera.CodeForbidden, "publish %s: token is unknown, used or too old", cam)
	case g.cam != cam:
		return grant{}, camera.Errorf(camera.CodeForbidden, "publish %s: token is for another camera", cam)
	case !l.now().Before(g.expires):
		return grant{}, camera.Errorf(camera.CodeForbidden, "publish %s: token is too old", cam)
	}
	return g, nil
}
