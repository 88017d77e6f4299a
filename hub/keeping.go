package hub

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"log/slog"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
	"xulang.vn/camera/hub/index"
	"xulang.vn/camera/hub/keep"
	"xulang.vn/camera/hub/store"
)

// newKeep joins the room that keeps and lets go.
func newKeep(d *db.DB, x *index.Index, s *store.Store, bucket string, homes keep.Homes, holds holds, log *slog.Logger, now func() time.Time) *keep.Keep {
	return keep.New(keep.Parts{
		Database: d, Index: kept{x, holds}, Footage: footage{s}, Shelf: s.Shelf(bucket), Homes: homes, Holds: holds, Log: log, Now: now,
	})
}

// holds tells what open cases hold, in the transaction that asks or outside of one.
type holds interface {
	keep.Holds
	HeldIn(ctx context.Context, tx *sql.Tx, id camera.CameraID, from, to time.Time) ([]camera.Interval, error)
}

// kept hands the index to the room that keeps and lets go.
type kept struct {
	*index.Index
	holds holds
}

func (k kept) Expire(ctx context.Context, id camera.CameraID, before time.Time) (int, bool, error) {
	return k.Index.Expire(ctx, id, before, k.holds.HeldIn)
}

func (k kept) Expiries(ctx context.Context, most int) ([]keep.Expiry, error) {
	all, err := k.Index.Expiries(ctx, most)
	out := make([]keep.Expiry, 0, len(all))
	for _, e := range all {
		out = append(out, keep.Expiry{ID: e.ID, Camera: e.Camera, Keys: e.Keys, Size: e.Size, Made: e.Made})
	}
	return out, err
}

func (k kept) Expired(ctx context.Context, since time.Time) (keep.Sum, error) {
	sum, err := k.Index.Expired(ctx, since)
	return keep.Sum{Segments: sum.Segments, Size: sum.Bytes, Pending: sum.Pending}, err
}

func (k kept) Backlog(ctx context.Context) (b keep.Backlog, err error) {
	b.Fresh, b.Oldest, b.Unshipped, err = k.Index.Backlog(ctx)
	return b, err
}

func (k kept) Hours(ctx context.Context, id camera.CameraID, from, to int64) iter.Seq2[keep.Hour, error] {
	return func(yield func(keep.Hour, error) bool) {
		for h, err := range k.Index.Hours(ctx, id, from, to) {
			one := keep.Hour{Hour: h.Hour, Folded: h.Folded, Pieces: make([]keep.Piece, 0, len(h.Entries))}
			for _, e := range h.Entries {
				one.Pieces = append(one.Pieces, keep.Piece{Key: e.Key(), Size: e.Size, State: e.State})
			}
			if !yield(one, err) || err != nil {
				return
			}
		}
	}
}

func (k kept) SetStates(ctx context.Context, changes []keep.Change) ([]error, error) {
	list := make([]index.Change, 0, len(changes))
	for _, c := range changes {
		list = append(list, index.Change(c))
	}
	return k.Index.SetStates(ctx, list)
}

// Restore is the index's own, told in the words of the room.
func (k kept) Restore(ctx context.Context, stored func(context.Context, camera.CameraID) (map[camera.SegmentID]int64, error), progress func(keep.Rebuilt)) (keep.Rebuilt, error) {
	r, err := k.Index.Restore(ctx, stored, func(r index.Restored) { progress(keep.Rebuilt(r)) })
	if err != nil {
		return keep.Rebuilt(r), fmt.Errorf("build index again: %w", err)
	}
	return keep.Rebuilt(r), nil
}

// footage hands the footage bucket over.
type footage struct{ *store.Store }

func (f footage) Objects(ctx context.Context, prefix string) iter.Seq2[keep.Object, error] {
	return func(yield func(keep.Object, error) bool) {
		for o, err := range f.Store.Objects(ctx, prefix) {
			if !yield(keep.Object(o), err) || err != nil {
				return
			}
		}
	}
}
