package agent

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/health"
	"xulang.vn/camera/agent/home"
	"xulang.vn/camera/agent/lan"
	"xulang.vn/camera/agent/link"
	"xulang.vn/camera/agent/live"
	"xulang.vn/camera/agent/segment"
	"xulang.vn/camera/agent/spool"
	"xulang.vn/camera/agent/upload"
)

const (
	statusEvery = 10 * time.Second // how often the hub hears of the agent's health
	wantsEvery  = 30               // statuses between two questions for the wants
)

// vietnam is the zone of all that people say about hours. It has no summer time.
var vietnam = time.FixedZone("UTC+7", 7*60*60)

// agent holds the rooms that work for a household while it is a member.
type agent struct {
	cfg       Config
	member    Membership
	log       *slog.Logger
	now       func() time.Time
	store     *home.Store
	guard     *lan.Guard
	spool     *spool.Spool
	link      *link.Link
	uploader  *upload.Uploader
	budget    *upload.Budget
	publisher *live.Publisher
	health    *health.Health
	policy    policy
	cameras   cameras
	tries     tries
	applies   chan chan struct{} // see apply
	arranged  chan struct{}      // closed when keep has arranged for the first time
	kept      chan struct{}      // closed when keep has ended
	told      camera.Hello       // what the hub was last told of; of keep's goroutine

	wanting sync.Mutex // one question for the wants at a time: the newest answer stays
}

// openAgent opens the rooms. Cameras are dialled from run on.
func openAgent(cfg Config, member Membership, store *home.Store, guard *lan.Guard, now func() time.Time, log *slog.Logger) (*agent, error) {
	a := &agent{cfg: cfg, member: member, store: store, guard: guard, log: log, now: now}
	a.applies, a.arranged, a.kept = make(chan chan struct{}), make(chan struct{}), make(chan struct{})
	a.tries.guard = guard
	if err := a.policy.load(cfg.Data); err != nil {
		log.Warn("read the hub's policy", "err", err)
	}
	var err error
	limits := spool.Limits{Bytes: cfg.Spool.Bytes, Days: cfg.Spool.Days, Sure: a.knowsTheDay}
	a.spool, err = spool.Open(filepath.Join(cfg.Data, "spool"), limits, segment.Salvage, now, a.room("spool"))
	if err != nil {
		return nil, err
	}
	trust := link.Trust{CA: []byte(member.CA)}
	client := hubClient(member.Hub, trust)
	a.budget = upload.NewBudget(cfg.Uplink.hours(), vietnam, now)
	a.link = link.New(link.Config{
		HubURL: member.Hub, TLS: trust.TLS(), Identity: member.identity, Hello: a.hello, Greeted: a.greeted,
		Live: a.live, Look: a.look, Still: a.still, Log: a.room("link"),
	}, now)
	a.uploader = upload.New(upload.Config{
		Hub: a.link, Spool: sharedSpool{a.spool, a}, Allow: a.mayUploadSome, Leaves: a.mayLeave, Sign: member.identity.SignPayload,
		Budget: a.budget, Client: client, HubURL: member.Hub, Log: a.room("upload"),
	}, now)
	a.publisher = live.New(live.Config{HubURL: member.Hub, Client: client, Log: a.room("live")}, now)
	a.health, err = health.New(health.Config{Listen: cfg.Metrics, Snapshot: a.snapshot, Log: a.room("health")})
	if err != nil {
		return nil, errors.Join(err, a.spool.Close())
	}
	return a, nil
}

// callLongest bounds one call over HTTP: a segment over a slow line.
const callLongest = 2 * time.Minute

// hubClient calls the hub, of which only its own CA is believed, and object stores with
// an address of their own, which public CAs vouch for.
func hubClient(hub string, trust link.Trust) *http.Client {
	client := trust.Client(callLongest)
	at, err := url.Parse(hub)
	if err != nil {
		return client // link.Run says what is wrong with it
	}
	client.Transport = twoWays{host: at.Host, hub: client.Transport, others: http.DefaultTransport}
	return client
}

// twoWays is a transport for the hub and one for all others.
type twoWays struct {
	host        string
	hub, others http.RoundTripper
}

// RoundTrip chooses by the host.
func (w twoWays) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host == w.host {
		return w.hub.RoundTrip(r)
	}
	return w.others.RoundTrip(r)
}

