package cases

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	camera "xulang.vn/camera"
)

// StillWithin is how long before a moment its picture may have been taken.
const StillWithin = camera.SegmentLongest

// Still gives the picture that stands for a moment, and when it was taken: a file
// with one key frame, from the store when its bytes are there, else from home.
// Where home cannot or may not give the best one, a smaller one that is in the
// store stands in. It is what was announced, or it is not shown.
func (c *Cases) Still(ctx context.Context, who Officer, caseID string, id camera.CameraID, at time.Time) (data []byte, taken time.Time, err error) {
	one, seg, outcome := c.decideStill(ctx, who, caseID, id, at)
	err = c.settle(ctx, Record{Actor: who, Action: actStill, Case: caseID, Camera: id, Detail: stamp(at)}, outcome)
	if err != nil {
		return nil, time.Time{}, err
	}
	if seg.State.Playable() {
		data, err = c.storedStill(ctx, seg)
	} else {
		data, seg, err = c.farStill(ctx, who, one, seg, at)
	}
	if err != nil {
		return nil, time.Time{}, err
	}
	return data, seg.Start, nil
}

// farStill asks the home. It may take its time, and its household may have changed
// its mind meanwhile.
func (c *Cases) farStill(ctx context.Context, who Officer, one Case, seg Footage, at time.Time) ([]byte, Footage, error) {
	data, asked := c.homeStill(ctx, seg, one.Purpose())
	_, p, err := c.permitted(ctx, who, one.ID, seg.Camera)
	if err == nil {
		err = p.picture(camera.ActionStill, seg.Segment)
	}
	if err != nil {
		return nil, seg, err
	}
	if asked == nil {
		return data, seg, p.picture(camera.ActionSend, seg.Segment)
	}
	if camera.CodeOf(asked) == camera.CodeUnreachable {
		if here, err := c.hereAt(ctx, p, at); err == nil {
			data, err = c.storedStill(ctx, here)
			return data, here, err
		}
	}
	return nil, seg, asked
}

// hereAt finds a picture in the store, of a segment that covers the moment.
func (c *Cases) hereAt(ctx context.Context, p permit, at time.Time) (Footage, error) {
	seg, err := c.Past.At(ctx, p.cam.ID, at, 0, true)
	if err == nil {
		err = p.picture(camera.ActionStill, seg.Segment)
	}
	if err == nil {
		err = sized(seg, camera.KeyLargest)
	}
	return seg, err
}

func (c *Cases) decideStill(ctx context.Context, who Officer, caseID string, id camera.CameraID, at time.Time) (Case, Footage, error) {
	one, p, err := c.permitted(ctx, who, caseID, id)
	if err == nil {
		err = p.moment(at)
	}
	if err != nil {
		return one, Footage{}, err
	}
	seg, err := c.bestStill(ctx, p, at)
	return one, seg, err
}

func (c *Cases) bestStill(ctx context.Context, p permit, at time.Time) (Footage, error) {
	if y := at.UTC().Year(); y < 1970 || y > 9999 {
		return Footage{}, camera.Errorf(camera.CodeBadRequest, "a moment outside of the years 1970 to 9999")
	}
	seg, err := c.Past.At(ctx, p.cam.ID, at, StillWithin, false)
	if err == nil {
		err = p.picture(camera.ActionStill, seg.Segment)
	}
	if err != nil {
		return Footage{}, err
	}
	switch seg.State {
	case camera.StateStored, camera.StateHeld:
		return seg, sized(seg, camera.KeyLargest)
	case camera.StateHome, camera.StateRequested, camera.StateUploading:
	default:
		return Footage{}, camera.Errorf(camera.CodeNoFootage, "segment %s: bytes are %s", seg.SegmentID, seg.State)
	}
	// One picture may not leave the house while its household pauses the camera.
	if err = p.picture(camera.ActionSend, seg.Segment); err == nil {
		err = sized(seg, camera.StillLargest)
	}
	if err == nil {
		return seg, nil
	}
	if here, other := c.hereAt(ctx, p, at); other == nil {
		return here, nil
	}
	return Footage{}, err
}

func sized(seg Footage, most int64) error {
	if seg.KeySize <= 0 || seg.KeySize > most {
		return camera.Errorf(camera.CodeNoFootage, "segment %s: first picture of %d bytes, at most %d", seg.SegmentID, seg.KeySize, most)
	}
	return nil
}

func (c *Cases) storedStill(ctx context.Context, seg Footage) ([]byte, error) {
	data, err := c.Links.ReadKey(ctx, seg.Key(), seg.KeySize)
	switch {
	case camera.CodeOf(err) == camera.CodeNotFound: // it has expired meanwhile
		return nil, camera.Errorf(camera.CodeNoFootage, "read still: %w", err)
	case err != nil:
		return nil, camera.Errorf(camera.CodeUnavailable, "read still: %w", err)
	case !announced(seg, data):
		return nil, fmt.Errorf("read still of %s: the store has other bytes than were announced", seg.SegmentID)
	}
	return data, nil
}

func (c *Cases) homeStill(ctx context.Context, seg Footage, purpose camera.Purpose) ([]byte, error) {
	data, err := c.Home.Still(ctx, seg.SegmentID, purpose)
	if err != nil {
		return nil, homeRefusal(err)
	}
	if !announced(seg, data) {
		return nil, camera.Errorf(camera.CodeBadClaim, "still of %s: home gives other bytes than were announced", seg.SegmentID)
	}
	return data, nil
}

func announced(seg Footage, data []byte) bool {
	return int64(len(data)) == seg.KeySize && sha256.Sum256(data) == seg.KeySHA256
}

// homeRefusal keeps the codes that mean to the asker what they mean at home. A box
// may answer with any code, and must not tell an officer that they are signed out.
func homeRefusal(err error) error {
	switch code := camera.CodeOf(err); code {
	case camera.CodeInternal, camera.CodeUnreachable, camera.CodeNoConsent, camera.CodePaused, camera.CodeNoFootage, camera.CodeBadVersion:
		return fmt.Errorf("fetch still: %w", err)
	case camera.CodeNotFound, camera.CodeUnknownSegment, camera.CodeTooLarge:
		return camera.Errorf(camera.CodeNoFootage, "fetch still: %w", err)
	default:
		return camera.Errorf(camera.CodeUnavailable, "fetch still: %w", err)
	}
}
