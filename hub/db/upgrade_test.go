package db_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"xulang.vn/camera/hub/db/dbtest"
)

// fourth is what a hub of the fourth schema wrote beside the rows of those before.
var fourth = []string{
	`INSERT INTO hours VALUES ('c1', 500000, 2, 3, 1, 3600000, x'00ff27', 4, x'ab')`,
	`INSERT INTO hour_activity VALUES ('c1', 500000, x'0102')`,
	`INSERT INTO run_hours VALUES ('c1', '00000000000000aa', 500000, 0, 2)`,
	`INSERT INTO fresh VALUES ('c1', '00000000000000cc', 0, 'sub', 1000, 7000, 'stored', x'00')`,
	`INSERT INTO expiries VALUES ('e1', 'c1', 499999, 3, 1500, x'', 5, NULL)`,
	`INSERT INTO checks VALUES ('k1', 2, 6, 7, '{}')`,
	`UPDATE cameras SET keep_days = 7, keep_before = 14, keep_since_ms = 8`,
	`INSERT INTO road_zeros VALUES ('r1', 12.5, 3, 1, 'u1', 9)`,
}

// TestFourthSchemaIsOpened: a hub from before tracing keeps every row of every table,
// and has room for a trace then, which goes to PostgreSQL and back without a change.
func TestFourthSchemaIsOpened(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hub.db")
	for i, statements := range [][]string{second, third, fourth} {
		schemaOf(t, path, int64(i)+2, statements...)
	}
	d := kept(t, path, 25)
	answers(t, d, map[string]string{
		`SELECT (SELECT count(*) FROM traces) + (SELECT count(*) FROM marks)`: "0",
		`SELECT count(*) FROM pragma_foreign_key_check`:                       "0",
		`PRAGMA integrity_check`:                                              "ok",
		`SELECT max(version_id) FROM goose_db_version`:                        "5",
	})
	err := d.Write(t.Context(), func(tx *sql.Tx) error {
		for _, s := range []string{
			`INSERT INTO traces VALUES ('k1', 106.5, 22.25, 1000, 2000, 'motorbike', 1000, 9000, 9223372036854775807, 3, 1, 'u1', 10)`,
			`INSERT INTO marks VALUES ('m1', 'k1', 2, 'seen', 'c1', 3000, 4000, 3500, 90.5, '[]', 'u1', 11, NULL, NULL)`,
			`INSERT INTO marks VALUES ('m2', 'k1', 3, 'not-seen', 'c1', 3000, 4000, NULL, NULL, NULL, 'u1', 12, 13, 'u1')`,
		} {
			if _, err := tx.ExecContext(t.Context(), s); err != nil {
				return fmt.Errorf("%s: %w", s, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	first := dumped(t, d)
	there, back := open(t, dbtest.Postgres(t)), open(t, filepath.Join(t.TempDir(), "hub.db"))
	if err := there.Load(t.Context(), strings.NewReader(first)); err != nil {
		t.Fatal(err)
	}
	again := dumped(t, there)
	if err := back.Load(t.Context(), strings.NewReader(again)); err != nil {
		t.Fatal(err)
	}
	if again != first || dumped(t, back) != first {
		t.Error("a row changed on its way to PostgreSQL and back")
	}
}
