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

// Request asks for the bytes of a camera's main stream that overlap [from, to):
// what is at home becomes requested. It tells how many segments of the window are
// at home and asked for now, so asking twice gives the same answer.
func (x *Index) Request(ctx context.Context, id camera.CameraID, from, to time.Time) (segments int, err error) {
	if !to.After(from) {
		return 0, camera.Errorf(camera.CodeBadWindow, "request: the window ends before it begins")
	}
	err = x.db.Write(ctx, func(tx *sql.Tx) error {
		segments = 0
		return waiting(ctx, tx, id, from, to, func(_, _ int64, state pack.State) pack.State {
			if state == pack.Uploading {
				return state
			}
			segments++
			return pack.Requested
		})
	})
	if err != nil {
		return 0, fmt.Errorf("request segments: %w", err)
	}
	return segments, nil
}

// Unrequest takes a request of [from, to) back: what has not arrived is at home
// again, except where a want in keep asks for it. Wants that only hold do not. That
// goes for what has a slot, too: nobody may be sending it any more. What arrives
// all the same becomes stored from there.
func (x *Index) Unrequest(ctx context.Context, id camera.CameraID, from, to time.Time, keep []camera.Want) error {
	if !to.After(from) {
		return camera.Errorf(camera.CodeBadWindow, "unrequest: the window ends before it begins")
	}
	err := x.db.Write(ctx, func(tx *sql.Tx) error {
		return waiting(ctx, tx, id, from, to, func(start, end int64, state pack.State) pack.State {
			s := camera.Segment{SegmentID: camera.SegmentID{Camera: id}, Start: unixMilli(start), End: unixMilli(end)}
			if slices.ContainsFunc(keep, func(w camera.Want) bool { return w.Fetch && w.Covers(s) }) {
				return state
			}
			return pack.Home
		})
	})
	if err != nil {
		return fmt.Errorf("unrequest segments: %w", err)
	}
	return nil
}

// waiting gives the next state to each segment of the main stream that overlaps
// [from, to) and whose bytes the hub does not have, though they are somewhere: at home,
// requested or uploading.
func waiting(ctx context.Context, tx *sql.Tx, id camera.CameraID, from, to time.Time, next func(start, end int64, state pack.State) pack.State) error {
	args := append(window(id, from, to, string(camera.StreamMain)), string(camera.StateHome), string(camera.StateRequested), string(camera.StateUploading))
	changes, err := list(ctx, tx, func(row scanner) (c freshChange, err error) {
		var (
			start, end int64
			state      camera.ByteState
		)
		c.id.Camera = id
		if err := row.Scan(&c.id.Run, &c.id.Seq, &start, &end, &state); err != nil {
			return c, err
		}
		c.from, _ = pack.StateOf(state)
		c.to = next(start, end, c.from)
		return c, nil
	}, `SELECT run, seq, start_ms, end_ms, state FROM fresh `+overlapping+`AND stream = $5 AND state IN ($6, $7, $8)`, args...)
	if err != nil {
		return err
	}
	if err := changeFresh(ctx, tx, changes); err != nil {
		return err
	}
	a, b := from.UnixMilli(), to.UnixMilli()
	hours, err := hoursBetween(ctx, tx, id, hourOf(a-spanMost), hourOf(b-1), waitingHours)
	if err != nil {
		return err
	}
	row := &hourRow{}
	for _, hour := range hours {
		if _, err := row.load(ctx, tx, id, hour); err != nil {
			return err
		}
		if !row.change(func(s *pack.Segment, shape *pack.Shape) pack.State {
			if shape.Stream != camera.StreamMain || s.State > pack.Uploading || s.Start >= b || s.End <= a {
				return s.State
			}
			return next(s.Start, s.End, s.State)
		}) {
			continue
		}
		if err := row.save(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}
