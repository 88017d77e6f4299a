package live_test

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v4"
	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/live"
)

// soon is how long anything may take on a loaded machine before a test fails.
const soon = 30 * time.Second

var (
	camA = camera.NewCameraID("h1", "serial", 1)
	camB = camera.NewCameraID("h1", "serial", 2)
)

// agents is the Starter: its publishers are real pion peers.
type agents struct {
	start   func(ctx context.Context, cam camera.CameraID, path, token string) error
	started chan camera.CameraID
	stopped chan camera.CameraID
}

func newAgents() *agents {
	return &agents{started: make(chan camera.CameraID, 100), stopped: make(chan camera.CameraID, 100)}
}

func (a *agents) StartLive(ctx context.Context, cam camera.CameraID, purpose camera.Purpose, path, token string) error {
	if purpose != camera.PurposeCriminal {
		return camera.Errorf(camera.CodeForbidden, "started for %q", purpose)
	}
	a.started <- cam
	return a.start(ctx, cam, path, token)
}

func (a *agents) StopLive(_ context.Context, cam camera.CameraID) error {
	a.stopped <- cam
	return nil
}

// open runs a Live for the length of the test.
func open(t *testing.T, cfg live.Config, a *agents) *live.Live {
	t.Helper()
	cfg.UDPAddr, cfg.TCPAddr = "127.0.0.1:0", "127.0.0.1:0"
	return openAt(t, cfg, a, time.Now)
}

func openAt(t *testing.T, cfg live.Config, a *agents, now func() time.Time) *live.Live {
	t.Helper()
	l, err := live.New(cfg, a, now)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := wait(t, done, "Run to end"); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return l
}

func wait[T any](t *testing.T, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(soon):
		t.Fatalf("waited in vain for %s", what)
		panic("unreachable")
	}
}

// peerAPI makes a peer's pion with quick signs of life.
func peerAPI(t *testing.T, change func(*webrtc.SettingEngine)) *webrtc.API {
	t.Helper()
	var s webrtc.SettingEngine
	s.SetIncludeLoopbackCandidate(true)
	s.SetICETimeouts(5*time.Second, 5*time.Second, 200*time.Millisecond)
	if change != nil {
		change(&s)
	}
	m := &webrtc.MediaEngine{}
	if err := m.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	return webrtc.NewAPI(webrtc.WithSettingEngine(s), webrtc.WithMediaEngine(m))
}

func offerOf(t *testing.T, pc *webrtc.PeerConnection) string {
	t.Helper()
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(offer); err != nil {
		t.Fatal(err)
	}
	wait(t, gathered, "candidates")
	return pc.LocalDescription().SDP
}

// source is a publisher: a real pion peer that sends made-up H.264.
type source struct {
	pc    *webrtc.PeerConnection
	track *webrtc.TrackLocalStaticRTP
	up    chan struct{}
	id    string

	mu   sync.Mutex
	pack codecs.H264Payloader
	seq  uint16
	time uint32
	n    uint32
	sent [][]byte // payloads, in order
}

func newSource(t *testing.T, change func(*webrtc.SettingEngine)) *source {
	t.Helper()
	pc, err := peerAPI(t, change).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pc.Close() })
	track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{
		MimeType: webrtc.MimeTypeH264, ClockRate: 90000,
		SDPFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
	}, "video", "camera")
	if err != nil {
		t.Fatal(err)
	}
	s := &source{pc: pc, track: track, up: make(chan struct{}), seq: 65000}
	_, err = pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	if err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	pc.OnConnectionStateChange(func(st webrtc.PeerConnectionState) {
		if st == webrtc.PeerConnectionStateConnected {
			once.Do(func() { close(s.up) })
		}
	})
	return s
}

func (s *source) publish(t *testing.T, l *live.Live, cam camera.CameraID, token string) error {
	offer := offerOf(t, s.pc)
	id, answer, err := l.Publish(t.Context(), cam, token, offer)
	if err != nil {
		return err
	}
	s.id = id
	return s.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer})
}

