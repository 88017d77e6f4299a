package index

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index/pack"
)

// evidence is what tells where the bytes of a camera's segments are.
type evidence struct {
	has    map[camera.SegmentID]int64
	let    map[camera.SegmentID]bool // the hub let them go
	gone   []pack.GapFact            // gaps that take what they cover
	oldest time.Time                 // what ended before is let go
}

func (r *restoring) look(ctx context.Context, id camera.CameraID) (*evidence, error) {
	has, err := r.stored(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("list objects of %s: %w", id, err)
	}
	e := &evidence{has: has, let: map[camera.SegmentID]bool{}, oldest: r.x.now().AddDate(0, 0, -camera.KeepLongest)}
	all, err := list(ctx, r.x.db.Read(), scanGap, selectGap+`WHERE camera_id = $1`, string(id))
	if err != nil {
		return nil, fmt.Errorf("list gaps of %s: %w", id, err)
	}
	for _, g := range all {
		if _, ok := leaves[g.Cause]; ok {
			e.gone = append(e.gone, g)
		}
	}
	_, err = list(ctx, r.x.db.Read(), func(row scanner) (struct{}, error) {
		var names sql.RawBytes
		if err := row.Scan(&names); err != nil {
			return struct{}{}, err
		}
		keys, err := pack.ReadNames(names)
		for _, k := range keys {
			e.let[k.SegmentID] = true
		}
		return struct{}{}, err
	}, `SELECT names FROM expiries WHERE camera_id = $1`, string(id))
	if err != nil {
		return nil, fmt.Errorf("list expiries of %s: %w", id, err)
	}
	return e, nil
}

// with is the same evidence and the gaps of one hour.
func (e *evidence) with(gaps []pack.GapFact) *evidence {
	more := *e
	more.gone = slices.Clip(e.gone)
	for _, g := range gaps {
		if _, ok := leaves[g.Cause]; ok {
			more.gone = append(more.gone, g)
		}
	}
	return &more
}

// state is where the bytes of a segment are. What the hub let go comes first: its
// objects may be there still, and will not stay.
func (e *evidence) state(s *camera.Segment) pack.State {
	if e.let[s.SegmentID] {
		return pack.Expired
	}
	if size, ok := e.has[s.SegmentID]; ok && size == s.Size {
		return pack.Stored
	}
	for i := range e.gone {
		g := &e.gone[i]
		if g.Stream == s.Stream && !s.Start.Before(g.Start) && !s.End.After(g.End) {
			return leaves[g.Cause].to
		}
	}
	if s.End.Before(e.oldest) {
		return pack.Expired
	}
	return pack.Home
}
