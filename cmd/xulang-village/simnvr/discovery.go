package simnvr

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

// WS-Discovery 1.0 section 2.4: the port and group of all.
const discoveryPort = 3702

var discoveryGroup = [4]byte{239, 255, 255, 250}

// probe is what somebody looks for (WS-Discovery 1.0 section 5.3).
type probe struct {
	ID    string // of the message, which the answer relates to
	Types string // names with prefixes, between spaces; empty: anything
}

// parseProbe reads a SOAP 1.2 envelope with a Probe.
func parseProbe(packet []byte) (probe, bool) {
	var e struct {
		XMLName xml.Name `xml:"http://www.w3.org/2003/05/soap-envelope Envelope"`
		ID      string   `xml:"Header>MessageID"`
		Probe   *struct {
			Types string `xml:"Types"`
		} `xml:"Body>Probe"`
	}
	if xml.Unmarshal(packet, &e) != nil || e.Probe == nil || strings.TrimSpace(e.ID) == "" {
		return probe{}, false
	}
	return probe{strings.TrimSpace(e.ID), strings.TrimSpace(e.Probe.Types)}, true
}

// wants says whether a recorder is among the types (ONVIF Core, "Device discovery":
// dn:NetworkVideoTransmitter; tds:Device).
func (p probe) wants() bool {
	for _, t := range strings.Fields(p.Types) {
		_, name, found := strings.Cut(t, ":")
		if !found {
			name = t
		}
		if name != "NetworkVideoTransmitter" && name != "Device" {
			return false
		}
	}
	return true
}

// beFound answers probes at its own address, and those to the group on its
// network. What the machine does not let it bind it does without.
func (r *Recorder) beFound(ctx context.Context) error {
	host, _, err := net.SplitHostPort(r.HTTPAddr())
	if err != nil {
		return fmt.Errorf("read own address: %w", err)
	}
	ip := net.ParseIP(host).To4()
	own, err := listenOwn(ctx, ip, discoveryPort)
	if err != nil {
		r.cfg.Log.Info("recorder cannot have the discovery port of its own address", "error", err)
		if own, err = listenOwn(ctx, ip, 0); err != nil {
			r.cfg.Log.Warn("recorder cannot be found", "error", err)
			<-ctx.Done()
			return nil
		}
	}
	defer own.Close()
	var g errgroup.Group
	g.Go(func() error { r.answerProbes(ctx, own, own); return nil })
	group, err := listenGroup(ip)
	if err != nil {
		r.cfg.Log.Info("recorder cannot hear the discovery group", "error", err)
	} else {
		defer group.Close()
		g.Go(func() error { r.answerProbes(ctx, group, own); return nil })
	}
	return g.Wait()
}

// answerProbes hears on one socket and answers from its own address.
func (r *Recorder) answerProbes(ctx context.Context, in, out net.PacketConn) {
	stop := context.AfterFunc(ctx, func() { in.Close() })
	defer stop()
	packet := make([]byte, 8<<10)
	for {
		n, from, err := in.ReadFrom(packet)
		if err != nil {
			return // closed
		}
		p, ok := parseProbe(packet[:n])
		if !ok || !p.wants() {
			continue
		}
		answer, err := r.probeMatch(p)
		if err != nil {
			r.cfg.Log.Error("recorder's answer cannot be written", "error", err)
			continue
		}
		if _, err := out.WriteTo(answer, from); err != nil {
			r.cfg.Log.Debug("probe not answered", "error", err)
		}
	}
}

// probeMatch is the answer (WS-Discovery 1.0 section 5.3), with the scopes of ONVIF
// Core, "Scopes".
func (r *Recorder) probeMatch(p probe) ([]byte, error) {
	var b bytes.Buffer
	err := r.http.pages.ExecuteTemplate(&b, "onvifProbeMatches.xml", r.http.facts(struct{ To, ID, Device string }{
		p.ID, uuid(p.ID + r.cfg.Serial), uuid(r.cfg.Serial),
	}))
	if err != nil {
		return nil, fmt.Errorf("write probe match: %w", err)
	}
	return b.Bytes(), nil
}

// uuid is the same for the same name, in the form of RFC 9562 section 5.8.
func uuid(name string) string {
	sum := sha256.Sum256([]byte(name))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// listenOwn shares the port with whoever has it at all addresses.
func listenOwn(ctx context.Context, ip net.IP, port int) (net.PacketConn, error) {
	lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		if ctl := c.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1) }); ctl != nil {
			return ctl
		}
		return err
	}}
	conn, err := lc.ListenPacket(ctx, "udp4", fmt.Sprintf("%s:%d", ip, port))
	if err != nil {
		return nil, fmt.Errorf("bind discovery: %w", err)
	}
	return conn, nil
}

// listenGroup binds the group's own address, which the net package does not: a
// socket at all addresses would take the unicast probes meant for others.
func listenGroup(ip net.IP) (net.PacketConn, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("open discovery: %w", err)
	}
	file := os.NewFile(uintptr(fd), "discovery")
	defer file.Close() // the connection has a copy
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return nil, fmt.Errorf("share discovery: %w", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Port: discoveryPort, Addr: discoveryGroup}); err != nil {
		return nil, fmt.Errorf("bind discovery group: %w", err)
	}
	join := unix.IPMreq{Multiaddr: discoveryGroup, Interface: [4]byte(ip)}
	if err := unix.SetsockoptIPMreq(fd, unix.IPPROTO_IP, unix.IP_ADD_MEMBERSHIP, &join); err != nil {
		return nil, fmt.Errorf("join discovery group: %w", err)
	}
	conn, err := net.FilePacketConn(file)
	if err != nil {
		return nil, fmt.Errorf("use discovery: %w", err)
	}
	return conn, nil
}
