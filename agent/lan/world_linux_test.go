package lan_test

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"syscall"
)

// enclose runs one test of this program in a network of its own, in which every
// address of IPv4 and IPv6 leads to this machine: whatever a guard lets through
// arrives at a listener here and nowhere else.
func enclose(test string) ([]byte, error) {
	cmd := exec.Command(os.Args[0], "-test.run=^"+test+"$", "-test.v")
	// The C library's resolver reads numbers in all of their spellings (0x7f.1, 2130706433).
	cmd.Env = append(os.Environ(), worldEnv+"=1", "GODEBUG=netdns=cgo")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	return cmd.CombinedOutput()
}

// makeWorld sets up the loopback interface of a new network (rtnetlink(7)).
func makeWorld() error {
	const loopback = 1
	up := make([]byte, 16) // struct ifinfomsg
	binary.NativeEndian.PutUint32(up[4:], loopback)
	binary.NativeEndian.PutUint32(up[8:], syscall.IFF_UP)
	binary.NativeEndian.PutUint32(up[12:], syscall.IFF_UP)
	if err := netlink(syscall.RTM_NEWLINK, 0, up); err != nil {
		return fmt.Errorf("raise loopback: %w", err)
	}
	own := []byte{syscall.AF_INET, 32, 0, syscall.RT_SCOPE_UNIVERSE, loopback, 0, 0, 0} // struct ifaddrmsg
	own = append(own, attribute(syscall.IFA_LOCAL, netip.MustParseAddr(ownAddress).AsSlice())...)
	if err := netlink(syscall.RTM_NEWADDR, syscall.NLM_F_CREATE, own); err != nil {
		return fmt.Errorf("add own address: %w", err)
	}
	for _, family := range []byte{syscall.AF_INET, syscall.AF_INET6} {
		scope := byte(syscall.RT_SCOPE_HOST)
		if family == syscall.AF_INET6 {
			scope = syscall.RT_SCOPE_UNIVERSE
		}
		// struct rtmsg: any destination is local.
		route := []byte{family, 0, 0, 0, syscall.RT_TABLE_LOCAL, syscall.RTPROT_STATIC, scope, syscall.RTN_LOCAL, 0, 0, 0, 0}
		route = append(route, attribute(syscall.RTA_OIF, binary.NativeEndian.AppendUint32(nil, loopback))...)
		if err := netlink(syscall.RTM_NEWROUTE, syscall.NLM_F_CREATE, route); err != nil {
			return fmt.Errorf("lead family %d here: %w", family, err)
		}
	}
	return nil
}

func attribute(kind uint16, value []byte) []byte {
	b := binary.NativeEndian.AppendUint16(nil, uint16(4+len(value)))
	b = append(binary.NativeEndian.AppendUint16(b, kind), value...)
	return append(b, make([]byte, (4-len(b)%4)%4)...)
}

func netlink(kind, flags uint16, body []byte) error {
	fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, syscall.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer syscall.Close(fd)
	msg := binary.NativeEndian.AppendUint32(nil, uint32(16+len(body)))
	msg = binary.NativeEndian.AppendUint16(msg, kind)
	msg = binary.NativeEndian.AppendUint16(msg, flags|syscall.NLM_F_REQUEST|syscall.NLM_F_ACK)
	msg = append(append(msg, make([]byte, 8)...), body...)
	if err := syscall.Sendto(fd, msg, 0, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK}); err != nil {
		return err
	}
	buf := make([]byte, 4096)
	n, _, err := syscall.Recvfrom(fd, buf, 0)
	if err != nil {
		return err
	}
	if n < 20 {
		return fmt.Errorf("answer of %d bytes", n)
	}
	if code := int32(binary.NativeEndian.Uint32(buf[16:])); code != 0 {
		return syscall.Errno(-code)
	}
	return nil
}
