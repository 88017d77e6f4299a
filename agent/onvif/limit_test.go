package onvif_test

import (
	"bytes"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/onvif"
)

// TestHostileAnswers: what a device answers is limited, and never more than an error.
func TestHostileAnswers(t *testing.T) {
	for name, body := range map[string]string{
		"large":    `<a>` + strings.Repeat("x", 2<<20) + `</a>`,
		"deep":     strings.Repeat("<a>", 5000),
		"many":     `<a>` + strings.Repeat("<b/>", 30000) + `</a>`,
		"entities": `<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]><DeviceInfo><model>&c;</model></DeviceInfo>`,
		"outside":  `<!DOCTYPE a SYSTEM "http://169.254.169.254/x"><DeviceInfo><model>m</model></DeviceInfo>`,
		"unknown":  `<DeviceInfo><model>&xxe;</model></DeviceInfo>`,
		"empty":    ``,
		"html":     `<html><body>login</body></html>`,
		"binary":   "\x00\xff\xfe\x01",
		"half":     `<DeviceInfo><model>m`,
	} {
		at := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, body) }))
		for _, d := range []onvif.Dialect{onvif.Hikvision, onvif.Dahua, onvif.ONVIF} {
			_, err := onvif.Open(t.Context(), config(io.Discard), found(at, d), user, secret)
			if code := camera.CodeOf(err); code != camera.CodeBadRequest && code != camera.CodeTooLarge {
				t.Errorf("%s, %s: %v", name, d, err)
			}
		}
	}
}

func TestRewrite(t *testing.T) {
	host := netip.MustParseAddr("192.168.7.7")
	for raw, want := range map[string]string{
		"rtsp://192.168.1.64:554/Streaming/Channels/101":    "rtsp://192.168.7.7:554/Streaming/Channels/101",
		"rtsp://0.0.0.0/live":                               "rtsp://192.168.7.7/live",
		"rtsp://admin:p%40ss@10.0.0.1:8554/a?b=c#d":         "rtsp://192.168.7.7:8554/a?b=c",
		"RTSP://camera.local:8554/a":                        "rtsp://192.168.7.7:8554/a",
		"http://192.168.7.7:8080/snap":                      "http://192.168.7.7:8080/snap",
		"http://192.168.1.64/snap":                          "http://192.168.7.7:81/snap",
		"https://[::1]:8443/snap":                           "http://192.168.7.7:81/snap",
		"http://192.168.7.7/snap":                           "http://192.168.7.7:80/snap",
		"file:///etc/passwd":                                "",
		"gopher://192.168.7.7/":                             "",
		"":                                                  "",
		"rtsp://x/" + strings.Repeat("y", 1000):             "",
		"http://192.168.7.7:80@169.254.169.254/latest/meta": "http://192.168.7.7:81/latest/meta",
	} {
		got, err := onvif.Rewrite(host, 81, raw, "rtsp", "http", "https")
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%.60s: %q, %v; want %q", raw, got, err, want)
		}
	}
	if got, err := onvif.Rewrite(netip.MustParseAddr("fd00::7"), 81, "rtsp://x/live", "rtsp"); err != nil || got != "rtsp://[fd00::7]/live" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestKind(t *testing.T) {
	for text, want := range map[string]string{
		"NVR DS-7608NI-K2": onvif.KindRecorder, "DHI-NVR4108HS": onvif.KindRecorder, "XVR5108": onvif.KindRecorder, "iDS-7204HUHI": onvif.KindRecorder,
		"IPCamera DS-2CD2143": onvif.KindCamera, "IPC-HFW1230S": onvif.KindCamera, "IP Dome": onvif.KindCamera, "router": onvif.KindUnknown, "": onvif.KindUnknown,
	} {
		if got := onvif.KindOf(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func FuzzMatches(f *testing.F) {
	f.Add([]byte(probeMatch("id", "http://10.0.0.1:99/x http://192.168.7.7:8899/onvif", "onvif://www.onvif.org/name/a%20b")))
	f.Add([]byte(`<Envelope><Header><RelatesTo>id</RelatesTo></Header><Body><ProbeMatches><ProbeMatch/></ProbeMatches></Body></Envelope>`))
	from := netip.MustParseAddr("192.168.7.7")
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, at := range onvif.Matches(data, from, []string{"id"}) {
			if at.Addr() != from || at.Port() == 0 {
				t.Errorf("%v: not where the answer came from", at)
			}
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(isapiLocked), 401)
	f.Add([]byte(soapHead+`<SOAP-ENV:Fault><SOAP-ENV:Code><SOAP-ENV:Value>SOAP-ENV:Sender</SOAP-ENV:Value><SOAP-ENV:Subcode><SOAP-ENV:Value>ter:NotAuthorized</SOAP-ENV:Value></SOAP-ENV:Subcode></SOAP-ENV:Code></SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>`), 400)
	f.Add([]byte(`<?xml version="1.0" encoding="GB2312"?><a>`+"\xc4\xe3"+`</a>`), 200)
	f.Fuzz(func(t *testing.T, data []byte, status int) {
		refused, locked, err := onvif.Judge(status, data)
		if refused && err != nil || locked && !refused {
			t.Errorf("refused %v, locked %v, %v", refused, locked, err)
		}
		if onvif.Decode(data) == nil && bytes.Contains(data, []byte("<!DOCTYPE")) && !bytes.Contains(data, []byte("<!--")) && !bytes.Contains(data, []byte("CDATA")) && !bytes.Contains(data, []byte("<?")) {
			t.Errorf("a document type was read: %q", data)
		}
	})
}

func FuzzPairs(f *testing.F) {
	f.Add("table.ChannelTitle[0].Name=Đường 4A\r\nresult=2011-7-3 21:02:32\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := onvif.Pairs([]byte(text))
		if err == nil && len(all) > 20000 {
			t.Errorf("%d pairs", len(all))
		}
		for k, v := range all {
			if strings.ContainsAny(k+v, "\n") {
				t.Errorf("%q=%q: two lines", k, v)
			}
		}
	})
}

func FuzzClock(f *testing.F) {
	f.Add("2026-11-23T00:30:00+07:00", "CST-7:00:00DST01:00:00,M4.1.0/02:00:00,M10.5.0/02:00:00")
	f.Add("2011-7-3 21:02:32", "<+07>-7")
	f.Fuzz(func(t *testing.T, local, tz string) {
		_, _ = onvif.ISAPIClock(local, tz, noon)
		if ahead, err := onvif.DahuaClock(local, noon); err == nil && ahead.Minutes() > 16 || ahead.Minutes() < -16 {
			t.Errorf("%q: %v, more than a zone's step leaves", local, ahead)
		}
	})
}
