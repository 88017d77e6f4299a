package ingest

import (
	"context"
	"errors"
	"net"
	"syscall"
	"time"

	camera "xulang.vn/camera"
)

const (
	// mostDials is how many connections one session may open: one, and a few more
	// when the camera redirects.
	mostDials = 4
	// dialTimeout holds for finding the address by its name as well.
	dialTimeout = 2 * time.Second
)

var errDials = errors.New("camera redirects too often")

// unreachable marks an error of a camera that did not even take the connection.
type unreachable struct{ error }

func (u unreachable) Unwrap() error { return u.error }

// Control is asked about an address before it is dialled (net.Dialer.Control).
type Control = func(network, address string, c syscall.RawConn) error

// dialer opens connections that control allows. It sits behind the resolver, so
// that neither a name nor a redirect leads elsewhere.
func dialer(control Control) func(context.Context, string, string) (net.Conn, error) {
	if control == nil {
		control = func(string, string, syscall.RawConn) error {
			return camera.Errorf(camera.CodeOutsideLAN, "address is outside of what may be dialled, which is nothing")
		}
	}
	d := net.Dialer{Timeout: dialTimeout, Control: control}
	dials := 0 // one session dials from one goroutine
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if dials++; dials > mostDials {
			return nil, errDials
		}
		c, err := d.DialContext(ctx, network, address)
		if err != nil && camera.CodeOf(err) != camera.CodeOutsideLAN {
			return nil, unreachable{err}
		}
		return c, err
	}
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
