package upload

import (
	"context"
	"fmt"
	"slices"
	"time"

	camera "xulang.vn/camera"
)

const (
	// futureMost is how far ahead of this box's own clock a segment may lie and still
	// be announced again later. Farther ones come from a clock that was badly wrong.
	futureMost = time.Hour

	// factsLeast is the smallest announcement that a bad link makes us send: some
	// 10 kB. The largest takes a weak uplink longer than the link waits for an answer.
	factsLeast = 10
)

// announce sends one batch, signed. The batch shrinks while announcements do not
// come through and grows again when they do.
func (u *Uploader) announce(ctx context.Context) (next time.Duration, err error) {
	segs, gaps := u.spool.Unannounced(u.facts)
	if len(segs)+len(gaps) == 0 {
		return u.idle, nil
	}
	m, err := u.signed(segs, gaps)
	if err != nil {
		return 0, fmt.Errorf("announce: %w", err)
	}
	asking, cancel := context.WithTimeout(ctx, u.askMost)
	defer cancel()
	reply, err := u.hub.Announce(asking, m)
	if err != nil {
		u.facts = max(u.facts/4, factsLeast)
	} else {
		u.facts = min(u.facts*2, camera.AnnounceMost)
		err = reply.Err() // of the whole: the hub cannot take anything now
	}
	if err != nil {
		return 0, fmt.Errorf("announce: %w", err)
	}
	return 0, u.take(reply, segs, gaps)
}

// signed copies the facts before it signs them: the spool's own stay as they are.
func (u *Uploader) signed(segs []camera.Segment, gaps []camera.Gap) (camera.Announce, error) {
	m := camera.Announce{V: camera.LinkVersion, Segments: slices.Clone(segs), Gaps: slices.Clone(gaps)}
	var err error
	for i := range m.Segments {
		if m.Segments[i].Signature, err = u.sign(m.Segments[i].Payload()); err != nil {
			return m, err
		}
	}
	for i := range m.Gaps {
		if m.Gaps[i].Signature, err = u.sign(m.Gaps[i].Payload()); err != nil {
			return m, err
		}
	}
	return m, nil
}

// take records the hub's answer. Refusals are recorded before the rest is marked:
// a crash in between announces again what was acknowledged, which is harmless.
// What the hub takes for the future, because this box's clock is ahead, is no
// refusal for good: it waits, with its place kept, until its time has come.
func (u *Uploader) take(reply camera.AnnounceReply, segs []camera.Segment, gaps []camera.Gap) error {
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
			return fmt.Errorf("announce: %w", err)
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
		return fmt.Errorf("announce: %w", err)
	}
	if early > 0 {
		return fmt.Errorf("announce: this box's clock is ahead of the hub's: %d facts wait", early)
	}
	return nil
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