// frame sends one access unit; every payload of all frames is different.
func (s *source) frame(key bool, size int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kind := byte(0x41)
	var nalus [][]byte
	if key {
		kind = 0x65
		nalus = append(nalus, []byte{0x67, 100, 0, 31, 1}, []byte{0x68, 0xee, 0x3c, 0x80})
	}
	slice := make([]byte, size)
	slice[0] = kind
	for i := 1; i < size; i++ {
		slice[i] = byte(i%250) + 1
	}
	for i := 8; i+8 <= size; i += 500 { // marks each fragment as this frame's
		binary.BigEndian.PutUint32(slice[i:], s.n|0x80000000)
	}
	nalus = append(nalus, slice)
	var payloads [][]byte
	for _, n := range nalus {
		payloads = append(payloads, s.pack.Payload(1100, n)...)
	}
	for i, p := range payloads {
		s.seq++
		s.sent = append(s.sent, p)
		_ = s.track.WriteRTP(&rtp.Packet{
			Header: rtp.Header{Version: 2, SequenceNumber: s.seq, Timestamp: s.time, Marker: i == len(payloads)-1}, Payload: p,
		})
	}
	s.time += 3600
	s.n++
}

// film sends a group of twelve pictures over and over until the test ends or stop
// is called.
func (s *source) film(t *testing.T) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(4 * time.Millisecond)
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-tick.C:
				s.frame(i%12 == 0, 3000)
			case <-quit:
				return
			}
		}
	}()
	stop = sync.OnceFunc(func() { close(quit); <-done })
	t.Cleanup(stop)
	return stop
}

// watcher is a viewer: a real pion peer that keeps what it gets.
type watcher struct {
	pc      *webrtc.PeerConnection
	id      string
	packets chan *rtp.Packet
	closed  chan struct{}
}

func newWatcher(t *testing.T, change func(*webrtc.SettingEngine)) *watcher {
	t.Helper()
	pc, err := peerAPI(t, change).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pc.Close() })
	w := &watcher{pc: pc, packets: make(chan *rtp.Packet, 100000), closed: make(chan struct{})}
	_, err = pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo,
		webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
	if err != nil {
		t.Fatal(err)
	}
	pc.OnTrack(func(r *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			p, _, err := r.ReadRTP()
			if err != nil {
				return
			}
			w.packets <- p
		}
	})
	var once sync.Once
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateClosed || s == webrtc.PeerConnectionStateFailed {
			once.Do(func() { close(w.closed) })
		}
	})
	return w
}

func (w *watcher) view(t *testing.T, l *live.Live, cam camera.CameraID) error {
	return w.viewVia(t, l, cam, func(sdp string) string { return sdp })
}

func (w *watcher) viewVia(t *testing.T, l *live.Live, cam camera.CameraID, change func(string) string) error {
	id, answer, err := l.View(t.Context(), cam, offerOf(t, w.pc), camera.PurposeCriminal)
	if err != nil {
		return err
	}
	w.id = id
	return w.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: change(answer)})
}

// watch is a viewer that has to be let in.
func watch(t *testing.T, l *live.Live, cam camera.CameraID) *watcher {
	t.Helper()
	w := newWatcher(t, nil)
	if err := w.view(t, l, cam); err != nil {
		t.Fatal(err)
	}
	return w
}

// onStart publishes the source when the hub asks for it.
func onStart(t *testing.T, l func() *live.Live, s *source) func(context.Context, camera.CameraID, string, string) error {
	return func(_ context.Context, cam camera.CameraID, _, token string) error {
		return s.publish(t, l(), cam, token)
	}
}

func wantCode(t *testing.T, err error, code camera.Code) {
	t.Helper()
	if err == nil || camera.CodeOf(err) != code {
		var e *camera.Error
		errors.As(err, &e)
		t.Fatalf("got %v (code %q), want code %q", err, camera.CodeOf(err), code)
	}
}
