package hub

import (
	"context"
	"time"

	camera "xulang.vn/camera"
)

// slotLife is how long an agent may take to begin a PUT.
const slotLife = 10 * time.Minute

// facts is what agents tell and ask over the link.
type facts struct{ *hub }

func (f facts) Hello(ctx context.Context, d camera.DeviceID, m camera.Hello) camera.HelloReply {
	reply := f.registry.Hello(ctx, d, m)
	for _, cam := range m.Cameras {
		// A household that paused or narrowed its consent ends running live views at once.
		if err := camera.Decide(cam.Consent, camera.ActionLive, camera.Asker{Officer: true, CaseOpen: true}, f.now()); err != nil && f.owns(ctx, d, cam.Camera) == nil {
			f.live.Disconnect(cam.Camera, string(camera.CodeOf(err)))
		}
	}
	return reply
}

func (f facts) Announce(ctx context.Context, d camera.DeviceID, m camera.Announce) camera.AnnounceReply {
	owned := func(id camera.CameraID) bool { return f.owns(ctx, d, id) == nil }
	reply, err := f.index.Put(ctx, m, owned)
	if err != nil {
		f.log.Error("write announcement", "device", d, "err", err)
		return camera.AnnounceReply{V: camera.LinkVersion, Refusal: camera.Refuse(err)}
	}
	for i, r := range reply.RefusedSegments {
		f.log.Warn("segment refused", "device", d, "segment", m.Segments[i].SegmentID, "code", r.Code, "why", r.Message)
	}
	for i, r := range reply.RefusedGaps {
		f.log.Warn("gap refused", "device", d, "camera", m.Gaps[i].Camera, "code", r.Code, "why", r.Message)
	}
	return reply
}

// Slot gives a place for an announced segment's bytes, once the household's
// consent allows them to leave the house.
func (f facts) Slot(ctx context.Context, d camera.DeviceID, id camera.SegmentID) camera.SlotReply {
	reply := camera.SlotReply{V: camera.LinkVersion}
	slot, stored, err := f.slot(ctx, d, id)
	reply.Slot, reply.Stored, reply.Refusal = slot, stored, camera.Refuse(err)
	return reply
}

func (f facts) slot(ctx context.Context, d camera.DeviceID, id camera.SegmentID) (camera.Slot, bool, error) {
	cam, err := f.registry.Camera(ctx, id.Camera)
	if err != nil || cam.Device != d {
		return camera.Slot{}, false, camera.Errorf(camera.CodeForeignCamera, "slot: camera %s is not of this device", id.Camera)
	}
	if err := camera.Decide(cam.Consent, camera.ActionUpload, camera.Asker{}, f.now()); err != nil {
		return camera.Slot{}, false, err
	}
	entry, err := f.index.Segment(ctx, id)
	if err != nil {
		return camera.Slot{}, false, err
	}
	if entry.State.Playable() {
		return camera.Slot{}, true, nil
	}
	if err := f.index.SetState(ctx, id, camera.StateUploading); err != nil {
		return camera.Slot{}, false, err // gone for good: no place for it
	}
	slot, err := f.store.Slot(ctx, entry.Key(), entry.Size, entry.SHA256, slotLife)
	if err != nil {
		return camera.Slot{}, false, camera.Errorf(camera.CodeUnavailable, "make slot: %w", err)
	}
	return slot, false, nil
}

// Stored believes the object store, not the agent.
func (f facts) Stored(ctx context.Context, d camera.DeviceID, id camera.SegmentID) camera.StoredReply {
	return camera.StoredReply{V: camera.LinkVersion, Refusal: camera.Refuse(f.stored(ctx, d, id))}
}

func (f facts) stored(ctx context.Context, d camera.DeviceID, id camera.SegmentID) error {
	if err := f.owns(ctx, d, id.Camera); err != nil {
		return err
	}
	entry, err := f.index.Segment(ctx, id)
	if err != nil || entry.State.Playable() {
		return err
	}
	size, sum, ok, err := f.store.Has(ctx, entry.Key())
	switch {
	case err != nil:
		return camera.Errorf(camera.CodeUnavailable, "look for object: %w", err)
	case !ok:
		return camera.Errorf(camera.CodeNotFound, "segment %s: no bytes in the store", id)
	case size != entry.Size || sum != entry.SHA256:
		return camera.Errorf(camera.CodeBadClaim, "segment %s: the store has other bytes", id)
	}
	return f.index.SetState(ctx, id, camera.StateStored)
}

func (f facts) Status(ctx context.Context, d camera.DeviceID, m camera.Status) error {
	return f.registry.SetStatus(ctx, d, m)
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

func (f facts) owns(ctx context.Context, d camera.DeviceID, id camera.CameraID) error {
	cam, err := f.registry.Camera(ctx, id)
	if err != nil || cam.Device != d {
		return camera.Errorf(camera.CodeForeignCamera, "camera %s is not of this device", id)
	}
	return nil
}
