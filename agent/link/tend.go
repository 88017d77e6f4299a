package link

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	camera "xulang.vn/camera"
)

// tend says hello when it is due and measures the clock.
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
			again.Reset(helloAgain)
		case <-again.C:
			if !l.Connected() {
				l.greet(ctx)
			}
			again.Reset(helloAgain)
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
	hello.V = camera.LinkVersion
	reply, err := exchange[camera.HelloReply](ctx, l, camera.VerbHello, hello)
	if err == nil {
		err = reply.Err()
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
	defer l.mu.Unlock()
	l.greeted = epoch
}

// measure asks the hub for its time. One lost probe is no event: the next comes
// in a minute.
func (l *Link) measure(ctx context.Context) {
	if l.conn() == nil {
		return
	}
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

// obey answers the hub's commands until ctx ends and waits for those in hand.
func (l *Link) obey(ctx context.Context, commands <-chan *nats.Msg) {
	var inHand sync.WaitGroup
	defer inHand.Wait()
	free := make(chan struct{}, liveAtOnce)
	for {
		select {
		case <-ctx.Done():
			return
		case msg := <-commands:
			select {
			case free <- struct{}{}:
				inHand.Go(func() {
					ack := l.live(ctx, msg.Data)
					<-free // before the answer: who has it may send the next
					l.answer(msg, ack)
				})
			default:
				l.answer(msg, refused(camera.Errorf(camera.CodeTooMany, "live: %d commands in hand", liveAtOnce)))
			}
		}
	}
}

func (l *Link) live(ctx context.Context, body []byte) camera.Ack {
	var cmd camera.LiveCommand
	if err := decode(body, &cmd); err != nil {
		return refused(err)
	}
	ack := l.cfg.Live(ctx, cmd)
	ack.V = camera.LinkVersion
	return ack
}

func refused(err error) camera.Ack {
	return camera.Ack{V: camera.LinkVersion, Refusal: camera.Refuse(err)}
}

func (l *Link) answer(msg *nats.Msg, ack camera.Ack) {
	body, err := json.Marshal(ack)
	if err == nil {
		err = msg.Respond(body)
	}
	if err != nil {
		l.log.Warn("command not answered", "err", err)
	}
}
