package onvif_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/onvif"
)

func openNVT(t *testing.T, d *nvt, pass string) (*onvif.Device, error) {
	t.Helper()
	var log bytes.Buffer
	dev, err := onvif.Open(t.Context(), config(&log), found(serve(t, d), onvif.ONVIF), user, pass)
	silent(t, dev, err, log.String())
	return dev, err
}

// TestONVIFLogin: whatever clock a device has, one try with the right password is
// enough, in the scheme that it wants.
func TestONVIFLogin(t *testing.T) {
	local := func(t time.Time, tz string) string {
		zone := ""
		if tz != "" {
			zone = `<tt:TimeZone><tt:TZ>` + tz + `</tt:TZ></tt:TimeZone>`
		}
		return zone + dateTime("Local", t)
	}
	for _, c := range []struct {
		name  string
		set   func(*nvt)
		ahead time.Duration
		known bool
		least int // passwords sent at least; every one is right
	}{
		{"token", func(*nvt) {}, 0, true, 1},
		{"token, 7 minutes slow", func(d *nvt) { d.ahead = -7 * time.Minute }, -7 * time.Minute, true, 1},
		{"token, a month fast", func(d *nvt) { d.ahead = 720 * time.Hour }, 720 * time.Hour, true, 1},
		{"token, 1970", func(d *nvt) { d.ahead = time.Date(1970, 1, 1, 0, 5, 0, 0, time.UTC).Sub(noon) }, time.Date(1970, 1, 1, 0, 5, 0, 0, time.UTC).Sub(noon), true, 1},
		{"digest", func(d *nvt) { d.token = false }, 0, true, 1},
		{"digest, 7 minutes slow", func(d *nvt) { d.token, d.ahead = false, -7*time.Minute }, -7 * time.Minute, true, 1},
		{"no UTC, with its zone", func(d *nvt) { d.told = local(noon.Add(7*time.Hour), "CST-7") }, 0, true, 1},
		{"no UTC, slow, with its zone", func(d *nvt) {
			d.ahead = -7 * time.Minute
			d.told = local(noon.Add(d.ahead+8*time.Hour), "&lt;+08&gt;-8")
		}, -7 * time.Minute, true, 1},
		{"no UTC and no zone", func(d *nvt) { d.told = local(noon.Add(7*time.Hour), "") }, 0, true, 1},
		{"no time at all", func(d *nvt) { d.told = `<tt:DateTimeType>NTP</tt:DateTimeType>` }, 0, false, 1},
		{"time for its users", func(d *nvt) { d.hides = true }, 0, true, 1},
		{"time for its users, by digest and slow", func(d *nvt) { d.hides, d.token, d.ahead = true, false, -7*time.Minute }, -7 * time.Minute, true, 1},
		{"open to everybody", func(d *nvt) { d.open = true }, 0, true, 0},
		{"before GetServices", func(d *nvt) { d.old = true }, 0, true, 1},
		{"Media2", func(d *nvt) { d.media2 = true }, 0, true, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newNVT()
			c.set(d)
			dev, err := openNVT(t, d, secret)
			if err != nil {
				t.Fatal(err)
			}
			ahead, known := dev.ClockAhead()
			if known != c.known || (ahead-c.ahead).Abs() > time.Second {
				t.Errorf("clock ahead %v, %v; want %v, %v", ahead, known, c.ahead, c.known)
			}
			if dev.Serial() != "TEST-NVT-1" || dev.Brand() != "SimMaker" || dev.Model() != "Cam-1" || dev.HasPast() {
				t.Errorf("device %+v", dev.Found())
			}
			if d.tries < c.least || d.bad+d.badToken != 0 {
				t.Errorf("%d passwords sent, of which wrong %d", d.tries, d.bad+d.badToken)
			}
			channels, err := dev.Channels(t.Context())
			if err != nil || len(channels) != 2 {
				t.Fatalf("%d channels, %v", len(channels), err)
			}
			for i, ch := range channels {
				want := onvif.Channel{
					Number: i, Name: fmt.Sprintf("Kênh %d", i+1), Token: fmt.Sprintf("main%d", i), SourceToken: fmt.Sprintf("src%d", i),
					MainURL: fmt.Sprintf("rtsp://127.0.0.1:8555/main%d?x=1", i), SubURL: fmt.Sprintf("rtsp://127.0.0.1:8555/sub%d?x=1", i),
					SnapshotURL: fmt.Sprintf("http://127.0.0.1:%d/snap.jpg", dev.Found().HTTPPort),
				}
				if ch != want {
					t.Errorf("channel %+v, want %+v", ch, want)
				}
			}
			if _, err := dev.Picture(t.Context(), channels[0]); camera.CodeOf(err) != camera.CodeNoPicture {
				t.Errorf("picture: %v", err)
			}
		})
	}
}

