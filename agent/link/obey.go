package link

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/nats-io/nats.go"

	camera "xulang.vn/camera"
)

const (
	liveAtOnce  = 4  // commands in hand; more are refused
	lookAtOnce  = 2  // one at work, and one that came too late for its question
	stillAtOnce = 4  // each holds a picture in memory
	waitingMost = 16 // commands of a verb that are not yet read
)

// order is one verb of the hub's.
type order struct {
	verb    string
	atOnce  int
	do      func(ctx context.Context, body []byte) any // the reply
	waiting chan *nats.Msg
}

func (l *Link) orders() []order {
	return []order{
		{verb: camera.VerbLive, atOnce: liveAtOnce, do: l.live},
		{verb: camera.VerbLook, atOnce: lookAtOnce, do: l.look},
		{verb: camera.VerbStill, atOnce: stillAtOnce, do: l.still},
	}
}

// obey answers the hub's commands of one verb until ctx ends and waits for those
// in hand.
func (l *Link) obey(ctx context.Context, o order) {
	var inHand sync.WaitGroup
	defer inHand.Wait()
	free := make(chan struct{}, o.atOnce)
	for {
		select {
		case <-ctx.Done():
			return
		case msg := <-o.waiting:
			select {
			case free <- struct{}{}:
				inHand.Go(func() {
					reply := o.do(ctx, msg.Data)
					<-free // before the answer: who has it may send the next
					l.answer(msg, reply)
				})
			default:
				l.answer(msg, refused(camera.Errorf(camera.CodeTooMany, "%s: %d commands in hand", o.verb, o.atOnce)))
			}
		}
	}
}

func (l *Link) live(ctx context.Context, body []byte) any {
	var cmd camera.LiveCommand
	if err := decode(body, &cmd); err != nil {
		return refused(err)
	}
	if l.cfg.Live == nil {
		return refused(notDone(camera.VerbLive))
	}
	ack := l.cfg.Live(ctx, cmd)
	ack.V = camera.LinkVersion
	return ack
}

func (l *Link) look(ctx context.Context, body []byte) any {
	var cmd camera.LookCommand
	if err := decode(body, &cmd); err != nil {
		return refused(err)
	}
	if l.cfg.Look == nil {
		return refused(notDone(camera.VerbLook))
	}
	ack := l.cfg.Look(ctx)
	ack.V = camera.LinkVersion
	return ack
}

func (l *Link) still(ctx context.Context, body []byte) any {
	var cmd camera.StillCommand
	if err := decode(body, &cmd); err != nil {
		return refused(err)
	}
	if l.cfg.Still == nil {
		return refused(notDone(camera.VerbStill))
	}
	reply := l.cfg.Still(ctx, cmd)
	if len(reply.Data) > camera.StillLargest {
		return refused(camera.Errorf(camera.CodeTooLarge, "still of %d bytes, at most %d", len(reply.Data), camera.StillLargest))
	}
	reply.V = camera.LinkVersion
	return reply
}

func notDone(verb string) error {
	return camera.Errorf(camera.CodeUnavailable, "%s: not done by this agent", verb)
}

// refused is the plain reply; every reply with a code reads as one.
func refused(err error) camera.Ack {
	return camera.Ack{V: camera.LinkVersion, Refusal: camera.Refuse(err)}
}

// answer never sends more than the link carries: the server would end the connection.
func (l *Link) answer(msg *nats.Msg, reply any) {
	body, err := json.Marshal(reply)
	if err == nil && len(body) > camera.MessageLargest {
		body, err = json.Marshal(refused(camera.Errorf(camera.CodeTooLarge, "answer of %d bytes", len(body))))
	}
	if err == nil {
		err = msg.Respond(body)
	}
	if err != nil {
		l.log.Warn("command not answered", "err", err)
	}
}
