package simcam_test

import (
	"context"
	"log/slog"
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/pion/rtp"

	"xulang.vn/camera/cmd/xulang-village/scene"
	"xulang.vn/camera/cmd/xulang-village/simcam"
)

const (
	user     = "quản trị @:/?#"
	secret   = `p@ss:w/ord?#%&+ "ổ\`
	speed    = 8 // the tests' clock runs this much faster
	patience = 60 * time.Second
)

// fastClock starts in the middle of a group.
func fastClock() func() time.Time {
	began := time.Now()
	base := time.Date(2030, 3, 4, 8, 15, 7, 0, time.UTC)
	return func() time.Time { return base.Add(speed * time.Since(began)) }
}

func load(t *testing.T, id string) *scene.Home {
	t.Helper()
	home, err := scene.Load(id)
	if err != nil {
		t.Fatal(err)
	}
	return home
}

// run starts the camera and stops it at the end of the test.
func run(t *testing.T, cfg simcam.Config) *simcam.Camera {
	t.Helper()
	cfg.Addr, cfg.Path, cfg.User, cfg.Password = "127.0.0.1:0", "/live/main", user, secret
	cfg.Log = slog.New(slog.DiscardHandler)
	if cfg.Passes == nil {
		cfg.Passes = func(time.Time, time.Time) []simcam.Pass { return nil }
	}
	cam := simcam.New(cfg)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- cam.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	if err := cam.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	return cam
}

type picture struct {
	ticks uint32
	nalus [][]byte
}

func dial(t *testing.T, cam *simcam.Camera, password string, transport gortsplib.Transport) (*gortsplib.Client, *base.URL) {
	t.Helper()
	raw, err := url.Parse(cam.URL())
	if err != nil {
		t.Fatal(err)
	}
	raw.User = url.UserPassword(user, password)
	u := (*base.URL)(raw)
	client := &gortsplib.Client{Scheme: u.Scheme, Host: u.Host, Transport: &transport}
	if err := client.Start2(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client, u
}

// play connects and gives the pictures as they arrive.
func play(t *testing.T, cam *simcam.Camera, password string) (*gortsplib.Client, *description.Session, <-chan picture) {
	t.Helper()
	client, u := dial(t, cam, password, gortsplib.TransportTCP)
	desc, _, err := client.Describe(u)
	if err != nil {
		t.Fatalf("describe: %v", err)
	}
	if err := client.SetupAll(desc.BaseURL, desc.Medias); err != nil {
		t.Fatalf("setup: %v", err)
	}
	decode := decoder(t, desc.Medias[0].Formats[0])
	pictures := make(chan picture, 4096)
	client.OnPacketRTPAny(func(_ *description.Media, _ format.Format, packet *rtp.Packet) {
		if nalus, err := decode(packet); err == nil {
			pictures <- picture{packet.Timestamp, nalus}
		}
	})
	if _, err := client.Play(nil); err != nil {
		t.Fatalf("play: %v", err)
	}
	return client, desc, pictures
}

func decoder(t *testing.T, f format.Format) func(*rtp.Packet) ([][]byte, error) {
	t.Helper()
	switch f := f.(type) {
	case *format.H264:
		d, err := f.CreateDecoder()
		if err != nil {
			t.Fatal(err)
		}
		return d.Decode
	case *format.H265:
		d, err := f.CreateDecoder()
		if err != nil {
			t.Fatal(err)
		}
		return d.Decode
	}
	t.Fatalf("format %T", f)
	return nil
}

func take(t *testing.T, pictures <-chan picture, n int) []picture {
	t.Helper()
	deadline := time.After(patience)
	var out []picture
	for len(out) < n {
		select {
		case p := <-pictures:
			out = append(out, p)
		case <-deadline:
			t.Fatalf("%d pictures of %d arrived", len(out), n)
		}
	}
	return out
}

// refuse returns when the port refuses; a connection that slipped in is read until
// the camera drops it.
func refuse(t *testing.T, cam *simcam.Camera) {
	t.Helper()
	u, err := url.Parse(cam.URL())
	if err != nil {
		t.Fatal(err)
	}
	for {
		conn, err := net.Dial("tcp", u.Host)
		if err != nil {
			return
		}
		if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		_, err = conn.Read(make([]byte, 1))
		conn.Close()
		if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
			t.Fatal("the camera still serves")
		}
	}
}

// answer waits until the camera serves by this password: what answers before that may
// still be the listener that is being closed.
func answer(t *testing.T, cam *simcam.Camera, password string) {
	t.Helper()
	raw, err := url.Parse(cam.URL())
	if err != nil {
		t.Fatal(err)
	}
	raw.User = url.UserPassword(user, password)
	u, transport := (*base.URL)(raw), gortsplib.TransportTCP
	for until := time.Now().Add(patience); time.Now().Before(until); {
		client := &gortsplib.Client{Scheme: u.Scheme, Host: u.Host, Transport: &transport}
		if err = client.Start2(); err == nil {
			_, _, err = client.Describe(u)
			client.Close()
		}
		if err == nil {
			return
		}
	}
	t.Fatalf("the camera does not come back: %v", err)
}
