package live

import (
	"sync"

	"github.com/pion/webrtc/v4"
)

// peer is one PeerConnection. pion's callbacks only close its channels; its
// owner's goroutine closes the connection and waits for pion.
type peer struct {
	id   string
	pc   *webrtc.PeerConnection
	up   chan struct{} // closed when ICE and DTLS are through
	gone chan struct{} // closed by the first leave
	once sync.Once
	why  error // set before gone is closed
}

func newPeer(api *webrtc.API) (*peer, error) {
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, err
	}
	p := &peer{id: randomID(), pc: pc, up: make(chan struct{}), gone: make(chan struct{})}
	var connected sync.Once
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		switch s {
		case webrtc.PeerConnectionStateConnected:
			connected.Do(func() { close(p.up) })
		case webrtc.PeerConnectionStateFailed:
			p.leave(errSilent)
		case webrtc.PeerConnectionStateClosed:
			p.leave(errLeft)
		}
	})
	return p, nil
}

// leave asks the peer's owner to end it. The first cause stays.
func (p *peer) leave(cause error) {
	p.once.Do(func() {
		p.why = cause
		close(p.gone)
	})
}
