package db_test

import (
	"database/sql"
	"errors"
	"strings"
	"sync"
	"testing"

	"xulang.vn/camera/hub/db"
	"xulang.vn/camera/hub/db/dbtest"
)

// raw is a pool of the plain driver.
func raw(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	d, err := sql.Open("pgx", dsn)
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

func exec(t *testing.T, d *sql.DB, query string) {
	t.Helper()
	if _, err := d.ExecContext(t.Context(), query); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// TestTwoHubsWriteOneAtATime: two programs on one database read, think and write.
func TestTwoHubsWriteOneAtATime(t *testing.T) {
	dbtest.EachWhere(t, func(t *testing.T, fresh func(t *testing.T) string) {
		where, ctx := fresh(t), t.Context()
		hubs := []*db.DB{open(t, where), open(t, where)}
		if err := hubs[0].Write(ctx, addHousehold(ctx, "0")); err != nil {
			t.Fatal(err)
		}
		const writers, each = 4, 5 // of each hub
		var wg sync.WaitGroup
		for i := range 2 * writers {
			wg.Go(func() {
				for range each {
					err := hubs[i%2].Write(ctx, func(tx *sql.Tx) error {
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
				}
			})
		}
		wg.Wait()
		if got := text(t, hubs[1], `SELECT created_ms FROM households`); got != "41" {
			t.Errorf("counted to %s, want 41", got)
		}
	})
}

// TestSecondHubWaits: while one hub is inside Write, the other does not get in.
func TestSecondHubWaits(t *testing.T) {
	where, ctx := dbtest.Postgres(t), t.Context()
	one, other, watch := open(t, where), open(t, where), raw(t, where)
	done := make(chan error, 1)
	err := one.Write(ctx, func(tx *sql.Tx) error {
		go func() { done <- other.Write(ctx, addHousehold(ctx, "of the other")) }()
		for waiting := 0; waiting == 0; { // until the server says so
			if err := watch.QueryRowContext(ctx, `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
				AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`).Scan(&waiting); err != nil {
				return err
			}
			select {
			case err := <-done:
				return errors.Join(errors.New("the other hub wrote in between"), err)
			default:
			}
		}
		return addHousehold(ctx, "of the first")(tx)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil || households(t, one) != 2 {
		t.Errorf("%v, %d households, want 2", err, households(t, one))
	}
}

// TestHubsStartTogether on a database without a schema.
func TestHubsStartTogether(t *testing.T) {
	where := dbtest.Postgres(t)
	exec(t, raw(t, where), `DROP SCHEMA public CASCADE`)
	exec(t, raw(t, where), `CREATE SCHEMA public`)
	hubs := make([]*db.DB, 4)
	var wg sync.WaitGroup
	for i := range hubs {
		wg.Go(func() {
			var err error
			if hubs[i], err = db.Open(t.Context(), where); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, d := range hubs {
		if d == nil {
			continue
		}
		if got := text(t, d, `SELECT version_id FROM goose_db_version ORDER BY id`); got != "0\n1\n2\n3\n4\n5" {
			t.Errorf("versions %q", got)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestPostgresSettings(t *testing.T) {
	where := dbtest.Postgres(t)
	for dsn, commit := range map[string]string{
		where: "on",
		where + " default_transaction_read_only=off synchronous_commit=local application_name=backup": "local",
	} {
		d := open(t, dsn)
		if got := text(t, d, `SELECT current_setting('default_transaction_read_only')`); got != "on" {
			t.Errorf("readers may write: %s", got)
		}
		var got, idle string
		err := d.Write(t.Context(), func(tx *sql.Tx) error {
			return tx.QueryRowContext(t.Context(), `SELECT current_setting('synchronous_commit'), current_setting('idle_in_transaction_session_timeout')`).Scan(&got, &idle)
		})
		if err != nil || got != commit || idle != "1min" {
			t.Errorf("commits are %s, want %s; a hanging writer ends after %s; %v", got, commit, idle, err)
		}
	}
}

// TestAddressOfPostgres: the two spellings of one database.
func TestAddressOfPostgres(t *testing.T) {
	where := dbtest.Postgres(t)
	if err := open(t, where).Write(t.Context(), addHousehold(t.Context(), "h1")); err != nil {
		t.Fatal(err)
	}
	words := map[string]string{}
	for _, word := range strings.Fields(where) {
		name, value, _ := strings.Cut(word, "=")
		words[name] = value
	}
	d := open(t, "postgres://"+words["user"]+":any@/"+words["dbname"]+"?host="+words["host"])
	if !d.Postgres() || households(t, d) != 1 {
		t.Error("it is another database")
	}
	for path, want := range map[string]bool{"hub.sqlite": false, "/data/postgres://x": false, "./host=x": false, "host=db dbname=hub": true, "postgresql://db/hub": true} {
		if db.IsPostgres(path) != want {
			t.Errorf("%q is taken for PostgreSQL: %v", path, !want)
		}
	}
}

func TestPasswordIsNotTold(t *testing.T) {
	dir := t.TempDir()
	for _, dsn := range []string{
		"postgres://hub:s3cret@127.0.0.1:1/hub?connect_timeout=1",
		"host=" + dir + " user=hub password=s3cret dbname=hub",
		"host=" + dir + " user=hub password='s3cret", // no end
		"host=" + dir + " port=s3cret",
		"postgres://hub:s3cret%zz@127.0.0.1:1/hub",
		"postgres://hub:s3cret/slash@127.0.0.1:1/hub",
		"postgres://hub:s3cret space@127.0.0.1:1/hub",
		"postgres://hub@127.0.0.1:1/hub?password=s3cret&sslmode=s3cret",
	} {
		d, err := db.Open(t.Context(), dsn)
		if err == nil {
			t.Fatalf("%s was opened: %v", dsn, d.Close())
		}
		if strings.Contains(err.Error(), "s3cret") || !strings.Contains(err.Error(), "open database") {
			t.Errorf("the error is %q", err)
		}
	}
}

// TestUnfitPostgresIsRefused: other letters, or another order of ids than in SQLite.
func TestUnfitPostgresIsRefused(t *testing.T) {
	where := dbtest.Postgres(t)
	for name, how := range map[string]string{
		"unfit_ascii": `ENCODING 'SQL_ASCII' LOCALE 'C'`,
		"unfit_order": `LOCALE_PROVIDER icu ICU_LOCALE 'vi'`,
	} {
		exec(t, raw(t, where), `CREATE DATABASE `+name+` TEMPLATE template0 `+how)
		at := strings.LastIndex(where, "dbname=")
		if d, err := db.Open(t.Context(), where[:at]+"dbname="+name); err == nil {
			t.Errorf("%s was opened: %v", name, d.Close())
		} else if !strings.Contains(err.Error(), "LOCALE 'C'") {
			t.Errorf("%s: %v, want words on how to make one that fits", name, err)
		}
		exec(t, raw(t, where), `DROP DATABASE `+name)
	}
}

// TestWriterComesBack after the server threw its connection out.
func TestWriterComesBack(t *testing.T) {
	where, ctx := dbtest.Postgres(t), t.Context()
	d := open(t, where)
	err := d.Write(ctx, func(tx *sql.Tx) error {
		if err := addHousehold(ctx, "h1")(tx); err != nil {
			return err
		}
		exec(t, raw(t, where), `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
		return nil
	})
	if err == nil {
		t.Error("a transaction that the server ended was told to be on the disk")
	}
	if err := d.Write(ctx, addHousehold(ctx, "h2")); err != nil {
		t.Errorf("the next write: %v", err)
	}
	exec(t, raw(t, where), `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
	if err := d.Write(ctx, addHousehold(ctx, "h3")); err != nil {
		t.Errorf("a write after the server was started anew: %v", err)
	}
	if got := text(t, d, `SELECT id FROM households ORDER BY id`); got != "h2\nh3" {
		t.Errorf("households %q", got)
	}
}

// TestTextThatPostgresRefuses: a label with a zero byte does not stop a message.
func TestTextThatPostgresRefuses(t *testing.T) {
	d, ctx := open(t, dbtest.Postgres(t)), t.Context()
	if err := d.Write(ctx, addHousehold(ctx, "a\x00b\xff")); err != nil {
		t.Fatal(err)
	}
	if got := text(t, d, `SELECT id FROM households`); got != "a\ufffdb\ufffd" {
		t.Errorf("%q", got)
	}
	var n int
	if err := d.Read().QueryRowContext(ctx, `SELECT count(*) FROM households WHERE id = ANY($1)`, []string{"x", "a\ufffdb\ufffd"}).Scan(&n); err != nil || n != 1 {
		t.Errorf("by a list: %d, %v", n, err)
	}
}

// TestWhatNeverChanges: rows that both databases refuse to change or delete.
func TestWhatNeverChanges(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open func(t *testing.T) *db.DB) {
		d, ctx := filled(t, open(t)), t.Context()
		err := d.Write(ctx, func(tx *sql.Tx) error {
			for _, row := range []string{
				`INSERT INTO clocks VALUES ('c', 'agent', 7, true, -3, 5)`,
				`INSERT INTO receipts VALUES ('R1', 'c', 'U', '{}', 1, 2)`,
			} {
				if _, err := tx.ExecContext(ctx, row); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		queries := map[string]string{
			`UPDATE audit SET detail = 'x'`:   "audit rows are never changed",
			`DELETE FROM audit`:               "audit rows are never deleted",
			`UPDATE clocks SET offset_ms = 0`: "clock records are never changed",
			`UPDATE receipts SET body = ''`:   "receipts are never changed",
		}
		if d.Postgres() {
			queries[`TRUNCATE audit`] = "audit rows are never deleted"
		}
		for query, words := range queries {
			err := d.Write(ctx, func(tx *sql.Tx) error { _, err := tx.ExecContext(ctx, query); return err })
			if err == nil || !strings.Contains(err.Error(), words) {
				t.Errorf("%s: %v, want %q", query, err, words)
			}
		}
	})
}
