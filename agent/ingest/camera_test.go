package ingest_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"strings"
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

const (
	user   = "gia đình"
	secret = "p@ss:w/rd?#é%20"
)

// Parameter sets of 320×240 pictures, 25 a second.
var (
	sets264 = [][]byte{unhex("6764000dacb20283f60220000003002000000641e28549"), unhex("68ebc3cb22c0")}
	sets265 = [][]byte{
		unhex("40010c01ffff01600000030090000003000003003c928090"),
		unhex("42010101600000030090000003000003003ca00a080f16592a4932bc05a02000000300200000030321"),
		unhex("4401c172b46240"),
	}
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// fake is a camera: a real RTSP server on loopback with digest.
type fake struct {
	t       *testing.T
	address string
	server  *gortsplib.Server
	stream  *gortsplib.ServerStream
	video   *description.Media
	sound   *description.Media
	encode  func([][]byte) ([]*rtp.Packet, error)

	once   sync.Once
	mu     sync.Mutex
	conns  int
	setups int
	leaked bool // a request line held credentials
	signed int  // requests that came with a password's proof
	sent   [][]byte
	deny   map[string]base.StatusCode // answers to "describe", "setup video", "setup audio", "play"
	asked  map[string]int             // how often each of these came
	paths  map[string]bool
	ports  []string // of clients that take UDP, as they told them

	lose func(seq uint16) bool // packets of video that never arrive; set before filming
}

// start serves a description; an address of "" takes a free port.
func start(t *testing.T, address string, medias ...*description.Media) *fake {
	t.Helper()
	return startServer(t, &gortsplib.Server{RTSPAddress: address}, medias...)
}

// startServer is start with a server that is set up in part.
func startServer(t *testing.T, server *gortsplib.Server, medias ...*description.Media) *fake {
	t.Helper()
	if server.RTSPAddress == "" {
		server.RTSPAddress = "127.0.0.1:0"
	}
	f := &fake{t: t, server: server, deny: map[string]base.StatusCode{}, asked: map[string]int{}, paths: map[string]bool{}}
	server.Handler, server.AuthMethods = f, []auth.VerifyMethod{auth.VerifyMethodDigestMD5}
	if server.Listen == nil {
		server.Listen = func(network, at string) (net.Listener, error) {
			l, err := net.Listen(network, at)
			if err == nil {
				f.address = l.Addr().String()
			}
			return l, err
		}
	}
	if err := f.server.Start(); err != nil {
		t.Fatal(err)
	}
	f.stream = &gortsplib.ServerStream{Server: f.server, Desc: &description.Session{Medias: medias}}
	if err := f.stream.Initialize(); err != nil {
		t.Fatal(err)
	}
	for _, m := range medias {
		switch v := m.Formats[0].(type) {
		case *format.H264:
			e, err := v.CreateEncoder()
			if err != nil {
				t.Fatal(err)
			}
			f.video, f.encode = m, e.Encode
		case *format.H265:
			e, err := v.CreateEncoder()
			if err != nil {
				t.Fatal(err)
			}
			f.video, f.encode = m, e.Encode
		case *format.MPEG4Audio, *format.G711:
			f.sound = m
		}
	}
	t.Cleanup(f.close)
	return f
}

func (f *fake) close() {
	f.once.Do(func() {
		f.stream.Close()
		f.server.Close()
	})
}

func (f *fake) OnConnOpen(*gortsplib.ServerHandlerOnConnOpenCtx) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.conns++
}

func (f *fake) OnRequest(_ *gortsplib.ServerConn, req *base.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := req.Header["Authorization"]; ok {
		f.signed++
	}
	if req.URL != nil && (req.URL.User != nil || strings.Contains(req.URL.String(), "p@ss")) {
		f.leaked = true
	}
}

func (f *fake) OnDescribe(ctx *gortsplib.ServerHandlerOnDescribeCtx) (*base.Response, *gortsplib.ServerStream, error) {
	if !ctx.Conn.VerifyCredentials(ctx.Request, user, secret) {
		return &base.Response{StatusCode: base.StatusUnauthorized}, nil, liberrors.ErrServerAuth{}
	}
	f.mu.Lock()
	f.paths[ctx.Path] = true
	f.mu.Unlock()
	return f.answer("describe"), f.stream, nil
}

