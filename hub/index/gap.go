package index

import (
	"context"
	"fmt"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
	"xulang.vn/camera/hub/index/pack"
)

// writeGaps writes the gaps of all announcements, in the order in which they came, and
// then has them take what they take.
func (j *joint) writeGaps(ctx context.Context, batch []*put) error {
	taken := takes{}
	for _, p := range batch {
		if p.outcome.moved {
			continue
		}
		for _, g := range p.gaps {
			if err := j.gap(ctx, pack.GapFact{Gap: g, Received: p.received}, taken); err != nil {
				return fmt.Errorf("gap of %s: %w", g.Camera, err)
			}
		}
	}
	return taken.apply(ctx, j.tx, &j.hour)
}

// gap writes a gap, or moves its end on together with the signature; an end that
// is not later is old news and changes nothing.
func (j *joint) gap(ctx context.Context, g pack.GapFact, taken takes) error {
	had, found, err := j.openGap(ctx, g.Gap)
	if err == nil && !found {
		had, err = j.foldedGap(ctx, g.Gap)
	}
	if err != nil || !g.End.After(had.End) {
		return err
	}
	_, err = j.tx.ExecContext(ctx, `INSERT INTO gaps (camera_id, stream, start_ms, end_ms, cause, received_ms, signature) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (camera_id, stream, start_ms) DO UPDATE SET end_ms = excluded.end_ms, cause = excluded.cause,
			received_ms = excluded.received_ms, signature = excluded.signature`,
		string(g.Camera), string(g.Stream), db.Instant(g.Start), db.Instant(g.End), string(g.Cause), db.Instant(g.Received), signatureText(g.Signature))
	if err != nil {
		return err
	}
	j.gaps = append(j.gaps, g)
	taken.add(g.Gap, had)
	return nil
}

// openGap finds the same gap, as it was announced before, in the table of gaps.
func (j *joint) openGap(ctx context.Context, g camera.Gap) (had camera.Gap, found bool, err error) {
	rows, err := list(ctx, j.tx, func(row scanner) (camera.Gap, error) {
		var had camera.Gap
		err := row.Scan((*db.Instant)(&had.End), &had.Cause)
		return had, err
	}, `SELECT end_ms, cause FROM gaps WHERE camera_id = $1 AND stream = $2 AND start_ms = $3`, string(g.Camera), string(g.Stream), db.Instant(g.Start))
	if err != nil || len(rows) == 0 {
		return camera.Gap{}, false, err
	}
	return rows[0], true, nil
}

// foldedGap finds it in its closed hour. There it stays when it is longer now and goes
// to the table again: readers ask the table first and the hour after it, so what left
// the hour could be in neither for them. They and the next fold take the longer one.
func (j *joint) foldedGap(ctx context.Context, g camera.Gap) (had camera.Gap, err error) {
	if _, err := j.hour.load(ctx, j.tx, g.Camera, pack.HourOf(g.Start)); err != nil {
		return camera.Gap{}, err
	}
	for _, f := range j.hour.Body.Gaps {
		if f.Stream == g.Stream && f.Start == g.Start.UnixMilli() {
			return camera.Gap{Start: g.Start, End: unixMilli(f.End), Cause: f.Cause}, nil
		}
	}
	return camera.Gap{}, nil
}
