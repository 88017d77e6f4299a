package index

import (
	"context"
	"fmt"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
	"xulang.vn/camera/hub/index/pack"
)

// How many gaps the hub takes.
const (
	gapsMost  = 2000   // that begin in an hour of a camera: it and its row are read as a whole
	longsMost = 10_000 // of a camera that are longer than an hour and overlap another one: whoever asks for a moment gets them all
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
			refused, err := j.gap(ctx, pack.GapFact{Gap: g.Gap, Received: p.received}, taken)
			if err != nil {
				return fmt.Errorf("gap of %s: %w", g.Camera, err)
			}
			if refused != nil {
				p.outcome.refuseGap(g.at, refused)
			}
		}
	}
	return taken.apply(ctx, j.tx, &j.hour)
}

// gap writes a gap, or moves its end on together with the signature; an end that
// is not later is old news and changes nothing.
func (j *joint) gap(ctx context.Context, g pack.GapFact, taken takes) (refused, err error) {
	had, found, err := j.openGap(ctx, g.Gap)
	if err == nil && !found {
		had, err = j.foldedGap(ctx, g.Gap)
	}
	if err != nil || !g.End.After(had.End) {
		return nil, err
	}
	if had.End.IsZero() {
		if refused, err := j.roomForGap(ctx, g.Gap); refused != nil || err != nil {
			return refused, err
		}
	}
	_, err = j.tx.ExecContext(ctx, `INSERT INTO gaps (camera_id, stream, start_ms, end_ms, cause, received_ms, signature) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (camera_id, stream, start_ms) DO UPDATE SET end_ms = excluded.end_ms, cause = excluded.cause,
			received_ms = excluded.received_ms, signature = excluded.signature`,
		string(g.Camera), string(g.Stream), db.Instant(g.Start), db.Instant(g.End), string(g.Cause), db.Instant(g.Received), signatureText(g.Signature))
	if err != nil {
		return nil, err
	}
	j.gaps = append(j.gaps, g)
	taken.add(g.Gap, had)
	return nil, nil
}

// roomForGap refuses a new gap of which there are too many. The hour is the one in which
// it begins.
func (j *joint) roomForGap(ctx context.Context, g camera.Gap) (refused, err error) {
	key := cameraHour{g.Camera, pack.HourOf(g.Start)}
	n, known := j.gapsOf[key]
	if !known {
		n, err = j.count(ctx, `SELECT count(*) FROM gaps WHERE camera_id = $1 AND stream IN ($4, $5) AND start_ms >= $2 AND start_ms < $3`,
			append(hourArgs(key.camera, key.hour), string(camera.StreamMain), string(camera.StreamSub))...)
		if err != nil {
			return nil, err
		}
		n += len(j.hour.Body.Gaps)
	}
	if j.gapsOf == nil {
		j.gapsOf = map[cameraHour]int{}
	}
	if j.gapsOf[key] = n; n >= gapsMost {
		return camera.Errorf(camera.CodeTooMany, "camera %s: more than %d gaps begin in one hour", g.Camera, gapsMost), nil
	}
	if from, to := g.Start.UnixMilli(), g.End.UnixMilli(); to-from > hourMillis {
		longs, err := longsMost, error(nil)
		if !j.full[g.Camera] { // once they are too many the others need no look
			longs, err = j.count(ctx, `SELECT count(*) FROM (SELECT 1 FROM gaps WHERE camera_id = $1 AND stream IN ($5, $6)
				AND end_ms > $2 AND start_ms < $3 AND end_ms - start_ms > $4 LIMIT $7) AS longs`,
				string(g.Camera), from, to, hourMillis, string(camera.StreamMain), string(camera.StreamSub), longsMost)
		}
		if err != nil {
			return nil, err
		}
		if longs >= longsMost {
			if j.full == nil {
				j.full = map[camera.CameraID]bool{}
			}
			j.full[g.Camera] = true
			return camera.Errorf(camera.CodeTooMany, "camera %s: more than %d long gaps", g.Camera, longsMost), nil
		}
	}
	j.gapsOf[key]++
	return nil, nil
}

func (j *joint) count(ctx context.Context, query string, args ...any) (int, error) {
	found, err := list(ctx, j.tx, scanNumber, query, args...)
	if err != nil || len(found) != 1 {
		return 0, fmt.Errorf("count: %w", err)
	}
	return int(found[0]), nil
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
	if hour := pack.HourOf(g.Start); j.hour.Camera != g.Camera || j.hour.Hour != hour {
		if _, err := j.hour.load(ctx, j.tx, g.Camera, hour); err != nil {
			return camera.Gap{}, err
		}
	}
	for _, f := range j.hour.Body.Gaps {
		if f.Stream == g.Stream && f.Start == g.Start.UnixMilli() {
			return camera.Gap{Start: g.Start, End: unixMilli(f.End), Cause: f.Cause}, nil
		}
	}
	return camera.Gap{}, nil
}
