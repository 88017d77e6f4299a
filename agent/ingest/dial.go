package ingest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
)

// mostDials is how many connections one session may open: one, and a few more
// when the camera redirects.
const mostDials = 4

var (
	errOutside = errors.New("address is outside of the allowed networks")
	errDials   = errors.New("camera redirects too often")
)

// dialer opens connections into the allowed networks only. The check sits behind
// the resolver, so that neither a name nor a redirect leads elsewhere.
func dialer(networks []netip.Prefix) func(context.Context, string, string) (net.Conn, error) {
	d := net.Dialer{Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("read dialled address: %w", err)
		}
		ip := at.Addr().Unmap().WithZone("")
		for _, n := range networks {
			if n.Contains(ip) {
				return nil
			}
		}
		return errOutside
	}}
	dials := 0 // one session dials from one goroutine
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if dials++; dials > mostDials {
			return nil, errDials
		}
		return d.DialContext(ctx, network, address)
	}
}
