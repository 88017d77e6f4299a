// Package db opens the hub's database and hands out transactions. It has no
// queries of its own: each room owns its tables.
//
// The database is one SQLite file or one PostgreSQL database, with the same tables
// and the same SQL text in every room. In both there is one writer at a time, so a
// transaction that reads, thinks and writes loses nothing, and a pool of reading
// connections that never waits for the writer. README.md tells what differs.
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"strings"
)

// readers is how many connections the reading pool has at most.
func readers() int { return max(4, 2*runtime.NumCPU()) }

// DB is an open database. Its methods may be called from any goroutine.
type DB struct {
	write    *sql.DB // one connection
	read     *sql.DB // refuses to write
	postgres bool
}

// Open opens the database and brings its schema up to date. where is the path of an
// SQLite file, which is made if there is none, readable by its owner alone; or a
// PostgreSQL connection string, as "postgres://…" or as "host=…" with other words
// behind it. A schema that is newer than this program is refused, because an older
// program could break rules that it does not know.
//
// No error tells the connection string: a password may be in it.
func Open(ctx context.Context, where string) (*DB, error) {
	open := openSQLite
	if IsPostgres(where) {
		open = openPostgres
	}
	d, err := open(ctx, where)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	d.write.SetMaxOpenConns(1)
	d.read.SetMaxOpenConns(readers())
	d.read.SetMaxIdleConns(readers())
	if err := d.Ping(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", err), d.Close())
	}
	return d, nil
}

// IsPostgres tells whether Open takes where for a connection string of PostgreSQL.
func IsPostgres(where string) bool {
	for _, start := range []string{"postgres://", "postgresql://", "host="} {
		if strings.HasPrefix(where, start) {
			return true
		}
	}
	return false
}

// Postgres tells which of the two it is, for the rare place where the SQL text must
// differ.
func (d *DB) Postgres() bool { return d.postgres }

// Read is the pool for queries. A write through it fails.
func (d *DB) Read() *sql.DB { return d.read }

// Write runs f in a transaction that no other writer shares: none of this program,
// and on PostgreSQL none of another program that stands on this package. When Write
// returns nil, what f did is on the disk; on any error nothing of it is. The error
// of f comes back as it is. f must use only its transaction, and not Write again. A
// statement that fails ends the transaction on PostgreSQL: f must return then, and
// it must read rows to their end before its next statement.
func (d *DB) Write(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	// After a commit this does nothing; it also frees the one connection when f panics.
	defer func() { _ = tx.Rollback() }()
	if d.postgres {
		if err := becomeWriter(ctx, tx); err != nil {
			return err
		}
	}
	if err := f(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit transaction: %w", err)
	}
	return nil
}

// Ping tells whether the database still answers, through the reading pool: a long
// write is no illness.
func (d *DB) Ping(ctx context.Context) error {
	var one int
	if err := d.read.QueryRowContext(ctx, "SELECT 1 FROM (SELECT count(*) FROM users) AS t").Scan(&one); err != nil {
		return fmt.Errorf("ping database: %w", err)
	}
	return nil
}

// Close closes all connections; SQLite's last one folds the WAL into the file.
func (d *DB) Close() error {
	if err := errors.Join(d.read.Close(), d.write.Close()); err != nil {
		return fmt.Errorf("close database: %w", err)
	}
	return nil
}
