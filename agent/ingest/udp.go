package ingest

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/bluenviron/gortsplib/v4/pkg/base"
)

// packetsHeld is how many bytes of packets the kernel may hold for us.
const packetsHeld = 1 << 20

// RTP over UDP keeps the network rules of the connection: gortsplib sends to, and
// takes from, nobody but the address at the other end of the RTSP connection,
// which the dialer has checked, and only the ports that the camera named. What
// could lead elsewhere is taken out of the camera's answer (ownSource).

// listen opens a socket for RTP or RTCP on the address that talks to the camera,
// not on every one of the box.
func (s *session) listen(network, address string) (net.PacketConn, error) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("read address to listen on: %w", err)
	}
	if s.conn == nil {
		return nil, errors.New("no connection to the camera")
	}
	host, _, err := net.SplitHostPort(s.conn.LocalAddr().String())
	if err != nil {
		return nil, fmt.Errorf("read own address: %w", err)
	}
	c, err := net.ListenPacket(network, net.JoinHostPort(host, port))
	if err != nil {
		return nil, fmt.Errorf("listen for packets: %w", err)
	}
	if u, ok := c.(*net.UDPConn); ok {
		_ = u.SetReadBuffer(packetsHeld) // the system may give less: what does not fit is lost, and counted as such
	}
	return c, nil
}

// ownSource removes from the Transport header of an answer (RFC 2326, 12.39) the
// address that packets are said to come from: without one it is the camera's own.
// What stands in quotes goes as well; nothing that is needed does, and the next
// parser might see more in it.
func ownSource(res *base.Response) {
	for i, value := range res.Header["Transport"] {
		var kept []string
		for part := range strings.SplitSeq(value, ";") {
			name, _, _ := strings.Cut(part, "=")
			if !strings.Contains(part, `"`) && !strings.EqualFold(strings.TrimSpace(name), "source") {
				kept = append(kept, part)
			}
		}
		res.Header["Transport"][i] = strings.Join(kept, ";")
	}
}
