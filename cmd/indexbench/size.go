package main

import (
	"context"
	"database/sql"
	"errors"

	"xulang.vn/camera/hub/db"
)

var errBack = errors.New("only to measure")

// size is how many bytes a table takes with its indexes. SQLite is asked by dropping the
// table and counting the pages that become free; nothing of that is kept.
func size(ctx context.Context, d *db.DB, table string) (bytes int64, err error) {
	if d.Postgres() {
		err := d.Read().QueryRowContext(ctx, `SELECT pg_total_relation_size($1::text::regclass)`, table).Scan(&bytes)
		return bytes, err
	}
	err = d.Write(ctx, func(tx *sql.Tx) error {
		before, err := free(ctx, tx)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DROP TABLE `+table); err != nil {
			return err
		}
		after, err := free(ctx, tx)
		if err != nil {
			return err
		}
		bytes = after - before
		return errBack
	})
	if !errors.Is(err, errBack) {
		return 0, err
	}
	return bytes, nil
}

func free(ctx context.Context, tx *sql.Tx) (bytes int64, err error) {
	err = tx.QueryRowContext(ctx, `SELECT freelist_count * page_size FROM pragma_freelist_count(), pragma_page_size()`).Scan(&bytes)
	return bytes, err
}

// analyze gives the planner its numbers, which a server that runs for years has.
func analyze(ctx context.Context, d *db.DB) error {
	return d.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `ANALYZE`)
		return err
	})
}
