package setup_test

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"xulang.vn/camera/agent/setup"
)

func TestPastedAddresses(t *testing.T) {
	for _, c := range []struct{ text, url, user, pass string }{
		{"rtsp://192.168.1.20", "rtsp://192.168.1.20", "", ""},
		{" RTSP://192.168.1.20:554/a?b=c&d ", "rtsp://192.168.1.20:554/a?b=c&d", "", ""},
		{"rtsps://admin:secret@192.168.1.20:322/s", "rtsps://192.168.1.20:322/s", "admin", "secret"},
		{"rtsp://admin:p@ss@192.168.1.20/s", "rtsp://192.168.1.20/s", "admin", "p@ss"},
		{"rtsp://admin:a/b?c#d@192.168.1.20/s", "rtsp://192.168.1.20/s", "admin", "a/b?c#d"},
		{"rtsp://admin:a:b:c@192.168.1.20:554/", "rtsp://192.168.1.20:554/", "admin", "a:b:c"},
		{"rtsp://admin:p%40ss%2F@192.168.1.20/s", "rtsp://192.168.1.20/s", "admin", "p@ss/"},
		{"rtsp://admin:100%@192.168.1.20/s", "rtsp://192.168.1.20/s", "admin", "100%"},
		{"rtsp://admin:mật khẩu@192.168.1.20/s", "rtsp://192.168.1.20/s", "admin", "mật khẩu"},
		{"rtsp://admin@192.168.1.20/s", "rtsp://192.168.1.20/s", "admin", ""},
		{"rtsp://admin:@192.168.1.20/s", "rtsp://192.168.1.20/s", "admin", ""},
		{"rtsp://admin:x@192.168.1.20/user=a@b/c", "rtsp://192.168.1.20/user=a@b/c", "admin", "x"},
		{"rtsp://192.168.1.20:554/user=a&password=b@c", "rtsp://192.168.1.20:554/user=a&password=b@c", "", ""},
		{"rtsp://a:b@10.0.0.1@192.168.1.20/s", "rtsp://192.168.1.20/s", "a", "b@10.0.0.1"},
		{"rtsp://u:p@[fd00::5]:554/s", "rtsp://[fd00::5]:554/s", "u", "p"},
		{"rtsp://u:p@[fd00::5]/s", "rtsp://[fd00::5]/s", "u", "p"},
		{"rtsp://192.168.1.20/a#b", "rtsp://192.168.1.20/a%23b", "", ""},
	} {
		_, got, user, pass, err := setup.SplitAddress(c.text)
		if err != nil || got != c.url || user != c.user || pass != c.pass {
			t.Errorf("%s\n got %q %q %q, %v\nwant %q %q %q", c.text, got, user, pass, err, c.url, c.user, c.pass)
		}
	}
	for _, text := range []string{
		"", "rtsp://", "192.168.1.20", "http://192.168.1.20/", "rtsp:/192.168.1.20", "rtsp://camera/", "rtsp://u:canary@camera.local/s", "rtsp://u:canary@", "rtsp://u:canary@192.168.1.20:0/",
		"rtsp://u:canary@192.168.1.20:99999/", "rtsp://192.168.1.300/", "rtsp://[fe80::1%25eth0]/", "rtsp://0x7f.1/", "rtsp://2130706433/", "rtsp://u:canary@fd00::5/",
		"rtsp://192.168.1.20/%zz", "rtsp://192.168.1.20/\r\nX: y", "rtsp://" + strings.Repeat("a", 500) + "@192.168.1.20/", "rtsp://192.168.1.20 /", "rtsp://192.168.1.20\\@10.0.0.1/",
	} {
		_, got, _, _, err := setup.SplitAddress(text)
		if err == nil && text != "rtsp://192.168.1.20\\@10.0.0.1/" {
			t.Errorf("%q was taken: %q", text, got)
		}
		if err != nil && strings.Contains(err.Error(), "canary") {
			t.Errorf("the error repeats it: %v", err)
		}
	}
}

func FuzzPastedAddress(f *testing.F) {
	for _, s := range []string{"rtsp://admin:p@ss@192.168.1.20/s#x", "rtsps://[fd00::5]:322/a?b", "rtsp://a:b/c?d#e@10.0.0.1:554/f@10.0.0.2/", "rtsp://192.168.1.20\\@10.0.0.1/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, out, _, _, err := setup.SplitAddress(text)
		if err != nil {
			return
		}
		u, err := url.Parse(out)
		if err != nil || u.User != nil || u.Fragment != "" || u.Scheme != "rtsp" && u.Scheme != "rtsps" {
			t.Fatalf("%q became %q: %v", text, out, err)
		}
		// What is dialled is what was checked against the household's networks.
		if host, err := netip.ParseAddr(u.Hostname()); err != nil || host.Unmap() != at {
			t.Fatalf("%q became %q, checked was %s", text, out, at)
		}
	})
}
