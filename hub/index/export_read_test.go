package index

import (
	"context"
	"database/sql"
	"errors"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index/pack"
)

// OpenStrip is a strip of open hours.
func OpenStrip(entries []Entry) Strip {
	r := reading{strips: []Strip{{}}, newest: make([]int64, 1), activity: true}
	for _, e := range entries {
		state, _ := pack.StateOf(e.State)
		r.fact = pack.HotFactOf(pack.Fact{Segment: e.Segment, Received: e.Received})
		r.fresh(0, state)
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
	GapsMost      = gapsMost
)

// PutHours writes closed hours as Fold does, without their manifests.
func (x *Index) PutHours(ctx context.Context, all []pack.Manifest) error {
	return x.db.Write(ctx, func(tx *sql.Tx) error {
		for _, m := range all {
			states := make([]pack.State, len(m.Facts))
			for i := range states {
				states[i] = pack.Home
			}
			body, err := pack.NewHour(m, states)
			if err != nil {
				return err
			}
			row := hourRow{Camera: m.Camera, Hour: m.Hour, Body: *body, Manifest: 1}
			if err := errors.Join(row.save(ctx, tx), saveActivity(ctx, tx, m)); err != nil {
				return err
			}
		}
		return nil
	})
}

// PutFresh writes rows of open hours.
func (x *Index) PutFresh(ctx context.Context, facts []pack.Fact) error {
	return x.db.Write(ctx, func(tx *sql.Tx) error {
		rows := make([]freshRow, len(facts))
		for i := range rows {
			rows[i] = freshRow{facts[i], pack.Home}
		}
		_, err := insertFresh(ctx, tx, x.many(), rows)
		return err
	})
}

// Floor reads what Strips reads and looks at none of it.
func (x *Index) Floor(ctx context.Context, ids []camera.CameraID, from, to time.Time) (rows, size int, err error) {
	r := &reading{strips: make([]Strip, len(ids)), from: from.UnixMilli(), to: to.UnixMilli()}
	for i, id := range ids {
		r.strips[i].Camera = id
	}
	for _, k := range []kind{askFresh, askGaps, askHours} {
		err := x.askWith(ctx, r, k, func(found *sql.Rows) error {
			names, err := found.Columns()
			if err != nil {
				return err
			}
			raw, to := make([]sql.RawBytes, len(names)), make([]any, len(names))
			for i := range raw {
				to[i] = &raw[i]
			}
			for found.Next() {
				if err := found.Scan(to...); err != nil {
					return err
				}
				rows, size = rows+1, size+len(raw[len(raw)-1])
			}
			return nil
		})
		if err != nil {
			return 0, 0, err
		}
	}
	return rows, size, nil
}

// Names of journals.
var (
	JournalName = journalName
	JournalTime = journalTime
)

// Committed is what a commit of Put tells the journal.
func (x *Index) Committed(facts []pack.Fact, gaps []pack.GapFact) { x.committed(facts, gaps) }

// Swap puts another manifest in place of an hour's, with its root in the row.
func (x *Index) Swap(ctx context.Context, m pack.Manifest) error {
	body, root, err := m.Encode()
	if err != nil {
		return err
	}
	name := ManifestName{m.Camera, m.Hour, 1, root}
	if err := x.objects.Put(ctx, name.String(), body); err != nil {
		return err
	}
	return x.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE hours SET root = $1 WHERE camera_id = $2 AND hour = $3`, root[:], string(m.Camera), m.Hour)
		return err
	})
}
