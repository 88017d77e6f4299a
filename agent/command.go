package agent

import (
	"context"

	camera "xulang.vn/camera"
)

// live answers the hub's wish to see a camera now. The case stands at the hub;
// the household's consent is asked here once more.
func (a *agent) live(ctx context.Context, m camera.LiveCommand) camera.Ack {
	return camera.Ack{V: camera.LinkVersion, Refusal: camera.Refuse(a.goLive(ctx, m))}
}

func (a *agent) goLive(ctx context.Context, m camera.LiveCommand) error {
	if err := camera.CheckVersion(m.V); err != nil {
		return err
	}
	r, ok := a.cameras.get(m.Camera)
	if !ok {
		return camera.Errorf(camera.CodeForeignCamera, "camera %s is not here", m.Camera)
	}
	if !m.Start {
		a.publisher.Stop(m.Camera)
		return nil
	}
	if err := r.mayShowFor(m.Purpose); err != nil {
		return err
	}
	track, ok := r.video()
	if !ok {
		return camera.Errorf(camera.CodeUnreachable, "camera %s is not sending", m.Camera)
	}
	a.log.Info("live view asked", "camera", r.cam().Label)
	r.mu.Lock()
	r.purpose = m.Purpose
	r.mu.Unlock()
	if err := a.publisher.Start(ctx, m.Camera, track, m.Path, m.Token); err != nil {
		return err
	}
	if _, ok := r.video(); !ok { // it went while we were asking the hub: Stop may have come too early
		a.publisher.Stop(m.Camera)
		return camera.Errorf(camera.CodeUnreachable, "camera %s has stopped sending", m.Camera)
	}
	return nil
}

// still answers with one key frame of what stays at home. What a household does not
// let leave, for a pause above all, does not leave as a still either.
func (a *agent) still(_ context.Context, m camera.StillCommand) camera.StillReply {
	data, err := a.oneStill(m)
	return camera.StillReply{V: camera.LinkVersion, Refusal: camera.Refuse(err), Data: data}
}

func (a *agent) oneStill(m camera.StillCommand) ([]byte, error) {
	if err := camera.CheckVersion(m.V); err != nil {
		return nil, err
	}
	r, ok := a.cameras.get(m.Camera)
	if !ok {
		return nil, camera.Errorf(camera.CodeForeignCamera, "camera %s is not here", m.Camera)
	}
	s, _ := a.spool.Segment(m.SegmentID) // of one that is not here ReadKey tells, to who may ask
	if err := forAll(m.Purpose, func(p camera.Purpose) error { return a.maySend(r.cam().Consent, s, p) }); err != nil {
		return nil, err
	}
	return a.spool.ReadKey(m.SegmentID)
}

// maySend asks about the picture with which a segment begins, as mayUpload does about
// all of it; of a segment without a time as if it were of now.
func (a *agent) maySend(c camera.Consent, s camera.Segment, purpose camera.Purpose) error {
	who := camera.Asker{Purpose: purpose, From: s.Start, To: s.Start}
	err := camera.Decide(c, camera.ActionSend, who, a.now())
	if camera.CodeOf(err) != camera.CodeAskOwner {
		return err
	}
	who.Granted = a.store.Book().Grants(s)
	return camera.Decide(c, camera.ActionSend, who, a.now())
}

// look asks for the wants because the hub says that they have changed. Its
// agreement means that they are durable here.
func (a *agent) look(ctx context.Context) camera.Ack {
	return camera.Ack{V: camera.LinkVersion, Refusal: camera.Refuse(a.askWants(ctx))}
}

func (a *agent) askWants(ctx context.Context) error {
	a.wanting.Lock()
	defer a.wanting.Unlock()
	reply, err := a.link.Wants(ctx)
	if err == nil {
		err = reply.Err()
	}
	if err != nil {
		return err
	}
	wants := make([]camera.Want, 0, len(reply.Wants))
	for _, w := range reply.Wants {
		if _, ours := a.cameras.get(w.Camera); !ours || w.Check() != nil || len(wants) == camera.WantsMost {
			a.log.Warn("hub wants what is not here", "camera", w.Camera)
			continue
		}
		wants = append(wants, w)
	}
	if err := a.spool.SetWants(wants); err != nil {
		return err
	}
	a.cameras.fetch(wants)
	return nil
}

// lookAgain asks for the wants without being told to.
func (a *agent) lookAgain(ctx context.Context) {
	if err := a.askWants(ctx); err != nil && ctx.Err() == nil {
		a.log.Warn("ask for wants", "err", err)
	}
}

// greeted hears of each hello that the hub has acknowledged.
func (a *agent) greeted(ctx context.Context, reply camera.HelloReply) {
	if a.policy.set(reply.Uplink) {
		a.spool.SetPolicy(a.required)
		if err := a.policy.save(); err != nil {
			a.log.Warn("remember the hub's policy", "err", err)
		}
	}
	a.lookAgain(ctx)
	a.tellPasts(ctx, a.cameras.recorders()...)
}
