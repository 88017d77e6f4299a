package db_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"xulang.vn/camera/hub/db"
	"xulang.vn/camera/hub/db/dbtest"
)

// BenchmarkCommits is what one writer at a time costs: durable transactions a second
// of one row each, from one caller, from 16 that queue, and from 16 whose rows one
// transaction takes together, as rooms do that have many.
//
// The server of the tests forgets with the power; here it syncs, as everywhere else.
func BenchmarkCommits(b *testing.B) {
	for _, kind := range []string{"sqlite", "postgres"} {
		d, err := db.Open(b.Context(), whereDurable(b, kind))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() {
			if err := d.Close(); err != nil {
				b.Error(err)
			}
		})
		var made atomic.Int64
		add := func(b *testing.B, rows int) {
			err := d.Write(b.Context(), func(tx *sql.Tx) error {
				for range rows {
					if err := addHousehold(b.Context(), fmt.Sprint(made.Add(1)))(tx); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Error(err)
			}
		}
		for _, c := range []struct {
			name          string
			callers, rows int
		}{{"1-caller", 1, 1}, {"16-callers", 16, 1}, {"16-rows-together", 1, 16}} {
			b.Run(kind+"/"+c.name, func(b *testing.B) {
				var left atomic.Int64
				left.Store(int64(b.N))
				var wg sync.WaitGroup
				for range c.callers {
					wg.Go(func() {
						for left.Add(-1) >= 0 {
							add(b, c.rows)
						}
					})
				}
				wg.Wait()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
				b.ReportMetric(float64(b.N*c.rows)/b.Elapsed().Seconds(), "rows/s")
			})
		}
	}
}

func whereDurable(b *testing.B, kind string) string {
	b.Helper()
	if kind == "sqlite" {
		return filepath.Join(b.TempDir(), "hub.db")
	}
	where := dbtest.Postgres(b)
	server, err := sql.Open("pgx", where)
	if err != nil {
		b.Fatal(err)
	}
	set := func(statements string) {
		for _, s := range strings.Split(statements, "; ") {
			if _, err := server.Exec(s); err != nil {
				b.Errorf("%s: %v", s, err)
			}
		}
	}
	set(`ALTER SYSTEM SET fsync = on; ALTER SYSTEM SET full_page_writes = on; SELECT pg_reload_conf()`)
	b.Cleanup(func() {
		set(`ALTER SYSTEM RESET ALL; SELECT pg_reload_conf()`)
		if err := server.Close(); err != nil {
			b.Error(err)
		}
	})
	return where
}
