package index

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
)

// Put writes an announcement in one transaction. When it returns without an error,
// everything that the reply does not refuse is durable, now or from before:
// announcing twice, in another order or from two connections at once gives the
// same rows. An error refuses the message as a whole: nothing is written.
//
// All that costs time is done before the transaction: signatures are checked while
// others write.
func (x *Index) Put(ctx context.Context, m camera.Announce, c Claims) (camera.AnnounceReply, error) {
	reply := camera.AnnounceReply{V: camera.LinkVersion, RefusedSegments: map[int]camera.Refusal{}, RefusedGaps: map[int]camera.Refusal{}}
	if err := camera.CheckVersion(m.V); err != nil {
		return camera.AnnounceReply{}, err
	}
	if n := len(m.Segments) + len(m.Gaps); n > camera.AnnounceMost {
		return camera.AnnounceReply{}, camera.Errorf(camera.CodeTooLarge, "announcement of %d facts, at most %d", n, camera.AnnounceMost)
	}
	p := put{received: x.now().UTC(), claims: remembering{c, map[camera.CameraID]bool{}}, reply: &reply}
	p.sift(m)
	if len(p.segments)+len(p.gaps) > 0 {
		err := x.db.Write(ctx, func(tx *sql.Tx) error { return p.write(ctx, tx) })
		if err != nil {
			return camera.AnnounceReply{}, fmt.Errorf("write announcement: %w", err)
		}
	}
	return reply, nil
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

// put is one announcement on its way to the disk.
type put struct {
	received time.Time
	claims   Claims
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
		if err := checkSegment(&s, p.claims, p.received); err != nil {
			p.reply.RefusedSegments[i] = camera.Refuse(err)
			continue
		}
		p.segments = append(p.segments, numbered[camera.Segment]{i, s})
	}
	for i, g := range m.Gaps {
		if err := checkGap(&g, p.claims, p.received); err != nil {
			p.reply.RefusedGaps[i] = camera.Refuse(err)
			continue
		}
		p.gaps = append(p.gaps, numbered[camera.Gap]{i, g})
	}
}

func (p *put) write(ctx context.Context, tx *sql.Tx) error {
	if len(p.segments) > 0 {
		insert, err := tx.PrepareContext(ctx, insertEntry)
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
	done, err := insert.ExecContext(ctx, entryRow(n.fact, camera.StateHome, p.received)...)
	if err != nil {
		return err
	}
	if rows, err := done.RowsAffected(); err != nil || rows == 1 {
		return err
	}
	return p.known(ctx, tx, n)
}

// known compares a claim with the one that was first, which stays as it is. To
// acknowledge another one would promise something that is not kept here.
func (p *put) known(ctx context.Context, tx *sql.Tx, n numbered[camera.Segment]) error {
	s := n.fact
	had, err := scanEntry(tx.QueryRowContext(ctx, selectEntry+byID, s.Camera, s.Run, s.Seq))
	if err != nil {
		return err
	}
	if !bytes.Equal(had.Payload(), s.Payload()) {
		p.reply.RefusedSegments[n.at] = camera.Refuse(camera.Errorf(camera.CodeConflict, "segment %s was announced as something else", s.SegmentID))
	}
	return nil
}

// gap writes a gap, or moves its end on together with the signature; an end that
// is not later is old news and changes nothing.
func (p *put) gap(ctx context.Context, tx *sql.Tx, g camera.Gap) error {
	var had camera.Gap // the same one, shorter
	err := tx.QueryRowContext(ctx, `SELECT end_ms, cause FROM gaps WHERE camera_id = $1 AND stream = $2 AND start_ms = $3`,
		g.Camera, g.Stream, db.Instant(g.Start)).Scan((*db.Instant)(&had.End), &had.Cause)
	switch {
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return err
	case err == nil && !g.End.After(had.End):
		return nil
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO gaps (camera_id, stream, start_ms, end_ms, cause, received_ms, signature) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (camera_id, stream, start_ms) DO UPDATE SET end_ms = excluded.end_ms, cause = excluded.cause, signature = excluded.signature`,
		g.Camera, g.Stream, db.Instant(g.Start), db.Instant(g.End), g.Cause, db.Instant(p.received), signatureText(g.Signature))
	if err != nil {
		return err
	}
	return gone(ctx, tx, g, had)
}
