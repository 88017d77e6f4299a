package ingest

import "syscall"

const canGather = true

// lowWater tells the kernel to report a TCP socket as readable only when much is
// there, or anything again (socket(7), SO_RCVLOWAT). The kernel makes room for
// twice as much. An end or an error of the connection is reported in any case.
func lowWater(raw syscall.RawConn, much bool) (err error) {
	mark := 1
	if much {
		mark = gatherMost
	}
	if e := raw.Control(func(fd uintptr) {
		err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVLOWAT, mark)
	}); e != nil {
		return e
	}
	return err
}

// readNow reads from a socket that does not block.
func readNow(fd uintptr, buf []byte) (int, error) {
	for {
		n, err := syscall.Read(int(fd), buf)
		if err != syscall.EINTR {
			return max(n, 0), err
		}
	}
}