// TestONVIFRefused: what a refusal means, after one try.
func TestONVIFRefused(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(*nvt)
		pass string
		code camera.Code
		says string
	}{
		{"wrong token", func(*nvt) {}, "canary-wrong", camera.CodeWrongPassword, ""},
		{"wrong digest", func(d *nvt) { d.token = false }, "canary-wrong", camera.CodeWrongPassword, ""},
		{"wrong token, 4 minutes slow", func(d *nvt) { d.ahead = -4 * time.Minute }, "canary-wrong", camera.CodeWrongPassword, ""},
		{"wrong digest, 7 minutes slow", func(d *nvt) { d.token, d.ahead = false, -7*time.Minute }, "canary-wrong", camera.CodeWrongPassword, ""},
		{"right token, and the device goes by another clock", func(d *nvt) { d.ahead, d.ignores = -7*time.Minute, true }, secret, camera.CodeClockSkew, "-420 s"},
		{"locked", func(d *nvt) { d.mostToken = 1 }, "canary-wrong", camera.CodeLockedOut, ""},
		{"locked by digest", func(d *nvt) { d.token, d.mostBad, d.bad = false, 1, 1 }, secret, camera.CodeLockedOut, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newNVT()
			c.set(d)
			_, err := openNVT(t, d, c.pass)
			if camera.CodeOf(err) != c.code || err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %s with %q", err, c.code, c.says)
			}
			if d.tries != 1 {
				t.Errorf("%d passwords sent, want 1", d.tries)
			}
		})
	}
	d := newNVT()
	at, cfg := serve(t, d), config(io.Discard)
	for i, code := range []camera.Code{camera.CodeWrongPassword, camera.CodeWrongPassword, camera.CodeLockedOut, camera.CodeLockedOut} {
		_, err := onvif.Open(t.Context(), cfg, found(at, onvif.ONVIF), user, "canary-wrong")
		if camera.CodeOf(err) != code || d.tries != min(i+1, 2) {
			t.Errorf("open %d: %v after %d tries", i, err, d.tries)
		}
	}
	d = newNVT()
	dev, err := onvif.Open(t.Context(), config(io.Discard), found(serve(t, d), onvif.ONVIF), "", "")
	if camera.CodeOf(err) != camera.CodeWrongPassword || d.tries != 0 {
		t.Errorf("without a name: %v, %v, %d tries", dev, err, d.tries)
	}
}

// TestONVIFChanged: a password that ceases to work is sent twice more, not for ever.
func TestONVIFChanged(t *testing.T) {
	for _, byToken := range []bool{true, false} {
		d := newNVT()
		d.token = byToken
		dev, err := openNVT(t, d, secret)
		if err != nil {
			t.Fatal(err)
		}
		d.mu.Lock()
		d.password = "new"
		d.mu.Unlock()
		for range 5 {
			_, err := dev.Channels(t.Context())
			if code := camera.CodeOf(err); code != camera.CodeWrongPassword && code != camera.CodeLockedOut {
				t.Errorf("channels: %v", err)
			}
		}
		if d.bad+d.badToken != 2 {
			t.Errorf("token %v: %d wrong passwords sent, want 2", byToken, d.bad+d.badToken)
		}
	}
}

