package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	camera "xulang.vn/camera"
)

// Cost of a new hash: 19 MiB and two passes, the least that OWASP's password
// storage cheat sheet names for Argon2id. The cost stands in each hash, so it can
// be raised for new ones.
const (
	memory  = 19 * 1024 // KiB
	passes  = 2
	lanes   = 1
	saltLen = 16
	sumLen  = 32
)

// nobody is the hash that unknown logins are compared with: of no password, since
// its sum is all zero.
var nobody = encode(memory, passes, lanes, make([]byte, saltLen), make([]byte, sumLen))

var b64 = base64.RawStdEncoding

// encode writes the PHC string form: $argon2id$v=19$m=19456,t=2,p=1$salt$sum.
func encode(m, t uint32, p uint8, salt, sum []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, m, t, p, b64.EncodeToString(salt), b64.EncodeToString(sum))
}

// hash refuses passwords that are too short and hashes the others. Letters are
// compared in their composed form, as RFC 8265 (4.2.2) has it for passwords.
func (a *Auth) hash(ctx context.Context, password string) (string, error) {
	if n := utf8.RuneCountInString(password); n < 10 || n > 200 || !utf8.ValidString(password) {
		return "", camera.Errorf(camera.CodeBadRequest, "password of %d letters, want 10 to 200", n)
	}
	salt := make([]byte, saltLen)
	rand.Read(salt) // never fails (Go 1.24 and later)
	sum, err := a.derive(ctx, password, salt, memory, passes, lanes, sumLen)
	if err != nil {
		return "", err
	}
	return encode(memory, passes, lanes, salt, sum), nil
}

// compare tells whether the password is the one of the stored hash.
func (a *Auth) compare(ctx context.Context, password, stored string) (bool, error) {
	if len(password) > 800 { // 200 letters of at most 4 bytes
		password = ""
	}
	var (
		version, m, t int
		p             int
		rest          string
	)
	n, err := fmt.Sscanf(stored, "$argon2id$v=%d$m=%d,t=%d,p=%d$%s", &version, &m, &t, &p, &rest)
	if err != nil || n != 5 || version != argon2.Version || m < 8 || m > 1<<20 || t < 1 || t > 100 || p < 1 || p > 16 {
		return false, errors.New("stored password hash is not readable")
	}
	salt, sum, err := split(rest)
	if err != nil {
		return false, err
	}
	got, err := a.derive(ctx, password, salt, uint32(m), uint32(t), uint8(p), uint32(len(sum)))
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, sum) == 1, nil
}

func split(rest string) (salt, sum []byte, err error) {
	for i := range rest {
		if rest[i] != '$' {
			continue
		}
		salt, err = b64.DecodeString(rest[:i])
		if err == nil {
			sum, err = b64.DecodeString(rest[i+1:])
		}
		if err == nil && len(salt) >= 8 && len(sum) >= 16 && len(sum) <= 128 {
			return salt, sum, nil
		}
		break
	}
	return nil, nil, errors.New("stored password hash is not readable")
}

// derive waits for a free place first.
func (a *Auth) derive(ctx context.Context, password string, salt []byte, m, t uint32, p uint8, n uint32) ([]byte, error) {
	select {
	case a.hashing <- struct{}{}:
		defer func() { <-a.hashing }()
	case <-ctx.Done():
		return nil, fmt.Errorf("hash password: %w", ctx.Err())
	}
	return argon2.IDKey(norm.NFC.Bytes([]byte(password)), salt, t, m, p, n), nil
}
