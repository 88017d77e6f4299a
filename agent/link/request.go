package link

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go"

	camera "xulang.vn/camera"
)

// Announce sends fingerprints. The refusals stand in the reply; an error means
// that nothing is known about what the hub did.
func (l *Link) Announce(ctx context.Context, a camera.Announce) (camera.AnnounceReply, error) {
	a.V = camera.LinkVersion
	return ask[camera.AnnounceReply](ctx, l, camera.VerbAnnounce, a)
}

// Slots asks where to put segments' bytes, at most camera.SlotsMost at once. The
// refusals stand in the reply.
func (l *Link) Slots(ctx context.Context, ids []camera.SegmentID) (camera.SlotsReply, error) {
	if err := atMost(len(ids)); err != nil {
		return camera.SlotsReply{}, fmt.Errorf("ask hub for %s: %w", camera.VerbSlots, err)
	}
	return ask[camera.SlotsReply](ctx, l, camera.VerbSlots, camera.SlotsRequest{V: camera.LinkVersion, Segments: ids})
}

// Stored tells that segments' bytes are in the store, at most camera.SlotsMost at
// once. The refusals stand in the reply.
func (l *Link) Stored(ctx context.Context, ids []camera.SegmentID) (camera.StoredReply, error) {
	if err := atMost(len(ids)); err != nil {
		return camera.StoredReply{}, fmt.Errorf("ask hub for %s: %w", camera.VerbStored, err)
	}
	return ask[camera.StoredReply](ctx, l, camera.VerbStored, camera.StoredNotice{V: camera.LinkVersion, Segments: ids})
}

func atMost(n int) error {
	if n == 0 || n > camera.SlotsMost {
		return camera.Errorf(camera.CodeTooLarge, "%d segments, want 1 to %d", n, camera.SlotsMost)
	}
	return nil
}

// Wants asks what cases hold and ask for, now. A want that makes no sense is left
// out: the others still hold. A refusal is an error, so that it is never taken for
// "nothing is wanted".
func (l *Link) Wants(ctx context.Context) (camera.WantsReply, error) {
	reply, err := ask[camera.WantsReply](ctx, l, camera.VerbWants, camera.WantsRequest{V: camera.LinkVersion})
	if err == nil {
		err = reply.Err()
	}
	if err == nil && len(reply.Wants) > camera.WantsMost {
		err = camera.Errorf(camera.CodeTooLarge, "ask hub for %s: %d, at most %d", camera.VerbWants, len(reply.Wants), camera.WantsMost)
	}
	if err != nil {
		return camera.WantsReply{}, err
	}
	reply.Wants = slices.DeleteFunc(reply.Wants, func(w camera.Want) bool {
		err := w.Check()
		if err != nil {
			l.log.Warn("hub wants what makes no sense", "err", err)
		}
		return err != nil
	})
	return reply, nil
}

// Status sends the agent's health; a refusal is an error.
func (l *Link) Status(ctx context.Context, s camera.Status) error {
	s.V = camera.LinkVersion
	return tell(ctx, l, camera.VerbStatus, s)
}

// ask sends what may only follow an acknowledged hello: before it the hub does
// not know the cameras and would refuse their segments for good.
func ask[Reply any](ctx context.Context, l *Link, verb string, request any) (Reply, error) {
	if !l.Connected() {
		var none Reply
		return none, camera.Errorf(camera.CodeUnreachable, "ask hub for %s: not linked", verb)
	}
	return exchange[Reply](ctx, l, verb, request)
}

// exchange is one request and its reply, within the link's time-out. Errors carry
// CodeUnreachable, CodeTooLarge, CodeBadVersion, CodeBadRequest or CodeQuarantined:
// in quarantine every request is refused, and none of the refusals is about it.
func exchange[Reply any](ctx context.Context, l *Link, verb string, request any) (Reply, error) {
	var reply Reply
	body, err := json.Marshal(request)
	if err != nil {
		return reply, fmt.Errorf("ask hub for %s: %w", verb, err)
	}
	if len(body) > camera.MessageLargest {
		return reply, camera.Errorf(camera.CodeTooLarge, "ask hub for %s: message of %d bytes, at most %d",
			verb, len(body), camera.MessageLargest)
	}
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	ctx, lost := context.WithCancelCause(ctx)
	defer lost(nil)
	nc, end := l.begin(lost)
	if nc == nil {
		return reply, camera.Errorf(camera.CodeUnreachable, "ask hub for %s: not linked", verb)
	}
	defer end()
	msg, err := nc.RequestWithContext(ctx, camera.UpSubject(l.device, verb), body)
	if errors.Is(err, nats.ErrMaxPayload) {
		return reply, camera.Errorf(camera.CodeTooLarge, "ask hub for %s: %w", verb, err)
	}
	if err != nil && errors.Is(context.Cause(ctx), errLost) {
		err = errLost
	}
	if err != nil {
		return reply, camera.Errorf(camera.CodeUnreachable, "ask hub for %s: %w", verb, err)
	}
	if err := decode(msg.Data, &reply); err != nil {
		return reply, fmt.Errorf("ask hub for %s: %w", verb, err)
	}
	if r, ok := any(reply).(interface{ Err() error }); ok && camera.CodeOf(r.Err()) == camera.CodeQuarantined {
		l.quarantined()
		var none Reply
		return none, camera.Errorf(camera.CodeQuarantined, "ask hub for %s: this device is in quarantine", verb)
	}
	return reply, nil
}

var errLost = errors.New("the link was lost meanwhile")

// begin gives the connection for one request and notes what ends it when the
// connection is lost: nats.go would wait for the answer until the time is up, and
// the next hello with it. end takes the note back. Without a connection nc is nil.
func (l *Link) begin(lost context.CancelCauseFunc) (nc *nats.Conn, end func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.up || l.nc == nil {
		return nil, nil
	}
	l.requests++
	n := l.requests
	l.open[n] = lost
	return l.nc, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.open, n)
	}
}

// decode reads a message of our version. Unknown fields are left out: a newer hub
// may say more.
func decode(b []byte, into any) error {
	if len(b) > camera.MessageLargest {
		return camera.Errorf(camera.CodeTooLarge, "message of %d bytes, at most %d", len(b), camera.MessageLargest)
	}
	var head struct {
		V int `json:"v"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return camera.Errorf(camera.CodeBadRequest, "read message: %w", err)
	}
	if err := camera.CheckVersion(head.V); err != nil {
		return err
	}
	if err := json.Unmarshal(b, into); err != nil {
		return camera.Errorf(camera.CodeBadRequest, "read message: %w", err)
	}
	return nil
}
