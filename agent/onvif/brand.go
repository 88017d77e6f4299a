package onvif

import (
	"regexp"
	"strings"
)

// marks are what devices show of themselves to anybody, in lower case: in the
// Server header and realm of HTTP and RTSP, the title of their page, and the scopes
// of WS-Discovery. The first that is found counts: makers of others' hardware come
// before those whose dialect they speak.
var marks = []struct {
	sign, brand string
	dialect     Dialect // "" when only a look at the device can tell
}{
	{"hilook", "HiLook", Hikvision},
	{"hiwatch", "HiWatch", Hikvision},
	{"ezviz", "EZVIZ", ""},
	{"hikvision", "Hikvision", Hikvision},
	{"app-webs", "Hikvision", Hikvision},
	{"dnvrs-webs", "Hikvision", Hikvision},
	{"dvrdvs-webs", "Hikvision", Hikvision},
	{"kbvision", "KBVision", Dahua},
	{"imou", "Imou", Dahua},
	{"amcrest", "Amcrest", Dahua},
	{"dahua", "Dahua", Dahua},
	{"dhi-", "Dahua", Dahua},
	{"dh-", "Dahua", Dahua},
	{"login to ", "Dahua", Dahua},
	{"tp-link", "TP-Link", ONVIF},
	{"tapo", "TP-Link", ONVIF},
	{"vigi", "TP-Link", ONVIF},
	{"uniview", "Uniview", ONVIF},
	{"axis", "Axis", ONVIF},
	{"hanwha", "Hanwha", ONVIF},
	{"wisenet", "Hanwha", ONVIF},
	{"panasonic", "Panasonic", ONVIF},
	{"bosch", "Bosch", ONVIF},
	{"vivotek", "Vivotek", ONVIF},
	{"reolink", "Reolink", ONVIF},
	{"tiandy", "Tiandy", ONVIF},
	{"vantech", "Vantech", ""},
	{"questek", "Questek", ""},
	{"uc-httpd", "Xiongmai", ONVIF},
	{"h264dvr", "Xiongmai", ONVIF},
}

// brandOf finds the maker in texts.
func brandOf(texts ...string) (brand string, dialect Dialect) {
	all := strings.ToLower(strings.Join(texts, "\n"))
	for _, m := range marks {
		if strings.Contains(all, m.sign) {
			return m.brand, m.dialect
		}
	}
	return "", ""
}

var (
	recorderSigns = regexp.MustCompile(`(?i)\b[a-z]*(nvr|dvr|xvr|hcvr)|recorder|\bi?ds-[789]\d|networkvideostorage`)
	cameraSigns   = regexp.MustCompile(`(?i)\bip ?c|camera|\bds-2|\bdome\b|\bipdome`)
)

// kindOf tells a recorder from a camera by its model and type.
func kindOf(text string) string {
	switch {
	case recorderSigns.MatchString(text):
		return KindRecorder
	case cameraSigns.MatchString(text):
		return KindCamera
	}
	return KindUnknown
}

// loginTo is Dahua's realm; what follows is the serial, or in newer firmware a
// digest of it, which is longer.
var loginTo = regexp.MustCompile(`Login to ([0-9A-Z]{10,20})\b`)

// serialOf finds a serial that is told without a login.
func serialOf(realm string) string {
	if m := loginTo.FindStringSubmatch(realm); m != nil {
		return m[1]
	}
	return ""
}

// defaults are the name and password that makers ship or printed in manuals, from
// their public documents. They are compared with what a person typed, never tried.
var defaults = map[string][]string{
	"admin": {
		"", "admin", "12345", "123456", "1234", "12345678", "123456789", "1234567890", "888888", "666666", "111111", "000000",
		"admin123", "admin1234", "admin12345", "9999", "4321", "1111", "password", "camera", "abc12345", "abcd1234", "tlJwpbo6",
	},
	"root":          {"", "root", "pass", "admin", "ikwb", "system", "xc3511", "vizxv", "xmhdipc", "jvbzd", "klv123", "juantech"},
	"888888":        {"888888"},
	"666666":        {"666666"},
	"administrator": {"", "1234", "12345", "admin"},
	"supervisor":    {"supervisor"},
	"service":       {"service"},
	"user":          {"", "user", "1234"},
	"guest":         {"", "guest"},
	"default":       {"", "default", "tluafed"},
	"ubnt":          {"ubnt"},
}

// isDefault tells whether a login is one of these; an empty password always is.
func isDefault(username, password string) bool {
	if password == "" || strings.EqualFold(password, username) {
		return true
	}
	for _, d := range defaults[strings.ToLower(username)] {
		if d == password {
			return true
		}
	}
	return false
}
