package db

import (
	"bufio"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// format is the first word of every dump.
const format = "xulang-dump-1"

// head is the first line of a dump. Then come the rows, each a JSON array of its
// columns' values in a line: bytes in base64, times as they are kept; then tail.
type head struct {
	Format string  `json:"format"`
	Schema int64   `json:"schema"` // version
	Tables []shape `json:"tables"`
}

// tail is the last line.
type tail struct {
	Rows   int64  `json:"rows"`
	SHA256 string `json:"sha256"` // of all bytes before this line, hex
}

// Dump writes the rows of whole tables, of all when none is named, as they were at
// one moment, so that Load puts them into either database. Writers go on meanwhile.
// Equal rows give equal bytes, whichever the database. What is not UTF-8 in a text,
// which only SQLite can hold, is written as U+FFFD.
func (d *DB) Dump(ctx context.Context, w io.Writer, tables ...string) error {
	if err := d.dump(ctx, w, tables); err != nil {
		return fmt.Errorf("dump database: %w", err)
	}
	return nil
}

func (d *DB) dump(ctx context.Context, w io.Writer, tables []string) error {
	var opts *sql.TxOptions // SQLite's readers see one moment all along
	if d.postgres {
		opts = &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	tx, err := d.read.BeginTx(ctx, opts)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // it only reads
	h, err := d.head(ctx, tx, tables)
	if err != nil {
		return err
	}
	sum := sha256.New()
	out := bufio.NewWriterSize(io.MultiWriter(w, sum), 64<<10)
	if err := json.NewEncoder(out).Encode(h); err != nil {
		return err
	}
	var t tail
	for _, s := range h.Tables {
		if err := s.write(ctx, tx, out); err != nil {
			return err
		}
		t.Rows += s.Rows
	}
	if err := out.Flush(); err != nil {
		return err
	}
	t.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return json.NewEncoder(w).Encode(t)
}

// head looks at the tables that are wanted, in the order of Tables.
func (d *DB) head(ctx context.Context, tx *sql.Tx, wanted []string) (head, error) {
	h := head{Format: format, Tables: []shape{}}
	all, err := tablesOf(ctx, tx, d.postgres)
	if err != nil {
		return h, fmt.Errorf("list tables: %w", err)
	}
	for _, name := range wanted {
		if !slices.Contains(all, name) {
			return h, fmt.Errorf("there is no table %q", name)
		}
	}
	if h.Schema, err = version(ctx, tx); err != nil {
		return h, fmt.Errorf("read schema version: %w", err)
	}
	for _, name := range all {
		if len(wanted) > 0 && !slices.Contains(wanted, name) {
			continue
		}
		s, err := shapeOf(ctx, tx, d.postgres, name)
		if err == nil {
			err = tx.QueryRowContext(ctx, `SELECT count(*) FROM `+quoted([]string{name})).Scan(&s.Rows)
		}
		if err != nil {
			return h, fmt.Errorf("look at table %s: %w", name, err)
		}
		h.Tables = append(h.Tables, s)
	}
	return h, nil
}

// write writes the table's rows, by its key.
func (s shape) write(ctx context.Context, tx *sql.Tx, out io.Writer) error {
	//nolint:gosec // the names are quoted, and of the database's own catalogue
	rows, err := tx.QueryContext(ctx, `SELECT `+s.names()+` FROM `+quoted([]string{s.Name})+` ORDER BY `+quoted(s.Key))
	if err != nil {
		return fmt.Errorf("read table %s: %w", s.Name, err)
	}
	defer rows.Close()
	values, into := s.into()
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return fmt.Errorf("read table %s: %w", s.Name, err)
		}
		line, err := s.line(values)
		if err != nil {
			return err
		}
		if _, err := out.Write(line); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read table %s: %w", s.Name, err)
	}
	return nil
}
