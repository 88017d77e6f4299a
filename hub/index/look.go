package index

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index/pack"
)

// look reads back what is folded of an announcement, as far as it is needed: what
// differs in what is at hand is known to be a conflict without it.
func (x *Index) look(ctx context.Context, p *put) error {
	for _, r := range p.runs {
		err := x.lookFor(ctx, p, r, false)
		for try := 1; try < lookMost && camera.CodeOf(err) == camera.CodeNotFound; try++ {
			err = x.lookFor(ctx, p, r, false) // the hour was folded again, and its manifest of before is gone
		}
		if err != nil && spoilt(err) {
			err = x.lookFor(ctx, p, r, true)
		}
		var cold coldError
		if errors.As(err, &cold) && ctx.Err() == nil {
			return camera.Errorf(camera.CodeUnavailable, "compare with what is folded: %w", err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// coldError is one of the object store where only that could tell.
type coldError struct{ error }

func (e coldError) Unwrap() error { return e.error }

// lookFor reads back what is folded of a run. blind takes what looks the same at hand
// for the same where the manifest is gone or damaged: an agent must not wait for ever
// with all that it has because of what was acknowledged long ago.
func (x *Index) lookFor(ctx context.Context, p *put, r runClaims, blind bool) error {
	row, places := &hourRow{}, map[ManifestName][]claim{}
	err := r.folded(ctx, x.db.Read(), row, func(c claim, i int) {
		if _, known := p.known[c.seg.SegmentID]; !known && row.looksLike(i, c.seg) {
			name := row.manifestName()
			places[name] = append(places[name], c)
		}
	})
	if err != nil {
		return err
	}
	for name, claims := range places {
		if err := x.readBack(ctx, p, name, claims, blind); err != nil {
			return err
		}
	}
	return nil
}

func (x *Index) readBack(ctx context.Context, p *put, name ManifestName, claims []claim, blind bool) error {
	m, err := x.manifest(ctx, name)
	blind = blind && spoilt(err)
	if err != nil && !blind {
		return coldError{err}
	}
	if p.known == nil {
		p.known = map[camera.SegmentID]pack.Fact{}
	}
	for _, c := range claims {
		id := c.seg.SegmentID
		fact, ok := m.Find(id)
		switch _, known := p.known[id]; {
		case ok:
			p.known[id] = fact
		case !blind:
			return coldError{fmt.Errorf("segment %s is not in its manifest", id)}
		case !known:
			p.known[id] = pack.Fact{Segment: *c.seg}
		}
	}
	return nil
}

// folded calls each for the claims that are in closed hours, with row as that hour and
// the index there.
func (r runClaims) folded(ctx context.Context, q asked, row *hourRow, each func(c claim, i int)) error {
	if len(r.claims) == 0 {
		return nil
	}
	first, last := r.claims[0].seg.Seq, r.claims[len(r.claims)-1].seg.Seq
	hours, err := list(ctx, q, scanNumber, `SELECT hour FROM run_hours WHERE camera_id = $1 AND run = $2 AND first_seq <= $3 AND last_seq >= $4 ORDER BY hour`,
		string(r.camera), string(r.run), int64(last), int64(first))
	if err != nil {
		return fmt.Errorf("find hours of run %s: %w", r.run, err)
	}
	for _, hour := range hours {
		if _, err := row.load(ctx, q, r.camera, hour); err != nil {
			return err
		}
		for i := range row.Body.Segments {
			s := &row.Body.Segments[i]
			if s.Seq < first || s.Seq > last || row.Body.Shapes[s.Shape].Run != r.run {
				continue
			}
			from, _ := slices.BinarySearchFunc(r.claims, s.Seq, func(c claim, seq uint32) int { return cmp.Compare(c.seg.Seq, seq) })
			for _, c := range r.claims[from:] {
				if c.seg.Seq != s.Seq {
					break
				}
				each(c, i)
			}
		}
	}
	return nil
}

// looksLike compares what is at hand of a segment in an hour with a claim.
func (r *hourRow) looksLike(i int, s *camera.Segment) bool {
	had := r.Body.Segments[i]
	return had == pack.HotOf(*s, had.Shape, had.State) && r.Body.Shapes[had.Shape] == pack.ShapeOf(*s)
}
