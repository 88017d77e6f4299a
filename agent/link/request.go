package link

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"

	camera "xulang.vn/camera"
)

// Announce sends fingerprints. The refusals stand in the reply; an error means
// that nothing is known about what the hub did.
func (l *Link) Announce(ctx context.Context, a camera.Announce) (camera.AnnounceReply, error) {
	a.V = camera.LinkVersion
	return ask[camera.AnnounceReply](ctx, l, camera.VerbAnnounce, a)
}

// Slot asks where to put a segment's bytes. A refusal stands in the reply.
func (l *Link) Slot(ctx context.Context, id camera.SegmentID) (camera.SlotReply, error) {
	return ask[camera.SlotReply](ctx, l, camera.VerbSlot, camera.SlotRequest{V: camera.LinkVersion, SegmentID: id})
}

// Stored tells that a segment's bytes are in the store. A refusal stands in the reply.
func (l *Link) Stored(ctx context.Context, id camera.SegmentID) (camera.StoredReply, error) {
	return ask[camera.StoredReply](ctx, l, camera.VerbStored, camera.StoredNotice{V: camera.LinkVersion, SegmentID: id})
}

// Status sends the agent's health; a refusal is an error.
func (l *Link) Status(ctx context.Context, s camera.Status) error {
	s.V = camera.LinkVersion
	ack, err := ask[camera.Ack](ctx, l, camera.VerbStatus, s)
	if err != nil {
		return err
	}
	return ack.Err()
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
// CodeUnreachable, CodeTooLarge, CodeBadVersion or CodeBadRequest.
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
	nc := l.conn()
	if nc == nil {
		return reply, camera.Errorf(camera.CodeUnreachable, "ask hub for %s: not linked", verb)
	}
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	msg, err := nc.RequestWithContext(ctx, camera.UpSubject(l.device, verb), body)
	if errors.Is(err, nats.ErrMaxPayload) {
		return reply, camera.Errorf(camera.CodeTooLarge, "ask hub for %s: %w", verb, err)
	}
	if err != nil {
		return reply, camera.Errorf(camera.CodeUnreachable, "ask hub for %s: %w", verb, err)
	}
	if err := decode(msg.Data, &reply); err != nil {
		return reply, fmt.Errorf("ask hub for %s: %w", verb, err)
	}
	return reply, nil
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
