package simnvr_test

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v4/pkg/base"

	"xulang.vn/camera/cmd/xulang-village/simnvr"
)

// refuses returns when nothing answers at the address any more.
func refuses(t *testing.T, addr string) {
	t.Helper()
	for until := time.Now().Add(patience); time.Now().Before(until); {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			return
		}
		conn.Close()
	}
	t.Fatalf("%s still answers", addr)
}

func answers(t *testing.T, addr string) {
	t.Helper()
	for until := time.Now().Add(patience); time.Now().Before(until); {
		if conn, err := net.Dial("tcp", addr); err == nil {
			conn.Close()
			return
		}
	}
	t.Fatalf("%s does not answer", addr)
}

// Off and on again, the recorder has its old ports; moved, it has another address,
// the same ports and the same serial.
func TestDownAndMoved(t *testing.T) {
	rec := start(t, simnvr.Hikvision, at(night))
	web, rtsp := rec.HTTPAddr(), rec.RTSPAddr()
	v := view(t, rec, "/Streaming/Channels/101", secret)
	if _, err := v.play(nil); err != nil {
		t.Fatal(err)
	}
	rec.SetDown(true)
	if err := v.client.Wait(); err == nil {
		t.Error("the client was not dropped")
	}
	refuses(t, web)
	refuses(t, rtsp)
	v.left(rec, func(live, playback int) bool { return live == 0 && playback == 0 })
	rec.SetDown(false)
	answers(t, web)
	rec.MoveTo("127.0.77.99")
	refuses(t, web)
	refuses(t, rtsp)
	if want := strings.Replace(web, "127.0.77.11", "127.0.77.99", 1); rec.HTTPAddr() != want {
		t.Errorf("moved to %s, want %s", rec.HTTPAddr(), want)
	}
	answers(t, rec.HTTPAddr())
	_, text := get(t, "http://"+rec.HTTPAddr()+"/ISAPI/System/deviceInfo")
	contains(t, "after the move", text, "<serialNumber>SIM-NVR-0001<")
}

func TestSetPassword(t *testing.T) {
	rec := start(t, simnvr.Dahua, at(night))
	v := view(t, rec, "/cam/realmonitor?channel=1&subtype=0", secret)
	if _, err := v.play(nil); err != nil {
		t.Fatal(err)
	}
	rec.SetPassword("khác")
	if err := v.client.Wait(); err == nil {
		t.Error("the client was not dropped")
	}
	answers(t, rec.HTTPAddr())
	page := "http://" + rec.HTTPAddr() + "/cgi-bin/magicBox.cgi?action=getSerialNo"
	if code, _ := get(t, page); code != http.StatusUnauthorized {
		t.Errorf("the old password: %d", code)
	}
	if code, _, _ := ask(t, http.MethodGet, page, "", "khác"); code != http.StatusOK {
		t.Errorf("the new password: %d", code)
	}
}

const probeText = `<?xml version="1.0" encoding="UTF-8"?><e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:dn="http://www.onvif.org/ver10/network/wsdl">
<e:Header><w:MessageID>urn:uuid:11111111-2222-4333-8444-555555555555</w:MessageID><w:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To><w:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header>
<e:Body><d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></e:Body></e:Envelope>`

// Two recorders on one machine are found by their own address, and both by the
// group; one that looks for printers gets no answer.
func TestDiscovery(t *testing.T) {
	one := start(t, simnvr.Hikvision, at(night), func(c *simnvr.Config) { c.IP, c.Discovery = "127.0.77.21", true })
	two := start(t, simnvr.ONVIF, at(night), func(c *simnvr.Config) { c.IP, c.Discovery, c.Serial = "127.0.77.22", true, "SIM-NVR-0002" })
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for to, want := range map[string][]string{
		"127.0.77.21:3702": {one.HTTPAddr()}, "127.0.77.22:3702": {two.HTTPAddr()}, "239.255.255.250:3702": {one.HTTPAddr(), two.HTTPAddr()},
	} {
		found := probe(t, conn, to, want)
		for _, addr := range want {
			text, ok := found["http://"+addr+"/onvif/device_service"]
			if !ok {
				t.Errorf("probe to %s finds %d, not %s", to, len(found), addr)
			}
			contains(t, to, text, "<wsa:RelatesTo>urn:uuid:11111111-2222-4333-8444-555555555555<", "onvif://www.onvif.org/hardware/", "onvif://www.onvif.org/name/", "NetworkVideoTransmitter")
		}
	}
}

