package onvif_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/lan"
	"xulang.vn/camera/agent/onvif"
)

var messageID = regexp.MustCompile(`MessageID>uuid:([0-9a-f-]{36})<`)

// announce answers Probes on the loopback interface, by multicast and by itself, as
// a device that believes to be at 192.168.1.64 (WS-Discovery, ProbeMatches).
func announce(t *testing.T, port uint16, scopes string) *atomic.Int64 {
	t.Helper()
	lo, err := net.InterfaceByName("lo")
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.ListenMulticastUDP("udp4", lo, &net.UDPAddr{IP: net.IPv4(239, 255, 255, 250), Port: 3702})
	if err != nil {
		t.Fatal(err)
	}
	asked := new(atomic.Int64)
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 64<<10)
		for {
			n, from, err := c.ReadFromUDP(buf)
			if err != nil {
				return
			}
			id := sub(messageID, string(buf[:n]))
			if id == "" {
				continue
			}
			asked.Add(1)
			_, _ = c.WriteToUDP([]byte(probeMatch(id, fmt.Sprintf("http://192.168.1.64:%d/onvif/device_service", port), scopes)), from)
		}
	}()
	t.Cleanup(func() { c.Close(); <-done })
	return asked
}

func probeMatch(id, xaddrs, scopes string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope" xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery">` +
		`<SOAP-ENV:Header><wsa:MessageID>uuid:1</wsa:MessageID><wsa:RelatesTo>urn:uuid:` + id + `</wsa:RelatesTo></SOAP-ENV:Header><SOAP-ENV:Body><d:ProbeMatches><d:ProbeMatch>` +
		`<wsa:EndpointReference><wsa:Address>urn:uuid:1419d68a-1dd2-11b2-a105-020000aabbcc</wsa:Address></wsa:EndpointReference><d:Types>dn:NetworkVideoTransmitter tds:Device</d:Types>` +
		`<d:Scopes>` + scopes + `</d:Scopes><d:XAddrs>` + xaddrs + `</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches></SOAP-ENV:Body></SOAP-ENV:Envelope>`
}

// stream is a port that speaks RTSP and nothing else.
func stream(t *testing.T) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			buf := make([]byte, 1024)
			if n, _ := c.Read(buf); bytes.HasPrefix(buf[:n], []byte("OPTIONS rtsp://")) {
				io.WriteString(c, "RTSP/1.0 200 OK\r\nCSeq: 1\r\nServer: Dahua Rtsp Server\r\nPublic: DESCRIBE\r\n\r\n")
			}
			c.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return netip.MustParseAddrPort(l.Addr().String())
}

// search runs Find and gives what it found on our ports, in their order.
func search(t *testing.T, cfg onvif.Config, ports ...uint16) []onvif.Found {
	t.Helper()
	var all []onvif.Found
	var last onvif.Progress
	busy := atomic.Bool{}
	err := onvif.Find(t.Context(), cfg, func(p onvif.Progress, f *onvif.Found) {
		if !busy.CompareAndSwap(false, true) {
			t.Error("two reports at a time")
		}
		defer busy.Store(false)
		if p.Tried < last.Tried || p.Tried > p.Total {
			t.Errorf("progress %+v after %+v", p, last)
		}
		if last = p; f != nil {
			all = append(all, *f)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if last.Tried != last.Total {
		t.Errorf("ended at %+v", last)
	}
	out := make([]onvif.Found, len(ports))
	for i, port := range ports {
		at := slices.IndexFunc(all, func(f onvif.Found) bool { return f.HTTPPort == int(port) || f.HTTPPort == 0 && f.RTSPPort == int(port) })
		if at < 0 {
			t.Errorf("port %d was not found: %+v", port, all)
			continue
		}
		out[i] = all[at]
	}
	return out
}

// TestFind: an ONVIF camera by multicast, a Hikvision, a Dahua, an ONVIF one and a
// stream by their ports; a router and a page behind a login are none.
func TestFind(t *testing.T) {
	hidden, h, c, quiet := serve(t, newNVT()), serve(t, newISAPI()), serve(t, newCGI()), serve(t, newNVT())
	router := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "<title>Router</title>")
	}))
	wall := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", `Basic realm="page"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	video := stream(t)
	asked := announce(t, hidden.Port(), "onvif://www.onvif.org/Profile/Streaming onvif://www.onvif.org/name/Cam%20ng%C3%B5 onvif://www.onvif.org/hardware/SIM-1 onvif://www.onvif.org/serial/TEST-NVT-1")
	var log bytes.Buffer
	cfg := config(&log)
	cfg.Ports = []int{int(h.Port()), int(c.Port()), int(quiet.Port()), int(router.Port()), int(wall.Port())}
	got := search(t, cfg, hidden.Port(), h.Port(), c.Port(), quiet.Port())
	local := netip.MustParseAddr("127.0.0.1")
	want := []onvif.Found{
		{Address: local, HTTPPort: int(hidden.Port()), Kind: onvif.KindUnknown, Model: "SIM-1", Name: "Cam ngõ", Serial: "TEST-NVT-1", Dialect: onvif.ONVIF, XAddr: "http://" + hidden.String() + "/onvif/device_service"},
		{Address: local, HTTPPort: int(h.Port()), Kind: onvif.KindCamera, Brand: "Hikvision", Name: "Web page", Dialect: onvif.Hikvision},
		{Address: local, HTTPPort: int(c.Port()), Kind: onvif.KindUnknown, Brand: "Dahua", Name: "WEB SERVICE", Serial: "3K0TEST0000001", Dialect: onvif.Dahua},
		{Address: local, HTTPPort: int(quiet.Port()), Kind: onvif.KindUnknown, Dialect: onvif.ONVIF, XAddr: "http://" + quiet.String() + "/onvif/device_service"},
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("found %+v, want %+v", got[i], want[i])
		}
	}
	if asked.Load() == 0 {
		t.Error("nobody was asked by multicast")
	}
	cfg.Patience = 100 * time.Millisecond
	for _, port := range []uint16{router.Port(), wall.Port()} {
		cfg.Ports = []int{int(port)}
		if err := onvif.Find(t.Context(), cfg, func(_ onvif.Progress, f *onvif.Found) {
			if f != nil && f.HTTPPort == int(port) {
				t.Errorf("no camera: %+v", f)
			}
		}); err != nil {
			t.Error(err)
		}
	}
	cfg.Ports, cfg.Networks = []int{int(video.Port())}, []netip.Prefix{netip.PrefixFrom(video.Addr(), 32)}
	if f := search(t, cfg, video.Port())[0]; f.Dialect != onvif.RTSP || f.Brand != "Dahua" || f.XAddr != "rtsp://"+video.String()+"/" {
		t.Errorf("stream %+v", f)
	}
	silent(t, log.String())
}