// CloseIdleConnections is for the hub's own.
func (w twoWays) CloseIdleConnections() { (&http.Client{Transport: w.hub}).CloseIdleConnections() }

func (a *agent) room(name string) *slog.Logger { return a.log.With("room", name) }

func (a *agent) run(ctx context.Context) error {
	defer a.publisher.Close()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return a.keep(ctx) })
	<-a.arranged // a hello without cameras would take them all back, and their holds with them
	group.Go(func() error { return a.link.Run(ctx) })
	group.Go(func() error { return a.uploader.Run(ctx) })
	group.Go(func() error { return a.report(ctx) })
	group.Go(func() error { return a.health.Run(ctx) })
	return group.Wait()
}

// report lets open gaps grow and sends the state, every statusEvery. Now and then
// it asks for the wants as well, in case the hub's call for it went astray.
func (a *agent) report(ctx context.Context) error {
	tick := time.NewTicker(statusEvery)
	defer tick.Stop()
	for n := 1; ; n++ {
		for _, r := range a.cameras.all() {
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
	m := camera.Hello{V: camera.LinkVersion, Version: Version, Keep: cmp.Or(a.store.Book().Keep, a.cfg.Keep)}
	for _, r := range a.cameras.all() {
		m.Cameras = append(m.Cameras, r.note())
	}
	return m
}

// mayUploadSome asks whether any byte of a camera may leave. Which ones may, mayUpload
// says of each.
func (a *agent) mayUploadSome(id camera.CameraID) error {
	r, ok := a.cameras.get(id)
	if !ok {
		return camera.Errorf(camera.CodeNoConsent, "camera %s is not shared any more", id)
	}
	err := camera.Decide(r.cam().Consent, camera.ActionUpload, camera.Asker{}, a.now())
	if camera.CodeOf(err) == camera.CodeAskOwner {
		return nil
	}
	return err
}

// mayUpload asks the household's own consent again, before the bytes of a segment
// leave: a standing one, or its own yes to a request, whatever the hub says of it. No
// purpose is the one that has most: what leaves by itself.
func (a *agent) mayUpload(s camera.Segment, purpose camera.Purpose) error {
	r, ok := a.cameras.get(s.Camera)
	if !ok {
		return camera.Errorf(camera.CodeNoConsent, "camera %s is not shared any more", s.Camera)
	}
	who := camera.Asker{Purpose: purpose, From: s.Start, To: s.End}
	err := camera.Decide(r.cam().Consent, camera.ActionUpload, who, a.now())
	if camera.CodeOf(err) != camera.CodeAskOwner {
		return err
	}
	who.Granted = a.store.Book().Grants(s)
	return camera.Decide(r.cam().Consent, camera.ActionUpload, who, a.now())
}

// mayLeave asks once more while a segment is on its way.
func (a *agent) mayLeave(s camera.Segment) error { return a.mayGo(s, a.spool.Wants) }

// mayGo asks whether a segment's bytes may leave now: by themselves, or because a case
// asks for them whose kind the household shares them with.
func (a *agent) mayGo(s camera.Segment, wants func() []camera.Want) error {
	err := a.mayUpload(s, "")
	if err != nil || a.flows(s.Camera, s.Stream) {
		return err
	}
	err = camera.Errorf(camera.CodeNoConsent, "segment %s: no case asks for it", s.SegmentID)
	for _, w := range wants() {
		if w.Fetch && w.Covers(s) && s.Stream == camera.StreamMain {
			if err = forAll(w.Purpose, func(p camera.Purpose) error { return a.mayUpload(s, p) }); err == nil {
				return nil
			}
		}
	}
	return err
}

// forAll asks about the purpose of a case; about each when the hub did not tell it.
func forAll(told camera.Purpose, may func(camera.Purpose) error) error {
	if told != "" {
		return may(told)
	}
	for _, p := range camera.Purposes {
		if err := may(p); err != nil {
			return err
		}
	}
	return nil
}

// mayTell asks whether the hub may know that a camera has footage at all.
func (a *agent) mayTell(id camera.CameraID) bool {
	r, ok := a.cameras.get(id)
	return ok && camera.Decide(r.cam().Consent, camera.ActionMap, camera.Asker{}, a.now()) == nil
}
