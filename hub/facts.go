package hub

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nkeys"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/registry"
)

// facts is what agents tell and ask over the link.
type facts struct{ *hub }

func (f facts) Hello(ctx context.Context, d camera.DeviceID, m camera.Hello) camera.HelloReply {
	began := f.now().Truncate(time.Millisecond)
	reply, err := f.registry.Hello(ctx, d, m)
	if err != nil {
		f.log.Error("write hello", "device", d, "err", err)
	}
	f.lookAgain(ctx, m.Cameras)
	f.tellFewer(ctx, d, began)
	reply.Uplink = f.cfg.Uplink
	for _, cam := range m.Cameras {
		// A household that paused or took its consent back ends running live views at
		// once. What ended for some cases only, the cases' own watch ends.
		if err := mayShow(cam.Consent, f.now()); err != nil && f.owned(ctx, d, cam.Camera) {
			f.live.Disconnect(cam.Camera, string(camera.CodeOf(err)))
		}
	}
	return reply
}

// tellFewer logs that a household has just chosen to have its footage kept for fewer
// days. It is deleted later: somebody may ask whether it was the household.
func (f facts) tellFewer(ctx context.Context, d camera.DeviceID, began time.Time) {
	since, until, days, ok, err := f.registry.Fewer(ctx, d)
	switch {
	case err != nil:
		f.log.Error("read retention", "device", d, "err", err)
	case ok && !since.Before(began):
		f.log.Warn("household has footage kept for fewer days", "device", d, "days", days, "from", until)
	}
}

// mayShow tells whether a camera may be shown live for any case at all, and if not, why.
func mayShow(c camera.Consent, now time.Time) (err error) {
	for _, purpose := range camera.Purposes {
		if err = camera.Decide(c, camera.ActionLive, camera.Asker{Officer: true, CaseOpen: true, Purpose: purpose}, now); err == nil {
			return nil
		}
	}
	return err
}

func (f facts) Announce(ctx context.Context, d camera.DeviceID, m camera.Announce) camera.AnnounceReply {
	c, err := f.claims(ctx, d)
	var reply camera.AnnounceReply
	if err == nil {
		reply, err = f.index.Put(ctx, m, c)
	}
	if err = cmp.Or(err, c.failed); err != nil {
		return camera.AnnounceReply{V: camera.LinkVersion, Refusal: f.refuse("write announcement", d, err)}
	}
	for i, r := range reply.RefusedSegments {
		f.log.Warn("segment refused", "device", d, "segment", m.Segments[i].SegmentID, "code", r.Code, "why", r.Message)
	}
	for i, r := range reply.RefusedGaps {
		f.log.Warn("gap refused", "device", d, "camera", m.Gaps[i].Camera, "code", r.Code, "why", r.Message)
	}
	f.readClocks(ctx, m, reply)
	return reply
}

// readClocks notes how the cameras' own clocks stand, from their newest sender
// reports. The announcement is taken without it.
func (f facts) readClocks(ctx context.Context, m camera.Announce, reply camera.AnnounceReply) {
	newest := map[camera.CameraID]camera.Segment{}
	for i, s := range m.Segments {
		if _, refused := reply.RefusedSegments[i]; !refused && !s.SenderReport.IsZero() && s.Clock.Synchronised && s.Start.After(newest[s.Camera].Start) {
			newest[s.Camera] = s
		}
	}
	for id, s := range newest {
		offset := s.SenderReport.Sub(s.Start) + time.Duration(s.Clock.Offset)
		if err := f.registry.NoteReport(ctx, id, offset, time.Duration(s.Clock.Bound), s.Start); err != nil {
			f.log.Error("write clock record", "camera", id, "err", err)
		}
	}
}

// claims tells what a device may claim.
type claims struct {
	facts
	ctx    context.Context //nolint:containedctx // lives for one announcement
	device camera.DeviceID
	key    nkeys.KeyPair
	failed error // an owner that could not be looked up refuses the whole message: an agent never sends refused items again
}

func (f facts) claims(ctx context.Context, d camera.DeviceID) (*claims, error) {
	c := &claims{facts: f, ctx: ctx, device: d}
	var err error
	if c.key, err = nkeys.FromPublicKey(string(d)); err != nil {
		return c, fmt.Errorf("read device key: %w", err)
	}
	return c, nil
}

// Owns tells whether a camera is the device's own.
func (c *claims) Owns(id camera.CameraID) bool {
	_, err := c.own(c.ctx, c.device, id)
	if err != nil && camera.CodeOf(err) != camera.CodeForeignCamera {
		c.failed = err
	}
	return err == nil
}

// Signed tells whether the device has signed this.
func (c *claims) Signed(payload []byte, sig camera.Signature) bool {
	return c.key.Verify(payload, sig[:]) == nil
}

// Wants are what cases hold and ask for of the device's cameras.
func (f facts) Wants(ctx context.Context, d camera.DeviceID) camera.WantsReply {
	wants, err := f.wants(ctx, d)
	return camera.WantsReply{V: camera.LinkVersion, Refusal: f.refuse("read wants", d, err), Wants: wants}
}

func (f facts) wants(ctx context.Context, d camera.DeviceID) ([]camera.Want, error) {
	own, err := f.shared(ctx, d)
	if err != nil {
		return nil, err
	}
	return f.cases.WantsOf(ctx, own)
}

// shared are the cameras that a device shares now.
func (f facts) shared(ctx context.Context, d camera.DeviceID) ([]camera.CameraID, error) {
	all, err := f.registry.Cameras(ctx)
	if err != nil {
		return nil, err
	}
	var own []camera.CameraID
	for _, c := range all {
		if c.Device == d && c.Shared {
			own = append(own, c.ID)
		}
	}
	return own, nil
}

func (f facts) Status(ctx context.Context, d camera.DeviceID, m camera.Status) error {
	err := f.registry.SetStatus(ctx, d, m)
	return f.refuse("write status", d, err).Err()
}

func (f facts) Linked(ctx context.Context, d camera.DeviceID, at time.Time) {
	if err := f.registry.Linked(ctx, d, at); err != nil {
		f.log.Error("write link state", "device", d, "err", err)
	}
}

func (f facts) Unlinked(ctx context.Context, d camera.DeviceID, at time.Time) {
	if err := f.registry.Unlinked(ctx, d, at); err != nil {
		f.log.Error("write link state", "device", d, "err", err)
	}
}

// own finds a device's own camera. A camera of another device is CodeForeignCamera,
// as is none at all; a look-up that failed is neither.
func (f facts) own(ctx context.Context, d camera.DeviceID, id camera.CameraID) (registry.Camera, error) {
	cam, err := f.registry.Camera(ctx, id)
	if err != nil && camera.CodeOf(err) != camera.CodeNotFound {
		return registry.Camera{}, err
	}
	if err != nil || cam.Device != d {
		return registry.Camera{}, camera.Errorf(camera.CodeForeignCamera, "camera %s is not of this device", id)
	}
	return cam, nil
}

func (f facts) owned(ctx context.Context, d camera.DeviceID, id camera.CameraID) bool {
	_, err := f.own(ctx, d, id)
	return err == nil
}

// refuse turns an error into a refusal. What is the hub's own fault does not show
// in it, so it goes to the log.
func (f facts) refuse(doing string, d camera.DeviceID, err error) camera.Refusal {
	if code := camera.CodeOf(err); code == camera.CodeInternal || code == camera.CodeUnavailable {
		f.log.Error(doing, "device", d, "err", err)
	}
	return camera.Refuse(err)
}
