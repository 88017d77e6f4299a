// Package lan is the guard of all dialling to cameras and recorders: what the
// agent may connect to, checked with the address that is about to be dialled,
// behind every resolver, redirect and spelling of a number.
//
// The household confirms networks; only private ones can be confirmed (RFC 1918,
// RFC 4193), and some addresses are never dialled whatever was confirmed: this
// machine itself, the hub, the network's own and broadcast address, link-local
// (with the metadata services of clouds), multicast, and IPv6 addresses that hide
// an IPv4 one.
package lan

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"time"

	camera "xulang.vn/camera"
)

// Config says what a guard lets through at first.
type Config struct {
	Networks []netip.Prefix      // confirmed by the household; one that Set would refuse lets nothing through
	Loopback bool                // 127.0.0.0/8 may be dialled, confirmed or not: demonstrations and tests
	Barred   func() []netip.Addr // the hub's addresses, asked at each check; may be nil
	Now      func() time.Time    // for half an hour's wait after refused logins; nil is time.Now
}

// Guard decides about addresses. Its methods may be called from any goroutine.
type Guard struct {
	loopback bool
	barred   func() []netip.Addr
	memory   *memory

	mu       sync.Mutex
	networks []netip.Prefix // masked; guarded by mu
}

// New makes a guard. Networks that may not be confirmed are left out.
func New(cfg Config) *Guard {
	g := &Guard{loopback: cfg.Loopback, barred: cfg.Barred, memory: newMemory(cfg.Now)}
	for _, n := range cfg.Networks {
		if g.confirmable(n) == nil {
			g.networks = append(g.networks, n.Masked())
		}
	}
	return g
}

// Set replaces the confirmed networks, all or, with CodeOutsideLAN, none of them.
func (g *Guard) Set(networks []netip.Prefix) error {
	kept := make([]netip.Prefix, 0, len(networks))
	for _, n := range networks {
		if err := g.confirmable(n); err != nil {
			return err
		}
		kept = append(kept, n.Masked())
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.networks = kept
	return nil
}

// Smallest prefix lengths that can be confirmed: one LAN, not a provider's network.
const (
	leastBits  = 24
	leastBits6 = 64
)

// confirmable tells whether a household may confirm a network.
func (g *Guard) confirmable(n netip.Prefix) error {
	a := n.Addr()
	switch {
	case !n.IsValid() || a.Is4In6():
		return refuse("network %s is none that can be confirmed", n)
	case g.loopback && loop4.Contains(a) && n.Bits() >= loop4.Bits():
		return nil
	case !a.IsPrivate() || a.Is4() && n.Bits() < leastBits || a.Is6() && n.Bits() < leastBits6:
		return refuse("network %s is not private, or larger than one LAN", n)
	}
	return nil
}

// Check tells whether an address may be dialled: nil, or CodeOutsideLAN.
func (g *Guard) Check(a netip.Addr) error {
	if g.loopback && loop4.Contains(a) {
		return nil
	}
	if kind := never(a); kind != "" {
		return refuse("address %s is never dialled: %s", a, kind)
	}
	if err := g.confirmed(a); err != nil {
		return err
	}
	if g.barred != nil && has(g.barred(), a) {
		return refuse("address %s is the hub's", a)
	}
	own, err := own()
	if err != nil {
		return refuse("own addresses cannot be told from others: %w", err)
	}
	if has(own, a) {
		return refuse("address %s is this machine's own", a)
	}
	return nil
}

// confirmed tells whether the household confirmed a network with this address as
// one that a device can have. An end of one confirmed network is no device's
// address even when another one holds it as well.
func (g *Guard) confirmed(a netip.Addr) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	within := false
	for _, n := range g.networks {
		if !n.Contains(a) {
			continue
		}
		if end(n, a) {
			return refuse("address %s is network %s itself or its broadcast", a, n)
		}
		within = true
	}
	if !within {
		return refuse("address %s is in no confirmed network", a)
	}
	return nil
}

// Control is for net.Dialer: it sees each address after every resolution, just
// before the connection. It knows nothing of listeners.
func (g *Guard) Control(network, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return refuse("read dialled address: %w", err)
	}
	if at.Port() == 0 {
		return refuse("dial %s %s: no port", network, at.Addr())
	}
	return g.Check(at.Addr())
}

// Dialer opens guarded connections, resolution of names included in its timeout.
func (g *Guard) Dialer(timeout time.Duration) *net.Dialer {
	return &net.Dialer{Timeout: timeout, Control: g.Control}
}

func has(all []netip.Addr, a netip.Addr) bool {
	return slices.ContainsFunc(all, func(b netip.Addr) bool { return b.Unmap().WithZone("") == a })
}

func refuse(format string, args ...any) error {
	return camera.Errorf(camera.CodeOutsideLAN, "guard: %w", fmt.Errorf(format, args...))
}
