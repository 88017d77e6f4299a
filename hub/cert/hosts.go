package cert

import (
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// hosts are what a certificate is for, sorted, without repetition.
type hosts struct {
	names []string
	ips   []netip.Addr
}

// hostName is a name as certificates hold it (RFC 5280 section 4.2.1.6), at least
// one label; names in other letters come as "xn--…".
var hostName = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// readHosts adds those by which this machine reaches itself.
func readHosts(all []string) (hosts, error) {
	var h hosts
	for _, host := range append([]string{"localhost", "127.0.0.1", "::1"}, all...) {
		if ip, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
			h.ips = append(h.ips, ip.Unmap().WithZone(""))
			continue
		}
		name := strings.ToLower(strings.TrimSuffix(host, "."))
		if len(name) > 253 || !hostName.MatchString(name) {
			return hosts{}, fmt.Errorf("host %q is neither a name nor an IP address", host)
		}
		h.names = append(h.names, name)
	}
	slices.Sort(h.names)
	slices.SortFunc(h.ips, netip.Addr.Compare)
	h.names, h.ips = slices.Compact(h.names), slices.Compact(h.ips)
	return h, nil
}

func (h hosts) netIPs() []net.IP {
	out := make([]net.IP, len(h.ips))
	for i, ip := range h.ips {
		out[i] = ip.AsSlice()
	}
	return out
}

// are tells whether a certificate is for these hosts and no others.
func (h hosts) are(c *x509.Certificate) bool {
	var ips []netip.Addr
	for _, raw := range c.IPAddresses {
		ip, _ := netip.AddrFromSlice(raw)
		ips = append(ips, ip.Unmap())
	}
	return slices.Equal(h.names, c.DNSNames) && slices.Equal(h.ips, ips)
}
