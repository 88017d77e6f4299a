package live

import (
	"context"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"
	camera "xulang.vn/camera"
)

// viewer is one browser: the fan fills its queue, its own goroutine writes.
type viewer struct {
	*peer
	feed  *feed
	track *webrtc.TrackLocalStaticRTP
	out   chan item // the fan's end is guarded by fan.mu

	lost bool // guarded by fan.mu: nothing is queued until the next key frame
}

// View answers a WHEP offer, for a case of a purpose: the box at home decides by it
// when it is asked to publish. It starts the camera's publisher when there is none
// and waits for it. Errors carry the starter's code, CodeUnavailable when no
// publisher connects in time, CodeTooMany at the limits, CodeBadRequest or
// CodeTooLarge for the offer.
func (l *Live) View(ctx context.Context, cam camera.CameraID, offerSDP string, purpose camera.Purpose) (session, answerSDP string, err error) {
	if err := checkOffer(offerSDP, "recvonly"); err != nil {
		return "", "", err
	}
	f, err := l.reserve(cam)
	if err != nil {
		return "", "", err
	}
	defer l.release(f)
	pub, err := l.publisherOf(ctx, f, purpose)
	if err != nil {
		return "", "", err
	}
	v, sender, err := l.newViewer(f)
	if err != nil {
		return "", "", camera.Errorf(camera.CodeUnavailable, "make viewer: %w", err)
	}
	answer, err := l.net.answer(ctx, v.pc, offerSDP)
	if err == nil {
		err = l.admit(f, pub, v, sender)
	}
	if err != nil {
		v.pc.GracefulClose()
		return "", "", err
	}
	return v.id, answer, nil
}

// Leave ends a viewer (WHEP DELETE).
func (l *Live) Leave(session string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	v := l.viewers[session]
	if v == nil {
		return camera.Errorf(camera.CodeNotFound, "leave: no such viewer")
	}
	l.removeLocked(v)
	v.leave(errLeft)
	return nil
}

// reserve takes a place; release gives it back, after admit took one of its own.
func (l *Live) reserve(cam camera.CameraID) (*feed, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.feeds[cam]
	switch {
	case l.closed:
		return nil, errClosing
	case !cam.Valid():
		return nil, camera.Errorf(camera.CodeNotFound, "view: no camera id")
	case l.total >= l.cfg.MostTotal:
		return nil, camera.Errorf(camera.CodeTooMany, "view %s: %d viewers at the hub", cam, l.total)
	case f != nil && len(f.viewers)+f.waiting >= l.cfg.MostViewers:
		return nil, camera.Errorf(camera.CodeTooMany, "view %s: %d viewers", cam, len(f.viewers)+f.waiting)
	case f == nil:
		f = &feed{cam: cam, viewers: map[*viewer]struct{}{}}
		l.feeds[cam] = f
	}
	f.waiting++
	l.total++
	return f, nil
}

func (l *Live) release(f *feed) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f.waiting--
	l.total--
	if f.unwatched() {
		f.idle = l.now()
	}
	l.forgetLocked(f)
}

func (l *Live) newViewer(f *feed) (*viewer, *webrtc.RTPSender, error) {
	track, err := webrtc.NewTrackLocalStaticRTP(h264Capability(), "video", string(f.cam))
	if err != nil {
		return nil, nil, err
	}
	p, err := newPeer(l.net.api)
	if err != nil {
		return nil, nil, err
	}
	sender, err := p.pc.AddTrack(track)
	if err != nil {
		p.pc.GracefulClose()
		return nil, nil, err
	}
	return &viewer{peer: p, feed: f, track: track, out: make(chan item, queueMost), lost: true}, sender, nil
}

func (l *Live) admit(f *feed, pub *publisher, v *viewer, sender *webrtc.RTPSender) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return errClosing
	case f.pub != pub:
		return camera.Errorf(camera.CodeUnavailable, "view %s: publisher went: %w", f.cam, pub.why)
	}
	f.viewers[v] = struct{}{}
	l.viewers[v.id] = v
	l.total++
	l.wg.Go(func() { l.runViewer(pub, v, sender) })
	return nil
}

// removeLocked takes a viewer out of the counts; doing it again does nothing.
func (l *Live) removeLocked(v *viewer) {
	if l.viewers[v.id] != v {
		return
	}
	delete(l.viewers, v.id)
	l.total--
	f := v.feed
	delete(f.viewers, v)
	if f.unwatched() {
		f.idle = l.now()
	}
	l.forgetLocked(f)
}

// runViewer owns the viewer's connection from its answer to its end.
func (l *Live) runViewer(pub *publisher, v *viewer, sender *webrtc.RTPSender) {
	var wg sync.WaitGroup
	wg.Go(func() { feedback(sender, pub) })
	late := time.NewTimer(l.cfg.Patience)
	defer late.Stop()
	select {
	case <-v.up:
		late.Stop()
		wg.Go(func() { v.write(pub.fan.attach(v)) })
		pub.wantKey()
	case <-late.C:
		v.leave(errLate)
	case <-v.gone:
	}
	<-v.gone
	l.mu.Lock()
	l.removeLocked(v)
	l.mu.Unlock()
	pub.fan.detach(v)
	v.pc.GracefulClose()
	wg.Wait()
	l.log.Info("viewer gone", "camera", v.feed.cam, "why", v.why)
	if l.cfg.Gone != nil {
		l.cfg.Gone(v.id, v.feed.cam, v.why)
	}
}

// feedback reads the viewer's RTCP: pion answers its NACKs on the way, wishes for
// a key frame go to the publisher.
func feedback(sender *webrtc.RTPSender, pub *publisher) {
	for {
		packets, _, err := sender.ReadRTCP()
		if err != nil {
			return
		}
		for _, p := range packets {
			switch p.(type) {
			case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
				pub.wantKey()
			}
		}
	}
}
