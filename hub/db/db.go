// Package db opens the hub's database and hands out transactions. It has no
// queries of its own: each room owns its tables.
//
// The database is one SQLite file in WAL mode. There is one writing connection,
// so writers queue in the program rather than in SQLite, and a pool of reading
// connections that never waits for the writer.
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
)

// busyTimeout is how long, in milliseconds, a connection waits for a lock that
// another process holds (a backup, a person with a shell).
const busyTimeout = "10000"

// DB is an open database. Its methods may be called from any goroutine.
type DB struct {
	write *sql.DB // one connection
	read  *sql.DB // query_only
}

// Open opens or creates the file, readable by its owner alone, and brings its
// schema up to date. A schema that is newer than this program is refused, because
// an older program could break rules that it does not know.
func Open(ctx context.Context, path string) (*DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := create(path); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := migrate(ctx, source(path, nil)); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	d := &DB{
		write: sql.OpenDB(connector{source(path, url.Values{"_txlock": {"immediate"}})}),
		read:  sql.OpenDB(connector{source(path, url.Values{"_query_only": {"true"}})}),
	}
	d.write.SetMaxOpenConns(1)
	readers := max(4, 2*runtime.NumCPU())
	d.read.SetMaxOpenConns(readers)
	d.read.SetMaxIdleConns(readers)
	if err := d.Ping(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", err), d.Close())
	}
	return d, nil
}

// create makes the folder and the file, so that SQLite, which copies the file's
// mode to its WAL, never makes one that others can read.
func create(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("make file: %w", err)
	}
	return f.Close()
}

// source is the driver's name for the file. synchronous=FULL makes every commit
// reach the disk (WAL with NORMAL may lose the last ones with the power).
func source(path string, more url.Values) string {
	all := url.Values{
		"_journal_mode": {"WAL"},
		"_synchronous":  {"FULL"},
		"_foreign_keys": {"true"},
		"_busy_timeout": {busyTimeout},
	}
	maps.Copy(all, more)
	u := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: all.Encode()}
	return u.String()
}

// Read is the pool for queries. A write through it fails.
func (d *DB) Read() *sql.DB { return d.read }

// Write runs f in a transaction that no other writer shares. When Write returns
// nil, what f did is on the disk; on any error nothing of it is. The error of f
// comes back as it is. f must use only its transaction, and not Write again.
func (d *DB) Write(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	// After a commit this does nothing; it also frees the one connection when f panics.
	defer func() { _ = tx.Rollback() }()
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

// Close closes all connections; the last one folds the WAL into the file.
func (d *DB) Close() error {
	if err := errors.Join(d.read.Close(), d.write.Close()); err != nil {
		return fmt.Errorf("close database: %w", err)
	}
	return nil
}
