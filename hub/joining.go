package hub

import (
	"context"
	"fmt"

	"github.com/nats-io/nkeys"

	camera "xulang.vn/camera"
)

// What a household's box and its page tell and ask.

// Past takes what a household's recorder says that it has.
func (f facts) Past(ctx context.Context, d camera.DeviceID, m []camera.CameraPast) error {
	for _, p := range m {
		if _, err := f.own(ctx, d, p.Camera); err != nil {
			return err
		}
	}
	return f.told("write the recorder's past", d, f.index.SetPast(ctx, m, f.now()))
}

// Roads gives the map around a household. It is the hub's own map and tells nothing
// of other households.
func (f facts) Roads(ctx context.Context, d camera.DeviceID, m camera.RoadsRequest) camera.RoadsReply {
	reply := camera.RoadsReply{V: camera.LinkVersion, Sketch: f.cfg.Sketch}
	place, err := f.registry.Place(ctx, d)
	if err != nil {
		reply.Refusal = f.refuse("find household's place", d, err)
		return reply
	}
	reply.Place = place
	if m.Near == nil {
		m.Near = place
	}
	switch {
	case m.Near == nil:
		reply.Roads = f.roads.Overview()
	case !m.Near.Valid():
		reply.Refusal = camera.Refuse(camera.Errorf(camera.CodeBadRequest, "roads: no place"))
	default:
		radius := m.Radius
		if !(radius > 0 && radius <= camera.RoadsRadius) {
			radius = camera.RoadsRadius
		}
		reply.Roads = f.roads.Around(*m.Near, radius)
	}
	return reply
}

// Seen says what a view would see.
func (f facts) Seen(_ context.Context, _ camera.DeviceID, v camera.View) camera.SeenReply {
	if err := v.Check(); err != nil {
		return camera.SeenReply{V: camera.LinkVersion, Refusal: camera.Refuse(err)}
	}
	return camera.SeenReply{V: camera.LinkVersion, Sights: f.roads.Describe(v)}
}

// Consent keeps the hub's side of a receipt.
func (f facts) Consent(ctx context.Context, d camera.DeviceID, r camera.Receipt) camera.ReceiptReply {
	reply := camera.ReceiptReply{V: camera.LinkVersion}
	err := r.Check()
	if err == nil {
		err = signed(d, r.Payload(), r.Signature)
	}
	if err == nil {
		reply.Number, reply.At, err = f.registry.AddReceipt(ctx, d, r)
	}
	if err == nil {
		f.keep.Soon() // it is in no other place
	}
	reply.Refusal = f.refuse("write receipt", d, err)
	return reply
}

// Answer takes a household's yes or no to a request.
func (f facts) Answer(ctx context.Context, d camera.DeviceID, m camera.Answer) error {
	if err := signed(d, m.Payload(), m.Signature); err != nil {
		return err
	}
	ids, err := f.shared(ctx, d)
	if err == nil {
		err = f.cases.Answer(ctx, ids, m)
	}
	return f.told("write answer", d, err)
}

// SelfTest keeps what a household's box found of itself.
func (f facts) SelfTest(ctx context.Context, d camera.DeviceID, m camera.SelfTest) error {
	return f.told("write self-test", d, f.registry.SetSelfTest(ctx, d, m))
}

// Leave ends a membership by the household's own wish. Its live views end now; its key
// is worth nothing from now on.
func (f facts) Leave(ctx context.Context, d camera.DeviceID) error {
	ids, err := f.shared(ctx, d)
	if err == nil {
		err = f.registry.Leave(ctx, d)
	}
	if err != nil {
		return f.told("leave", d, err)
	}
	for _, id := range ids {
		f.live.Disconnect(id, string(camera.CodeNoConsent))
	}
	f.log.Info("household left", "device", d)
	return nil
}

// told logs what is the hub's own fault, and hands the error on.
func (f facts) told(doing string, d camera.DeviceID, err error) error {
	f.refuse(doing, d, err)
	return err
}

// signed tells whether a device has signed this.
func signed(d camera.DeviceID, payload []byte, sig camera.Signature) error {
	key, err := nkeys.FromPublicKey(string(d))
	if err != nil {
		return fmt.Errorf("read device key: %w", err)
	}
	if key.Verify(payload, sig[:]) != nil {
		return camera.Errorf(camera.CodeBadClaim, "signature is not of this device")
	}
	return nil
}
