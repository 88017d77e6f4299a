package index

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index/pack"
)

// lookMost is how often an announcement looks for what is folded. A segment is folded
// once: a second look finds what the first one missed.
const lookMost = 4

// Put writes an announcement, in one transaction with those that others announce at
// the same time. When it returns without an error, everything that the reply does not
// refuse is durable, now or from before: announcing twice, in another order or from
// two connections at once gives the same rows. An error refuses the message as a
// whole: nothing of it counts as announced, though it may have been written when the
// error is that of ctx.
//
// All that costs time is done before the transaction: signatures are checked, and
// what was announced and folded before is read back, while others write.
func (x *Index) Put(ctx context.Context, m camera.Announce, c Claims) (camera.AnnounceReply, error) {
	reply := camera.AnnounceReply{V: camera.LinkVersion, RefusedSegments: map[int]camera.Refusal{}, RefusedGaps: map[int]camera.Refusal{}}
	if err := camera.CheckVersion(m.V); err != nil {
		return camera.AnnounceReply{}, err
	}
	if n := len(m.Segments) + len(m.Gaps); n > camera.AnnounceMost {
		return camera.AnnounceReply{}, camera.Errorf(camera.CodeTooLarge, "announcement of %d facts, at most %d", n, camera.AnnounceMost)
	}
	p := &put{received: whole(x.now()), claims: remembering{c, map[camera.CameraID]bool{}}}
	p.sift(m, &reply)
	if len(p.runs)+len(p.gaps) == 0 {
		return reply, nil
	}
	if err := x.announce(ctx, p); err != nil {
		return camera.AnnounceReply{}, fmt.Errorf("write announcement: %w", err)
	}
	for at, refusal := range p.outcome.refused {
		reply.RefusedSegments[at] = refusal
	}
	for at, refusal := range p.outcome.gaps {
		reply.RefusedGaps[at] = refusal
	}
	return reply, nil
}

// announce looks for what is folded and writes the rest; again when a fold came between.
func (x *Index) announce(ctx context.Context, p *put) error {
	for range lookMost {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := x.look(ctx, p); err != nil {
			return err
		}
		if err := x.commit(ctx, p); err != nil {
			return err
		}
		if !p.outcome.moved {
			return nil
		}
	}
	return camera.Errorf(camera.CodeUnavailable, "segments are folded while they are announced")
}

// remembering asks once for each camera.
type remembering struct {
	Claims
	owns map[camera.CameraID]bool
}

func (r remembering) Owns(id camera.CameraID) bool {
	answer, known := r.owns[id]
	if !known {
		answer = r.Claims.Owns(id)
		r.owns[id] = answer
	}
	return answer
}

// put is one announcement on its way to the disk. Its caller owns it until it is in
// the writer's list, and after done is closed.
type put struct {
	received time.Time
	claims   Claims
	runs     []runClaims
	gaps     []gapClaim
	known    map[camera.SegmentID]pack.Fact // what is folded of them and looks the same at hand

	turn, done chan struct{} // closed when it leads, and when err and outcome are there
	err        error
	outcome    outcome
}

// outcome is what became of an announcement in a transaction.
type outcome struct {
	refused map[int]camera.Refusal
	gaps    map[int]camera.Refusal // the same of gaps
	moved   bool                   // a segment was folded since it was looked for: nothing of it was written
}

func (o *outcome) refuse(at int, err error) {
	if o.refused == nil {
		o.refused = map[int]camera.Refusal{}
	}
	o.refused[at] = camera.Refuse(err)
}

func (o *outcome) refuseGap(at int, err error) {
	if o.gaps == nil {
		o.gaps = map[int]camera.Refusal{}
	}
	o.gaps[at] = camera.Refuse(err)
}

// claim is a segment with its index in its announcement.
type claim struct {
	p   *put
	at  int
	seg *camera.Segment
}

// conflict refuses a claim that is not what was first, which stays as it is. To
// acknowledge another one would promise something that is not kept here.
func (c claim) conflict() {
	c.p.outcome.refuse(c.at, camera.Errorf(camera.CodeConflict, "segment %s was announced as something else", c.seg.SegmentID))
}

// gapClaim is a gap with its index in its announcement.
type gapClaim struct {
	at int
	camera.Gap
}

// runClaims are claims of one run, by number.
type runClaims struct {
	camera camera.CameraID
	run    camera.RunID
	claims []claim
}

func (r runClaims) before(other runClaims) int {
	return cmp.Or(cmp.Compare(r.camera, other.camera), cmp.Compare(r.run, other.run))
}

func (r runClaims) sort() {
	bySeq := func(a, b claim) int { return cmp.Compare(a.seg.Seq, b.seg.Seq) }
	if !slices.IsSortedFunc(r.claims, bySeq) {
		slices.SortStableFunc(r.claims, bySeq)
	}
}

// sift keeps what the hub may believe.
func (p *put) sift(m camera.Announce, reply *camera.AnnounceReply) {
	segments := slices.Clone(m.Segments)
	runs := map[camera.SegmentID]int{} // of Seq 0, whatever is announced
	for i := range segments {
		s := &segments[i]
		if err := checkSegment(s, p.claims, p.received); err != nil {
			reply.RefusedSegments[i] = camera.Refuse(err)
			continue
		}
		key := camera.SegmentID{Camera: s.Camera, Run: s.Run}
		n, ok := runs[key]
		if !ok {
			n = len(p.runs)
			runs[key] = n
			p.runs = append(p.runs, runClaims{camera: s.Camera, run: s.Run})
		}
		p.runs[n].claims = append(p.runs[n].claims, claim{p, i, s})
	}
	for _, r := range p.runs {
		r.sort()
	}
	for i, g := range m.Gaps {
		if err := checkGap(&g, p.claims, p.received); err != nil {
			reply.RefusedGaps[i] = camera.Refuse(err)
			continue
		}
		p.gaps = append(p.gaps, gapClaim{i, g})
	}
}
