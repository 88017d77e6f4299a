package index

import (
	"context"
	"database/sql"
	"fmt"

	"golang.org/x/sync/errgroup"

	"xulang.vn/camera/hub/db"
	"xulang.vn/camera/hub/index/pack"
)

// atOnce runs do for 0 … n−1, at most restoreAtOnce beside each other.
func atOnce(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(restoreAtOnce)
	for i := range n {
		group.Go(func() error { return do(ctx, i) })
	}
	return group.Wait()
}

// journals puts everything that journals tell into the tables, in the order in which
// it was committed. What is in manifests, too, is taken out again with them.
func (r *restoring) journals(ctx context.Context) error {
	var names []string
	for name, err := range r.x.objects.List(ctx, journalFolder) {
		if err != nil {
			return err
		}
		if names = append(names, name); len(names) < restoreAtOnce {
			continue
		}
		if err := r.replay(ctx, names); err != nil {
			return err
		}
		names = names[:0]
	}
	return r.replay(ctx, names)
}

// journalPage is what one journal tells.
type journalPage struct {
	facts []pack.Fact
	gaps  []pack.GapFact
	bad   error
}

func (r *restoring) replay(ctx context.Context, names []string) error {
	pages := make([]journalPage, len(names))
	err := atOnce(ctx, len(names), func(ctx context.Context, i int) error {
		body, err := r.x.objects.Get(ctx, names[i])
		if err != nil {
			return fmt.Errorf("read %s: %w", names[i], err)
		}
		p := &pages[i]
		p.facts, p.gaps, p.bad = pack.DecodeJournal(body)
		return nil
	})
	if err != nil {
		return err
	}
	err = r.x.db.Write(ctx, func(tx *sql.Tx) error {
		for i := range pages {
			if err := r.write(ctx, tx, &pages[i]); err != nil {
				return fmt.Errorf("write %s: %w", names[i], err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i := range pages {
		if pages[i].bad != nil {
			r.sum.damaged("journal %s: %v", names[i], pages[i].bad)
			continue
		}
		r.sum.Journals, r.sum.Gaps = r.sum.Journals+1, r.sum.Gaps+len(pages[i].gaps)
	}
	r.tell()
	return nil
}

func (r *restoring) write(ctx context.Context, tx *sql.Tx, p *journalPage) error {
	if p.bad != nil {
		return nil //nolint:nilerr // it is told as damaged; the others go on
	}
	rows := make([]freshRow, len(p.facts))
	for i := range rows {
		rows[i] = freshRow{p.facts[i], pack.Home}
	}
	if _, err := insertFresh(ctx, tx, r.x.many(), rows); err != nil {
		return err
	}
	for _, g := range p.gaps {
		// The snapshot may have it already, and longer.
		_, err := tx.ExecContext(ctx, `INSERT INTO gaps (camera_id, stream, start_ms, end_ms, cause, received_ms, signature) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (camera_id, stream, start_ms) DO UPDATE SET end_ms = excluded.end_ms, cause = excluded.cause,
				received_ms = excluded.received_ms, signature = excluded.signature WHERE excluded.end_ms > gaps.end_ms`,
			string(g.Camera), string(g.Stream), db.Instant(g.Start), db.Instant(g.End), string(g.Cause), db.Instant(g.Received), signatureText(g.Signature))
		if err != nil {
			return fmt.Errorf("write gap: %w", err)
		}
	}
	return nil
}
