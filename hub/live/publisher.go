package live

import (
	"context"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
	camera "xulang.vn/camera"
)

// publisher is the agent's side of a feed: one track in, the fan out.
type publisher struct {
	*peer
	fan    *fan
	tracks chan *webrtc.TrackRemote
	keys   chan struct{} // a viewer wants a key frame; holds one wish
}

// keyAskEvery is the least time between two key frame requests to an agent.
const keyAskEvery = time.Second

// Publish answers a WHIP offer (RFC 9725 §4.2) that comes with a token from
// StartLive. Errors: CodeForbidden for the token, CodeBadRequest or
// CodeTooLarge for the offer, CodeUnavailable when nobody waits any more.
func (l *Live) Publish(ctx context.Context, cam camera.CameraID, token, offerSDP string) (session, answerSDP string, err error) {
	g, err := l.redeem(cam, token)
	if err != nil {
		return "", "", err
	}
	pub, answer, err := l.takePublisher(ctx, g, offerSDP)
	if err != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.failLocked(g.feed, g.attempt, camera.Errorf(camera.CodeUnavailable, "publish %s: %w", cam, err))
		return "", "", err
	}
	return pub.id, answer, nil
}

func (l *Live) takePublisher(ctx context.Context, g grant, offer string) (*publisher, string, error) {
	if err := checkOffer(offer, "sendonly"); err != nil {
		return nil, "", err
	}
	p, err := newPeer(l.net.api)
	if err != nil {
		return nil, "", camera.Errorf(camera.CodeUnavailable, "make publisher: %w", err)
	}
	pub := &publisher{
		peer: p, fan: newFan(),
		tracks: make(chan *webrtc.TrackRemote, 1), keys: make(chan struct{}, 1),
	}
	p.pc.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		select {
		case pub.tracks <- t:
		default: // only the first track is relayed
		}
	})
	answer, err := l.net.answer(ctx, p.pc, offer)
	if err == nil {
		err = l.expect(g, pub)
	}
	if err != nil {
		p.pc.GracefulClose()
		return nil, "", err
	}
	return pub, answer, nil
}

// expect makes the publisher the one that the attempt waits for.
func (l *Live) expect(g grant, pub *publisher) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if g.attempt.over() || l.closed {
		return camera.Errorf(camera.CodeUnavailable, "publish %s: nobody waits for it any more", g.cam)
	}
	g.attempt.offer = pub
	l.wg.Go(func() { l.runPublisher(g.feed, g.attempt, pub) })
	return nil
}

// Unpublish ends a publication at the agent's wish (WHIP DELETE).
func (l *Live) Unpublish(cam camera.CameraID, session string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.feeds[cam]
	switch {
	case f == nil:
	case f.pub != nil && f.pub.id == session:
		l.dropLocked(f, errUnpublish, false)
		return nil
	case f.attempt != nil && f.attempt.offer != nil && f.attempt.offer.id == session:
		l.failLocked(f, f.attempt, errUnpublish)
		return nil
	}
	return camera.Errorf(camera.CodeNotFound, "unpublish %s: no such session", cam)
}

// runPublisher owns the publisher's connection from its answer to its end.
func (l *Live) runPublisher(f *feed, a *attempt, pub *publisher) {
	var wg sync.WaitGroup
	late := time.NewTimer(l.cfg.Patience)
	defer late.Stop()
	up := pub.up
	for {
		select {
		case <-up:
			up = nil
			late.Stop()
			l.connected(f, a, pub)
			l.log.Info("publisher connected", "camera", f.cam)
		case <-late.C:
			pub.leave(errLate)
		case t := <-pub.tracks:
			wg.Go(func() { relay(t, pub.fan) })
			wg.Go(func() { l.askKeys(pub, uint32(t.SSRC())) })
		case <-pub.gone:
			pub.pc.GracefulClose()
			wg.Wait()
			l.publisherGone(f, a, pub)
			return
		}
	}
}

func (l *Live) publisherGone(f *feed, a *attempt, pub *publisher) {
	l.log.Info("publisher gone", "camera", f.cam, "why", pub.why)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failLocked(f, a, pub.why) {
		l.tellStopLocked(f)
	}
	if f.pub == pub {
		l.dropLocked(f, pub.why, true)
	}
	l.forgetLocked(f)
}

// relay hands every packet of the track to the fan until the connection ends.
func relay(t *webrtc.TrackRemote, out *fan) {
	for {
		p, _, err := t.ReadRTP()
		if err != nil {
			return
		}
		if len(p.Payload) == 0 {
			continue // padding
		}
		// Extension ids and CSRCs were negotiated with the agent, not with the viewers.
		p.Header = rtp.Header{
			Version: 2, Marker: p.Marker,
			SequenceNumber: p.SequenceNumber, Timestamp: p.Timestamp,
		}
		p.PaddingSize = 0
		out.push(p)
	}
}

// wantKey passes a viewer's wish on; an agent in front of a plain RTSP camera
// cannot grant it, a publisher with an encoder can.
func (p *publisher) wantKey() {
	select {
	case p.keys <- struct{}{}:
	default:
	}
}

func (l *Live) askKeys(pub *publisher, ssrc uint32) {
	var last time.Time
	for {
		select {
		case <-pub.gone:
			return
		case <-pub.keys:
			if now := l.now(); now.Sub(last) >= keyAskEvery {
				last = now
				// A lost request is asked again by the viewer.
				_ = pub.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: ssrc}})
			}
		}
	}
}
