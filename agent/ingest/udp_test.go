package ingest_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"testing"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/headers"
	"github.com/pion/rtp"
	"xulang.vn/camera/agent/ingest"
	"xulang.vn/camera/agent/media"
)

// startUDP serves over UDP as well, on two free ports in a row.
func startUDP(t *testing.T, medias ...*description.Media) *fake {
	t.Helper()
	for range 50 {
		port := 20000 + 2*rand.IntN(5000)
		at := func(p int) string { return fmt.Sprintf("127.0.0.1:%d", p) }
		free := true
		for p := port; p < port+2; p++ {
			c, err := net.ListenPacket("udp", at(p))
			if err != nil {
				free = false
				break
			}
			c.Close()
		}
		if free {
			return startServer(t, &gortsplib.Server{UDPRTPAddress: at(port), UDPRTCPAddress: at(port + 1)}, medias...)
		}
	}
	t.Fatal("no two ports in a row are free")
	return nil
}

func TestUDP(t *testing.T) {
	for codec, m := range map[media.Codec]*description.Media{media.H264: video264(), media.H265: video265()} {
		t.Run(string(codec), func(t *testing.T) {
			f := startUDP(t, g711(false), m)
			f.lose = func(seq uint16) bool { return seq%53 == 0 }
			f.roll(t.Context(), codec, func(n int, _ uint32) bool { f.speak(n, frame(n)); return true })
			cfg := config(f)
			cfg.UDP, cfg.Sound = true, true
			r := pull(t, cfg, nil)
			events := r.until(t, "pictures, sound and loss", func(es []event) bool {
				return len(units(es))-len(heard(es)) > 100 && len(heard(es)) > 10 && strings.Contains(r.logs.String(), "damaged")
			})
			r.stop()
			if len(f.ports) != 2 {
				t.Fatalf("set up with UDP ports %q", f.ports)
			}
			f.mu.Lock()
			defer f.mu.Unlock()
			was := map[string]int{}
			for i, n := range f.sent {
				was[string(n)] = i
			}
			last, skipped := -1, 0
			for _, u := range units(events) {
				for _, n := range u.NALUs {
					if at, ok := was[string(n)]; u.Track == 0 && strings.Contains(string(n), "picture") && (!ok || at <= last) {
						t.Fatalf("%.20q…, %d bytes, was not sent so (%v), or not now (%d after %d)", n, len(n), ok, at, last)
					} else if ok && strings.Contains(string(n), "picture") {
						skipped, last = skipped+at-last-1, at
					}
				}
			}
			if skipped == 0 {
				t.Error("nothing is missing of what was lost")
			}
		})
	}
}

// TestUDPTakesNothingFromOthers: another host of the network sends pictures to
// the ports that the camera sends to.
func TestUDPTakesNothingFromOthers(t *testing.T) {
	f := startUDP(t, video264())
	intruder, err := net.ListenPacket("udp", "127.0.0.2:0")
	if err != nil {
		t.Fatal(err)
	}
	defer intruder.Close()
	forged := 0
	f.roll(t.Context(), media.H264, func(n int, stamp uint32) bool {
		f.mu.Lock()
		ports := f.ports
		f.mu.Unlock()
		for _, port := range ports {
			to, err := net.ResolveUDPAddr("udp", net.JoinHostPort("127.0.0.1", port))
			if err != nil {
				t.Error(err)
				return false
			}
			p := rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 96, Marker: true, Timestamp: stamp, SequenceNumber: uint16(n)}, Payload: []byte("\x65forged")}
			b, err := p.Marshal()
			if err != nil {
				t.Error(err)
			}
			if _, err := intruder.WriteTo(b, to); err == nil {
				forged++
			}
		}
		return true
	})
	cfg := config(f)
	cfg.UDP = true
	r := pull(t, cfg, nil)
	events := r.until(t, "100 pictures", func(es []event) bool { return len(units(es)) > 100 })
	for _, u := range units(events) {
		for _, n := range u.NALUs {
			if strings.Contains(string(n), "forged") {
				t.Fatal("a picture of somebody else was taken")
			}
		}
	}
	r.stop()
	if len(f.ports) != 1 {
		t.Errorf("%d UDP sessions", len(f.ports))
	}
}

func TestOwnSource(t *testing.T) {
	for _, c := range []struct{ header, want string }{
		{"RTP/AVP;unicast;client_port=5000-5001;server_port=6000-6001", "RTP/AVP;unicast;client_port=5000-5001;server_port=6000-6001"},
		{"RTP/AVP;unicast;source=10.9.9.9;server_port=6000-6001", "RTP/AVP;unicast;server_port=6000-6001"},
		{`RTP/AVP;unicast;x="a"source=10.9.9.9;server_port=6000-6001`, "RTP/AVP;unicast;server_port=6000-6001"},
		{`RTP/AVP;unicast;x="a;source=10.9.9.9";server_port=6000-6001`, "RTP/AVP;unicast;server_port=6000-6001"},
		{"RTP/AVP;unicast; Source = example.org ;server_port=6000-6001;mode=\"PLAY\"", "RTP/AVP;unicast;server_port=6000-6001"},
		{"nonsense", "nonsense"},
	} {
		res := &base.Response{Header: base.Header{"Transport": base.HeaderValue{c.header}}}
		ingest.OwnSource(res)
		if got := res.Header["Transport"][0]; got != c.want {
			t.Errorf("%q became %q", c.header, got)
		}
	}
	ingest.OwnSource(&base.Response{})
}

func FuzzOwnSource(f *testing.F) {
	f.Add(`RTP/AVP;unicast;x="a"source=10.9.9.9;server_port=6000-6001`)
	f.Add("RTP/AVP/UDP;unicast;source=::1;source=10.9.9.9 ;destination=10.0.0.1;ssrc=1;mode=\"PLAY\"")
	f.Fuzz(func(t *testing.T, header string) {
		res := &base.Response{Header: base.Header{"Transport": base.HeaderValue{header}}}
		ingest.OwnSource(res)
		var got headers.Transport
		if got.Unmarshal(res.Header["Transport"]) == nil && got.Source != nil {
			t.Errorf("%q still names the source %s", res.Header["Transport"], got.Source)
		}
	})
}
