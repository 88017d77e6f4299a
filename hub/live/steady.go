package live

import (
	"net"
	"time"
)

// sendBuffer of a TCP viewer in bytes: what the kernel takes is not ours to drop
// any more, so it is kept short (1/2 s of 4 Mbit/s).
const sendBuffer = 256 << 10

// steady is a listener whose connections end when a packet waits longer than most
// for the viewer's TCP window. pion answers ICE checks from the loop that also closes
// the connection: without this bound a viewer that stopped reading would hold both
// for many minutes.
type steady struct {
	net.Listener
	most time.Duration
}

func (l steady) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetWriteBuffer(sendBuffer)
	}
	return steadyConn{c, l.most}, nil
}

type steadyConn struct {
	net.Conn
	most time.Duration
}

func (c steadyConn) Write(b []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(c.most)); err != nil {
		return 0, err
	}
	n, err := c.Conn.Write(b)
	if err != nil {
		c.Close() // RFC 4571 framing is lost with half a packet
	}
	return n, err
}
