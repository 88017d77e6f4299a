package link_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/link"
)

func TestAddress(t *testing.T) {
	for text, want := range map[string][]string{
		"hub.example":                        {"https://hub.example", "https://hub.example:8470"},
		" Hub.Example ":                      {"https://hub.example", "https://hub.example:8470"},
		"hub":                                {"https://hub", "https://hub:8470"},
		"192.168.1.2:8470":                   {"https://192.168.1.2:8470"},
		"192.168.1.2":                        {"https://192.168.1.2", "https://192.168.1.2:8470"},
		"https://hub.example":                {"https://hub.example", "https://hub.example:8470"},
		"HTTPS://hub.example:9/":             {"https://hub.example:9"},
		"https://hub.example/cameras/":       {"https://hub.example/cameras", "https://hub.example:8470/cameras"},
		"https://hub.example/ghep":           {"https://hub.example", "https://hub.example:8470"},
		"https://hub.example:8470/tan/ghep/": {"https://hub.example:8470/tan"},
		"http://192.168.1.2:8470":            {"https://192.168.1.2:8470"},
		"[fd00::7]:8470":                     {"https://[fd00::7]:8470"},
		"fd00::7":                            {"https://[fd00::7]", "https://[fd00::7]:8470"},
		"127.0.0.1:9":                        {"https://127.0.0.1:9", "http://127.0.0.1:9"},
		"localhost":                          {"https://localhost:8470", "http://localhost:8470"},
		"::1":                                {"https://[::1]:8470", "http://[::1]:8470"},
	} {
		if got, err := link.Address(text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", " ", "ftp://hub.example", "https://", "hub.example:port", "hub.example:99999999", "hub example", "https://user:word@hub.example",
		"user@hub.example", "https://hub.example/ghep#1.." + secret, "hub.example?code=" + secret, "máychủ.example", "0.0.0.0", "::", "224.0.0.1",
		"[fe80::1%25eth0]", "fe80::1%eth0", "-hub.example", "hub..example", "*.example", "javascript:alert(1)", strings.Repeat("a.", 200) + "example",
		strings.Repeat("x", 501), "hub.example\nHost: x", secret + "\x00",
	} {
		got, err := link.Address(text)
		if camera.CodeOf(err) != camera.CodeBadRequest || got != nil {
			t.Errorf("%q: %v %v", text, got, err)
		}
		if err != nil && (strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "word")) {
			t.Errorf("%q is repeated: %v", text, err)
		}
	}
}

// FuzzAddress: whatever is typed is refused, or gives addresses that the link takes.
func FuzzAddress(f *testing.F) {
	for _, seed := range []string{"hub.example", "192.168.1.2:8470", "https://hub.example/x/ghep", "[::1]:9", "http://localhost", "::ffff:127.0.0.1", "1", "0x7f.1", "a:b@c", "%41", "//x", "https:https://x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		all, err := link.Address(text)
		if (err == nil) != (len(all) > 0) {
			t.Fatalf("%q: %v %v", text, all, err)
		}
		for _, one := range all {
			u, err := link.ParseHub(one)
			if err != nil || strings.HasSuffix(u.Path, "/") {
				t.Fatalf("%q: %s: %v", text, one, err)
			}
			ip, err := netip.ParseAddr(u.Hostname())
			if u.Scheme == "http" && u.Hostname() != "localhost" && (err != nil || !ip.Unmap().IsLoopback()) {
				t.Fatalf("%q: %s is in the clear", text, one)
			}
		}
	})
}
