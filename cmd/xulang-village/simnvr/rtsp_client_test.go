package simnvr_test

import (
	"bytes"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/bluenviron/gortsplib/v4/pkg/headers"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"xulang.vn/camera/cmd/xulang-village/scene"
	"xulang.vn/camera/cmd/xulang-village/simcam"
	"xulang.vn/camera/cmd/xulang-village/simnvr"
)

// viewer is a real RTSP client.
type viewer struct {
	t        *testing.T
	client   *gortsplib.Client
	url      *base.URL
	header   map[base.Method]base.Header // added to requests
	pictures chan picture
	reports  chan rtcp.Packet
}

type picture struct {
	ticks uint32
	nalus [][]byte
	first *rtp.Packet // of the picture
	all   []*rtp.Packet
}

func view(t *testing.T, rec *simnvr.Recorder, path, password string) *viewer {
	t.Helper()
	u, err := base.ParseURL("rtsp://" + rec.RTSPAddr() + path)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(user, password)
	tcp := gortsplib.TransportTCP
	v := &viewer{
		t: t, url: u, header: map[base.Method]base.Header{},
		pictures: make(chan picture, 1<<14), reports: make(chan rtcp.Packet, 1<<10),
	}
	v.client = &gortsplib.Client{Scheme: u.Scheme, Host: u.Host, Transport: &tcp, OnRequest: func(req *base.Request) {
		for k, value := range v.header[req.Method] {
			req.Header[k] = value
		}
	}}
	if err := v.client.Start2(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.client.Close)
	return v
}

// setup goes as far as SETUP and gives what refused it.
func (v *viewer) setup() error {
	v.t.Helper()
	desc, _, err := v.client.Describe(v.url)
	if err != nil {
		return err
	}
	if err := v.client.SetupAll(desc.BaseURL, desc.Medias); err != nil {
		return err
	}
	decode := decoder(v.t, desc.Medias[0].Formats[0])
	var packets []*rtp.Packet
	v.client.OnPacketRTPAny(func(_ *description.Media, _ format.Format, packet *rtp.Packet) {
		packets = append(packets, packet)
		if nalus, err := decode(packet); err == nil {
			v.pictures <- picture{packet.Timestamp, nalus, packets[0], packets}
			packets = nil
		}
	})
	v.client.OnPacketRTCPAny(func(_ *description.Media, packet rtcp.Packet) { v.reports <- packet })
	return nil
}

// play is all of DESCRIBE, SETUP and PLAY.
func (v *viewer) play(r *headers.Range) (*base.Response, error) {
	v.t.Helper()
	if err := v.setup(); err != nil {
		return nil, err
	}
	return v.client.Play(r)
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

func (v *viewer) take(n int) []picture {
	v.t.Helper()
	deadline := time.After(patience)
	var out []picture
	for len(out) < n {
		select {
		case p := <-v.pictures:
			out = append(out, p)
		case <-deadline:
			v.t.Fatalf("%d pictures of %d arrived", len(out), n)
		}
	}
	return out
}

// toEnd gives all pictures up to the server's goodbye.
func (v *viewer) toEnd() []picture {
	v.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case r := <-v.reports:
			if _, bye := r.(*rtcp.Goodbye); !bye {
				continue
			}
			var out []picture
			for len(v.pictures) > 0 { // all came before the goodbye
				out = append(out, <-v.pictures)
			}
			return out
		case <-deadline:
			v.t.Fatal("playback does not end")
		}
	}
}

// leave closes the client and returns when its seat is free.
func (v *viewer) leave(rec *simnvr.Recorder) {
	v.t.Helper()
	v.client.Close()
	v.left(rec, func(_, playback int) bool { return playback == 0 })
}

// left returns when the recorder has noticed that clients are gone.
func (v *viewer) left(rec *simnvr.Recorder, done func(live, playback int) bool) {
	v.t.Helper()
	deadline, tick := time.After(patience), time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		if done(rec.Sessions()) {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			v.t.Fatal("the seat is not free again")
		}
	}
}

// showed is what the home's camera showed in [from, to), true time.
func showed(home *scene.Home, from, to time.Time) [][][]byte {
	reel := simcam.Reel{Home: home, Passes: every}
	var out [][][]byte
	for g := simcam.Group(from); simcam.GroupStart(g).Before(to); g++ {
		for i, unit := range reel.Pictures(g) {
			if simcam.GroupStart(g).Add(time.Duration(i) * time.Second / scene.FPS).Before(to) {
				out = append(out, unit.NALUs)
			}
		}
	}
	return out
}

func same(a, b [][]byte) bool {
	return bytes.Equal(bytes.Join(a, []byte{0, 0, 1}), bytes.Join(b, []byte{0, 0, 1}))
}

func compare(t *testing.T, got []picture, want [][][]byte) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d pictures, want %d", len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		if !same(got[i].nalus, want[i]) {
			t.Fatalf("picture %d is another than the camera showed then", i)
		}
	}
}

func refusedWith(t *testing.T, what string, err error, code string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), code) {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}

func clockRange(from time.Time, to time.Time) *headers.Range {
	return &headers.Range{Value: &headers.RangeUTC{Start: from, End: &to}}
}

// in sets a header that requests of the method carry.
func (v *viewer) in(method base.Method, name, value string) *viewer {
	if v.header[method] == nil {
		v.header[method] = base.Header{}
	}
	v.header[method][name] = base.HeaderValue{value}
	return v
}
