package index

import (
	"strings"
	"time"

	camera "xulang.vn/camera"
)

// Claims tells what the device that announces may claim.
type Claims interface {
	// Owns tells whether a camera is the device's own.
	Owns(camera.CameraID) bool
	// Signed tells whether the device made this signature of the payload.
	Signed(payload []byte, sig camera.Signature) bool
}

// How far from the hub's clock a claim may lie.
const (
	aheadMost = 2 * time.Second           // two synchronised clocks may differ by this much
	oldMost   = 40 * 24 * time.Hour       // longer than an agent may have been without the hub
	gapMost   = 400 * 24 * time.Hour      // of one gap
	goneMost  = 10 * 365 * 24 * time.Hour // of one that tells of footage that is gone: the ring of a box that runs for years
)

// checkSegment tells whether the hub may believe a claim. It cuts the claim to
// whole milliseconds first: finer parts are not stored, and a segment that has no
// length without them has none. The signature is checked of what will be stored,
// so that it is good for what is read back.
func checkSegment(s *camera.Segment, c Claims, now time.Time) error {
	s.Start, s.End, s.SenderReport = whole(s.Start), whole(s.End), whole(s.SenderReport)
	for _, m := range []*camera.Millis{&s.Media, &s.Clock.Offset, &s.Clock.Bound, &s.RecorderOffset, &s.RecorderBound} {
		*m = millis(time.Duration(*m).Milliseconds())
	}
	if err := s.Check(); err != nil {
		return err
	}
	switch {
	case !c.Owns(s.Camera):
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
	// A recorder's footage may be of long before there was an agent.
	oldest := oldMost
	if s.Origin == camera.OriginRecorder {
		oldest = camera.PastLongest
	}
	if err := checkTime(s.End, now, oldest); err != nil {
		return err
	}
	if !signed(c, s.Payload(), s.Signature) {
		return camera.Errorf(camera.CodeBadClaim, "segment %s: not signed by this device", s.SegmentID)
	}
	return nil
}

// notCodec finds what RFC 6381 has no use for and a playlist must not carry.
func notCodec(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' }

func checkGap(g *camera.Gap, c Claims, now time.Time) error {
	g.Start, g.End = whole(g.Start), whole(g.End)
	if err := g.Check(); err != nil {
		return err
	}
	if !c.Owns(g.Camera) {
		return foreign(g.Camera)
	}
	// A gap may begin long ago: a camera that is off stays off. And what leaves a
	// disk today may have been recorded at any time.
	longest, oldest := gapMost, oldMost
	if _, gone := leaves[g.Cause]; gone {
		longest, oldest = goneMost, goneMost
	}
	if g.End.Sub(g.Start) > longest {
		return camera.Errorf(camera.CodeBadClaim, "gap of %s: longer than %s", g.Camera, longest)
	}
	if err := checkTime(g.End, now, oldest); err != nil {
		return err
	}
	if !signed(c, g.Payload(), g.Signature) {
		return camera.Errorf(camera.CodeBadClaim, "gap of %s: not signed by this device", g.Camera)
	}
	return nil
}

func signed(c Claims, payload []byte, sig camera.Signature) bool {
	return !sig.IsZero() && c.Signed(payload, sig)
}

func checkTime(end, now time.Time, oldest time.Duration) error {
	switch {
	case end.After(now.Add(aheadMost)):
		return camera.Errorf(camera.CodeFutureClaim, "ends %s from now", end.Sub(now).Round(time.Millisecond))
	case end.Before(now.Add(-oldest)):
		return camera.Errorf(camera.CodeBadClaim, "ended %s ago, at most %s", now.Sub(end).Round(time.Hour), oldest)
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
