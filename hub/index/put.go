package index

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
)

// Put writes an announcement in one transaction. When it returns without an error,
// everything that the reply does not refuse is durable, now or from before:
// announcing twice, in another order or from two connections at once gives the
// same rows. An error refuses the message as a whole: nothing is written.
func (x *Index) Put(ctx context.Context, m camera.Announce, owned func(camera.CameraID) bool) (camera.AnnounceReply, error) {
	reply := camera.AnnounceReply{V: camera.LinkVersion, RefusedSegments: map[int]camera.Refusal{}, RefusedGaps: map[int]camera.Refusal{}}
	if err := camera.CheckVersion(m.V); err != nil {
		return camera.AnnounceReply{}, err
	}
	if n := len(m.Segments) + len(m.Gaps); n > camera.AnnounceMost {
		return camera.AnnounceReply{}, camera.Errorf(camera.CodeTooLarge, "announcement of %d facts, at most %d", n, camera.AnnounceMost)
	}
	p := put{received: x.now().UTC(), owned: remembered(owned), reply: &reply}
	p.sift(m)
	if len(p.segments)+len(p.gaps) > 0 {
		err := x.db.Write(ctx, func(tx *sql.Tx) error { return p.write(ctx, tx) })
		if err != nil {
			return camera.AnnounceReply{}, fmt.Errorf("write announcement: %w", err)
		}
	}
	return reply, nil
}

// remembered asks once for each camera.
func remembered(owned func(camera.CameraID) bool) func(camera.CameraID) bool {
	answers := map[camera.CameraID]bool{}
	return func(id camera.CameraID) bool {
		answer, known := answers[id]
		if !known {
			answer = owned(id)
			answers[id] = answer
		}
		return answer
	}
}

// put is one announcement on its way to the disk.
type put struct {
	received time.Time
	owned    func(camera.CameraID) bool
	reply    *camera.AnnounceReply
	segments []numbered[camera.Segment]
	gaps     []numbered[camera.Gap]
}

// numbered is a fact with its index in the announcement.
type numbered[T any] struct {
	at   int
	fact T
}

func (p *put) sift(m camera.Announce) {
	for i, s := range m.Segments {
		if err := checkSegment(&s, p.owned, p.received); err != nil {
			p.reply.RefusedSegments[i] = camera.Refuse(err)
			continue
		}
		p.segments = append(p.segments, numbered[camera.Segment]{i, s})
	}
	for i, g := range m.Gaps {
		if err := checkGap(&g, p.owned, p.received); err != nil {
			p.reply.RefusedGaps[i] = camera.Refuse(err)
			continue
		}
		p.gaps = append(p.gaps, numbered[camera.Gap]{i, g})
	}
}

func (p *put) write(ctx context.Context, tx *sql.Tx) error {
	if len(p.segments) > 0 {
		insert, err := tx.PrepareContext(ctx, `INSERT INTO segments (camera_id, run, seq, start_ms, end_ms, media_ms, sender_report_ms,
				clock_sync, clock_offset_ms, clock_bound_ms, size, init_size, sha256, prev, codec, width, height, state, received_ms)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
			ON CONFLICT (camera_id, run, seq) DO NOTHING`)
		if err != nil {
			return err
		}
		defer insert.Close()
		for _, s := range p.segments {
			if err := p.segment(ctx, tx, insert, s); err != nil {
				return fmt.Errorf("segment %s: %w", s.fact.SegmentID, err)
			}
		}
	}
	for _, g := range p.gaps {
		if err := p.gap(ctx, tx, g.fact); err != nil {
			return fmt.Errorf("gap of %s: %w", g.fact.Camera, err)
		}
	}
	return nil
}

func (p *put) segment(ctx context.Context, tx *sql.Tx, insert *sql.Stmt, n numbered[camera.Segment]) error {
	s, prev := n.fact, ""
	if !s.Prev.IsZero() {
		prev = s.Prev.String()
	}
	done, err := insert.ExecContext(ctx, s.Camera, s.Run, s.Seq, db.Instant(s.Start), db.Instant(s.End),
		time.Duration(s.Media).Milliseconds(), db.Instant(s.SenderReport),
		s.Clock.Synchronised, time.Duration(s.Clock.Offset).Milliseconds(), time.Duration(s.Clock.Bound).Milliseconds(),
		s.Size, s.InitSize, s.SHA256.String(), prev, s.Codec, s.Width, s.Height, camera.StateHome, db.Instant(p.received))
	if err != nil {
		return err
	}
	if rows, err := done.RowsAffected(); err != nil || rows == 1 {
		return err
	}
	return p.known(ctx, tx, n)
}

// known compares a claim with the one that was first. To acknowledge another one
// would promise something that is not kept here.
func (p *put) known(ctx context.Context, tx *sql.Tx, n numbered[camera.Segment]) error {
	s := n.fact
	had, err := scanEntry(tx.QueryRowContext(ctx, selectEntry+`WHERE camera_id = $1 AND run = $2 AND seq = $3`, s.Camera, s.Run, s.Seq))
	if err != nil {
		return err
	}
	if had.SHA256 != s.SHA256 || had.Prev != s.Prev || had.Size != s.Size || had.InitSize != s.InitSize || !had.Start.Equal(s.Start) || !had.End.Equal(s.End) {
		p.reply.RefusedSegments[n.at] = camera.Refuse(camera.Errorf(camera.CodeConflict, "segment %s was announced as something else", s.SegmentID))
	}
	return nil
}

// gap writes a gap, or moves its end on; an end that is not later is old news and
// changes nothing. Footage that the disk lost before it was sent is lost.
func (p *put) gap(ctx context.Context, tx *sql.Tx, g camera.Gap) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO gaps (camera_id, start_ms, end_ms, cause, received_ms) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (camera_id, start_ms) DO UPDATE SET end_ms = excluded.end_ms, cause = excluded.cause WHERE excluded.end_ms > gaps.end_ms`,
		g.Camera, db.Instant(g.Start), db.Instant(g.End), g.Cause, db.Instant(p.received))
	if err != nil || g.Cause != camera.CauseDisk {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE segments SET state = $4 WHERE camera_id = $1 AND start_ms >= $2 AND end_ms <= $3 AND state IN ($5, $6, $7)`,
		g.Camera, db.Instant(g.Start), db.Instant(g.End), camera.StateLost, camera.StateHome, camera.StateRequested, camera.StateUploading)
	return err
}
