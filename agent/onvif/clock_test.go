package onvif_test

import (
	"io"
	"testing"
	"time"

	"xulang.vn/camera/agent/onvif"
)

// TestISAPIClock: recorders with a wrong clock and the traps of zones, at 00:30 of
// the 23rd in Vietnam, when it is still the 22nd in UTC.
func TestISAPIClock(t *testing.T) {
	for _, c := range []struct {
		local, zone string
		ahead       time.Duration
	}{
		{"2026-11-23T00:30:00+07:00", "CST-7:00:00", 0},
		{"2026-11-23T01:30:00+08:00", "CST-8:00:00", 0},
		{"2026-11-23T00:23:00+07:00", "CST-7:00:00", -7 * time.Minute},
		{"2026-11-22T23:53:00+07:00", "CST-7:00:00", -37 * time.Minute},
		{"2026-11-23T00:30:00", "CST-7:00:00", 0},
		{"2026-11-23T00:30:00Z", "CST-7:00:00", 0}, // Z that means local time
		{"2026-11-22T17:30:00Z", "UTC0", 0},
		{"2026-11-22T17:30:00Z", "GMT+0:00:00", 0},
		{"2026-11-23T01:30:00Z", "CST-8:00:00", 0},
		{"2026-11-23T00:30:00Z", "CST-8:00:00", -time.Hour}, // the maker's zone and a Vietnamese wall clock: its UTC is an hour off
		{"2026-11-23T01:30:00", "CST-7:00:00DST01:00:00,M4.1.0/02:00:00,M10.5.0/02:00:00", 0},
		{"2026-11-23T00:30:00", "CST-7:00:00DST01:00:00,M4.1.0/02:00:00,M10.5.0/02:00:00", 0},
		{"2026-11-23T00:30:00", "", 0},
		{"2026-11-23T00:23:00Z", "nonsense", -7 * time.Minute},
		{"2026-11-22 17:30:05", "", 5 * time.Second}, // UTC by the look of it
	} {
		got, err := onvif.ISAPIClock(c.local, c.zone, noon)
		if err != nil || got != c.ahead+500*time.Millisecond {
			t.Errorf("%s %q: ahead %v, %v; want %v", c.local, c.zone, got, err, c.ahead)
		}
	}
	for _, bad := range []string{"", "yesterday", "2026-13-40T99:99:99", "2026-11-23T00:30", "２０２６-11-23T00:30:00"} {
		if _, err := onvif.ISAPIClock(bad, "CST-7", noon); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func TestDahuaClock(t *testing.T) {
	for _, c := range []struct {
		text  string
		ahead time.Duration
	}{
		{"2026-11-23 00:30:00", 0},
		{"2026-11-23 0:30:0", 0},
		{"2026-11-23 00:23:00", -7 * time.Minute},
		{"2026-11-23 00:42:00", 12 * time.Minute},
		{"2026-11-22 23:59:30", -30 * time.Second}, // UTC+6:30, or half an hour slow: told as the zone
		{"2026-11-23 01:30:00", 0},                 // UTC+8
		{"2026-11-22 17:23:00", -7 * time.Minute},  // UTC, and slow
	} {
		got, err := onvif.DahuaClock(c.text, noon)
		if err != nil || got != c.ahead+500*time.Millisecond {
			t.Errorf("%s: ahead %v, %v; want %v", c.text, got, err, c.ahead)
		}
	}
}

// TestSlowClock: the same over the wire, and the bound holds for the whole second.
func TestSlowClock(t *testing.T) {
	h, c := newISAPI(), newCGI()
	h.local, c.now = "2026-11-23T00:23:00+07:00", "2026-11-23 00:23:00"
	for _, f := range []onvif.Found{found(serve(t, h), onvif.Hikvision), found(serve(t, c), onvif.Dahua)} {
		dev, err := onvif.Open(t.Context(), config(io.Discard), f, user, secret)
		if err != nil {
			t.Fatal(err)
		}
		ahead, bound, err := dev.Clock(t.Context())
		if err != nil || (ahead+7*time.Minute).Abs() > bound || bound != 500*time.Millisecond {
			t.Errorf("%s: %v ± %v, %v", f.Dialect, ahead, bound, err)
		}
	}
}

func TestDefaultPassword(t *testing.T) {
	for _, c := range []struct {
		user, pass string
		want       bool
	}{
		{"admin", "admin", true}, {"admin", "12345", true}, {"Admin", "123456", true}, {"admin", "888888", true}, {"root", "pass", true},
		{"admin", "", true}, {"lan", "lan", true}, {"888888", "888888", true}, {"admin", "Bình-4A-cổng", false}, {"root", "12345x", false},
	} {
		if got := onvif.IsDefault(c.user, c.pass); got != c.want {
			t.Errorf("%s/%s: %v", c.user, c.pass, got)
		}
	}
}
