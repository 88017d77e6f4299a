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
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/health"
	"xulang.vn/camera/agent/link"
	"xulang.vn/camera/agent/live"
	"xulang.vn/camera/agent/segment"
	"xulang.vn/camera/agent/spool"
	"xulang.vn/camera/agent/upload"
)

// Version is of the agent's program.
const Version = "0.1.0"

const (
	statusEvery = 10 * time.Second // how often the hub hears of the agent's health
	wantsEvery  = 30               // statuses between two questions for the wants
)

// vietnam is the zone of all that people say about hours. It has no summer time.
var vietnam = time.FixedZone("UTC+7", 7*60*60)

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
	budget    *upload.Budget
	publisher *live.Publisher
	health    *health.Health
	networks  []netip.Prefix
	policy    policy
	recorders []*recorder                   // in the order of the config
	byID      map[camera.CameraID]*recorder // the same ones

	wanting sync.Mutex // one question for the wants at a time: the newest answer stays
}

func open(cfg Config, member Membership, now func() time.Time, log *slog.Logger) (*agent, error) {
	a := &agent{cfg: cfg, log: log, now: now, byID: map[camera.CameraID]*recorder{}}
	var err error
	if a.networks, err = cfg.prefixes(); err != nil {
		return nil, err
	}
	if err := a.policy.load(cfg.Data); err != nil {
		log.Warn("read the hub's policy", "err", err)
	}
	limits := spool.Limits{Bytes: cfg.Spool.Bytes, Days: cfg.Spool.Days, Sure: a.knowsTheDay}
	a.spool, err = spool.Open(filepath.Join(cfg.Data, "spool"), limits, segment.Salvage, now, a.room("spool"))
	if err != nil {
		return nil, err
	}
	client := &http.Client{Timeout: 2 * time.Minute}
	a.budget = upload.NewBudget(cfg.Uplink.hours(), vietnam, now)
	a.link = link.New(link.Config{
		HubURL: cfg.Hub, Identity: member.identity, Hello: a.hello, Greeted: a.greeted,
		Live: a.live, Look: a.look, Still: a.still, Log: a.room("link"),
	}, now)
	a.uploader = upload.New(upload.Config{
		Hub: a.link, Spool: sharedSpool{a.spool, a}, Allow: a.mayUpload, Sign: member.identity.SignPayload,
		Budget: a.budget, Client: client, HubURL: cfg.Hub, Log: a.room("upload"),
	}, now)
	a.publisher = live.New(live.Config{HubURL: cfg.Hub, Client: client, Log: a.room("live")}, now)
	a.health, err = health.New(health.Config{Listen: cfg.Metrics, Snapshot: a.snapshot, Log: a.room("health")})
	if err != nil {
		return nil, errors.Join(err, a.spool.Close())
	}
	for _, cam := range cfg.Cameras {
		if cam.Consent.Level == camera.ConsentNone {
			continue // not shared: never dialled
		}
		id := camera.NewCameraID(member.Household, cam.Serial, cam.Channel)
		r := newRecorder(a, id, cam)
		a.recorders, a.byID[id] = append(a.recorders, r), r
	}
	a.spool.SetPolicy(a.required)
	return a, nil
}

func (a *agent) room(name string) *slog.Logger { return a.log.With("room", name) }

func (a *agent) run(ctx context.Context) error {
	defer a.publisher.Close()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return a.link.Run(ctx) })
	group.Go(func() error { return a.uploader.Run(ctx) })
	group.Go(func() error { return a.report(ctx) })
	group.Go(func() error { return a.health.Run(ctx) })
	for _, r := range a.recorders {
		group.Go(func() error { return r.run(ctx) })
		group.Go(func() error { return r.sub.run(ctx) })
	}
	return group.Wait()
}

// report lets open gaps grow and sends the state, every statusEvery. Now and then
// it asks for the wants as well, in case the hub's call for it went astray.
func (a *agent) report(ctx context.Context) error {
	tick := time.NewTicker(statusEvery)
	defer tick.Stop()
	for n := 1; ; n++ {
		for _, r := range a.recorders {
			r.extendGap()
		}
		if a.link.Connected() {
			if err := a.link.Status(ctx, a.status()); err != nil && ctx.Err() == nil {
				a.log.Debug("send status", "err", err)
			}
			if n%wantsEvery == 0 {
				a.lookAgain(ctx)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
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
