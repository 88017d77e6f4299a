package onvif

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/ipv4"
)

// WS-Discovery as ONVIF uses it (Core Specification, section 7; the 2005/04
// version of the protocol): a Probe by UDP to 239.255.255.250:3702, and ProbeMatches
// back to the asking socket.
const (
	discoveryPort  = 3702
	discoveryGroup = "239.255.255.250"
	discoveryTime  = 2500 * time.Millisecond // devices wait up to 0.5 s, slow ones longer
	discoveryAgain = 500 * time.Millisecond  // UDP loses: everything is asked twice
	mostDatagram   = 64 << 10
	mostHints      = 512
)

// hint is a device that answered a Probe.
type hint struct {
	at     netip.AddrPort // of its device service; the host is where the answer came from
	xaddr  string
	scopes string
	name   string
	model  string
	serial string
}

// probeTypes are asked for one by one: old devices know the first, new ones both
// (Core Specification, "Types").
var probeTypes = []string{"dn:NetworkVideoTransmitter", "tds:Device"}

func probeText(id, types string) []byte {
	return []byte(`<?xml version="1.0" encoding="UTF-8"?><e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"` +
		` xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"` +
		` xmlns:dn="http://www.onvif.org/ver10/network/wsdl" xmlns:tds="` + nsDevice + `"><e:Header><w:MessageID>uuid:` + id + `</w:MessageID>` +
		`<w:To e:mustUnderstand="true">urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>` +
		`<w:Action e:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header>` +
		`<e:Body><d:Probe><d:Types>` + types + `</d:Types></d:Probe></e:Body></e:Envelope>`)
}

// matches reads ProbeMatches that came from an address and relate to a question of
// ours. What a device tells of its own address is replaced by where it answered from.
func matches(data []byte, from netip.Addr, asked []string) []hint {
	var e struct {
		Relates string `xml:"Header>RelatesTo"`
		Matches []struct {
			Scopes string `xml:"Scopes"`
			XAddrs string `xml:"XAddrs"`
		} `xml:"Body>ProbeMatches>ProbeMatch"`
	}
	if len(data) > mostDatagram || decode(data, &e) != nil {
		return nil
	}
	relates := strings.TrimSpace(e.Relates)
	if i := strings.LastIndexByte(relates, ':'); !slices.Contains(asked, relates[i+1:]) {
		return nil
	}
	var out []hint
	for _, m := range e.Matches {
		if h, ok := match(strings.Fields(m.XAddrs), strings.Fields(m.Scopes), from); ok && len(out) < mostChannels {
			out = append(out, h)
		}
	}
	return out
}

// match takes the address that names the sender, else the first.
func match(xaddrs, scopes []string, from netip.Addr) (hint, bool) {
	best := -1
	for i, x := range xaddrs[:min(len(xaddrs), 16)] {
		u, err := url.Parse(x)
		if err != nil || !strings.EqualFold(u.Scheme, "http") {
			continue
		}
		if u.Hostname() == from.String() {
			best = i
			break
		}
		if best < 0 {
			best = i
		}
	}
	if best < 0 {
		return hint{}, false
	}
	u, err := url.Parse(xaddrs[best])
	if err != nil {
		return hint{}, false
	}
	port := number(u.Port(), 1, 65535)
	if port == 0 {
		port = 80
	}
	w := &web{host: from, port: port}
	h := hint{at: netip.AddrPortFrom(from, uint16(port))}
	if h.xaddr, err = w.rewrite(xaddrs[best], "http"); err != nil {
		return hint{}, false
	}
	for _, s := range scopes[:min(len(scopes), 100)] {
		h.scope(s)
	}
	return h, true
}

// scope reads onvif://www.onvif.org/<what>/<value> (Core Specification, "Scopes").
func (h *hint) scope(s string) {
	rest, ok := strings.CutPrefix(s, "onvif://www.onvif.org/")
	if !ok || len(s) > mostURL {
		return
	}
	if text, err := url.PathUnescape(rest); err == nil {
		rest = text
	}
	h.scopes += clean(rest) + "\n"
	what, value, _ := strings.Cut(rest, "/")
	switch strings.ToLower(what) {
	case "name":
		h.name = first(h.name, clean(value))
	case "hardware":
		h.model = first(h.model, clean(value))
	case "serial", "serialnumber":
		h.serial = first(h.serial, clean(value))
	}
}

