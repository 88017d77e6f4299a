package simcam_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/format"

	"xulang.vn/camera/cmd/xulang-village/scene"
	"xulang.vn/camera/cmd/xulang-village/simcam"
)

// every makes a car pass in each group of three: four seconds of car, two of road.
func every(from, to time.Time) []simcam.Pass {
	const period = 3 * scene.GOPDuration
	enter := from.Truncate(period).Add(300 * time.Millisecond)
	for ; enter.Before(to); enter = enter.Add(period) {
		if !enter.Before(from) {
			return []simcam.Pass{{Kind: scene.Car, Direction: scene.RTL, Enter: enter}}
		}
	}
	return nil
}

// A client gets exactly the clips' NAL units, spliced without a seam in time.
func TestSplicedStream(t *testing.T) {
	for _, id := range []string{"home-07", "home-04"} {
		t.Run(id, func(t *testing.T) {
			home := load(t, id)
			cam := run(t, simcam.Config{Home: home, Passes: every, Now: fastClock()})
			_, desc, arriving := play(t, cam, secret)
			checkParameters(t, desc.Medias[0].Formats[0], home)

			loop := append(append(scene.Clip{}, home.Clip(scene.Car, scene.RTL)...), home.Idle...)
			got := take(t, arriving, 7*scene.GOP)
			at := -1 // where in the loop the client came in
			for i := 0; i < len(loop); i += scene.GOP {
				if same(got[0].nalus, loop[i].NALUs) {
					at = i
				}
			}
			if at < 0 {
				t.Fatal("the first picture is no key picture of a clip")
			}
			for i, p := range got {
				if !same(p.nalus, loop[(at+i)%len(loop)].NALUs) {
					t.Fatalf("picture %d: other NAL units than the clip's", i)
				}
				if step := p.ticks - got[max(i-1, 0)].ticks; i > 0 && step != 90000/scene.FPS {
					t.Fatalf("picture %d comes %d ticks after the one before", i, step)
				}
			}
		})
	}
}

func checkParameters(t *testing.T, f format.Format, home *scene.Home) {
	t.Helper()
	var vps, sps, pps []byte
	switch f := f.(type) {
	case *format.H264:
		sps, pps = f.SPS, f.PPS
	case *format.H265:
		vps, sps, pps = f.VPS, f.SPS, f.PPS
	}
	if !bytes.Equal(vps, home.VPS) || !bytes.Equal(sps, home.SPS) || !bytes.Equal(pps, home.PPS) {
		t.Error("the description has other parameter sets than the clips")
	}
}

func same(a, b [][]byte) bool {
	return bytes.Equal(bytes.Join(a, []byte{0, 0, 1}), bytes.Join(b, []byte{0, 0, 1}))
}

// Two clients see the same pictures with the same time stamps.
func TestClientsShareTheStream(t *testing.T) {
	cam := run(t, simcam.Config{Home: load(t, "home-01"), Now: fastClock()})
	_, _, first := play(t, cam, secret)
	take(t, first, 1)
	_, _, second := play(t, cam, secret)
	want := take(t, second, scene.GOP)
	next := take(t, first, 1)[0]
	for next.ticks != want[0].ticks { // what came before the second client did
		next = take(t, first, 1)[0]
	}
	for i, p := range want {
		if next.ticks != p.ticks || !same(next.nalus, p.nalus) {
			t.Fatalf("picture %d differs: time stamps %d and %d", i, next.ticks, p.ticks)
		}
		next = take(t, first, 1)[0]
	}
}

func TestRefused(t *testing.T) {
	cam := run(t, simcam.Config{Home: load(t, "home-02"), Now: fastClock()})

	client, u := dial(t, cam, "wrong", gortsplib.TransportTCP)
	if _, res, err := client.Describe(u); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("wrong password: %v, %v", res, err)
	}

	client, u = dial(t, cam, secret, gortsplib.TransportTCP)
	u.Path = "/live/other"
	if _, _, err := client.Describe(u); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("wrong path: %v", err)
	}

	client, u = dial(t, cam, secret, gortsplib.TransportUDP)
	desc, _, err := client.Describe(u)
	if err != nil {
		t.Fatal(err)
	}
	if err := client.SetupAll(desc.BaseURL, desc.Medias); err == nil || !strings.Contains(err.Error(), "461") {
		t.Errorf("UDP: %v", err)
	}
}

// Without credentials the camera asks for a digest and offers nothing weaker.
func TestAsksForDigest(t *testing.T) {
	cam := run(t, simcam.Config{Home: load(t, "home-02"), Now: fastClock()})
	u, err := base.ParseURL(cam.URL())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte("DESCRIBE " + cam.URL() + " RTSP/1.0\r\nCSeq: 1\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 4096)
	n, err := conn.Read(answer)
	if err != nil {
		t.Fatal(err)
	}
	text := string(answer[:n])
	if !strings.HasPrefix(text, "RTSP/1.0 401 ") || !strings.Contains(text, "WWW-Authenticate: Digest ") || strings.Contains(text, "Basic") {
		t.Errorf("answer %q", text)
	}
}

// A camera that is off refuses connections, and comes back at the same address.
func TestDownAndUp(t *testing.T) {
	cam := run(t, simcam.Config{Home: load(t, "home-03"), Now: fastClock()})
	client, _, pictures := play(t, cam, secret)
	take(t, pictures, 1)
	cam.SetDown(true)
	if err := client.Wait(); err == nil {
		t.Error("the client was not dropped")
	}
	refuse(t, cam)
	cam.SetDown(false)
	answer(t, cam, secret)
	_, _, pictures = play(t, cam, secret)
	take(t, pictures, scene.GOP)
}

func TestSetPassword(t *testing.T) {
	cam := run(t, simcam.Config{Home: load(t, "home-03"), Now: fastClock()})
	client, _, pictures := play(t, cam, secret)
	take(t, pictures, 1)
	cam.SetPassword("khác")
	if err := client.Wait(); err == nil {
		t.Error("the client was not dropped")
	}
	answer(t, cam, "khác")
	old, u := dial(t, cam, secret, gortsplib.TransportTCP)
	if _, _, err := old.Describe(u); err == nil {
		t.Error("the old password still works")
	}
	_, _, pictures = play(t, cam, "khác")
	take(t, pictures, 1)
}

func TestRunRefuses(t *testing.T) {
	home, log := load(t, "home-01"), slog.New(slog.DiscardHandler)
	for name, cfg := range map[string]simcam.Config{
		"no user":        {Path: "/live", Addr: "127.0.0.1:0"},
		"quote in user":  {Path: "/live", Addr: "127.0.0.1:0", User: `a"b`},
		"line in user":   {Path: "/live", Addr: "127.0.0.1:0", User: "a\r\nb"},
		"relative path":  {Path: "live", Addr: "127.0.0.1:0", User: "a"},
		"path of slash":  {Path: "/", Addr: "127.0.0.1:0", User: "a"},
		"address is bad": {Path: "/live", Addr: "127.0.0.1:notaport", User: "a"},
	} {
		cfg.Home, cfg.Log = home, log
		ctx, cancel := context.WithCancel(t.Context())
		cam := simcam.New(cfg)
		go func() {
			if cam.Ready(ctx) == nil {
				cancel()
			}
		}()
		if err := cam.Run(ctx); err == nil {
			t.Errorf("%s: accepted", name)
		}
		cancel()
	}
}
