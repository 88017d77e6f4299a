package link

import (
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	camera "xulang.vn/camera"
)

const (
	hubPort        = "8470"  // where a hub listens when its administrator has chosen no other port
	invitationPage = "/ghep" // of a hub, which people may copy out of their browser
)

// parseHub checks the hub's address. Its errors do not repeat it: people paste
// passwords into addresses.
//
// Plain HTTP is for a hub on this machine alone. Elsewhere anybody on the way could
// read the invitation's secret, and give the agent commands.
func parseHub(hubURL string) (*url.URL, error) {
	u, err := url.Parse(hubURL)
	switch {
	case err != nil:
		return nil, camera.Errorf(camera.CodeBadRequest, "hub address cannot be read")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, camera.Errorf(camera.CodeBadRequest, "hub address must start with https://")
	case u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, camera.Errorf(camera.CodeBadRequest, "hub address must be a host and perhaps a path")
	case u.Scheme == "http" && !onThisMachine(u.Hostname()):
		return nil, camera.Errorf(camera.CodeBadCertificate, "hub address must start with https://: without it no hub can show that it is the right one")
	}
	return u, nil
}

func onThisMachine(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}

// dialAddress is host and port of a hub.
func dialAddress(hub *url.URL) string {
	port := hub.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[hub.Scheme]
	}
	return net.JoinHostPort(hub.Hostname(), port)
}

// hostTyped is a name in plain letters; others are written "xn--…" (RFC 5890).
var hostTyped = regexp.MustCompile(`^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.?$`)

// Address reads what people type for a hub ("hub.example", "192.168.1.2:8470", the
// address of a page of it) and gives the addresses to try, in this order. They are
// all https://, but for a hub on this machine, which may speak plain HTTP as well.
// Without a port it is the one of HTTPS or the hub's own. Its errors repeat nothing.
func Address(text string) ([]string, error) {
	wrong := func(what string) ([]string, error) {
		return nil, camera.Errorf(camera.CodeBadRequest, "read address: %s", what)
	}
	text = strings.TrimSpace(text)
	scheme, rest, found := strings.Cut(text, "://")
	if !found {
		scheme, rest = "", text
	}
	scheme = strings.ToLower(scheme)
	if scheme != "" && scheme != "http" && scheme != "https" || len(text) > 500 {
		return wrong("not an address of a hub")
	}
	if ip, err := netip.ParseAddr(rest); err == nil && ip.Is6() { // typed without brackets
		rest = "[" + rest + "]"
	}
	u, err := url.Parse("https://" + rest)
	if err != nil || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return wrong("it must be a name or an IP address, perhaps with a port")
	}
	if _, err := strconv.ParseUint(u.Port(), 10, 16); u.Port() != "" && err != nil {
		return wrong("there is no such port")
	}
	host := strings.ToLower(u.Hostname())
	ip, err := netip.ParseAddr(host)
	switch {
	case err == nil && (ip.Zone() != "" || ip.IsUnspecified() || ip.IsMulticast()):
		return wrong("this IP address is no hub's")
	case err != nil && (len(host) > 253 || !hostTyped.MatchString(host)):
		return wrong("the name has letters that names of computers do not have")
	}
	path := strings.TrimSuffix(strings.TrimRight(u.EscapedPath(), "/"), invitationPage)
	return candidates(host, u.Port(), strings.TrimRight(path, "/")), nil
}

func candidates(host, port, path string) []string {
	ports := []string{port}
	switch {
	case port == "" && onThisMachine(host):
		ports = []string{hubPort}
	case port == "":
		ports = []string{"", hubPort}
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	var out []string
	for _, p := range ports {
		if p != "" {
			p = ":" + p
		}
		out = append(out, "https://"+host+p+path)
	}
	if onThisMachine(strings.Trim(host, "[]")) {
		out = append(out, "http"+strings.TrimPrefix(out[0], "https"))
	}
	return out
}
