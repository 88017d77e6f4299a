package hub

import (
	"cmp"
	"context"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index"
	"xulang.vn/camera/hub/registry"
)

// slotLife is how long an agent may take to begin a PUT.
const slotLife = 10 * time.Minute

// facts is what agents tell and ask over the link.
type facts struct{ *hub }

func (f facts) Hello(ctx context.Context, d camera.DeviceID, m camera.Hello) camera.HelloReply {
	reply, err := f.registry.Hello(ctx, d, m)
	if err != nil {
		f.log.Error("write hello", "device", d, "err", err)
	}
	for _, cam := range m.Cameras {
		// A household that paused or narrowed its consent ends running live views at once.
		if err := camera.Decide(cam.Consent, camera.ActionLive, camera.Asker{Officer: true, CaseOpen: true}, f.now()); err != nil && f.owned(ctx, d, cam.Camera) {
			f.live.Disconnect(cam.Camera, string(camera.CodeOf(err)))
		}
	}
	return reply
}

func (f facts) Announce(ctx context.Context, d camera.DeviceID, m camera.Announce) camera.AnnounceReply {
	var failed error // an owner that could not be looked up refuses the whole message: an agent never sends refused items again
	reply, err := f.index.Put(ctx, m, func(id camera.CameraID) bool {
		_, err := f.own(ctx, d, id)
		if err != nil && camera.CodeOf(err) != camera.CodeForeignCamera {
			failed = err
		}
		return err == nil
	})
	if err = cmp.Or(err, failed); err != nil {
		return camera.AnnounceReply{V: camera.LinkVersion, Refusal: f.refuse("write announcement", d, err)}
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
	reply.Slot, reply.Stored, reply.Refusal = slot, stored, f.refuse("give slot", d, err)
	return reply
}

func (f facts) slot(ctx context.Context, d camera.DeviceID, id camera.SegmentID) (camera.Slot, bool, error) {
	cam, err := f.own(ctx, d, id.Camera)
	if err != nil {
		return camera.Slot{}, false, err
	}
	if !cam.Shared {
		return camera.Slot{}, false, camera.Errorf(camera.CodeNoConsent, "slot: camera %s is not shared any more", id.Camera)
	}
	if err := camera.Decide(cam.Consent, camera.ActionUpload, camera.Asker{}, f.now()); err != nil {
		return camera.Slot{}, false, err
	}
	entry, err := f.index.Segment(ctx, id)
	if err != nil {
		return camera.Slot{}, false, err
	}
	if entry.State == camera.StateUploading {
		// The bytes may have come while nobody was here to hear of it.
		if err := f.believe(ctx, entry); camera.CodeOf(err) != camera.CodeNotFound {
			return camera.Slot{}, err == nil, err
		}
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

func (f facts) Stored(ctx context.Context, d camera.DeviceID, id camera.SegmentID) camera.StoredReply {
	return camera.StoredReply{V: camera.LinkVersion, Refusal: f.refuse("take stored", d, f.stored(ctx, d, id))}
}

func (f facts) stored(ctx context.Context, d camera.DeviceID, id camera.SegmentID) error {
	if _, err := f.own(ctx, d, id.Camera); err != nil {
		return err
	}
	entry, err := f.index.Segment(ctx, id)
	if err != nil || entry.State.Playable() {
		return err
	}
	return f.believe(ctx, entry)
}

// believe makes a segment stored when the object store has its bytes, whatever an
// agent says; CodeNotFound when it has none.
func (f facts) believe(ctx context.Context, entry index.Entry) error {
	size, sum, ok, err := f.store.Has(ctx, entry.Key())
	switch {
	case err != nil:
		return camera.Errorf(camera.CodeUnavailable, "look for object: %w", err)
	case !ok:
		return camera.Errorf(camera.CodeNotFound, "segment %s: no bytes in the store", entry.SegmentID)
	case size != entry.Size || sum != entry.SHA256:
		return camera.Errorf(camera.CodeBadClaim, "segment %s: the store has other bytes", entry.SegmentID)
	}
	return f.index.SetState(ctx, entry.SegmentID, camera.StateStored)
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
