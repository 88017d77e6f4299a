package onvif

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// usualPorts are where cameras and recorders answer: web pages and calls, streams,
// and makers' own programs.
var usualPorts = []int{80, 554, 2020, 8000, 8080, 8554, 8899, 34567, 37777}

// makersPorts are for makers' programs: they are not spoken to, that they are open
// says whose device it is.
var makersPorts = map[int]string{8000: "Hikvision", 34567: "Xiongmai", 37777: "Dahua"}

var streamPorts = []int{554, 8554}

// scanTimeout holds for one connection; in a LAN it takes milliseconds.
const scanTimeout = 800 * time.Millisecond

// try looks at one address. One that gave a hint is looked at where the hint says;
// of another one all ports are tried.
func (f *finder) try(ctx context.Context, a netip.Addr, hints []hint) []Found {
	var out []Found
	for _, h := range hints {
		if one, ok := f.look(ctx, h.at, h); ok {
			out = append(out, one)
		}
	}
	open := f.open(ctx, a)
	brand, stream, banner := "", 0, ""
	for _, port := range open {
		brand = first(brand, makersPorts[port])
	}
	for _, port := range open {
		if !slices.Contains(streamPorts, port) && len(f.cfg.Ports) == 0 {
			continue
		}
		if b, ok := f.banner(ctx, netip.AddrPortFrom(a, uint16(port))); ok && stream == 0 {
			stream, banner = port, b
		}
	}
	for _, port := range open {
		at := netip.AddrPortFrom(a, uint16(port))
		seen := slices.ContainsFunc(hints, func(h hint) bool { return h.at == at })
		if seen || port == stream || makersPorts[port] != "" || slices.Contains(streamPorts, port) {
			continue
		}
		one, ok := f.look(ctx, at, hint{at: at})
		if ok && (len(f.cfg.Ports) > 0 || len(out) == 0) { // a second web port is the same device
			out = append(out, one)
		}
	}
	if len(out) == 0 && stream != 0 {
		out = append(out, Found{
			Address: a, RTSPPort: stream, Kind: kindOf(banner), Brand: first(brandText(banner), brand), Dialect: RTSP,
			XAddr: "rtsp://" + netip.AddrPortFrom(a, uint16(stream)).String() + "/",
		})
	}
	if len(out) == 1 && len(f.cfg.Ports) == 0 { // in a demonstration an address has many devices
		out[0].Brand, out[0].RTSPPort = first(out[0].Brand, brand), max(out[0].RTSPPort, stream)
	}
	return out
}

func brandText(texts ...string) string {
	b, _ := brandOf(texts...)
	return b
}

// open tells which ports take a connection.
func (f *finder) open(ctx context.Context, a netip.Addr) []int {
	dial := f.cfg.Guard.Dialer(scanTimeout)
	taken := make([]bool, len(f.ports))
	var wait sync.WaitGroup
	for i, port := range f.ports {
		wait.Go(func() {
			c, err := dial.DialContext(ctx, "tcp", netip.AddrPortFrom(a, uint16(port)).String())
			if err == nil {
				taken[i] = true
				c.Close()
			}
		})
	}
	wait.Wait()
	var out []int
	for i, port := range f.ports {
		if taken[i] {
			out = append(out, port)
		}
	}
	return out
}

// banner asks a port whether it speaks RTSP (RFC 2326, OPTIONS) and gives the
// Server header of its answer.
func (f *finder) banner(ctx context.Context, at netip.AddrPort) (string, bool) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	c, err := f.cfg.Guard.Dialer(scanTimeout).DialContext(ctx, "tcp", at.String())
	if err != nil {
		return "", false
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })()
	if _, err := io.WriteString(c, "OPTIONS rtsp://"+at.String()+"/ RTSP/1.0\r\nCSeq: 1\r\n\r\n"); err != nil {
		return "", false
	}
	buf, got := make([]byte, 4096), 0
	for got < len(buf) {
		n, err := c.Read(buf[got:])
		got += n
		if err != nil || strings.Contains(string(buf[:got]), "\r\n\r\n") {
			break
		}
	}
	text := string(buf[:got])
	if !strings.HasPrefix(text, "RTSP/1.") {
		return "", false
	}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(strings.TrimSpace(name), "Server") {
			return clean(value), true
		}
	}
	return "", true
}

var title = regexp.MustCompile(`(?is)<title[^>]*>([^<]{1,200})`)

// look asks a web port who it is, without a login: its page, the first call of each
// maker's dialect, which a device that has it refuses with 401, and ONVIF's time,
// which is open to everybody.
func (f *finder) look(ctx context.Context, at netip.AddrPort, h hint) (Found, bool) {
	w := &web{client: f.plain, host: at.Addr(), port: int(at.Port()), now: f.cfg.Now}
	root, err := w.get(ctx, "/")
	if err != nil {
		return Found{}, false
	}
	isapi, _ := w.get(ctx, "/ISAPI/System/deviceInfo")
	cgi, _ := w.get(ctx, "/cgi-bin/magicBox.cgi?action=getDeviceType")
	realm := clean(strings.Join(slices.Concat(
		root.header.Values("WWW-Authenticate"), isapi.header.Values("WWW-Authenticate"), cgi.header.Values("WWW-Authenticate")), " "))
	page := ""
	if m := title.FindSubmatch(root.body); m != nil {
		page = clean(string(m[1]))
	}
	texts := []string{h.scopes, root.header.Get("Server"), isapi.header.Get("Server"), realm, page, root.header.Get("Location")}
	brand, dialect := brandOf(texts...)
	asks := func(a answer) bool { return a.status == http.StatusOK || a.status == http.StatusUnauthorized }
	out := Found{
		Address: at.Addr(), HTTPPort: int(at.Port()), Brand: brand, Model: h.model, Name: first(h.name, page),
		Serial: first(h.serial, serialOf(realm)), XAddr: h.xaddr, Kind: kindOf(strings.Join(texts, " ") + " " + h.model),
	}
	// A page that wants a login for whatever is asked has neither.
	wantsAll := root.status == http.StatusUnauthorized || asks(isapi) && asks(cgi)
	switch {
	case asks(isapi) && (dialect == Hikvision || isISAPI(isapi) || !wantsAll && dialect == "" && isapi.status == http.StatusUnauthorized):
		out.Dialect, out.Brand = Hikvision, first(brand, "Hikvision")
	case asks(cgi) && (dialect == Dahua || !wantsAll && dialect == "" && cgi.status == http.StatusUnauthorized):
		out.Dialect, out.Brand = Dahua, first(brand, "Dahua")
	case f.speaksONVIF(ctx, w, &out):
		out.Dialect = ONVIF
	default:
		return Found{}, false
	}
	return out, true
}

// isISAPI tells ISAPI's own answers by the namespaces and elements of its
// ResponseStatus, userCheck and DeviceInfo.
func isISAPI(a answer) bool {
	text := string(a.body[:min(len(a.body), 4096)])
	for _, sign := range []string{"hikvision.com", "isapi.org", "std-cgi.com", "<userCheck", "<DeviceInfo"} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}

// speaksONVIF asks for the time at the address that the device gave, or at the
// usual one.
func (f *finder) speaksONVIF(ctx context.Context, w *web, out *Found) bool {
	o := &onvifDevice{soap: &soap{plain: w}, device: first(out.XAddr, w.at(devicePath))}
	_, err := o.clock(ctx)
	var tells timeless
	if err != nil && !errors.As(err, &tells) {
		return false
	}
	out.XAddr = o.device
	return true
}
