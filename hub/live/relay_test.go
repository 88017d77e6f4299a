package live_test

import (
	"bytes"
	"net"
	"testing"

	"github.com/pion/ice/v4"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
	"xulang.vn/camera/hub/live"
)

// find gives the place of a payload among those sent.
func (s *source) find(t *testing.T, payload []byte, from int) int {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := from; i < len(s.sent); i++ {
		if bytes.Equal(s.sent[i], payload) {
			return i
		}
	}
	t.Fatalf("got a payload of %d bytes that was not sent (any more)", len(payload))
	return -1
}

func isSPS(payload []byte) bool {
	return payload[0]&0x1f == 7 || payload[0]&0x1f == 24 && payload[3]&0x1f == 7
}

// sameAsSent checks that the next packets are exactly those sent, without a hole,
// from a key frame on.
func sameAsSent(t *testing.T, w *watcher, s *source, count int) {
	t.Helper()
	first := wait(t, w.packets, "the first packet")
	if !isSPS(first.Payload) {
		t.Fatalf("first packet begins with NAL type %d, want the parameter sets", first.Payload[0]&0x1f)
	}
	// Parameter sets are the same in each key frame: the second packet tells which one it is.
	second := wait(t, w.packets, "the second packet")
	at := s.find(t, second.Payload, 0)
	before := second
	for i := range count {
		p := wait(t, w.packets, "more packets")
		s.mu.Lock()
		want := s.sent[at+1+i]
		s.mu.Unlock()
		if !bytes.Equal(p.Payload, want) {
			t.Fatalf("packet %d is not the one that was sent", i)
		}
		follows(t, before, p)
		before = p
	}
}

func follows(t *testing.T, a, b *rtp.Packet) {
	t.Helper()
	if b.SequenceNumber != a.SequenceNumber+1 {
		t.Fatalf("sequence number %d after %d", b.SequenceNumber, a.SequenceNumber)
	}
	if int32(b.Timestamp-a.Timestamp) < 0 || a.Marker != (b.Timestamp != a.Timestamp) {
		t.Fatalf("time stamp %d after %d (marker %v)", b.Timestamp, a.Timestamp, a.Marker)
	}
}

func TestViewersShareAPublisher(t *testing.T) {
	a := newAgents()
	l := open(t, live.Config{}, a)
	s := newSource(t, nil)
	a.start = onStart(t, func() *live.Live { return l }, s)

	one := watch(t, l, camA)
	wait(t, s.up, "the publisher")
	s.film(t)
	two := watch(t, l, camA)
	sameAsSent(t, one, s, 200)
	sameAsSent(t, two, s, 200)
	if n := l.Viewers(camA); n != 2 {
		t.Errorf("%d viewers, want 2", n)
	}
	if len(a.started) != 1 {
		t.Errorf("publisher started %d times, want once", len(a.started))
	}
}

// A viewer that joins late sees the last key frame and all since then, though no
// new key frame comes.
func TestLateViewerNeedsNoNewKeyFrame(t *testing.T) {
	a := newAgents()
	l := open(t, live.Config{}, a)
	s := newSource(t, nil)
	a.start = onStart(t, func() *live.Live { return l }, s)
	one := watch(t, l, camA)
	wait(t, s.up, "the publisher")
	s.frame(true, 3000)
	for range 30 {
		s.frame(false, 3000)
	}
	sameAsSent(t, one, s, 60)
	two := watch(t, l, camA)
	sameAsSent(t, two, s, 60)
}

func TestViewerOverTCPOnly(t *testing.T) {
	a := newAgents()
	l := open(t, live.Config{}, a)
	s := newSource(t, nil)
	a.start = onStart(t, func() *live.Live { return l }, s)
	w := newWatcher(t, overTCP)
	if err := w.view(t, l, camA); err != nil {
		t.Fatal(err)
	}
	wait(t, s.up, "the publisher")
	s.film(t)
	sameAsSent(t, w, s, 300)
	pair, err := w.pc.GetReceivers()[0].Transport().ICETransport().GetSelectedCandidatePair()
	if err != nil || pair.Remote.Protocol != webrtc.ICEProtocolTCP {
		t.Fatalf("pair %v, %v: want one over TCP", pair, err)
	}
}

func TestPublisherOverTCPOnly(t *testing.T) {
	a := newAgents()
	l := open(t, live.Config{}, a)
	s := newSource(t, overTCP)
	a.start = onStart(t, func() *live.Live { return l }, s)
	w := watch(t, l, camA)
	s.film(t)
	sameAsSent(t, w, s, 100)
}

func overTCP(s *webrtc.SettingEngine) {
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeTCP4})
}

// ownSocket gives the peer a UDP socket that the test can break.
func ownSocket(t *testing.T) (net.PacketConn, func(*webrtc.SettingEngine)) {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	mux := ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: conn})
	t.Cleanup(func() { mux.Close(); conn.Close() })
	return conn, func(s *webrtc.SettingEngine) {
		s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
		s.SetICEUDPMux(mux)
	}
}
