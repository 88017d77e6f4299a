// Package live sends a camera's access units to the hub while someone watches.
// It is the only room of the agent that knows pion.
//
// A publication is a WHIP session (RFC 9725): the offer with all candidates is
// posted to the hub with the one-time token that came with the command, the answer
// holds the hub's UDP and TCP candidates. There is no STUN or TURN server: the
// agent dials out, over UDP where that goes and over TCP (RFC 6544, active) where
// it does not.
//
// Recording never waits for a live view: Unit only puts the access unit into a
// bounded queue. When the queue is full or the hub is far behind, the rest of the
// group of pictures is left out and sending goes on at the next key frame.
package live

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/pion/webrtc/v4"
	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/media"
)

// Config holds the settings.
type Config struct {
	HubURL string       // scheme, host and perhaps a path; WHIP paths are put behind it
	Client *http.Client // nil: http.DefaultClient
	Log    *slog.Logger
}

// Times that bound a publication.
const (
	startMost   = 10 * time.Second // gathering, the request and its answer
	connectMost = 10 * time.Second // from the answer to a connection
	silenceMost = 10 * time.Second // without a sign of the hub
	goodbyeMost = 2 * time.Second  // the DELETE at the end; the agent has to stop within 5 s
)

// Publisher publishes any number of cameras, each at most once at a time.
type Publisher struct {
	cfg Config
	now func() time.Time
	log *slog.Logger

	mu       sync.RWMutex
	closed   bool
	sessions map[camera.CameraID]*session
	wg       sync.WaitGroup // one per session; Add only under mu while not closed
}

// New makes a Publisher that publishes nothing yet.
func New(cfg Config, now func() time.Time) *Publisher {
	if cfg.Client == nil {
		cfg.Client = http.DefaultClient
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Publisher{
		cfg: cfg, now: now, log: cfg.Log.With("room", "live"),
		sessions: map[camera.CameraID]*session{},
	}
}

// Start publishes a camera at a path on the hub and returns when the hub's answer
// is set; a publication of the same camera that was there before ends. Errors:
// CodeLiveCodec when the video is not H.264, what the hub said (CodeForbidden for
// the token), CodeUnavailable when it does not answer.
func (p *Publisher) Start(ctx context.Context, cam camera.CameraID, video media.Track, path, token string) error {
	if video.Codec != media.H264 {
		return camera.Errorf(camera.CodeLiveCodec, "publish %s: video is %s, browsers take h264", cam, video.Codec)
	}
	p.Stop(cam)
	ctx, cancel := context.WithTimeout(ctx, startMost)
	defer cancel()
	s, err := newSession(video)
	if err != nil {
		return camera.Errorf(camera.CodeUnavailable, "publish %s: %w", cam, err)
	}
	if s.hub, err = p.negotiate(ctx, s, path, token); err == nil {
		err = p.keep(cam, s)
	}
	if err != nil {
		s.pc.GracefulClose()
		return fmt.Errorf("publish %s: %w", cam, err)
	}
	return nil
}

func (p *Publisher) negotiate(ctx context.Context, s *session, path, token string) (resource, error) {
	offer, err := s.offer(ctx)
	if err != nil {
		return resource{}, camera.Errorf(camera.CodeUnavailable, "make offer: %w", err)
	}
	r, answer, err := post(ctx, p.cfg.Client, p.cfg.HubURL, path, token, offer)
	if err != nil {
		return resource{}, err
	}
	err = s.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer})
	if err != nil {
		return resource{}, camera.Errorf(camera.CodeUnavailable, "take answer: %w", err)
	}
	return r, nil
}

// keep puts the session into the table and starts its goroutine.
func (p *Publisher) keep(cam camera.CameraID, s *session) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return camera.Errorf(camera.CodeUnavailable, "the agent is closing")
	}
	if before := p.sessions[cam]; before != nil {
		before.leave(errStopped)
	}
	p.sessions[cam] = s
	began := p.now()
	p.wg.Go(func() {
		s.run()
		p.mu.Lock()
		if p.sessions[cam] == s {
			delete(p.sessions, cam)
		}
		p.mu.Unlock()
		p.log.Info("live view ended", "camera", cam, "why", s.why, "lasted", p.now().Sub(began))
		if errors.Is(s.why, errStopped) {
			p.goodbye(s.hub)
		}
	})
	return nil
}

// goodbye ends the session at the hub, which would otherwise notice by itself.
func (p *Publisher) goodbye(r resource) {
	ctx, cancel := context.WithTimeout(context.Background(), goodbyeMost) // the session is over: bounded clean-up
	defer cancel()
	if err := r.remove(ctx, p.cfg.Client); err != nil {
		p.log.Debug("end live view at the hub", "err", err)
	}
}

// Stop ends the publication of a camera, if there is one. It does not wait.
func (p *Publisher) Stop(cam camera.CameraID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.sessions[cam]; s != nil {
		delete(p.sessions, cam)
		s.leave(errStopped)
	}
}

// Unit hands over an access unit of a camera. It never waits and costs a look into
// a map when nobody watches. Units of one camera come from one goroutine at a time.
func (p *Publisher) Unit(cam camera.CameraID, u media.Unit) {
	p.mu.RLock()
	s := p.sessions[cam]
	p.mu.RUnlock()
	if s != nil && u.Track == 0 {
		s.take(u)
	}
}

// Publishing tells whether a publication of the camera is there.
func (p *Publisher) Publishing(cam camera.CameraID) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.sessions[cam] != nil
}

// Close ends all publications and waits for them.
func (p *Publisher) Close() {
	p.mu.Lock()
	p.closed = true
	for cam, s := range p.sessions {
		delete(p.sessions, cam)
		s.leave(errStopped)
	}
	p.mu.Unlock()
	p.wg.Wait()
}
