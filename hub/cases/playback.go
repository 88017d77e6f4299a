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
// lead back to SegmentLink, which decides anew for each. Where the household shares
// only a part of the window, or has said yes only to a part, the rest stands as gaps.
func (c *Cases) Playlist(ctx context.Context, who Officer, caseID string, id camera.CameraID, from, to time.Time) (string, error) {
	one, cam, outcome := c.enter(ctx, who, caseID, id)
	if outcome == nil {
		outcome = checkWindow(from, to)
	}
	var p permit
	if outcome == nil {
		p, outcome = c.permit(ctx, one, cam)
	}
	if outcome == nil {
		outcome = p.part(from, to)
	}
	err := c.settle(ctx, Record{Actor: who, Action: actPlayback, Case: caseID, Camera: id, Detail: windowText(from, to)}, outcome)
	if err != nil {
		return "", err
	}
	w, err := c.window(ctx, cam, from, to)
	if err != nil {
		return "", err
	}
	text, playable := writePlaylist(w.Spans, p.shown(w.Footage))
	if !playable {
		return "", camera.Errorf(camera.CodeNoFootage, "camera %s: nothing to play in %s", id, windowText(from, to))
	}
	return text, nil
}

// window is one camera's.
func (c *Cases) window(ctx context.Context, cam Camera, from, to time.Time) (Window, error) {
	windows, err := c.Past.Windows(ctx, []Camera{cam}, from, to, false)
	if err != nil {
		return Window{}, fmt.Errorf("read footage of %s: %w", cam.ID, err)
	}
	return windows[0], nil
}

// SegmentLink gives a one-minute link to a segment's bytes.
func (c *Cases) SegmentLink(ctx context.Context, who Officer, caseID string, id camera.SegmentID) (string, error) {
	seg, outcome := c.decideSegment(ctx, who, caseID, id)
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

func (c *Cases) decideSegment(ctx context.Context, who Officer, caseID string, id camera.SegmentID) (Footage, error) {
	one, cam, err := c.gate(ctx, who, camera.ActionSearch, caseID, id.Camera)
	if err != nil {
		return Footage{}, err
	}
	p, err := c.permit(ctx, one, cam)
	if err != nil {
		return Footage{}, err
	}
	seg, err := c.Past.Segment(ctx, id)
	if err == nil {
		err = p.segment(seg.Segment)
	}
	if err == nil && !seg.State.Playable() {
		err = camera.Errorf(camera.CodeNoFootage, "segment %s: bytes are %s", id, seg.State)
	}
	return seg, err
}

// WatchLive opens a live view. It lasts until somebody leaves or Review ends it.
func (c *Cases) WatchLive(ctx context.Context, who Officer, caseID string, id camera.CameraID, offer string) (viewer, answer string, err error) {
	one, cam, outcome := c.enter(ctx, who, caseID, id)
	if outcome == nil {
		outcome = c.LiveRefusal(cam, one.Purpose())
	}
	if err := c.settle(ctx, Record{Actor: who, Action: actLive, Case: caseID, Camera: id}, outcome); err != nil {
		return "", "", err
	}
	viewer, answer, err = c.Live.View(ctx, id, offer, one.Purpose())
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

// LiveRefusal says why a camera cannot be shown live now for cases of a purpose, or
// nil; without a purpose for cases of any kind at all.
func (c *Cases) LiveRefusal(cam Camera, purpose camera.Purpose) error {
	if err := c.mayShow(cam, purpose); err != nil {
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

func (c *Cases) mayShow(cam Camera, purpose camera.Purpose) (err error) {
	if purpose != "" {
		return c.consents(cam, camera.ActionLive, purpose)
	}
	for _, purpose := range camera.Purposes {
		if err = c.consents(cam, camera.ActionLive, purpose); err == nil {
			return nil
		}
	}
	return err
}
