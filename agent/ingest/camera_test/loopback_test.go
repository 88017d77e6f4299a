package camera_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/auth"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/bluenviron/gortsplib/v4/pkg/liberrors"
	"github.com/pion/rtp"
	"xulang.vn/camera/agent/media"
)

// handler answers every request that knows the password.
type handler struct{ stream *gortsplib.ServerStream }

func (h *handler) OnDescribe(ctx *gortsplib.ServerHandlerOnDescribeCtx) (*base.Response, *gortsplib.ServerStream, error) {
	if !ctx.Conn.VerifyCredentials(ctx.Request, user, secret) {
		return &base.Response{StatusCode: base.StatusUnauthorized}, nil, liberrors.ErrServerAuth{}
	}
	return &base.Response{StatusCode: base.StatusOK}, h.stream, nil
}

func (h *handler) OnSetup(*gortsplib.ServerHandlerOnSetupCtx) (*base.Response, *gortsplib.ServerStream, error) {
	return &base.Response{StatusCode: base.StatusOK}, h.stream, nil
}

func (h *handler) OnPlay(*gortsplib.ServerHandlerOnPlayCtx) (*base.Response, error) {
	return &base.Response{StatusCode: base.StatusOK}, nil
}

// TestLoopbackCamera sends every kind of NAL unit from a gortsplib server, with
// parameter sets, messages and delimiters, and finds each of them in the files.
func TestLoopbackCamera(t *testing.T) {
	h264, h265 := &format.H264{PayloadTyp: 96, PacketizationMode: 1}, &format.H265{PayloadTyp: 96}
	encode264, err := h264.CreateEncoder()
	if err != nil {
		t.Fatal(err)
	}
	encode265, err := h265.CreateEncoder()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		codec  media.Codec
		format format.Format
		encode func([][]byte) ([]*rtp.Packet, error)
		before []string // NAL units of a key frame before its picture
		key    string   // heads of the two kinds of picture
		other  string
	}{
		{media.H264, h264, encode264.Encode, []string{"09f0", "6764000dacb20283f60220000003002000000641e28549", "68ebc3cb22c0", "060501aa80"}, "65", "41"},
		{media.H265, h265, encode265.Encode, []string{
			"460150", "40010c01ffff01600000030090000003000003003c928090",
			"42010101600000030090000003000003003ca00a080f16592a4932bc05a02000000300200000030321", "4401c172b46240", "4e010501aa80",
		}, "2601", "0201"},
	} {
		t.Run(string(c.codec), func(t *testing.T) {
			access := func(n int) (au [][]byte) {
				head, size := c.other, 50
				if n%25 == 0 {
					head, size = c.key, 20000
					for _, s := range c.before {
						au = append(au, unhex(t, s))
					}
				}
				picture := append(unhex(t, head), fmt.Sprintf("picture %d ", n)...)
				for i := range size {
					picture = append(picture, byte(1+(n+i)%255))
				}
				return append(au, picture)
			}
			var sent [][]byte
			address, film := serveLoopback(t, c.format)
			film(func(n int) []*rtp.Packet {
				au := access(n)
				sent = append(sent, au...)
				pkts, err := c.encode(au)
				if err != nil {
					t.Error(err)
				}
				return pkts
			})
			r := record(t, address, 14*time.Second, false)
			film(nil)
			got, _ := r.nalus(t)
			if len(r.files) != 3 || len(got) < 14*25 || !contiguous(sent, got) {
				t.Errorf("%d NAL units in %d files are not an exact run of the %d sent", len(got), len(r.files), len(sent))
			}
		})
	}
}

// serveLoopback starts a server. The function it returns films in the background
// with what makes the packets of a unit, and stops at nil.
func serveLoopback(t *testing.T, f format.Format) (address string, film func(func(n int) []*rtp.Packet)) {
	t.Helper()
	h := &handler{}
	s := &gortsplib.Server{
		Handler: h, RTSPAddress: "127.0.0.1:0", AuthMethods: []auth.VerifyMethod{auth.VerifyMethodDigestMD5},
		Listen: func(network, at string) (net.Listener, error) {
			l, err := net.Listen(network, at)
			if err == nil {
				address = l.Addr().String()
			}
			return l, err
		},
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	m := &description.Media{Type: description.MediaTypeVideo, Formats: []format.Format{f}}
	h.stream = &gortsplib.ServerStream{Server: s, Desc: &description.Session{Medias: []*description.Media{m}}}
	if err := h.stream.Initialize(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.stream.Close)
	ctx, cancel := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	return "rtsp://" + address + "/live", func(next func(n int) []*rtp.Packet) {
		if next == nil {
			cancel()
			wait.Wait()
			return
		}
		wait.Go(func() {
			tick := time.NewTicker(4 * time.Millisecond) // ten times as fast as life
			defer tick.Stop()
			for n := 0; ctx.Err() == nil; n++ {
				for _, p := range next(n) {
					p.Timestamp = uint32(n) * 3600
					if err := h.stream.WritePacketRTP(m, p); err != nil {
						t.Error(err)
					}
				}
				<-tick.C
			}
		})
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
