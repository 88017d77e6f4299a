package upload

import (
	"context"
	"fmt"
	"time"

	camera "xulang.vn/camera"
)

// futureMost is how far ahead of this box's own clock a segment may lie and still
// be announced again later. Farther ones come from a clock that was badly wrong.
const futureMost = time.Hour

// announce sends one batch. Refusals are recorded before the rest is marked: a
// crash in between announces again what was acknowledged, which is harmless.
// What the hub takes for the future, because this box's clock is ahead, is no
// refusal for good: it waits, with its place kept, until its time has come.
func (u *Uploader) announce(ctx context.Context) (worked bool, err error) {
	segs, gaps := u.spool.Unannounced(camera.AnnounceMost)
	if len(segs)+len(gaps) == 0 {
		return false, nil
	}
	reply, err := u.hub.Announce(ctx, camera.Announce{V: camera.LinkVersion, Segments: segs, Gaps: gaps})
	if err == nil {
		err = reply.Err() // of the whole: the hub cannot take anything now
	}
	if err != nil {
		return false, fmt.Errorf("announce: %w", err)
	}
	ids, early := make([]camera.SegmentID, 0, len(segs)), 0
	for i, seg := range segs {
		r, no := reply.RefusedSegments[i]
		if !no {
			ids = append(ids, seg.SegmentID)
			continue
		}
		if r.Code == camera.CodeFutureClaim && seg.End.Sub(u.now()) <= futureMost {
			early++
			continue
		}
		u.log.Warn("hub refused a segment", "segment", seg.SegmentID, "code", r.Code, "reason", short(r.Message))
		if err := u.spool.Refused(seg.SegmentID, codeOf(r)); err != nil {
			return false, fmt.Errorf("announce: %w", err)
		}
	}
	told := make([]camera.Gap, 0, len(gaps))
	for i, g := range gaps {
		r, no := reply.RefusedGaps[i]
		if no && r.Code == camera.CodeFutureClaim && g.End.Sub(u.now()) <= futureMost {
			early++
			continue
		}
		told = append(told, g)
		if no {
			u.log.Warn("hub refused a gap", "camera", g.Camera, "start", g.Start, "cause", g.Cause,
				"code", r.Code, "reason", short(r.Message))
		}
	}
	// A refused gap is done as well: it must not be sent again.
	if err := u.spool.Announced(ids, told); err != nil {
		return false, fmt.Errorf("announce: %w", err)
	}
	if early > 0 {
		return false, fmt.Errorf("announce: this box's clock is ahead of the hub's: %d facts wait", early)
	}
	return true, nil
}

// codeOf is the code of a refusal that is one, whatever it says.
func codeOf(r camera.Refusal) camera.Code {
	if r.Code == "" {
		return camera.CodeInternal
	}
	return r.Code
}

// short cuts what the hub said before it reaches the log.
func short(s string) string {
	const most = 200
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
