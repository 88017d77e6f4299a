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
)

// busyTimeout is how long, in milliseconds, a connection waits for a lock that
// another process holds (a backup, a person with a shell).
const busyTimeout = "10000"

func openSQLite(ctx context.Context, path string) (*DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := create(path); err != nil {
		return nil, err
	}
	if err := size(ctx, path); err != nil {
		return nil, err
	}
	w, err := sql.Open("sqlite3", source(path, nil)) // plain: goose writes ? for its arguments
	if err != nil {
		return nil, fmt.Errorf("open for migration: %w", err)
	}
	if err := migrate(ctx, sqlite, w); err != nil {
		return nil, err
	}
	return &DB{
		write: sql.OpenDB(connector{source(path, url.Values{"_txlock": {"immediate"}})}),
		read:  sql.OpenDB(connector{source(path, url.Values{"_query_only": {"true"}})}),
	}, nil
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

// pageSize is of a new file, in bytes. Rows of two kilobytes, which the index has most
// of, leave a third of each small page empty.
const pageSize = 16 << 10

// size sets the page size of a file that has nothing in it yet; of another one it
// changes nothing.
func size(ctx context.Context, path string) (err error) {
	u := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: url.Values{"_busy_timeout": {busyTimeout}}.Encode()}
	d, err := sql.Open("sqlite3", u.String())
	if err != nil {
		return fmt.Errorf("open new file: %w", err)
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if _, err := d.ExecContext(ctx, fmt.Sprintf(`PRAGMA page_size = %d; PRAGMA journal_mode = WAL`, pageSize)); err != nil {
		return fmt.Errorf("set page size: %w", err)
	}
	return nil
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