// discover asks on the interface of each network, all devices by multicast and each
// address by itself: where a Wi-Fi access point swallows multicast, one by one works.
func (f *finder) discover(ctx context.Context, addresses []netip.Addr) ([]hint, error) {
	ctx, cancel := context.WithTimeout(ctx, f.patience)
	defer cancel()
	var mu sync.Mutex
	var all []hint
	var wait sync.WaitGroup
	seats, err := f.seats()
	if err != nil {
		return nil, err
	}
	for _, s := range seats {
		wait.Go(func() {
			err := s.ask(ctx, f, addresses, func(h hint) {
				mu.Lock()
				defer mu.Unlock()
				if len(all) < mostHints && !slices.ContainsFunc(all, func(o hint) bool { return o.at == h.at }) {
					all = append(all, h)
				}
			})
			if err != nil {
				f.log.Warn("ws-discovery", "interface", s.device.Name, "err", err)
			}
		})
	}
	wait.Wait()
	return all, nil
}

// seat is one of our own addresses, in a network that was confirmed.
type seat struct {
	own    netip.Addr
	device net.Interface
	in     []netip.Prefix
}

func (f *finder) seats() ([]seat, error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	var all []seat
	for _, i := range interfaces {
		loop := i.Flags&net.FlagLoopback != 0
		addrs, err := i.Addrs()
		if err != nil || i.Flags&net.FlagUp == 0 || loop != f.cfg.Simulated {
			continue // gone meanwhile, or not a network of devices
		}
		for _, a := range addrs {
			p, err := netip.ParsePrefix(a.String())
			if err != nil || !p.Addr().Is4() {
				continue
			}
			s := seat{own: p.Addr(), device: i}
			for _, n := range f.cfg.Networks {
				if n.Overlaps(p.Masked()) {
					s.in = append(s.in, n)
				}
			}
			if len(s.in) > 0 {
				all = append(all, s)
			}
		}
	}
	return all, nil
}

// ask sends the questions and hands answers on until ctx ends.
func (s seat) ask(ctx context.Context, f *finder, addresses []netip.Addr, found func(hint)) error {
	var listen net.ListenConfig
	c, err := listen.ListenPacket(ctx, "udp4", s.own.String()+":0")
	if err != nil {
		return fmt.Errorf("open socket: %w", err)
	}
	defer c.Close()
	if err := ipv4.NewPacketConn(c).SetMulticastInterface(&s.device); err != nil {
		return fmt.Errorf("choose interface: %w", err)
	}
	asked := make([]string, len(probeTypes))
	for i := range asked {
		asked[i] = newUUID()
	}
	var wait sync.WaitGroup
	defer wait.Wait()
	wait.Go(func() { s.send(ctx, c, f, addresses, asked) })
	defer context.AfterFunc(ctx, func() { _ = c.SetReadDeadline(time.Unix(1, 0)) })()
	buf := make([]byte, mostDatagram)
	for {
		n, from, err := c.ReadFrom(buf)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read answer: %w", err)
		}
		at, err := netip.ParseAddrPort(from.String())
		if err != nil || !f.mayContact(at.Addr()) {
			continue
		}
		for _, h := range matches(buf[:n], at.Addr(), asked) {
			found(h)
		}
	}
}

// send asks twice. What cannot be sent is not worth an error: an address without a
// host refuses, and the network may have no multicast.
func (s seat) send(ctx context.Context, c net.PacketConn, f *finder, addresses []netip.Addr, asked []string) {
	for range 2 {
		for i, types := range probeTypes {
			text := probeText(asked[i], types)
			_, _ = c.WriteTo(text, &net.UDPAddr{IP: net.ParseIP(discoveryGroup), Port: discoveryPort})
			for _, a := range addresses {
				if slices.ContainsFunc(s.in, func(n netip.Prefix) bool { return n.Contains(a) }) && f.mayContact(a) {
					_, _ = c.WriteTo(text, net.UDPAddrFromAddrPort(netip.AddrPortFrom(a, discoveryPort)))
				}
			}
		}
		t := time.NewTimer(discoveryAgain)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return
		}
	}
}

func newUUID() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
