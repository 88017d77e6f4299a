package db

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// Tables are the names of the rooms' tables, each after those that its rows refer
// to, otherwise by name: in this order rows can be put into empty tables.
func (d *DB) Tables(ctx context.Context) ([]string, error) {
	tables, err := tablesOf(ctx, d.read, d.postgres)
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	return tables, nil
}

// Size is how many bytes all tables and indexes take on the disk, without what is
// free for new rows in SQLite's file and without either's write-ahead log.
func (d *DB) Size(ctx context.Context) (int64, error) {
	query := `SELECT (page_count - freelist_count) * page_size FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()`
	if d.postgres {
		query = `SELECT COALESCE(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c
			WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'`
	}
	var bytes int64
	if err := d.read.QueryRowContext(ctx, query).Scan(&bytes); err != nil {
		return 0, fmt.Errorf("measure database: %w", err)
	}
	return bytes, nil
}

// querier is a pool or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// tablesOf sorts tables by what refers to what. Each row of the query is a table and
// one that it refers to, or nothing. goose's own table is none of the rooms'.
func tablesOf(ctx context.Context, q querier, postgres bool) ([]string, error) {
	query := `SELECT t.name, COALESCE(f."table", '') FROM sqlite_master t LEFT JOIN pragma_foreign_key_list(t.name) f
		WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite!_%' ESCAPE '!' AND t.name <> 'goose_db_version'`
	if postgres {
		query = `SELECT t.relname::text, COALESCE(f.confrelid::regclass::text, '')
			FROM pg_class t LEFT JOIN pg_constraint f ON f.conrelid = t.oid AND f.contype = 'f'
			WHERE t.relnamespace = current_schema()::regnamespace AND t.relkind = 'r' AND t.relname <> 'goose_db_version'`
	}
	rows, err := q.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	refers := map[string][]string{}
	for rows.Next() {
		var table, to string
		if err := rows.Scan(&table, &to); err != nil {
			return nil, err
		}
		refers[table] = append(refers[table], to)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return inOrder(refers)
}

// inOrder takes, again and again, the first by name of those whose references are
// all there.
func inOrder(refers map[string][]string) ([]string, error) {
	var left, done []string
	for table := range refers {
		left = append(left, table)
	}
	slices.Sort(left)
	for len(left) > 0 {
		i := slices.IndexFunc(left, func(table string) bool {
			return !slices.ContainsFunc(refers[table], func(to string) bool {
				return to != "" && to != table && !slices.Contains(done, to)
			})
		})
		if i < 0 {
			return nil, fmt.Errorf("tables %s refer to each other in a ring", strings.Join(left, ", "))
		}
		done = append(done, left[i])
		left = slices.Delete(left, i, i+1)
	}
	return done, nil
}
