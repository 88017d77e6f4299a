package lan

import "net/netip"

var loop4 = netip.MustParsePrefix("127.0.0.0/8")

// kinds are addresses that no household's confirmation opens. Most of them could
// not be confirmed anyway, being public; the list names them all the same, so that
// neither a wider rule for networks nor a mistake in one opens them. From the IANA
// special-purpose registries (RFC 6890 and its updates).
var kinds = []struct {
	prefix netip.Prefix
	name   string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "this host (RFC 1122)"},
	{loop4, "loopback"},
	{netip.MustParsePrefix("100.64.0.0/10"), "a provider's shared network (RFC 6598)"},
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local, and metadata services"},
	{netip.MustParsePrefix("192.0.0.0/24"), "protocol assignments (RFC 6890)"},
	{netip.MustParsePrefix("192.0.2.0/24"), "documentation"},
	{netip.MustParsePrefix("192.88.99.0/24"), "6to4 relay (RFC 7526)"},
	{netip.MustParsePrefix("198.18.0.0/15"), "benchmarking (RFC 2544)"},
	{netip.MustParsePrefix("198.51.100.0/24"), "documentation"},
	{netip.MustParsePrefix("203.0.113.0/24"), "documentation"},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved, and limited broadcast"},

	{netip.MustParsePrefix("::/96"), "unspecified, loopback, or IPv4 in an IPv6 form (RFC 4291)"},
	{netip.MustParsePrefix("::ffff:0:0/96"), "IPv4-mapped"},
	{netip.MustParsePrefix("::ffff:0:0:0/96"), "IPv4-translated (RFC 2765)"},
	{netip.MustParsePrefix("64:ff9b::/96"), "NAT64 (RFC 6052)"},
	{netip.MustParsePrefix("64:ff9b:1::/48"), "NAT64 (RFC 8215)"},
	{netip.MustParsePrefix("100::/64"), "discard (RFC 6666)"},
	{netip.MustParsePrefix("2001::/23"), "Teredo and other assignments (RFC 4380)"},
	{netip.MustParsePrefix("2001:db8::/32"), "documentation"},
	{netip.MustParsePrefix("2002::/16"), "6to4 (RFC 3056)"},
	{netip.MustParsePrefix("fe80::/10"), "link-local"},
	{netip.MustParsePrefix("fec0::/10"), "site-local (RFC 3879)"},
	{netip.MustParsePrefix("ff00::/8"), "multicast"},
	// Metadata services that clouds put at unique local addresses.
	{netip.MustParsePrefix("fd00:ec2::/32"), "a metadata service"},
	{netip.MustParsePrefix("fd20:ce::/32"), "a metadata service"},
}

// never says why an address is dialled in no network, or "".
func never(a netip.Addr) string {
	if !a.IsValid() {
		return "no address"
	}
	if a.Zone() != "" {
		return "it has a zone"
	}
	for _, k := range kinds {
		if k.prefix.Contains(a) { // an IPv4-mapped address meets the IPv6 kinds only
			return k.name
		}
	}
	if hidden(a) {
		return "an IPv4 address in its last half (ISATAP, RFC 5214)"
	}
	return ""
}

// hidden tells of interface identifiers [00|02]00:5efe:a.b.c.d, which a tunnel
// interface unpacks.
func hidden(a netip.Addr) bool {
	if !a.Is6() {
		return false
	}
	b := a.As16()
	return b[8]&^2 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe
}

// end tells whether an address is its network's first or, for IPv4, last one. In
// IPv6 the first is the routers' anycast address (RFC 4291, 2.6.1). Networks of
// one or two addresses have no such ends (RFC 3021).
func end(n netip.Prefix, a netip.Addr) bool {
	if a.BitLen()-n.Bits() < 2 {
		return false
	}
	if a == n.Masked().Addr() {
		return true
	}
	return a.Is4() && !n.Contains(a.Next())
}
