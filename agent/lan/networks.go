package lan

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
)

// own gives the addresses of this machine's interfaces, loopback too.
func own() ([]netip.Addr, error) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("list own addresses: %w", err)
	}
	var all []netip.Addr
	for _, a := range addrs {
		if p, ok := prefix(a); ok {
			all = append(all, p.Addr())
		}
	}
	return all, nil
}

// Own gives this machine's own addresses; none when the system does not tell.
// Check never lets them through.
func Own() []netip.Addr {
	all, _ := own() // Check asks for itself and refuses everything on an error
	return all
}

// Networks gives the private IPv4 networks of this machine's interfaces, each cut
// to at most a /24 around the own address: what a household can be asked to
// confirm. Tunnels are left out; so are IPv6 networks, in which nothing can be
// found by trying addresses (a device there still answers WS-Discovery over IPv4).
func Networks() []netip.Prefix {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil
	}
	var all []netip.Prefix
	for _, i := range interfaces {
		if i.Flags&net.FlagUp == 0 || i.Flags&(net.FlagLoopback|net.FlagPointToPoint) != 0 {
			continue
		}
		addrs, err := i.Addrs()
		if err != nil {
			continue // gone meanwhile
		}
		for _, a := range addrs {
			p, ok := prefix(a)
			if !ok || !p.Addr().Is4() || !p.Addr().IsPrivate() || p.Bits() > 30 {
				continue
			}
			n := netip.PrefixFrom(p.Addr(), max(p.Bits(), leastBits)).Masked()
			if !slices.Contains(all, n) {
				all = append(all, n)
			}
		}
	}
	return all
}

// prefix reads an interface's address.
func prefix(a net.Addr) (netip.Prefix, bool) {
	n, ok := a.(*net.IPNet)
	if !ok {
		return netip.Prefix{}, false
	}
	ip, ok := netip.AddrFromSlice(n.IP)
	if !ok {
		return netip.Prefix{}, false
	}
	bits, _ := n.Mask.Size()
	return netip.PrefixFrom(ip.Unmap(), bits), true
}
