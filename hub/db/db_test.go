package db_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"xulang.vn/camera/hub/db"
	"xulang.vn/camera/hub/db/dbtest"
)

func open(t *testing.T, path string) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func addHousehold(ctx context.Context, id string) func(*sql.Tx) error {
	return func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO households (id, label, created_ms) VALUES ($1, $2, $3)`, id, id, 1)
		return err
	}
}

func households(t *testing.T, d *db.DB) int {
	t.Helper()
	var n int
	if err := d.Read().QueryRowContext(t.Context(), `SELECT count(*) FROM households`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestOpenTwiceKeepsWhatWasWritten(t *testing.T) {
	// A path that would end early if it were pasted into the driver's URL.
	path := filepath.Join(t.TempDir(), "hộ gia đình?mode=memory#%41", "hub.db")
	d, err := db.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Write(t.Context(), addHousehold(t.Context(), "h1")); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want 0600", st.Mode().Perm())
	}
	d = open(t, path)
	if n := households(t, d); n != 1 {
		t.Errorf("%d households after reopening, want 1", n)
	}
	if err := d.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestSettings(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), "hub.db"))
	for _, c := range []struct{ name, writer, reader string }{
		{"journal_mode", "wal", "wal"},
		{"synchronous", "2", "2"}, // FULL
		{"foreign_keys", "1", "1"},
		{"busy_timeout", "10000", "10000"},
		{"page_size", "16384", "16384"},
		{"query_only", "0", "1"},
	} {
		var w, r string
		err := d.Write(t.Context(), func(tx *sql.Tx) error {
			return tx.QueryRowContext(t.Context(), "PRAGMA "+c.name).Scan(&w)
		})
		if err = errors.Join(err, d.Read().QueryRowContext(t.Context(), "PRAGMA "+c.name).Scan(&r)); err != nil {
			t.Fatal(err)
		}
		if w != c.writer || r != c.reader {
			t.Errorf("%s: writer %s, reader %s, want %s and %s", c.name, w, r, c.writer, c.reader)
		}
	}
}

func TestReadPoolDoesNotWrite(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open func(t *testing.T) *db.DB) {
		d := open(t)
		if _, err := d.Read().ExecContext(t.Context(), `DELETE FROM households`); err == nil {
			t.Error("a write through the reading pool went through")
		}
	})
}

func TestWriteIsAllOrNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open func(t *testing.T) *db.DB) {
		d := open(t)
		ctx := t.Context()
		boom := errors.New("boom")
		err := d.Write(ctx, func(tx *sql.Tx) error { return errors.Join(addHousehold(ctx, "h1")(tx), boom) })
		if !errors.Is(err, boom) {
			t.Errorf("error %v, want the function's own", err)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_ = d.Write(ctx, func(tx *sql.Tx) error {
				if err := addHousehold(ctx, "h2")(tx); err != nil {
					t.Error(err)
				}
				panic(boom)
			})
		}()
		// The one writing connection must be free again after both.
		if err := d.Write(ctx, addHousehold(ctx, "h3")); err != nil {
			t.Fatal(err)
		}
		if n := households(t, d); n != 1 {
			t.Errorf("%d households, want only the third", n)
		}
		ended, cancel := context.WithCancel(ctx)
		cancel()
		if err := d.Write(ended, addHousehold(ctx, "h4")); !errors.Is(err, context.Canceled) {
			t.Errorf("write after the caller left: %v", err)
		}
	})
}

func TestReadersDoNotWaitForTheWriter(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open func(t *testing.T) *db.DB) {
		d := open(t)
		ctx := t.Context()
		err := d.Write(ctx, func(tx *sql.Tx) error {
			if err := addHousehold(ctx, "h1")(tx); err != nil {
				return err
			}
			if n := households(t, d); n != 0 {
				t.Errorf("a reader saw %d rows that were not committed", n)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestWritersQueue(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open func(t *testing.T) *db.DB) {
		d := open(t)
		ctx := t.Context()
		if err := d.Write(ctx, addHousehold(ctx, "0")); err != nil {
			t.Fatal(err)
		}
		const writers = 50
		var wg sync.WaitGroup
		for range writers {
			wg.Go(func() {
				// Read, think, write: lost updates show unless writers are alone.
				err := d.Write(ctx, func(tx *sql.Tx) error {
					var n int
					if err := tx.QueryRowContext(ctx, `SELECT created_ms FROM households`).Scan(&n); err != nil {
						return err
					}
					_, err := tx.ExecContext(ctx, `UPDATE households SET created_ms = $1`, n+1)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		var n int
		if err := d.Read().QueryRowContext(ctx, `SELECT created_ms FROM households`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n != writers+1 {
			t.Errorf("counted to %d, want %d", n, writers+1)
		}
	})
}

func TestForeignKeysHold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open func(t *testing.T) *db.DB) {
		d := open(t)
		err := d.Write(t.Context(), func(tx *sql.Tx) error {
			_, err := tx.ExecContext(t.Context(), `INSERT INTO devices (id, household_id, name, version, enrolled_ms) VALUES ('U', 'nobody', '', '', 0)`)
			return err
		})
		if err == nil {
			t.Error("a device of no household was stored")
		}
	})
}

func TestNewerSchemaIsRefused(t *testing.T) {
	dbtest.EachWhere(t, func(t *testing.T, fresh func(t *testing.T) string) {
		where := fresh(t)
		d, err := db.Open(t.Context(), where)
		if err != nil {
			t.Fatal(err)
		}
		err = d.Write(t.Context(), func(tx *sql.Tx) error {
			_, err := tx.ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, true)`)
			return err
		})
		if err := errors.Join(err, d.Close()); err != nil {
			t.Fatal(err)
		}
		_, err = db.Open(t.Context(), where)
		if err == nil || !strings.Contains(err.Error(), "version 999") || !strings.Contains(err.Error(), "newer program") {
			t.Errorf("error %v, want one that names the version and says what to do", err)
		}
	})
}

func TestOpenNotADatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hub.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("not a database. ", 400)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Open(t.Context(), path); err == nil {
		t.Error("a text file was opened as a database")
	}
}

func TestArgumentsGoByTheirNumber(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open func(t *testing.T) *db.DB) {
		d := open(t)
		ctx := t.Context()
		const query = `SELECT $3 || $1 || $2 || $1`
		check := func(got string, err error) {
			t.Helper()
			if err != nil || got != "caba" {
				t.Errorf("got %q, %v, want caba", got, err)
			}
		}
		var got string
		err := d.Read().QueryRowContext(ctx, query, "a", "b", "c").Scan(&got)
		check(got, err)
		stmt, err := d.Read().PrepareContext(ctx, query)
		if err != nil {
			t.Fatal(err)
		}
		defer stmt.Close()
		err = stmt.QueryRowContext(ctx, "a", "b", "c").Scan(&got)
		check(got, err)
		err = d.Write(ctx, func(tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, `INSERT INTO households (created_ms, label, id) VALUES ($3, $2, $1)`, "h1", "label", 7); err != nil {
				return err
			}
			return tx.QueryRowContext(ctx, `UPDATE households SET label = $2 || created_ms WHERE id = $1 RETURNING label`, "h1", "n").Scan(&got)
		})
		if err != nil || got != "n7" {
			t.Errorf("got %q, %v, want n7", got, err)
		}
	})
}

func TestInstant(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open func(t *testing.T) *db.DB) {
		d := open(t)
		saigon := time.FixedZone("", 7*3600)
		for _, c := range []struct{ in, want time.Time }{
			{time.Time{}, time.Time{}},
			{time.Date(2026, 11, 22, 14, 5, 9, 123_999_999, saigon), time.Date(2026, 11, 22, 7, 5, 9, 123_000_000, time.UTC)},
			{time.UnixMilli(0), time.UnixMilli(0).UTC()},
			{time.Date(1969, 12, 31, 23, 59, 59, 999_500_000, time.UTC), time.Date(1969, 12, 31, 23, 59, 59, 999_000_000, time.UTC)},
		} {
			got := time.Now()
			if err := d.Read().QueryRowContext(t.Context(), `SELECT CAST($1 AS bigint)`, db.Instant(c.in)).Scan((*db.Instant)(&got)); err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("%v came back as %v, want %v", c.in, got, c.want)
			}
		}
		var got time.Time
		if err := d.Read().QueryRowContext(t.Context(), `SELECT 'noon'`).Scan((*db.Instant)(&got)); err == nil {
			t.Error("a text was read as a time")
		}
	})
}
