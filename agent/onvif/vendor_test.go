package onvif_test

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/onvif"
)

func TestHikvision(t *testing.T) {
	d := newISAPI()
	d.pictures = jpegs(t)
	at := serve(t, d)
	var log bytes.Buffer
	dev, err := onvif.Open(t.Context(), config(&log), found(at, onvif.Hikvision), user, secret)
	if err != nil {
		t.Fatal(err)
	}
	silent(t, dev, *dev, log.String())
	if dev.Serial() != "DS-7604NI-K10420200101TEST00000001WCVU" || dev.Brand() != "Hikvision" || dev.Model() != "DS-7604NI-K1" || dev.Found().Kind != onvif.KindRecorder || !dev.HasPast() || dev.DefaultPassword() {
		t.Errorf("device %+v, past %v", dev.Found(), dev.HasPast())
	}
	if ahead, ok := dev.ClockAhead(); !ok || ahead.Abs() > time.Second {
		t.Errorf("clock ahead %v, %v", ahead, ok)
	}
	channels, err := dev.Channels(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	host := at.Addr().String()
	want := []struct {
		number int
		name   string
		online string
		url    string
	}{
		{0, "Cổng", "", "rtsp://" + host + ":1554/Streaming/Channels/101"},
		{2, "Ngõ <sau>", "true", "rtsp://" + host + ":1554/Streaming/Channels/301"},
		{3, "Sân", "false", "rtsp://" + host + ":1554/Streaming/Channels/401"},
	}
	if len(channels) != len(want) {
		t.Fatalf("%d channels: %+v", len(channels), channels)
	}
	for i, w := range want {
		c, online := channels[i], ""
		if c.Online != nil {
			online = strconv.FormatBool(*c.Online)
		}
		if c.Number != w.number || c.Name != w.name || online != w.online || c.MainURL != w.url || c.SubURL != w.url[:len(w.url)-1]+"2" {
			t.Errorf("channel %+v, online %q; want %+v", c, online, w)
		}
	}
	if channels[1].Serial != "DS-2CD-SIM-0003" {
		t.Errorf("serial of the camera behind: %q", channels[1].Serial)
	}
	if got, err := dev.Picture(t.Context(), channels[1]); err != nil || !bytes.Equal(got, picture(t)) {
		t.Errorf("picture: %d bytes, %v", len(got), err)
	}
	if _, err := dev.Recordings(t.Context(), channels[0], noon, noon.Add(time.Hour)); camera.CodeOf(err) != camera.CodeNotFound {
		t.Errorf("recordings by ISAPI are not ours: %v", err)
	}
}

// TestNoPicture: everything that is no picture of at most 4 MiB has one code.
func TestNoPicture(t *testing.T) {
	for name, give := range map[string]func(http.ResponseWriter){
		"text":    func(w http.ResponseWriter) { io.WriteString(w, "<html>busy</html>") },
		"nothing": func(http.ResponseWriter) {},
		"missing": func(w http.ResponseWriter) { w.WriteHeader(http.StatusNotFound) },
		"busy":    func(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) },
		"head":    func(w http.ResponseWriter) { w.Write([]byte{0xff, 0xd8, 0xff, 0xe0}) },
		"large":   func(w http.ResponseWriter) { w.Write(append(picture(t), make([]byte, 4<<20)...)) },
	} {
		d := newISAPI()
		d.pictures = give
		dev, err := onvif.Open(t.Context(), config(io.Discard), found(serve(t, d), onvif.Hikvision), user, secret)
		if err != nil {
			t.Fatal(err)
		}
		all, err := dev.Channels(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := dev.Picture(t.Context(), all[1]); camera.CodeOf(err) != camera.CodeNoPicture {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := dev.Picture(t.Context(), onvif.Channel{}); camera.CodeOf(err) != camera.CodeNoPicture {
			t.Errorf("no address: %v", err)
		}
		if _, err := dev.Picture(t.Context(), onvif.Channel{SnapshotURL: "file:///etc/passwd"}); err == nil {
			t.Error("a file is no picture of a device")
		}
	}
}

func TestDahua(t *testing.T) {
	for _, states := range []bool{true, false} {
		d := newCGI()
		want := []string{"true", "false"}
		if !states {
			d.states, want = "", []string{"", "", ""}
		}
		at := serve(t, d)
		dev, err := onvif.Open(t.Context(), config(io.Discard), found(at, onvif.Dahua), user, secret)
		if err != nil {
			t.Fatal(err)
		}
		if dev.Serial() != "3K0TEST0000001" || dev.Brand() != "Dahua" || dev.Model() != "DHI-NVR2104-4KS2" || dev.Found().Kind != onvif.KindRecorder || !dev.HasPast() {
			t.Errorf("device %+v", dev.Found())
		}
		all, err := dev.Channels(t.Context())
		if err != nil || len(all) != len(want) {
			t.Fatalf("%d channels, %v", len(all), err)
		}
		for i, c := range all {
			online := ""
			if c.Online != nil {
				online = strconv.FormatBool(*c.Online)
			}
			url := "rtsp://127.0.0.1:1555/cam/realmonitor?channel=" + strconv.Itoa(i+1) + "&subtype="
			if c.Number != i || online != want[i] || c.MainURL != url+"0" || c.SubURL != url+"1" || !strings.HasSuffix(c.SnapshotURL, "snapshot.cgi?channel="+strconv.Itoa(i+1)) {
				t.Errorf("channel %+v, online %q", c, online)
			}
		}
		if all[0].Name != "Đường 4A" {
			t.Errorf("name %q", all[0].Name)
		}
	}
}

// TestRefused: a wrong password, a locked device and one that is not there are told
// apart, and each Open spends one try.
func TestRefused(t *testing.T) {
	const wrong = "canary-wrong"
	h, c := newISAPI(), newCGI()
	h.mostBad, c.mostBad = 3, 3
	for _, d := range []struct {
		dialect onvif.Dialect
		device  http.Handler
		account *account
	}{{onvif.Hikvision, h, &h.account}, {onvif.Dahua, c, &c.account}} {
		at := serve(t, d.device)
		for i, code := range []camera.Code{camera.CodeWrongPassword, camera.CodeWrongPassword, camera.CodeWrongPassword, camera.CodeLockedOut, camera.CodeLockedOut} {
			_, err := onvif.Open(t.Context(), config(io.Discard), found(at, d.dialect), user, wrong)
			if camera.CodeOf(err) != code {
				t.Errorf("%s, try %d: %v, want %s", d.dialect, i, err, code)
			}
			if got := d.account.counted(); got != i+1 {
				t.Errorf("%s: %d passwords sent in %d opens", d.dialect, got, i+1)
			}
			silent(t, err)
		}
	}
	_, err := onvif.Open(t.Context(), config(io.Discard), found(serve(t, http.NotFoundHandler()), onvif.Hikvision), user, secret)
	if camera.CodeOf(err) != camera.CodeBadRequest {
		t.Errorf("another dialect: %v", err)
	}
	nobody := serve(t, http.NotFoundHandler())
	for _, dialect := range []onvif.Dialect{onvif.Hikvision, onvif.Dahua, onvif.ONVIF} {
		f := found(nobody, dialect)
		f.HTTPPort = 1
		if _, err := onvif.Open(t.Context(), config(io.Discard), f, user, secret); camera.CodeOf(err) != camera.CodeUnreachable {
			t.Errorf("%s, nobody there: %v", dialect, err)
		}
		f.Address = hostileAddress
		if _, err := onvif.Open(t.Context(), config(io.Discard), f, user, secret); camera.CodeOf(err) != camera.CodeOutsideLAN {
			t.Errorf("%s, outside: %v", dialect, err)
		}
	}
}

// TestHeldBack: opened again and again with one wrong password, a device gets it
// twice; one that refuses without a question is locked for everybody.
func TestHeldBack(t *testing.T) {
	h, c := newISAPI(), newCGI()
	for _, d := range []struct {
		dialect onvif.Dialect
		device  http.Handler
		account *account
	}{{onvif.Hikvision, h, &h.account}, {onvif.Dahua, c, &c.account}} {
		at, cfg := serve(t, d.device), config(io.Discard)
		for i, code := range []camera.Code{camera.CodeWrongPassword, camera.CodeWrongPassword, camera.CodeLockedOut, camera.CodeLockedOut} {
			_, err := onvif.Open(t.Context(), cfg, found(at, d.dialect), user, "canary-wrong")
			if camera.CodeOf(err) != code || d.account.counted() != min(i+1, 2) {
				t.Errorf("%s, open %d: %v after %d passwords", d.dialect, i, err, d.account.counted())
			}
		}
		if _, err := onvif.Open(t.Context(), cfg, found(at, d.dialect), user, secret); err != nil {
			t.Errorf("%s, the right one: %v", d.dialect, err)
		}
		mute := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }))
		if _, err := onvif.Open(t.Context(), cfg, found(mute, d.dialect), user, secret); camera.CodeOf(err) != camera.CodeLockedOut {
			t.Errorf("%s, no challenge: %v", d.dialect, err)
		}
	}
}

func TestStreamOnly(t *testing.T) {
	f := found(serve(t, http.NotFoundHandler()), onvif.RTSP)
	f.XAddr = "rtsp://admin:canary@127.0.0.1:8554/live/0?a=b"
	dev, err := onvif.Open(t.Context(), config(io.Discard), f, user, secret)
	if err != nil {
		t.Fatal(err)
	}
	all, err := dev.Channels(t.Context())
	if err != nil || len(all) != 1 || all[0].MainURL != "rtsp://127.0.0.1:8554/live/0?a=b" {
		t.Errorf("%+v, %v", all, err)
	}
	if _, _, err := dev.Clock(t.Context()); err == nil {
		t.Error("a stream has no clock")
	}
}
