package cases

import (
	"context"
	"fmt"
	"time"

	camera "xulang.vn/camera"
)

// LinkLife is how long a link to bytes is good.
const LinkLife = 60 * time.Second

// Playlist gives the HLS VOD playlist of a camera's window. Its segment links
// lead back to SegmentLink, which decides anew for each.
func (c *Cases) Playlist(ctx context.Context, who Officer, caseID string, id camera.CameraID, from, to time.Time) (string, error) {
	cam, outcome := c.gate(ctx, who, camera.ActionPlayback, caseID, id)
	if outcome == nil {
		outcome = checkWindow(from, to)
	}
	err := c.settle(ctx, Record{Actor: who, Action: actPlayback, Case: caseID, Camera: id, Detail: windowText(from, to)}, outcome)
	if err != nil {
		return "", err
	}
	spans, footage, err := c.Past.Window(ctx, cam, from, to)
	if err != nil {
		return "", fmt.Errorf("read footage of %s: %w", id, err)
	}
	text, playable := writePlaylist(spans, footage)
	if !playable {
		return "", camera.Errorf(camera.CodeNoFootage, "camera %s: nothing to play in %s", id, windowText(from, to))
	}
	return text, nil
}

// SegmentLink gives a one-minute link to a segment's bytes.
func (c *Cases) SegmentLink(ctx context.Context, who Officer, caseID string, id camera.SegmentID) (string, error) {
	_, outcome := c.gate(ctx, who, camera.ActionPlayback, caseID, id.Camera)
	var seg Footage
	if outcome == nil {
		seg, outcome = c.Past.Segment(ctx, id)
	}
	if outcome == nil && !seg.State.Playable() {
		outcome = camera.Errorf(camera.CodeNoFootage, "segment %s: bytes are %s", id, seg.State)
	}
	err := c.settle(ctx, Record{Actor: who, Action: actSegment, Case: caseID, Camera: id.Camera, Detail: fmt.Sprintf("%s/%d", id.Run, id.Seq)}, outcome)
	if err != nil {
		return "", err
	}
	link, err := c.Links.Link(ctx, seg.Key(), LinkLife)
	if err != nil {
		return "", camera.Errorf(camera.CodeUnavailable, "link segment: %w", err)
	}
	return link, nil
}

// WatchLive opens a live view. It lasts until somebody leaves or Review ends it.
func (c *Cases) WatchLive(ctx context.Context, who Officer, caseID string, id camera.CameraID, offer string) (viewer, answer string, err error) {
	cam, outcome := c.gate(ctx, who, camera.ActionLive, caseID, id)
	if outcome == nil {
		outcome = c.LiveRefusal(cam)
	}
	if err := c.settle(ctx, Record{Actor: who, Action: actLive, Case: caseID, Camera: id}, outcome); err != nil {
		return "", "", err
	}
	viewer, answer, err = c.Live.View(ctx, id, offer)
	if err == nil {
		c.keep(viewer, watch{who: who, caseID: caseID, camera: id, until: c.Now().Add(LiveLongest)})
	}
	return viewer, answer, err
}

// LeaveLive ends a live view. The viewer's unguessable name is the right to end it.
func (c *Cases) LeaveLive(ctx context.Context, who Officer, caseID string, id camera.CameraID, viewer string) error {
	if _, err := c.Get(ctx, who, caseID); err != nil {
		return err
	}
	if err := c.log(ctx, Record{Actor: who, Action: actLeave, Case: caseID, Camera: id}); err != nil {
		return err
	}
	c.Gone(viewer)
	return c.Live.Leave(viewer)
}

// LiveRefusal says why a camera cannot be shown live now, or nil.
func (c *Cases) LiveRefusal(cam Camera) error {
	if err := c.consents(cam, camera.ActionLive); err != nil {
		return err
	}
	switch {
	case !cam.Linked:
		return camera.Errorf(camera.CodeUnreachable, "camera %s: its agent has no link", cam.ID)
	case cam.Codec != "" && cam.Codec != "h264":
		return camera.Errorf(camera.CodeLiveCodec, "camera %s sends %s", cam.ID, cam.Codec)
	}
	return nil
}
