package link

import (
	"context"
	"time"

	camera "xulang.vn/camera"
)

// tend says hello when it is due, measures the clock, and asks why a login was refused.
func (l *Link) tend(ctx context.Context) {
	minute := time.NewTicker(clockEvery)
	defer minute.Stop()
	again := time.NewTimer(helloAgain)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.poke:
			l.greet(ctx)
			l.measure(ctx)
			again.Reset(l.helloWait())
		case <-again.C:
			if !l.Connected() {
				l.greet(ctx)
			}
			again.Reset(l.helloWait())
		case <-l.refused:
			l.askWhy(ctx)
		case <-minute.C:
			l.measure(ctx)
		}
	}
}

// greet sends Hello. A refused camera does not hold the others up.
func (l *Link) greet(ctx context.Context) {
	l.mu.Lock()
	epoch, up := l.epoch, l.up
	l.mu.Unlock()
	if !up {
		return // connecting makes the next one due
	}
	hello := l.cfg.Hello()
	hello.V, hello.Boot = camera.LinkVersion, l.boot
	reply, err := exchange[camera.HelloReply](ctx, l, camera.VerbHello, hello)
	if err == nil {
		err = reply.Err()
	}
	if camera.CodeOf(err) == camera.CodeForbidden {
		l.setTrouble(camera.CodeForbidden) // it will be cut off, or left without an answer
	}
	if err != nil {
		if ctx.Err() == nil {
			l.log.Warn("hello not accepted", "code", camera.CodeOf(err), "err", short(err.Error()))
		}
		return
	}
	for id, r := range reply.Refused {
		l.log.Warn("hub refused a camera", "camera", short(string(id)), "code", r.Code, "reason", short(r.Message))
	}
	l.mu.Lock()
	l.greeted, l.trouble = epoch, ""
	l.mu.Unlock()
	if l.cfg.Greeted != nil {
		ctx, cancel := context.WithTimeout(ctx, greetedMost)
		defer cancel()
		l.cfg.Greeted(ctx, reply)
	}
}

// measure asks the hub for its time. One lost probe is no event: the next comes
// in a minute.
func (l *Link) measure(ctx context.Context) {
	sent := l.now()
	reply, err := exchange[camera.ClockReply](ctx, l, camera.VerbClock,
		camera.ClockProbe{V: camera.LinkVersion, Sent: sent.UTC()})
	received := l.now()
	if err != nil {
		l.log.Debug("clock not measured", "err", err)
		return
	}
	if s, ok := measured(sent, received, reply.Hub); ok {
		l.clock.add(s)
	}
}
