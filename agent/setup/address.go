package setup

import (
	"net/netip"
	"net/url"
	"strings"

	camera "xulang.vn/camera"
)

// rtsp is an address as an expert pastes it, taken apart.
type rtsp struct {
	at                 netip.Addr
	url                string // without a user
	username, password string // as they were meant, not as they were escaped
}

// splitAddress takes name and password out of an RTSP address. People paste them as
// they are, with @, /, # and : in the password (RFC 3986 would want them escaped), so
// the host is looked for from the end: the last @ that an IP address follows. Names
// are refused: whoever answers for a name could point it anywhere. Its errors repeat
// nothing of the address.
func splitAddress(text string) (rtsp, error) {
	text = strings.TrimSpace(text)
	scheme, rest, ok := strings.Cut(text, "://")
	scheme = strings.ToLower(scheme)
	if !ok || scheme != "rtsp" && scheme != "rtsps" || len(text) > 500 || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return rtsp{}, camera.Errorf(camera.CodeBadRequest, "address is not rtsp://… or rtsps://…")
	}
	var out rtsp
	var user, host, tail string
	for end := len(rest); ; {
		i := strings.LastIndexByte(rest[:end], '@')
		host, tail = cutHost(rest[i+1:])
		if at, good := addressOf(host); good {
			out.at, user = at, rest[:max(i, 0)]
			break
		}
		if i < 0 {
			return rtsp{}, camera.Errorf(camera.CodeBadRequest, "address has no IP address as its host")
		}
		end = i
	}
	out.url = scheme + "://" + host + strings.ReplaceAll(tail, "#", "%23")
	if u, err := url.Parse(out.url); err != nil || u.User != nil || u.Host != host {
		return rtsp{}, camera.Errorf(camera.CodeBadRequest, "address has a path that cannot be read")
	}
	name, password, _ := strings.Cut(user, ":")
	out.username, out.password = plain(name), plain(password)
	return out, nil
}

func cutHost(text string) (host, tail string) {
	if i := strings.IndexAny(text, "/?#"); i >= 0 {
		return text[:i], text[i:]
	}
	return text, ""
}

// addressOf reads host or host:port where the host is an IP address without a zone.
func addressOf(host string) (netip.Addr, bool) {
	at, err := netip.ParseAddrPort(host)
	a := at.Addr()
	if err != nil {
		text := host
		if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
			text = host[1 : len(host)-1]
		} else if strings.Contains(host, ":") {
			return netip.Addr{}, false
		}
		if a, err = netip.ParseAddr(text); err != nil {
			return netip.Addr{}, false
		}
	} else if at.Port() == 0 {
		return netip.Addr{}, false
	}
	return a.Unmap(), a.Zone() == ""
}

// plain undoes escapes where the whole text is escaped well; a password with a lone
// percent sign is meant as it stands.
func plain(text string) string {
	if p, err := url.PathUnescape(text); err == nil {
		return p
	}
	return text
}
