package hub

import (
	"context"
	"slices"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index"
)

// slotLife is how long an agent may take to begin a PUT.
const slotLife = 10 * time.Minute

// Slots gives places for announced segments' bytes, once the household's consent
// allows them to leave the house.
func (f facts) Slots(ctx context.Context, d camera.DeviceID, ids []camera.SegmentID) camera.SlotsReply {
	reply := camera.SlotsReply{V: camera.LinkVersion, Slots: make([]camera.SlotAnswer, len(ids))}
	due := changes{}
	places := make([]camera.Slot, len(ids))
	for i, id := range ids {
		entry, err := f.mayUpload(ctx, d, id)
		if err == nil && !entry.State.Playable() {
			// Before it is called uploading: a store that signs nothing leaves it at home.
			if places[i], err = f.place(ctx, entry); err == nil {
				due.add(i, entry, camera.StateUploading)
			}
		}
		reply.Slots[i].Refusal = f.refuse("give slot", d, err)
		reply.Slots[i].Stored = err == nil && entry.State.Playable()
	}
	for k, err := range due.write(ctx, f.index) { // gone for good: no place for it
		i := due.at[k]
		if reply.Slots[i].Refusal = f.refuse("give slot", d, err); err == nil {
			reply.Slots[i].Slot = places[i]
		}
	}
	return reply
}

// mayUpload finds a segment that may leave its house. It is stored where its bytes
// turn out to be here already.
func (f facts) mayUpload(ctx context.Context, d camera.DeviceID, id camera.SegmentID) (index.Entry, error) {
	cam, err := f.own(ctx, d, id.Camera)
	if err != nil {
		return index.Entry{}, err
	}
	if !cam.Shared {
		return index.Entry{}, camera.Errorf(camera.CodeNoConsent, "slot: camera %s is not shared any more", id.Camera)
	}
	entry, err := f.index.Segment(ctx, id)
	if err == nil {
		err = f.mayLeave(ctx, cam.Consent, entry.Segment)
	}
	if err != nil || entry.State != camera.StateUploading {
		return entry, err
	}
	// The bytes may have come while nobody was here to hear of it.
	switch err := f.arrived(ctx, entry); camera.CodeOf(err) {
	case "":
		entry.State = camera.StateStored
		return entry, f.index.SetState(ctx, id, entry.State)
	case camera.CodeNotFound:
		return entry, nil
	default:
		return entry, err
	}
}

func (f facts) place(ctx context.Context, entry index.Entry) (camera.Slot, error) {
	slot, err := f.store.Slot(ctx, entry.Key(), entry.Size, entry.SHA256, slotLife)
	if err != nil {
		return camera.Slot{}, camera.Errorf(camera.CodeUnavailable, "make slot: %w", err)
	}
	return slot, nil
}

// changes are states of one message, written in one transaction.
type changes struct {
	at   []int // places in the message
	list []index.Change
}

func (c *changes) add(at int, entry index.Entry, to camera.ByteState) {
	c.at = append(c.at, at)
	c.list = append(c.list, index.Change{ID: entry.SegmentID, To: to})
}

// write gives an error or nil for each change.
func (c *changes) write(ctx context.Context, x *index.Index) []error {
	if len(c.list) == 0 {
		return nil
	}
	refused, err := x.SetStates(ctx, c.list)
	if err != nil {
		return slices.Repeat([]error{err}, len(c.list))
	}
	return refused
}

// mayLeave asks whether a segment may leave its house: by a standing consent, or by the
// household's yes to a request.
func (f facts) mayLeave(ctx context.Context, c camera.Consent, s camera.Segment) error {
	who := camera.Asker{From: s.Start, To: s.End}
	err := camera.Decide(c, camera.ActionUpload, who, f.now())
	if camera.CodeOf(err) != camera.CodeAskOwner {
		return err
	}
	wants, failed := f.cases.WantsOf(ctx, []camera.CameraID{s.Camera})
	if failed != nil {
		return failed
	}
	who.Granted = slices.ContainsFunc(wants, func(w camera.Want) bool { return w.Grants(s) })
	return camera.Decide(c, camera.ActionUpload, who, f.now())
}

// Stored looks for the bytes that a device says it has put.
func (f facts) Stored(ctx context.Context, d camera.DeviceID, ids []camera.SegmentID) camera.StoredReply {
	reply := camera.StoredReply{V: camera.LinkVersion, Refused: map[int]camera.Refusal{}}
	refuse := func(i int, err error) {
		if err != nil {
			reply.Refused[i] = f.refuse("take stored", d, err)
		}
	}
	due := changes{}
	for i, id := range ids {
		entry, err := f.put(ctx, d, id)
		if err == nil && !entry.State.Playable() {
			due.add(i, entry, camera.StateStored)
		}
		refuse(i, err)
	}
	for k, err := range due.write(ctx, f.index) {
		refuse(due.at[k], err)
	}
	return reply
}

// put finds a segment whose bytes are here.
func (f facts) put(ctx context.Context, d camera.DeviceID, id camera.SegmentID) (index.Entry, error) {
	if _, err := f.own(ctx, d, id.Camera); err != nil {
		return index.Entry{}, err
	}
	entry, err := f.index.Segment(ctx, id)
	if err == nil && !entry.State.Playable() {
		err = f.arrived(ctx, entry)
	}
	return entry, err
}

// arrived tells whether the object store has a segment's bytes, whatever an agent
// says; CodeNotFound when it has none.
func (f facts) arrived(ctx context.Context, entry index.Entry) error {
	size, sum, ok, err := f.store.Has(ctx, entry.Key())
	switch {
	case err != nil:
		return camera.Errorf(camera.CodeUnavailable, "look for object: %w", err)
	case !ok:
		return camera.Errorf(camera.CodeNotFound, "segment %s: no bytes in the store", entry.SegmentID)
	case size != entry.Size || sum != entry.SHA256:
		return camera.Errorf(camera.CodeBadClaim, "segment %s: the store has other bytes", entry.SegmentID)
	}
	return nil
}