// TestFindInside: what the guard or the search's networks do not hold is not
// contacted, whatever a device says of its address.
func TestFindInside(t *testing.T) {
	var calls atomic.Int64
	outside := serveAt(t, "127.0.0.9", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
	announce(t, outside.Port(), "")
	cfg := config(io.Discard)
	cfg.Ports = []int{int(outside.Port())}
	if err := onvif.Find(t.Context(), cfg, func(onvif.Progress, *onvif.Found) {}); err != nil {
		t.Fatal(err)
	}
	cfg.Networks, cfg.Patience = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/28")}, 100*time.Millisecond
	cfg.Guard = lan.New(lan.Config{}) // nothing confirmed
	var total int
	if err := onvif.Find(t.Context(), cfg, func(p onvif.Progress, _ *onvif.Found) { total = p.Total }); err != nil {
		t.Fatal(err)
	}
	if calls.Load() != 0 || total != 0 {
		t.Errorf("%d calls, %d addresses", calls.Load(), total)
	}
	from := netip.MustParseAddr("192.168.7.7")
	for xaddrs, want := range map[string]string{
		"http://169.254.169.254/latest http://10.0.0.1:99/x":    "192.168.7.7:80",
		"http://10.0.0.1:99/x http://192.168.7.7:8899/onvif":    "192.168.7.7:8899",
		"http://admin:pw@evil.example:8080/onvif":               "192.168.7.7:8080",
		"https://192.168.7.7/onvif file:///etc/passwd ://":      "",
		"http://[fe80::1]:70000/onvif http://192.168.7.7:http/": "192.168.7.7:80",
		"": "",
	} {
		got := ""
		for _, at := range onvif.Matches([]byte(probeMatch("id", xaddrs, "x")), from, []string{"id"}) {
			got += at.String()
		}
		if got != want {
			t.Errorf("%s: %q, want %q", xaddrs, got, want)
		}
	}
	if got := onvif.Matches([]byte(probeMatch("other", "http://192.168.7.7/", "")), from, []string{"id"}); len(got) != 0 {
		t.Errorf("an answer to nobody's question: %v", got)
	}
}

// TestLocate: a device that moved is found by what it tells, else by its login, once
// on each of the same maker; nobody is told the password.
func TestLocate(t *testing.T) {
	other, moved := newNVT(), newNVT()
	other.serial, other.password = "TEST-NVT-2", "another"
	thief := newISAPI()
	thief.basic = true
	stranger := newCGI()
	hosts := []http.Handler{other, thief, stranger, moved}
	cfg := config(io.Discard)
	cfg.Patience = 100 * time.Millisecond
	for _, h := range hosts {
		cfg.Ports = append(cfg.Ports, int(serve(t, h).Port()))
	}
	last := found(serve(t, http.NotFoundHandler()), onvif.ONVIF)
	last.Brand = "SimMaker"
	got, err := onvif.Locate(t.Context(), cfg, "TEST-NVT-1", last, user, secret)
	if err != nil || got.HTTPPort != cfg.Ports[3] || got.Serial != "TEST-NVT-1" {
		t.Fatalf("%+v, %v", got, err)
	}
	if other.tries != 1 || thief.counted() != 0 || stranger.counted() != 0 {
		t.Errorf("%d, %d and %d passwords sent to others", other.tries, thief.counted(), stranger.counted())
	}
	last.Dialect, last.Brand = onvif.Dahua, "Dahua"
	if got, err = onvif.Locate(t.Context(), cfg, "3K0TEST0000001", last, user, secret); err != nil || got.HTTPPort != cfg.Ports[2] || stranger.counted() != 0 {
		t.Errorf("by its realm: %+v, %v, %d tries", got, err, stranger.counted())
	}
	last.Dialect, last.Brand = onvif.Hikvision, "Hikvision"
	if _, err = onvif.Locate(t.Context(), cfg, "nobody", last, user, secret); camera.CodeOf(err) != camera.CodeNotFound || thief.told != 0 {
		t.Errorf("nowhere: %v, the thief was told %d passwords", err, thief.told)
	}
}

// TestLocateAgain: a recorder whose password the family changed is not locked by the
// search for it.
func TestLocateAgain(t *testing.T) {
	d := newNVT()
	d.password = "new"
	h := newISAPI()
	h.password = "new"
	for _, c := range []struct {
		dialect onvif.Dialect
		device  http.Handler
		tries   func() int
	}{{onvif.ONVIF, d, func() int { return d.tries }}, {onvif.Hikvision, h, h.counted}} {
		cfg := config(io.Discard)
		cfg.Patience = 50 * time.Millisecond
		last := found(serve(t, c.device), c.dialect)
		cfg.Ports = []int{last.HTTPPort}
		for range 4 {
			if _, err := onvif.Locate(t.Context(), cfg, "SERIAL", last, user, "canary-old"); camera.CodeOf(err) != camera.CodeNotFound {
				t.Errorf("locate: %v", err)
			}
		}
		if c.tries() != 2 {
			t.Errorf("%s: %d passwords sent, want 2", c.dialect, c.tries())
		}
	}
}
