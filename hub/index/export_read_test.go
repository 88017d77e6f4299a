package index

import (
	"context"
	"time"

	"xulang.vn/camera/hub/index/pack"
)

// OpenStrip is a strip of open hours.
func OpenStrip(entries []Entry) Strip {
	r := reading{strips: []Strip{{}}, newest: make([]newest, 1), activity: true}
	for _, e := range entries {
		state, _ := pack.StateOf(e.State)
		r.fresh(0, freshRow{pack.Fact{Segment: e.Segment, Received: e.Received}, state})
	}
	return r.strips[0]
}

// Every lets a test tick Run.
func (x *Index) Every(f func(time.Duration) (<-chan time.Time, func())) { x.every = f }

// Ship and Forget are what Run does.
func (x *Index) Ship(ctx context.Context) error   { return x.ship(ctx) }
func (x *Index) Forget(ctx context.Context) error { return x.forget(ctx) }

// Limits for tests.
const (
	UnshippedMost = unshippedMost
	JournalsMost  = journalsMost
	FoldMost      = foldMost
)
