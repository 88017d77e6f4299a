package db_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"xulang.vn/camera/hub/db"
	"xulang.vn/camera/hub/db/dbtest"
)

// dumped is the whole database, or some tables.
func dumped(t *testing.T, d *db.DB, tables ...string) string {
	t.Helper()
	var b bytes.Buffer
	if err := d.Dump(t.Context(), &b, tables...); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// filled is a database with what is hard to carry over, in rows of many tables.
func filled(t *testing.T, d *db.DB) *db.DB {
	t.Helper()
	ctx := t.Context()
	exec := func(tx *sql.Tx, query string, args ...any) {
		t.Helper()
		if _, err := tx.ExecContext(ctx, query, args...); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	err := d.Write(ctx, func(tx *sql.Tx) error {
		for _, h := range []string{"h1", "H2", "h-3", "đ", "a", "á", `"';<>&` + "\n\t\\", "\u2028"} {
			exec(tx, `INSERT INTO households (id, label, created_ms, lon) VALUES ($1, $2, $3, $4)`, h, "Nhà "+h, int64(math.MaxInt64), 0.1)
		}
		exec(tx, `INSERT INTO devices (id, household_id, name, version, enrolled_ms, spool_days, clock_sync, temperature) VALUES ('U', 'đ', '', '', $1, $2, $3, $4)`,
			int64(math.MinInt64), math.Inf(1), false, math.SmallestNonzeroFloat64)
		exec(tx, `INSERT INTO cameras (id, household_id, device_id, serial, channel, label, consent, consent_ms, paused, sound, shared, state, detail, codec, registered_ms)
			VALUES ('c', 'a', 'U', '', 1, '', '', NULL, $1, $2, $1, '', '', '', $3)`, true, false, int64(1<<53+1))
		for i := range 1000 { // some statements full of rows, and a rest
			exec(tx, `INSERT INTO views (camera_id, from_ms, to_ms, lon, lat, heading, fov, range_m) VALUES ('c', $1, $2, $3, $4, $5, 60, 30)`,
				i*1000, i*1000+1000, 106+float64(i)/3, 1e-300, 0.0)
		}
		for hour, body := range [][]byte{{}, {0}, {0xff, 0xfe, 0x27, '\n'}, bytes.Repeat([]byte{0, 1, 2, 0x80}, 50_000)} {
			exec(tx, `INSERT INTO hours (camera_id, hour, version, segments, stored, covered_ms, body, manifest, root) VALUES ('c', $1, 1, 1, 1, 1, $2, 1, $3)`, hour, body, []byte("root"))
		}
		exec(tx, `INSERT INTO audit VALUES (1, 2, 'u', 'U', '', '', '', '', '', '')`)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestDumpGoesEverywhere: from both databases into both, and the same bytes again.
func TestDumpGoesEverywhere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open func(t *testing.T) *db.DB) {
		first := dumped(t, filled(t, open(t)))
		if n := strings.Count(first, "\n"); n != 1+8+1+1+1000+4+1+1 {
			t.Errorf("%d lines, want a line for each row, one before and one after", n)
		}
		dbtest.Each(t, func(t *testing.T, open func(t *testing.T) *db.DB) {
			d := open(t)
			if err := d.Load(t.Context(), strings.NewReader(first)); err != nil {
				t.Fatal(err)
			}
			if dumped(t, d) != first {
				t.Error("the dump of what was loaded differs from the dump")
			}
			if got := text(t, d, `SELECT id, label, created_ms, lat FROM households WHERE id = 'đ'`); got != "đ|Nhà đ|9223372036854775807|-" {
				t.Errorf("household %q", got)
			}
			if got := text(t, d, `SELECT count(*) FROM cameras WHERE paused AND NOT sound AND consent_ms IS NULL AND registered_ms = 9007199254740993`); got != "1" {
				t.Error("the camera is not as it was")
			}
			var body []byte
			if err := d.Read().QueryRowContext(t.Context(), `SELECT body FROM hours WHERE hour = 3`).Scan(&body); err != nil || len(body) != 200_000 || body[3] != 0x80 {
				t.Errorf("%d bytes, %v", len(body), err)
			}
			if err := d.Load(t.Context(), strings.NewReader(first)); err == nil || !strings.Contains(err.Error(), "has rows already") {
				t.Errorf("loaded twice: %v", err)
			}
		})
	})
}

func TestDumpOfSomeTables(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open func(t *testing.T) *db.DB) {
		d, into := filled(t, open(t)), open(t)
		some := dumped(t, d, "devices", "households") // an order in which nothing could be loaded
		if err := into.Load(t.Context(), strings.NewReader(some)); err != nil {
			t.Fatal(err)
		}
		if got := text(t, into, `SELECT (SELECT count(*) FROM households), (SELECT count(*) FROM devices), (SELECT count(*) FROM cameras)`); got != "8|1|0" {
			t.Errorf("rows %s, want those of two tables", got)
		}
		if err := d.Dump(t.Context(), io.Discard, "households", `x"; DROP TABLE audit`); err == nil || !strings.Contains(err.Error(), "no table") {
			t.Errorf("a table that is not there: %v", err)
		}
	})
}

