package upload

import "syscall"

// Options of tcp(7) that the standard library has no names for on every port.
const (
	tcpUserTimeout = 18 // ms that sent bytes may stay without acknowledgement
	tcpNotSentLow  = 25 // bytes that may wait in the kernel before they are sent

	notSentMost = 128 << 10
)

// tune makes a socket show what the network does. The kernel ends a connection
// whose peer has gone silent, and keeps few unsent bytes: without that it would
// swallow megabytes at once, and then a put on a weak uplink seems not to move for
// minutes. A kernel that knows neither is no reason not to connect.
func tune(_, _ string, conn syscall.RawConn) error {
	return conn.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, int(stall.Milliseconds()))
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpNotSentLow, notSentMost)
	})
}
