package hub

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"

	"xulang.vn/camera/hub/api"
	"xulang.vn/camera/hub/cert"
)

// door is how the hub is known from outside. One port serves TLS and, for browsers and
// programs on this very machine, plain HTTP: what stays on a machine needs no
// certificate, and no browser knows the hub's own CA.
type door struct {
	certs  *cert.Certs // nil: plain, behind a proxy
	public string      // address for agents, as invitations carry it
	people string      // address for a browser on this machine
}

// openDoor settles the addresses, and has a certificate for them.
func openDoor(cfg Config, listen net.Addr, out Outside) (door, error) {
	at, err := netip.ParseAddrPort(listen.String())
	if err != nil {
		return door{}, fmt.Errorf("read address: %w", err)
	}
	d := door{public: cfg.Public, people: cfg.Public}
	switch {
	case d.public != "":
	case len(cfg.ACME.Domains) > 0:
		d.public = "https://" + cfg.ACME.Domains[0] // public CAs sign for names
	default:
		d.public = "https://" + netip.AddrPortFrom(reachable(at.Addr()), at.Port()).String()
	}
	if ip := at.Addr().Unmap(); d.people == "" && (ip.IsLoopback() || ip.IsUnspecified()) {
		d.people = fmt.Sprintf("http://127.0.0.1:%d", at.Port())
	} else if d.people == "" {
		d.people = d.public
	}
	if cfg.Plain {
		return d, nil
	}
	c := cert.Config{
		Dir: filepath.Join(cfg.Data, "tls"), Hosts: hosts(d.public, at.Addr()), CertFile: cfg.TLSCert, KeyFile: cfg.TLSKey, Log: out.Log.With("room", "cert"),
	}
	c.ACME.Domains, c.ACME.Email, c.ACME.Directory = cfg.ACME.Domains, cfg.ACME.Email, cfg.ACME.Directory
	if d.certs, err = cert.Open(c, out.Now); err != nil {
		return door{}, fmt.Errorf("open certificates: %w", err)
	}
	if cfg.TLSCert != "" {
		d.compare(c.Log)
	}
	return d, nil
}

// compare tells the administrator, who gave the certificate, when agents that follow an
// invitation will not believe it.
func (d door) compare(log *slog.Logger) {
	u, err := url.Parse(d.public)
	if err != nil {
		return // the config was checked
	}
	shown, err := d.certs.TLS().GetCertificate(&tls.ClientHelloInfo{ServerName: u.Hostname()})
	if err == nil && shown.Leaf != nil {
		err = shown.Leaf.VerifyHostname(u.Hostname())
	}
	if err != nil {
		log.Error("the certificate is not for the address in invitations: set public", "address", d.public, "err", err)
	}
}

// ca is the hub's own, zero without one.
func (d door) ca() api.CA {
	if d.certs == nil {
		return api.CA{}
	}
	hash, pem, ok := d.certs.CA()
	if !ok {
		return api.CA{}
	}
	return api.CA{Hash: hash, PEM: pem}
}

// reachable is an address of this machine that others can use when the hub listens on
// all of them: a private one first.
func reachable(ip netip.Addr) netip.Addr {
	if !ip.IsUnspecified() {
		return ip.Unmap()
	}
	best := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	for _, own := range addresses() {
		if own.Is4() && own.IsPrivate() {
			return own
		}
		if own.Is4() && best.IsLoopback() {
			best = own
		}
	}
	return best
}

// hosts are the names and addresses for which the hub's own CA signs.
func hosts(public string, listen netip.Addr) []string {
	out := []string{"localhost", "127.0.0.1", "::1"}
	if u, err := url.Parse(public); err == nil && u.Hostname() != "" {
		out = append(out, u.Hostname())
	}
	if !listen.IsUnspecified() {
		out = append(out, listen.Unmap().String())
	} else {
		for _, own := range addresses() {
			out = append(out, own.String())
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// addresses are this machine's own that somebody else can dial.
func addresses() []netip.Addr {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil // a machine that does not tell has the ones of the config
	}
	var out []netip.Addr
	for _, a := range all {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().IsGlobalUnicast() {
			out = append(out, p.Addr().Unmap())
		}
	}
	return out
}