// TestDamagedDumpLoadsNothing changes a good dump in every way that should show.
func TestDamagedDumpLoadsNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open func(t *testing.T) *db.DB) {
		d := open(t)
		if err := d.Write(t.Context(), addHousehold(t.Context(), "h1")); err != nil {
			t.Fatal(err)
		}
		if err := d.Write(t.Context(), addHousehold(t.Context(), "h2")); err != nil {
			t.Fatal(err)
		}
		good := dumped(t, d, "households")
		lines := strings.SplitAfter(good, "\n")
		into := open(t)
		for _, c := range []struct{ name, dump, want string }{
			{"nothing", "", "ends before"},
			{"another file", "PK\x03\x04\n", "no dump"},
			{"no last line", strings.Join(lines[:3], ""), "ends before"},
			{"half a line", good[:len(good)-20], "ends before"},
			{"a row less", lines[0] + lines[1] + lines[3], "read row"},
			{"a row more", lines[0] + lines[1] + lines[2] + lines[2] + lines[3], "last line does not read"},
			{"a letter", strings.Replace(good, `"h2"`, `"h3"`, 1), "damaged"},
			{"a row count", strings.Replace(good, `"rows":2,"sha256"`, `"rows":3,"sha256"`, 1), "damaged"},
			{"a column's type", strings.Replace(good, `"created_ms","type":"bigint"`, `"created_ms","type":"text"`, 1), "other columns"},
			{"a value's type", strings.Replace(good, `["h1","h1",1,`, `["h1","h1","1",`, 1), "created_ms"},
			{"a value more", strings.Replace(good, `["h1",`, `["h1","h1",`, 1), "5 columns"},
			{"a table", strings.Replace(good, `"name":"households"`, `"name":"homes"`, 1), `"homes"`},
			{"an older schema", strings.Replace(good, `"schema":5`, `"schema":4`, 1), "schema version 4"},
			{"more behind it", good + "\n", "more behind"},
			{"a key twice", strings.Replace(good, `["h2"`, `["h1"`, 1), ""},
		} {
			if c.dump == good {
				t.Fatalf("%s: the dump was not changed", c.name)
			}
			if err := into.Load(t.Context(), strings.NewReader(c.dump)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v, want an error with %q", c.name, err, c.want)
			}
			if n := households(t, into); n != 0 {
				t.Fatalf("%s: %d rows are there", c.name, n)
			}
		}
		if err := into.Load(t.Context(), io.MultiReader(strings.NewReader(good[:50]), broken{})); !errors.Is(err, errBroken) {
			t.Errorf("the reader's error is %v", err)
		}
		if err := into.Load(t.Context(), strings.NewReader(good)); err != nil || households(t, into) != 2 {
			t.Errorf("the good one after them: %v", err)
		}
		if err := d.Dump(t.Context(), broken{}); !errors.Is(err, errBroken) {
			t.Errorf("the writer's error is %v", err)
		}
	})
}

var errBroken = errors.New("broken")

type broken struct{}

func (broken) Read([]byte) (int, error)  { return 0, errBroken }
func (broken) Write([]byte) (int, error) { return 0, errBroken }

// TestDumpIsOfOneMoment writes rows of two tables between the lines of a dump: no
// foreign key in it may point at nothing, and the counts of its head must hold.
func TestDumpIsOfOneMoment(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open func(t *testing.T) *db.DB) {
		d, into := filled(t, open(t)), open(t)
		ctx := t.Context()
		var dump bytes.Buffer
		w := writes(func(b []byte) (int, error) {
			err := d.Write(ctx, func(tx *sql.Tx) error { return addPair(ctx, tx, dump.Len()) })
			if err != nil {
				return 0, err
			}
			return dump.Write(b)
		})
		if err := d.Dump(ctx, w); err != nil {
			t.Fatal(err)
		}
		if err := into.Load(ctx, &dump); err != nil {
			t.Fatal(err)
		}
		if n, left := households(t, into), households(t, d); n != 8 || left < 10 {
			t.Errorf("%d households in the dump of 8, and %d after it", n, left)
		}
	})
}

func addPair(ctx context.Context, tx *sql.Tx, n int) error {
	if _, err := tx.ExecContext(ctx, `INSERT INTO households (id, label, created_ms) VALUES ('late' || $1, '', 1)`, strings.Repeat("x", n%1000)); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO devices (id, household_id, name, version, enrolled_ms) VALUES ('late' || $1, 'late' || $1, '', '', 1)`, strings.Repeat("x", n%1000))
	return err
}

type writes func([]byte) (int, error)

func (w writes) Write(b []byte) (int, error) { return w(b) }

func TestTablesInOrder(t *testing.T) {
	var both [2][]string
	for i, where := range []string{filepath.Join(t.TempDir(), "hub.db"), dbtest.Postgres(t)} {
		tables, err := open(t, where).Tables(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		both[i] = tables
		for _, order := range [][]string{{"users", "sessions"}, {"households", "devices", "cameras", "views"}, {"cases", "wants"}} {
			last := -1
			for _, name := range order {
				if at := slices.Index(tables, name); at <= last {
					t.Errorf("%s stands at %d of %v, behind %d", name, at, tables, last)
				} else {
					last = at
				}
			}
		}
	}
	if !slices.Equal(both[0], both[1]) || slices.Contains(both[0], "goose_db_version") {
		t.Errorf("tables of SQLite %v, of PostgreSQL %v", both[0], both[1])
	}
}

func TestSizeGrows(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open func(t *testing.T) *db.DB) {
		d := open(t)
		before, err := d.Size(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		after, err := filled(t, d).Size(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		// 1,000 views and 200 kB that compress well.
		if grown := after - before; before <= 0 || grown < 60_000 || grown > 2_000_000 {
			t.Errorf("%d bytes, then %d", before, after)
		}
	})
}