func TestONVIFLimits(t *testing.T) {
	d := newNVT()
	d.sources, d.serial, d.token = 70, "", false
	dev, err := openNVT(t, d, secret)
	if err != nil {
		t.Fatal(err)
	}
	if dev.Serial() != "02:00:00:aa:bb:cc" {
		t.Errorf("serial %q", dev.Serial())
	}
	all, err := dev.Channels(t.Context())
	if err != nil || len(all) != 64 {
		t.Errorf("%d channels, %v", len(all), err)
	}
}

// TestWhosePast: a recording whose source is the recorder's own word is found by its
// job; one that is nobody's is not taken for a channel's.
func TestWhosePast(t *testing.T) {
	d := newNVT()
	d.search, d.byJob = "spans", true
	dev, err := openNVT(t, d, secret)
	if err != nil {
		t.Fatal(err)
	}
	all, err := dev.Channels(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := dev.Recordings(t.Context(), all[1], noon.Add(-time.Hour), noon); err != nil || len(got) != 1 {
		t.Errorf("by its job: %v, %v", got, err)
	}
	if got, err := dev.Recordings(t.Context(), all[0], noon.Add(-time.Hour), noon); err != nil || len(got) != 0 {
		t.Errorf("nobody's: %v, %v", got, err)
	}
	if _, err := dev.ReplayURI(t.Context(), all[0]); camera.CodeOf(err) != camera.CodeNoFootage {
		t.Errorf("nobody's replay: %v", err)
	}
	d = newNVT()
	d.search, d.byJob, d.sources = "spans", true, 1
	if dev, err = openNVT(t, d, secret); err != nil {
		t.Fatal(err)
	}
	if all, err = dev.Channels(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := dev.Recordings(t.Context(), all[0], noon.Add(-time.Hour), noon); err != nil || len(got) != 1 {
		t.Errorf("the only one: %v, %v", got, err)
	}
}

// TestClockIsSetLater: who asks for the clock again can go on, whoever set it.
func TestClockIsSetLater(t *testing.T) {
	d := newNVT()
	d.search, d.ahead = "spans", -7*time.Minute
	dev, err := openNVT(t, d, secret)
	if err != nil {
		t.Fatal(err)
	}
	d.mu.Lock()
	d.ahead = time.Second
	d.mu.Unlock()
	if ahead, _, err := dev.Clock(t.Context()); err != nil || ahead.Abs() > 5*time.Second {
		t.Errorf("ahead %s, %v", ahead, err)
	}
	if _, err := dev.Channels(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestPast: Profile G on a recorder that is 7 minutes slow: its own times, holes
// where it tells them, and the channel's own recording.
func TestPast(t *testing.T) {
	hour := func(h float64) time.Time { return noon.Add(time.Duration(h*float64(time.Hour)) - 7*time.Minute) }
	for _, c := range []struct {
		search   string
		from, to float64
		want     []camera.Interval
	}{
		{"events", -4, 0, []camera.Interval{{From: hour(-3), To: hour(-2)}, {From: hour(-1.5), To: hour(0)}}},
		{"events", -2.5, -1, []camera.Interval{{From: hour(-2.5), To: hour(-2)}, {From: hour(-1.5), To: hour(-1)}}},
		{"spans", -9, -1, []camera.Interval{{From: hour(-6), To: hour(-1)}}},
		{"spans", -9, -7, nil},
	} {
		d := newNVT()
		d.search, d.ahead = c.search, -7*time.Minute
		dev, err := openNVT(t, d, secret)
		if err != nil {
			t.Fatal(err)
		}
		if !dev.HasPast() {
			t.Error("no past")
		}
		all, err := dev.Channels(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got, err := dev.Recordings(t.Context(), all[1], hour(c.from), hour(c.to))
		if err != nil || fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s %v to %v: %v, %v; want %v", c.search, c.from, c.to, got, err, c.want)
		}
		uri, err := dev.ReplayURI(t.Context(), all[1])
		if err != nil || uri != "rtsp://127.0.0.1:8556/replay/rec" {
			t.Errorf("replay %q, %v", uri, err)
		}
	}
}
