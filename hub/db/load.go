package db

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
)

// lineMost is the longest line of a dump that is read, in bytes.
const lineMost = 64 << 20

// argumentsMost is how many arguments a statement of Load has at most. SQLite's
// driver looks for each of them among all.
const argumentsMost = 400

// Load puts what Dump wrote into the same tables, which must be empty. All of it is
// there when Load returns nil, and nothing on any error: of the dump, of its sum, or
// of the database. The schema must be the one that the dump was made of.
func (d *DB) Load(ctx context.Context, r io.Reader) error {
	err := d.Write(ctx, func(tx *sql.Tx) error {
		return (&loading{d: d, tx: tx, in: bufio.NewReaderSize(r, 64<<10), sum: sha256.New()}).run(ctx)
	})
	if err != nil {
		return fmt.Errorf("load database: %w", err)
	}
	return nil
}

// loading is one run of Load.
type loading struct {
	d   *DB
	tx  *sql.Tx
	in  *bufio.Reader
	sum hash.Hash // of the lines so far
}

func (l *loading) run(ctx context.Context) error {
	h, err := l.head()
	if err != nil {
		return err
	}
	if err := l.fits(ctx, h); err != nil {
		return err
	}
	var rows int64
	for _, s := range h.Tables {
		if err := l.fill(ctx, s); err != nil {
			return fmt.Errorf("fill table %s: %w", s.Name, err)
		}
		rows += s.Rows
	}
	return l.tail(rows)
}

func (l *loading) head() (head, error) {
	line, err := l.line()
	if err != nil {
		return head{}, err
	}
	var h head
	if err := json.Unmarshal(line, &h); err != nil || h.Format != format {
		return h, errors.New("this is no dump of a hub's database")
	}
	return h, nil
}

// line is the next one, counted into the sum.
func (l *loading) line() ([]byte, error) {
	line, err := l.bare()
	l.sum.Write(line)
	return line, err
}

func (l *loading) bare() ([]byte, error) {
	var whole []byte
	for {
		piece, err := l.in.ReadSlice('\n')
		switch {
		case err == nil && whole == nil:
			return piece, nil
		case err == nil:
			return append(whole, piece...), nil
		case errors.Is(err, io.EOF):
			return nil, errors.New("the dump ends before its last line")
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, fmt.Errorf("read dump: %w", err)
		case len(whole)+len(piece) > lineMost:
			return nil, fmt.Errorf("a line of the dump is longer than %d bytes", lineMost)
		}
		whole = append(whole, piece...)
	}
}

// fits refuses a dump of another schema, and tables that have rows.
func (l *loading) fits(ctx context.Context, h head) error {
	has, err := version(ctx, l.tx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if h.Schema != has {
		return fmt.Errorf("the dump is of schema version %d and the database has %d: "+
			"load it with the program that made it, into a new database, and then start the newer one on that", h.Schema, has)
	}
	all, err := tablesOf(ctx, l.tx, l.d.postgres)
	if err != nil {
		return fmt.Errorf("list tables: %w", err)
	}
	for _, s := range h.Tables {
		if !slices.Contains(all, s.Name) {
			return fmt.Errorf("the dump has a table %q, the database has not", s.Name)
		}
		own, err := shapeOf(ctx, l.tx, l.d.postgres, s.Name)
		if err != nil {
			return fmt.Errorf("look at table %s: %w", s.Name, err)
		}
		if !slices.Equal(own.Columns, s.Columns) || s.Rows < 0 {
			return fmt.Errorf("table %s of the dump has other columns than the database's", s.Name)
		}
		var filled bool
		if err := l.tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM `+quoted([]string{s.Name})+`)`).Scan(&filled); err != nil {
			return fmt.Errorf("look at table %s: %w", s.Name, err)
		}
		if filled {
			return fmt.Errorf("table %s has rows already: a dump is loaded into a new database", s.Name)
		}
	}
	return nil
}

// fill reads the table's rows and inserts many with each statement.
func (l *loading) fill(ctx context.Context, s shape) (err error) {
	most := int64(max(1, argumentsMost/len(s.Columns)))
	var full *sql.Stmt // for most rows
	for left := s.Rows; left > 0; {
		n := min(left, most)
		left -= n
		var args []any
		for range n {
			line, err := l.line()
			if err != nil {
				return err
			}
			values, err := s.values(line)
			if err != nil {
				return err
			}
			args = append(args, values...)
		}
		if n < most {
			_, err := l.tx.ExecContext(ctx, s.insert(n), args...)
			return err
		}
		if full == nil {
			if full, err = l.tx.PrepareContext(ctx, s.insert(most)); err != nil {
				return err
			}
			defer func() { err = errors.Join(err, full.Close()) }()
		}
		if _, err := full.ExecContext(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

// insert is a statement for n rows.
func (s shape) insert(n int64) string {
	return `INSERT INTO ` + quoted([]string{s.Name}) + ` (` + s.names() + `) VALUES ` + Values(int(n), len(s.Columns))
}

// tail reads the last line, behind which nothing may come.
func (l *loading) tail(rows int64) error {
	sum := hex.EncodeToString(l.sum.Sum(nil))
	line, err := l.bare()
	if err != nil {
		return err
	}
	read := json.NewDecoder(bytes.NewReader(line))
	read.DisallowUnknownFields()
	var t tail
	if err := read.Decode(&t); err != nil {
		return errors.New("the dump's last line does not read, or it has more rows than its first line says")
	}
	if t.Rows != rows || t.SHA256 != sum {
		return errors.New("the dump is damaged: its sum is another")
	}
	if _, err := l.in.ReadByte(); !errors.Is(err, io.EOF) {
		return errors.New("there is more behind the dump's last line")
	}
	return nil
}
