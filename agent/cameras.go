package agent

import (
	"context"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	camera "xulang.vn/camera"
)

// cameras are those that are shared now, and the recorders whose past can be fetched.
type cameras struct {
	mu    sync.RWMutex
	list  []*recorder
	byID  map[camera.CameraID]*recorder // the same ones
	pasts []*past
}

func (c *cameras) get(id camera.CameraID) (*recorder, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	r, ok := c.byID[id]
	return r, ok
}

// all is in the order of the config, then of the book. Nobody changes the slice.
func (c *cameras) all() []*recorder {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.list
}

func (c *cameras) set(list []*recorder) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list, c.byID = list, map[camera.CameraID]*recorder{}
	for _, r := range list {
		c.byID[r.id] = r
	}
}

// chosen are the cameras of the config and of the household's book that are shared,
// each with its identity.
func (a *agent) chosen() ([]camera.CameraID, map[camera.CameraID]Camera) {
	var order []camera.CameraID
	all := map[camera.CameraID]Camera{}
	add := func(cam Camera) {
		id := camera.NewCameraID(a.member.Household, cam.Serial, cam.Channel)
		if _, twice := all[id]; twice || cam.Consent.Level == camera.ConsentNone {
			return // not shared: never dialled
		}
		order, all[id] = append(order, id), cam
	}
	for _, cam := range a.cfg.Cameras {
		add(cam)
	}
	book := a.store.Book()
	for _, c := range book.Cameras {
		r := book.Recorder(c.Recorder)
		if r == nil || !c.Shared() {
			continue
		}
		channel := r.Channel(c.Channel)
		if channel == nil || channel.MainURL == "" {
			continue
		}
		add(Camera{
			Serial: r.Serial, Channel: c.Channel, Label: c.Label, URL: channel.MainURL, SubURL: channel.SubURL,
			Username: r.Username, Password: r.Password.Reveal(), Sound: c.Sound, Uplink: c.Uplink,
			View: *c.View, Consent: c.Consent, Aim: c.Aim.Aim,
		})
	}
	return order, all
}

// running is a camera's recorder with its goroutines.
type running struct {
	*recorder
	stop  context.CancelFunc
	ended chan struct{}
}

// keep starts and stops recorders as the household wants it, until ctx ends.
func (a *agent) keep(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	now := map[camera.CameraID]*running{}
	for {
		a.arrange(ctx, group, now)
		select {
		case <-ctx.Done():
			return group.Wait()
		case done := <-a.applies:
			a.arrange(ctx, group, now)
			close(done)
		}
	}
}

// apply makes what the household has decided come true. When it returns nil, what is
// paused or not shared any more has stopped.
func (a *agent) apply(ctx context.Context) error {
	done := make(chan struct{})
	select {
	case a.applies <- done:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// arrange compares what runs with what is wanted.
func (a *agent) arrange(ctx context.Context, group *errgroup.Group, now map[camera.CameraID]*running) {
	order, wanted := a.chosen()
	causes := map[camera.CameraID]camera.GapCause{}
	for id, r := range now {
		cam, still := wanted[id]
		if still && same(r.cam(), cam) {
			continue
		}
		causes[id] = camera.CauseReconnect
		if still && (cam.Consent.Paused || r.cam().Consent.Paused) {
			causes[id] = camera.CausePaused
		}
		r.stop()
		<-r.ended
		a.publisher.Stop(id)
		delete(now, id)
	}
	list := make([]*recorder, 0, len(order))
	for _, id := range order {
		cam := wanted[id]
		if r, ok := now[id]; ok {
			r.shared.Store(&cam)
			list = append(list, r.recorder)
			continue
		}
		cause := causes[id]
		if cause == "" {
			cause = camera.CauseAgentOff
		}
		now[id] = a.begin(ctx, group, newRecorder(a, id, cam, cause))
		list = append(list, now[id].recorder)
	}
	a.cameras.set(list)
	a.arrangePasts(ctx, group)
	a.spool.SetPolicy(a.required)
	if notes := a.hello().Cameras; !slices.Equal(notes, a.told) {
		a.told = notes
		a.link.Refresh()
	}
}

// same tells whether a recorder that runs can take the change: words, view and consent
// it can, another source it cannot.
func same(was, is Camera) bool {
	return was.URL == is.URL && was.SubURL == is.SubURL && was.Username == is.Username && was.Password == is.Password &&
		was.Sound == is.Sound && was.UDP == is.UDP && was.Uplink == is.Uplink && was.Consent.Paused == is.Consent.Paused
}

// begin runs a recorder until it is stopped. One that cannot run at all is told in the
// log and in its state; the others go on.
func (a *agent) begin(ctx context.Context, group *errgroup.Group, r *recorder) *running {
	ctx, stop := context.WithCancel(ctx)
	one := &running{recorder: r, stop: stop, ended: make(chan struct{})}
	group.Go(func() error {
		defer close(one.ended)
		defer stop()
		var both errgroup.Group
		both.Go(func() error { return r.run(ctx) })
		both.Go(func() error { return r.sub.run(ctx) })
		if err := both.Wait(); err != nil && ctx.Err() == nil {
			r.log.Error("camera cannot be recorded", "err", err)
			r.lost(camera.CauseCameraOff, "its address cannot be used")
			<-ctx.Done()
		}
		return nil
	})
	return one
}
