package live_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// soon is how long anything may take on a loaded machine before a test fails.
const soon = 30 * time.Second

const token = "0123456789abcdef0123456789abcdef"

// hub is a WHIP server with a real pion peer behind it.
type hub struct {
	*httptest.Server
	packets chan *rtp.Packet
	deleted chan string // Authorization of each DELETE
	refuse  int         // status instead of an answer
	up      chan struct{}
	mu      sync.Mutex
	peers   []*webrtc.PeerConnection
}

func newHub(t *testing.T) *hub {
	t.Helper()
	h := &hub{
		packets: make(chan *rtp.Packet, 10000), deleted: make(chan string, 10),
		up: make(chan struct{}, 10),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /base/whip", h.post(t))
	mux.HandleFunc("DELETE /base/whip/1", func(w http.ResponseWriter, r *http.Request) {
		h.deleted <- r.Header.Get("Authorization")
	})
	h.Server = httptest.NewServer(mux)
	t.Cleanup(func() {
		h.Close()
		h.closePeers()
	})
	return h
}

func (h *hub) closePeers() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, pc := range h.peers {
		pc.Close()
	}
}

func (h *hub) post(t *testing.T) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Header.Get("Content-Type") != "application/sdp" || r.Header.Get("Authorization") != "Bearer "+token {
			t.Errorf("bad request: %v %v", err, r.Header)
		}
		if h.refuse != 0 {
			w.WriteHeader(h.refuse)
			return
		}
		answer, err := h.answer(string(body))
		if err != nil {
			t.Errorf("answer: %v", err)
		}
		w.Header().Set("Content-Type", "application/sdp")
		w.Header().Set("Location", "whip/1")
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, answer)
	}
}

func (h *hub) answer(offer string) (string, error) {
	var s webrtc.SettingEngine
	s.SetIncludeLoopbackCandidate(true)
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(s)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return "", err
	}
	h.mu.Lock()
	h.peers = append(h.peers, pc)
	h.mu.Unlock()
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			h.up <- struct{}{}
		}
	})
	pc.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			p, _, err := t.ReadRTP()
			if err != nil {
				return
			}
			h.packets <- p
		}
	})
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		return "", err
	}
	answer, err := pc.CreateAnswer(nil)
	if err != nil {
		return "", err
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(answer); err != nil {
		return "", err
	}
	<-gathered
	return strings.ReplaceAll(pc.LocalDescription().SDP, "a=sendrecv", "a=recvonly"), nil
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
