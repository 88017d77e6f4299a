package agent

import (
	"context"
	"net"
	"slices"
	"strconv"
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
		login := ""
		if r.HTTPPort != 0 {
			login = net.JoinHostPort(r.Address, strconv.Itoa(r.HTTPPort)) // as lan.Client counts
		}
		add(Camera{
			Serial: r.Serial, Channel: c.Channel, Label: c.Label, URL: channel.MainURL, SubURL: channel.SubURL,
			Username: r.Username, Password: r.Password.Reveal(), Sound: c.Sound, Uplink: c.Uplink,
			View: *c.View, Consent: c.Consent, Aim: c.Aim.Aim, signedIn: r.SignedIn, withheld: c.Withheld, login: login,
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

// keep starts and stops recorders as the household wants it, until ctx ends: when apply
// asks for it, and whenever the book has changed. Nobody has to wait for a change to
// make it come true: a phone that pressed "pause" and fell asleep has pressed it.
func (a *agent) keep(ctx context.Context) error {
	defer close(a.kept)
	group, ctx := errgroup.WithContext(ctx)
	now := map[camera.CameraID]*running{}
	a.arrange(ctx, group, now, camera.CauseAgentOff)
	close(a.arranged)
	for {
		var done chan struct{}
		select {
		case <-ctx.Done():
			return group.Wait()
		case <-a.store.Changed():
		case done = <-a.applies:
		}
		a.arrange(ctx, group, now, camera.CausePaused) // what was not shared was withheld
		if done != nil {
			close(done)
		}
	}
}

// apply makes what the household has decided come true. When it returns nil, what is
// paused or not shared any more has stopped; so it has when the agent has ended.
func (a *agent) apply(ctx context.Context) error {
	done := make(chan struct{})
	select {
	case a.applies <- done:
	case <-a.kept:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-done:
		return nil
	case <-a.kept:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// arrange compares what runs with what is wanted. away is why there is no footage of a
// camera that did not run before.
func (a *agent) arrange(ctx context.Context, group *errgroup.Group, now map[camera.CameraID]*running, away camera.GapCause) {
	order, wanted := a.chosen()
	causes := a.halt(now, wanted)
	var list, fresh []*recorder
	for _, id := range order {
		if r, ok := now[id]; ok {
			list = append(list, r.recorder)
			continue
		}
		cause, known := causes[id]
		if !known {
			cause = away
		}
		r := newRecorder(a, id, wanted[id], cause)
		list, fresh = append(list, r), append(fresh, r)
	}
	a.cameras.set(list)
	a.spool.SetPolicy(a.required)
	for _, r := range fresh {
		now[r.id] = a.begin(ctx, group, r)
	}
	a.arrangePasts(ctx, group)
	if m := a.hello(); m.Keep != a.told.Keep || !slices.Equal(m.Cameras, a.told.Cameras) {
		a.told = m
		a.link.Refresh()
	}
}

// halt stops the recorders that cannot go on as they are, and tells why. What the
// household decided is in force for all of them before it waits for the first to end.
func (a *agent) halt(now map[camera.CameraID]*running, wanted map[camera.CameraID]Camera) map[camera.CameraID]camera.GapCause {
	causes := map[camera.CameraID]camera.GapCause{}
	for id, r := range now {
		was := r.cam()
		cam, still := wanted[id]
		if !still {
			cam = was
			cam.Consent = camera.Consent{Level: camera.ConsentNone}
		}
		r.shared.Store(&cam)
		revived := r.revived(was, cam)
		if still && same(was, cam) && !revived {
			continue
		}
		if revived {
			a.guard.Worked(cam.device(), cam.Username, cam.Password) // the person's try did
		}
		causes[id] = camera.CauseReconnect
		if !still || cam.Consent.Paused || was.Consent.Paused {
			causes[id] = camera.CausePaused
		}
		r.stop()
		a.publisher.Stop(id)
	}
	for id := range causes {
		<-now[id].ended
		a.publisher.Stop(id) // a view that was just beginning
		delete(now, id)
	}
	return causes
}

// same tells whether a recorder that runs can take the change: words, view and consent
// it can, another source it cannot.
func same(was, is Camera) bool {
	return was.URL == is.URL && was.SubURL == is.SubURL && was.Username == is.Username && was.Password == is.Password &&
		was.Sound == is.Sound && was.UDP == is.UDP && was.Uplink == is.Uplink && was.Consent.Paused == is.Consent.Paused
}

// revived tells whether a camera that gives nothing is to be tried anew because the
// household signed in there again, if only with the same password: after two refusals
// nobody tries it until a person has acted.
func (r *recorder) revived(was, is Camera) bool {
	return !was.signedIn.Equal(is.signedIn) && r.status().State != camera.StateRecording
}

// begin runs a recorder until it is stopped. One that cannot run at all is told in the
// log and in its state; the others go on.
func (a *agent) begin(ctx context.Context, group *errgroup.Group, r *recorder) *running {
	ctx, stop := context.WithCancel(ctx)
	one := &running{recorder: r, stop: stop, ended: make(chan struct{})}
	group.Go(func() error {
		defer close(one.ended)
		defer stop()
		var both sync.WaitGroup
		both.Go(func() {
			if err := r.run(ctx); err != nil && ctx.Err() == nil {
				r.log.Error("camera cannot be recorded", "err", err)
				r.lost(camera.CauseCameraOff, "its address cannot be used")
			}
		})
		both.Go(func() {
			if err := r.sub.run(ctx); err != nil && ctx.Err() == nil {
				r.sub.log.Error("small stream cannot be recorded", "err", err)
			}
		})
		both.Wait()
		<-ctx.Done()
		return nil
	})
	return one
}