// probe asks until all of these have answered, since a recorder may only just
// be opening its ears. Recorders of tests that run beside this one answer the
// group too; they do not count.
func probe(t *testing.T, conn *net.UDPConn, to string, want []string) map[string]string {
	t.Helper()
	addr, err := net.ResolveUDPAddr("udp4", to)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	packet := make([]byte, 8<<10)
	missing := func(addr string) bool { return found["http://"+addr+"/onvif/device_service"] == "" }
	for until := time.Now().Add(patience); slices.ContainsFunc(want, missing) && time.Now().Before(until); {
		printer := strings.ReplaceAll(probeText, "dn:NetworkVideoTransmitter", "p:Printer")
		for _, text := range []string{strings.ReplaceAll(printer, "11111111", "99999999"), "<hello/>", probeText} {
			if _, err := conn.WriteToUDP([]byte(text), addr); err != nil {
				t.Fatal(err)
			}
		}
		if err := conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		for n, _, err := conn.ReadFromUDP(packet); err == nil; n, _, err = conn.ReadFromUDP(packet) {
			text := string(packet[:n])
			if strings.Contains(text, "urn:uuid:99999999") {
				t.Fatal("a recorder says that it is a printer")
			}
			_, rest, _ := strings.Cut(text, "<d:XAddrs>")
			where, _, _ := strings.Cut(rest, "<")
			found[where] = text
		}
	}
	return found
}

func TestNewRefuses(t *testing.T) {
	good := simnvr.Config{
		IP: "127.0.77.31", Dialect: simnvr.ONVIF, Serial: "S", User: "a", Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Channels: []simnvr.Channel{{Home: load(t, "home-01"), Passes: every, Online: true}},
	}
	for name, spoil := range map[string]func(*simnvr.Config){
		"dialect":           func(c *simnvr.Config) { c.Dialect = "other" },
		"no address":        func(c *simnvr.Config) { c.IP = "localhost" },
		"no user":           func(c *simnvr.Config) { c.User = "" },
		"line in user":      func(c *simnvr.Config) { c.User = "a\r\nb" },
		"no serial":         func(c *simnvr.Config) { c.Serial = "" },
		"no channels":       func(c *simnvr.Config) { c.Channels = nil },
		"no picture":        func(c *simnvr.Config) { c.Channels = []simnvr.Channel{{Passes: every}} },
		"negative keep":     func(c *simnvr.Config) { c.Keep = -1 },
		"slower than time":  func(c *simnvr.Config) { c.Speed = 0.5 },
		"negative sessions": func(c *simnvr.Config) { c.LiveSessions = -1 },
	} {
		cfg := good
		spoil(&cfg)
		if _, err := simnvr.New(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	taken, err := net.Listen("tcp", "127.0.77.31:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	good.HTTPPort = taken.Addr().(*net.TCPAddr).Port
	rec, err := simnvr.New(good)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := rec.Run(ctx); err == nil {
		t.Error("runs on a port that is taken")
	}
}

func FuzzParsers(f *testing.F) {
	rec := map[simnvr.Dialect]*simnvr.Recorder{}
	for _, d := range dialects {
		home := simnvr.Channel{Home: loadFuzz(f), Passes: every, Online: true}
		r, err := simnvr.New(simnvr.Config{IP: "127.0.0.1", Dialect: d, Serial: "S", User: "a", Now: at(night).Now, Log: slog.New(slog.DiscardHandler), Channels: []simnvr.Channel{home}})
		if err != nil {
			f.Fatal(err)
		}
		rec[d] = r
	}
	for _, s := range []string{
		probeText, `Digest username="a\"b", realm=x, nonce="", uri="/", response=`, "rtsp://h/Streaming/tracks/101/?starttime=20261122T140000Z&endtime=20261122T150000+07:00",
		"rtsp://h/cam/playback?channel=1&starttime=2026_11_22_14_00_00", "rtsp://h/onvif/replay/ch1", `Digest "`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		simnvr.ParseDigest(s)
		if id, ok := simnvr.ParseProbe([]byte(s)); ok && id == "" {
			t.Error("a probe without a name")
		}
		if name, err := simnvr.ParseCall([]byte(s)); err == nil && name == "" {
			t.Error("a call without a name")
		}
		u, err := base.ParseURL(s)
		if err != nil {
			return
		}
		for d, r := range rec {
			if channel, found := r.Finds((*url.URL)(u)); found && channel != 1 {
				t.Errorf("%s: channel %d of one at %s", d, channel, s)
			}
		}
	})
}
