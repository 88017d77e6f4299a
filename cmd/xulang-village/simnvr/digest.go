package simnvr

import (
	"crypto/md5" //nolint:gosec // digest authentication as recorders have it says MD5
	"encoding/hex"
	"strings"
)

// authorization is a digest's parameters by lower-case name.
type authorization map[string]string

// parseDigest reads the value of an Authorization header (RFC 2617 section 3.2.2).
func parseDigest(header string) (authorization, bool) {
	const most = 4096
	scheme, rest, _ := strings.Cut(strings.TrimSpace(header), " ")
	if !strings.EqualFold(scheme, "Digest") || len(rest) > most {
		return nil, false
	}
	out := make(authorization)
	for rest = strings.TrimLeft(rest, ", \t"); rest != ""; rest = strings.TrimLeft(rest, ", \t") {
		name, value, ok := strings.Cut(rest, "=")
		if !ok {
			return nil, false
		}
		value = strings.TrimLeft(value, " ")
		var text string
		if strings.HasPrefix(value, `"`) {
			if text, rest, ok = quoted(value[1:]); !ok {
				return nil, false
			}
		} else {
			text, rest, _ = strings.Cut(value, ",")
		}
		out[strings.ToLower(strings.TrimSpace(name))] = strings.TrimSpace(text)
	}
	return out, true
}

// quoted reads up to the closing quote and gives what follows it.
func quoted(s string) (text, rest string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:], true
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}

// response is what a client that knows the password sends, with qop=auth (RFC 2617
// section 3.2.2.1) or, as RTSP clients do, without (RFC 2069).
func (a authorization) response(method, password string) string {
	first := hash(a["username"] + ":" + a["realm"] + ":" + password)
	second := hash(method + ":" + a["uri"])
	if a["qop"] == "" {
		return hash(first + ":" + a["nonce"] + ":" + second)
	}
	return hash(strings.Join([]string{first, a["nonce"], a["nc"], a["cnonce"], a["qop"], second}, ":"))
}

func hash(s string) string {
	sum := md5.Sum([]byte(s)) //nolint:gosec // as above
	return hex.EncodeToString(sum[:])
}
