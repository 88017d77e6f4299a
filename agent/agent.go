// Package agent joins the rooms of the program beside the household's recorder.
// README.md tells the life of a segment.
package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/link"
	"xulang.vn/camera/agent/live"
	"xulang.vn/camera/agent/spool"
	"xulang.vn/camera/agent/upload"
)

// Version is of the agent's program.
const Version = "0.1.0"

// statusEvery is how often the hub hears of the agent's health.
const statusEvery = 10 * time.Second

// Run joins the hub if need be, then records and reports until ctx ends.
func Run(ctx context.Context, cfg Config, now func() time.Time, log *slog.Logger) error {
	if err := cfg.Check(); err != nil {
		return err
	}
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	unlock, err := lockFolder(cfg.Data)
	if err != nil {
		return err
	}
	defer unlock()
	member, err := Join(ctx, cfg, log)
	if err != nil {
		return err
	}
	if cfg.Hub == "" {
		cfg.Hub = member.Hub
	}
	a, err := open(cfg, member, now, log)
	if err != nil {
		return err
	}
	return errors.Join(a.run(ctx), a.spool.Close())
}

// agent holds the rooms.
type agent struct {
	cfg       Config
	log       *slog.Logger
	now       func() time.Time
	spool     *spool.Spool
	link      *link.Link
	uploader  *upload.Uploader
	publisher *live.Publisher
	networks  []netip.Prefix
	recorders []*recorder                   // in the order of the config
	byID      map[camera.CameraID]*recorder // the same ones
}

func open(cfg Config, member Membership, now func() time.Time, log *slog.Logger) (*agent, error) {
	a := &agent{cfg: cfg, log: log, now: now, byID: map[camera.CameraID]*recorder{}}
	var err error
	if a.networks, err = cfg.prefixes(); err != nil {
		return nil, err
	}
	a.spool, err = spool.Open(filepath.Join(cfg.Data, "spool"), spool.Limits{Bytes: cfg.Spool.Bytes, Days: cfg.Spool.Days}, now, log.With("room", "spool"))
	if err != nil {
		return nil, err
	}
	client := &http.Client{Timeout: 2 * time.Minute}
	a.link = link.New(link.Config{HubURL: cfg.Hub, Identity: member.identity, Hello: a.hello, Live: a.live, Log: log.With("room", "link")}, now)
	a.uploader = upload.New(a.link, sharedSpool{a.spool, a}, a.mayUpload, client, cfg.Hub, now, log.With("room", "upload"))
	a.publisher = live.New(live.Config{HubURL: cfg.Hub, Client: client, Log: log.With("room", "live")}, now)
	for _, cam := range cfg.Cameras {
		if cam.Consent.Level == camera.ConsentNone {
			continue // not shared: never dialled
		}
		id := camera.NewCameraID(member.Household, cam.Serial, cam.Channel)
		r := newRecorder(a, id, cam)
		a.recorders, a.byID[id] = append(a.recorders, r), r
	}
	return a, nil
}

func (a *agent) run(ctx context.Context) error {
	defer a.publisher.Close()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return a.link.Run(ctx) })
	group.Go(func() error { return a.uploader.Run(ctx) })
	group.Go(func() error { return a.report(ctx) })
	for _, r := range a.recorders {
		group.Go(func() error { return r.run(ctx) })
	}
	return group.Wait()
}

// report lets open gaps grow and sends the state, every statusEvery.
func (a *agent) report(ctx context.Context) error {
	tick := time.NewTicker(statusEvery)
	defer tick.Stop()
	for {
		for _, r := range a.recorders {
			r.extendGap()
		}
		if a.link.Connected() {
			if err := a.link.Status(ctx, a.status()); err != nil && ctx.Err() == nil {
				a.log.Debug("send status", "err", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (a *agent) status() camera.Status {
	used, most, waiting := a.spool.Usage()
	s := camera.Status{
		V: camera.LinkVersion, At: a.now().UTC(), Clock: a.link.Clock(),
		SpoolUsed: used, SpoolMost: most, Waiting: waiting,
	}
	for _, r := range a.recorders {
		s.Cameras = append(s.Cameras, r.status())
	}
	return s
}

func (a *agent) hello() camera.Hello {
	m := camera.Hello{V: camera.LinkVersion, Version: Version}
	for _, r := range a.recorders {
		m.Cameras = append(m.Cameras, r.note())
	}
	return m
}

// mayUpload asks the household's own consent again, before a byte leaves.
func (a *agent) mayUpload(id camera.CameraID) error {
	r, ok := a.byID[id]
	if !ok {
		return camera.Errorf(camera.CodeNoConsent, "camera %s is not shared any more", id)
	}
	return camera.Decide(r.cam.Consent, camera.ActionUpload, camera.Asker{}, a.now())
}

// mayTell asks whether the hub may know that a camera has footage at all.
func (a *agent) mayTell(id camera.CameraID) bool {
	r, ok := a.byID[id]
	return ok && camera.Decide(r.cam.Consent, camera.ActionMap, camera.Asker{}, a.now()) == nil
}

// sharedSpool is the spool as the uploader sees it: fingerprints and gaps of a
// camera that is not shared any more stay at home, like its bytes.
type sharedSpool struct {
	*spool.Spool
	agent *agent
}

func (s sharedSpool) Unannounced(most int) ([]camera.Segment, []camera.Gap) {
	return s.UnannouncedBut(most, func(id camera.CameraID) bool { return !s.agent.mayTell(id) })
}

// live answers the hub's wish to see a camera now. The case stands at the hub;
// the household's consent is asked here once more.
func (a *agent) live(ctx context.Context, m camera.LiveCommand) camera.Ack {
	return camera.Ack{V: camera.LinkVersion, Refusal: camera.Refuse(a.goLive(ctx, m))}
}

func (a *agent) goLive(ctx context.Context, m camera.LiveCommand) error {
	if err := camera.CheckVersion(m.V); err != nil {
		return err
	}
	r, ok := a.byID[m.Camera]
	if !ok {
		return camera.Errorf(camera.CodeForeignCamera, "camera %s is not here", m.Camera)
	}
	if !m.Start {
		a.publisher.Stop(m.Camera)
		return nil
	}
	if err := r.mayShow(); err != nil {
		return err
	}
	track, ok := r.video()
	if !ok {
		return camera.Errorf(camera.CodeUnreachable, "camera %s is not sending", m.Camera)
	}
	a.log.Info("live view asked", "camera", r.cam.Label)
	if err := a.publisher.Start(ctx, m.Camera, track, m.Path, m.Token); err != nil {
		return err
	}
	if _, ok := r.video(); !ok { // it went while we were asking the hub: Stop may have come too early
		a.publisher.Stop(m.Camera)
		return camera.Errorf(camera.CodeUnreachable, "camera %s has stopped sending", m.Camera)
	}
	return nil
}
