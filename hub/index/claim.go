package index

import (
	"strings"
	"time"

	camera "xulang.vn/camera"
)

// How far from the hub's clock a claim may lie.
const (
	aheadMost = 2 * time.Second     // two synchronised clocks may differ by this much
	oldMost   = 40 * 24 * time.Hour // longer than any agent's spool keeps footage
	gapMost   = 400 * 24 * time.Hour
)

// checkSegment tells whether the hub may believe a claim. It cuts the claim's times
// to whole milliseconds first: finer ones are not stored, and a segment that has
// no length without them has none.
func checkSegment(s *camera.Segment, owned func(camera.CameraID) bool, now time.Time) error {
	s.Start, s.End = whole(s.Start), whole(s.End)
	if err := s.Check(); err != nil {
		return err
	}
	switch {
	case !owned(s.Camera):
		return foreign(s.Camera)
	case string(s.Run) != strings.ToLower(string(s.Run)):
		// Object keys and routes know runs in lower case only.
		return camera.Errorf(camera.CodeBadClaim, "segment %s: run in capital letters", s.SegmentID)
	case s.Media < 0 || s.Clock.Bound < 0:
		return camera.Errorf(camera.CodeBadClaim, "segment %s: negative duration", s.SegmentID)
	case s.Width < 0 || s.Width > 1<<16 || s.Height < 0 || s.Height > 1<<16:
		return camera.Errorf(camera.CodeBadClaim, "segment %s: picture of %d×%d", s.SegmentID, s.Width, s.Height)
	case strings.ContainsFunc(s.Codec, notCodec):
		return camera.Errorf(camera.CodeBadClaim, "segment %s: codec %q", s.SegmentID, s.Codec)
	}
	return checkTime(s.End, now)
}

// notCodec finds what RFC 6381 has no use for and a playlist must not carry.
func notCodec(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' }

func checkGap(g *camera.Gap, owned func(camera.CameraID) bool, now time.Time) error {
	g.Start, g.End = whole(g.Start), whole(g.End)
	if err := g.Check(); err != nil {
		return err
	}
	if !owned(g.Camera) {
		return foreign(g.Camera)
	}
	// A gap may begin long ago: a camera that is off stays off.
	if g.End.Sub(g.Start) > gapMost {
		return camera.Errorf(camera.CodeBadClaim, "gap of %s: longer than %s", g.Camera, gapMost)
	}
	return checkTime(g.End, now)
}

func checkTime(end, now time.Time) error {
	switch {
	case end.After(now.Add(aheadMost)):
		return camera.Errorf(camera.CodeFutureClaim, "ends %s from now", end.Sub(now).Round(time.Millisecond))
	case end.Before(now.Add(-oldMost)):
		return camera.Errorf(camera.CodeBadClaim, "ended %s ago, at most %s", now.Sub(end).Round(time.Hour), oldMost)
	}
	return nil
}

// foreign does not tell a camera of another device from none.
func foreign(id camera.CameraID) error {
	if len(id) > 40 {
		id = id[:40]
	}
	return camera.Errorf(camera.CodeForeignCamera, "camera %q is not of this device", string(id))
}

func whole(t time.Time) time.Time { return time.UnixMilli(t.UnixMilli()).UTC() }
