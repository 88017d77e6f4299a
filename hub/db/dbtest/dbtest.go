// Package dbtest gives tests databases: fresh SQLite files, and fresh databases of
// a PostgreSQL that it starts by itself. It is imported by tests alone.
//
// A room whose tests stand on a database runs all of them over both with
//
//	func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }
//
// and opens with dbtest.Open; a single test does it with Each.
package dbtest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"xulang.vn/camera/hub/db"
)

// onPostgres is the database of Main's present round.
var onPostgres bool

// Main runs the tests of a package twice: over SQLite, and over PostgreSQL. Fuzzing
// and listing are done once. The result is for os.Exit.
func Main(m *testing.M) int {
	flag.Parse()
	for _, once := range []string{"test.fuzz", "test.list"} {
		if f := flag.Lookup(once); f != nil && f.Value.String() != "" {
			return m.Run()
		}
	}
	if code := m.Run(); code != 0 {
		fmt.Fprintln(os.Stderr, "the tests above ran over SQLite")
		return code
	}
	onPostgres = true
	code := m.Run()
	if code != 0 {
		fmt.Fprintln(os.Stderr, "the tests above ran over PostgreSQL; over SQLite they passed")
	}
	return code
}

// Open gives a fresh database of the kind that Main's round is about, SQLite where
// there is no Main. It is closed with the test.
func Open(t testing.TB) *db.DB {
	t.Helper()
	if onPostgres {
		return openedPostgres(t)
	}
	return openedFile(t)
}

// Where is what db.Open takes for a fresh database of the kind that Open gives.
func Where(t testing.TB) string {
	t.Helper()
	if onPostgres {
		return Postgres(t)
	}
	return file(t)
}

// Each runs f over both databases, as subtests "sqlite" and "postgres". Each call
// of open gives a fresh one, which is closed with the test that it is given.
func Each(t *testing.T, f func(t *testing.T, open func(t *testing.T) *db.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { f(t, func(t *testing.T) *db.DB { t.Helper(); return openedFile(t) }) })
	t.Run("postgres", func(t *testing.T) { f(t, func(t *testing.T) *db.DB { t.Helper(); return openedPostgres(t) }) })
}

// EachWhere is Each for tests that open by themselves, or twice: each call of where
// makes a fresh database.
func EachWhere(t *testing.T, f func(t *testing.T, where func(t *testing.T) string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { f(t, func(t *testing.T) string { return file(t) }) })
	t.Run("postgres", func(t *testing.T) { f(t, func(t *testing.T) string { return Postgres(t) }) })
}

func file(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "hub.db")
}

func openedFile(t testing.TB) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), file(t))
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