func (f *fake) OnSetup(ctx *gortsplib.ServerHandlerOnSetupCtx) (*base.Response, *gortsplib.ServerStream, error) {
	what := "setup video"
	if strings.HasSuffix(ctx.Request.URL.String(), "trackID=0") && f.sound == f.stream.Desc.Medias[0] && f.sound != nil {
		what = "setup audio" // the tests put sound first
	}
	res := f.answer(what)
	if res.StatusCode != base.StatusOK {
		return res, nil, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.setups++
	if _, ports, ok := strings.Cut(strings.Join(ctx.Request.Header["Transport"], ""), "client_port="); ok {
		f.ports = append(f.ports, strings.SplitN(ports, "-", 2)[0])
	}
	return res, f.stream, nil
}

func (f *fake) OnPlay(*gortsplib.ServerHandlerOnPlayCtx) (*base.Response, error) {
	return f.answer("play"), nil
}

// answer is the status that the test wants for a step.
func (f *fake) answer(step string) *base.Response {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked[step]++
	if code, ok := f.deny[step]; ok {
		return &base.Response{StatusCode: code}
	}
	return &base.Response{StatusCode: base.StatusOK}
}

// denies makes the camera answer a step with a status; 0 takes it back.
func (f *fake) denies(step string, code base.StatusCode) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.deny[step] = code; code == 0 {
		delete(f.deny, step)
	}
}

// count tells how often a step was asked.
func (f *fake) count(step string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked[step]
}

// passwords is how many requests came with one.
func (f *fake) passwords() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.signed
}

func (f *fake) connections() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.conns
}

// access makes the n-th access unit: a key frame, as large as real ones are, and
// nine small ones.
func access(c media.Codec, n int) [][]byte {
	body := []byte(fmt.Sprintf("picture %d", n))
	large := append(body, make([]byte, 6000)...)
	for i := range large[len(body):] {
		large[len(body)+i] = byte(1 + i%255)
	}
	switch {
	case c == media.H264 && n%10 == 0:
		return [][]byte{sets264[0], sets264[1], append([]byte{6, 5}, body...), append([]byte{0x65}, large...)}
	case c == media.H264:
		return [][]byte{append([]byte{0x41}, body...)}
	case n%10 == 0:
		return [][]byte{sets265[0], sets265[1], sets265[2], append([]byte{39 << 1, 1}, body...), append([]byte{19 << 1, 1}, large...)}
	}
	return [][]byte{append([]byte{1 << 1, 1}, body...)}
}

// write sends one access unit to whoever plays.
func (f *fake) write(nalus [][]byte, stamp uint32) {
	f.mu.Lock()
	f.sent = append(f.sent, nalus...)
	f.mu.Unlock()
	pkts, err := f.encode(nalus)
	if err != nil {
		f.t.Error(err)
		return
	}
	for _, p := range pkts {
		p.Timestamp = stamp
		if f.lose != nil && f.lose(p.SequenceNumber) {
			continue
		}
		if err := f.stream.WritePacketRTP(f.video, p); err != nil {
			return // the camera was switched off
		}
	}
}

// film sends access units until ctx ends, from the n-th; each runs once a unit.
func (f *fake) film(ctx context.Context, c media.Codec, each func(n int, stamp uint32) bool) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		stamp := uint32(n) * 3600
		if each == nil || each(n, stamp) {
			f.write(access(c, n), stamp)
		}
	}
}

// roll films in the background until the test ends.
func (f *fake) roll(ctx context.Context, c media.Codec, each func(n int, stamp uint32) bool) {
	ctx, cancel := context.WithCancel(ctx)
	var wait sync.WaitGroup
	wait.Go(func() { f.film(ctx, c, each) })
	f.t.Cleanup(func() { cancel(); wait.Wait() })
}

func video264() *description.Media {
	return &description.Media{Type: description.MediaTypeVideo, Formats: []format.Format{
		&format.H264{PayloadTyp: 96, PacketizationMode: 1},
	}}
}

func video265() *description.Media {
	return &description.Media{Type: description.MediaTypeVideo, Formats: []format.Format{
		&format.H265{PayloadTyp: 96, VPS: sets265[0], SPS: sets265[1], PPS: sets265[2]},
	}}
}
