package cert

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"path/filepath"
	"time"
)

// Terms of validity. The start lies a day back, because the clocks of small boxes
// are off by a time zone easily. Browsers refuse server certificates of more than
// 398 days.
const (
	caLasts   = 10 * 365 * day
	leafLasts = 90 * day
	leafRenew = 30 * day // before the end
	startBack = day
)

const (
	typeCert = "CERTIFICATE"
	typeKey  = "PRIVATE KEY" // PKCS #8, RFC 5208
)

// authority is a certificate with its key. They are in one file, so that no crash
// leaves one of one pair and one of another.
type authority struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// newAuthority makes a CA, ECDSA P-256, and the text of its file.
//
// It has no name constraints (RFC 5280 section 4.2.1.10): agents know the CA by its
// hash for ten years, and the hub may get another name or address meanwhile. What
// it may do is bounded otherwise: no CA below it (path length 0), and servers only,
// so that a browser that trusts it takes no mail and no program from it.
func newAuthority(now time.Time) (authority, []byte, error) {
	var mark [4]byte // tells the CAs of two hubs apart in a browser's list
	_, _ = rand.Read(mark[:])
	return sign(&x509.Certificate{
		Subject:               pkix.Name{CommonName: "Camera an ninh Xứ Lạng CA " + hex.EncodeToString(mark[:])},
		NotBefore:             now.Add(-startBack),
		NotAfter:              now.Add(caLasts),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}, nil)
}

// issue makes a server's certificate, ECDSA P-256, and the text of its file.
func (a authority) issue(h hosts, now time.Time) (authority, []byte, error) {
	end := now.Add(leafLasts)
	if end.After(a.cert.NotAfter) {
		end = a.cert.NotAfter
	}
	return sign(&x509.Certificate{
		Subject:               pkix.Name{CommonName: "Camera an ninh Xứ Lạng"},
		DNSNames:              h.names,
		IPAddresses:           h.netIPs(),
		NotBefore:             now.Add(-startBack),
		NotAfter:              end,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}, &a)
}

// sign makes a key and a certificate for it; without an issuer it is its own. The
// serial number is random (RFC 5280 section 4.1.2.2).
func sign(template *x509.Certificate, issuer *authority) (authority, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return authority{}, nil, err
	}
	parent, signer := template, crypto.Signer(key)
	if issuer != nil {
		parent, signer = issuer.cert, issuer.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		return authority{}, nil, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return authority{}, nil, err
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		return authority{}, nil, err
	}
	text := append(pem.EncodeToMemory(&pem.Block{Type: typeCert, Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: typeKey, Bytes: secret})...)
	return authority{cert: made, key: key}, text, nil
}

// readPair reads what sign wrote. Its errors repeat nothing of the file.
func readPair(path string) (authority, error) {
	text, err := readSecret(path)
	if err != nil {
		return authority{}, err
	}
	damaged := func(what string) (authority, error) {
		return authority{}, fmt.Errorf("%s is damaged: %s", filepath.Base(path), what)
	}
	first, rest := pem.Decode(text)
	if first == nil || first.Type != typeCert {
		return damaged("no certificate")
	}
	second, rest := pem.Decode(rest)
	if second == nil || second.Type != typeKey || len(bytes.TrimSpace(rest)) != 0 {
		return damaged("no key")
	}
	cert, err := x509.ParseCertificate(first.Bytes)
	if err != nil {
		return damaged("the certificate cannot be read")
	}
	key, err := readKey(second.Bytes)
	if err != nil {
		return damaged(err.Error())
	}
	if !key.PublicKey.Equal(cert.PublicKey) {
		return damaged("certificate and key do not belong together")
	}
	return authority{cert: cert, key: key}, nil
}

func readKey(der []byte) (*ecdsa.PrivateKey, error) {
	read, err := x509.ParsePKCS8PrivateKey(der)
	key, ok := read.(*ecdsa.PrivateKey)
	if err != nil || !ok {
		return nil, errors.New("the key cannot be read")
	}
	return key, nil
}
