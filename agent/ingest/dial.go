package ingest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"
)

const (
	// mostDials is how many connections one session may open: one, and a few more
	// when the camera redirects.
	mostDials = 4
	// dialTimeout holds for finding the address by its name as well.
	dialTimeout = 2 * time.Second
)

var (
	errOutside = errors.New("address is outside of the allowed networks")
	errDials   = errors.New("camera redirects too often")
)

// unreachable marks an error of a camera that did not even take the connection.
type unreachable struct{ error }

func (u unreachable) Unwrap() error { return u.error }

// dialer opens connections into the allowed networks only. The check sits behind
// the resolver, so that neither a name nor a redirect leads elsewhere.
func dialer(networks []netip.Prefix) func(context.Context, string, string) (net.Conn, error) {
	d := net.Dialer{Timeout: dialTimeout, Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("read dialled address: %w", err)
		}
		if !within(networks, at.Addr()) {
			return errOutside
		}
		return nil
	}}
	dials := 0 // one session dials from one goroutine
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if dials++; dials > mostDials {
			return nil, errDials
		}
		c, err := d.DialContext(ctx, network, address)
		if err != nil && !errors.Is(err, errOutside) {
			return nil, unreachable{err}
		}
		return c, err
	}
}

func within(networks []netip.Prefix, ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	for _, n := range networks {
		if n.Contains(ip) {
			return true
		}
	}
	return false
}

// connect dials for gortsplib and puts the gatherer in between.
func (s *session) connect(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := s.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	s.conn = newGatherer(c, s.i.cfg.Gather, s.i.cfg.Live, s.i.now)
	return s.conn, nil
}
