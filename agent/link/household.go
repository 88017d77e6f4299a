package link

import (
	"context"
	"slices"

	camera "xulang.vn/camera"
)

// pastsAtOnce is the number of cameras in one notice: with the most spans of each it
// has half a megabyte.
const pastsAtOnce = 16

// Past tells what the household's recorder has. It replaces what was told of these
// cameras before; after an error some of them may be told and others not.
func (l *Link) Past(ctx context.Context, cameras []camera.CameraPast) error {
	for some := range slices.Chunk(cameras, pastsAtOnce) {
		if err := tell(ctx, l, camera.VerbPast, camera.PastNotice{V: camera.LinkVersion, Cameras: some}); err != nil {
			return err
		}
	}
	return nil
}

// Roads asks for the hub's map around a place. A refusal is an error.
func (l *Link) Roads(ctx context.Context, r camera.RoadsRequest) (camera.RoadsReply, error) {
	r.V = camera.LinkVersion
	reply, err := ask[camera.RoadsReply](ctx, l, camera.VerbRoads, r)
	if err == nil {
		err = reply.Err()
	}
	return reply, err
}

// Seen asks what a view would see. A refusal is an error.
func (l *Link) Seen(ctx context.Context, v camera.View) ([]camera.Sight, error) {
	reply, err := ask[camera.SeenReply](ctx, l, camera.VerbSeen, camera.SeenRequest{V: camera.LinkVersion, View: v})
	if err == nil {
		err = reply.Err()
	}
	return reply.Sights, err
}

// Consent sends a signed receipt. A refusal stands in the reply: the hub has it and
// will say the same again. An error means that it is to be sent again.
func (l *Link) Consent(ctx context.Context, r camera.Receipt) (camera.ReceiptReply, error) {
	r.V = camera.LinkVersion
	return ask[camera.ReceiptReply](ctx, l, camera.VerbConsent, r)
}

// Answer sends the household's signed yes or no. A refusal is an error.
func (l *Link) Answer(ctx context.Context, a camera.Answer) error {
	a.V = camera.LinkVersion
	return tell(ctx, l, camera.VerbAnswer, a)
}

// SelfTest sends what the household's test found. A refusal is an error.
func (l *Link) SelfTest(ctx context.Context, s camera.SelfTest) error {
	s.V = camera.LinkVersion
	return tell(ctx, l, camera.VerbSelfTest, s)
}

// Leave tells that the household leaves; after it the hub does not know the device
// any more. It needs no acknowledged hello: leaving is possible whenever the hub is
// there. A refusal is an error.
func (l *Link) Leave(ctx context.Context) error {
	ack, err := exchange[camera.Ack](ctx, l, camera.VerbLeave, camera.LeaveNotice{V: camera.LinkVersion})
	if err != nil {
		return err
	}
	return ack.Err()
}

// tell asks for nothing but agreement.
func tell(ctx context.Context, l *Link, verb string, message any) error {
	ack, err := ask[camera.Ack](ctx, l, verb, message)
	if err != nil {
		return err
	}
	return ack.Err()
}
