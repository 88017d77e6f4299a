package db_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"xulang.vn/camera/hub/db"
)

func TestPartsForOneDatabase(t *testing.T) {
	const both = "a\n  -- sqlite:\nb\n-- end\nc\n-- postgres:\nd\n-- postgresql: e\n-- end\nf"
	for _, c := range []struct {
		text, sqlite, postgres string // what is read; an error as its words
	}{
		{both, "a\n\nb\n\nc\n\n\n\n\nf", "a\n\n\n\nc\n\nd\n-- postgresql: e\n\nf"},
		{"", "", ""},
		{"-- the end\n", "-- the end\n", "-- the end\n"},
		{"a\n-- end\n", "x.sql:2: the end of no part", "x.sql:2: the end of no part"},
		{"-- sqlite:\n-- postgres:\n-- end", "x.sql:2: a part", "x.sql:2: a part"},
		{"a\n-- postgres:\nb", "the part for postgres has no end", "the part for postgres has no end"},
	} {
		for _, forPostgres := range []bool{false, true} {
			want := c.sqlite
			if forPostgres {
				want = c.postgres
			}
			files := db.Migrations(forPostgres, fstest.MapFS{"x.sql": {Data: []byte(c.text)}, "x.txt": {Data: []byte(c.text)}})
			got, err := fs.ReadFile(files, "x.sql")
			if err != nil && !strings.Contains(err.Error(), want) || err == nil && string(got) != want {
				t.Errorf("PostgreSQL %v, %q: got %q, %v, want %q", forPostgres, c.text, got, err, want)
			}
		}
	}
}

// TestMigrationsAreWholeFiles: what fs.FS promises holds of the filtered folder.
func TestMigrationsAreWholeFiles(t *testing.T) {
	files := fstest.MapFS{"1.sql": {Data: []byte("a\n-- sqlite:\nb\n-- end\n")}, "2.sql": {Data: []byte("c")}}
	for _, forPostgres := range []bool{false, true} {
		of := db.Migrations(forPostgres, files)
		names, err := fs.Glob(of, "*.sql")
		if err != nil || len(names) != 2 {
			t.Errorf("files %v, %v", names, err)
		}
		f, err := of.Open("1.sql")
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 100)
		n, err := f.Read(b)
		if whole, _ := fs.ReadFile(of, "1.sql"); err != nil || string(b[:n]) != string(whole) {
			t.Errorf("opened %q, read %q, %v", b[:n], whole, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}
