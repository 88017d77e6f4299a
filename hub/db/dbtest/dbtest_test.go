package dbtest_test

import (
	"database/sql"
	"testing"

	"xulang.vn/camera/hub/db"
	"xulang.vn/camera/hub/db/dbtest"
)

func TestEachIsFresh(t *testing.T) {
	var postgres []bool
	dbtest.Each(t, func(t *testing.T, open func(t *testing.T) *db.DB) {
		for range 2 {
			d := open(t)
			postgres = append(postgres, d.Postgres())
			err := d.Write(t.Context(), func(tx *sql.Tx) error {
				_, err := tx.ExecContext(t.Context(), `INSERT INTO households (id, label, created_ms) VALUES ('h', 'h', 1)`)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
	if len(postgres) != 4 || postgres[0] || postgres[1] || !postgres[2] || !postgres[3] {
		t.Errorf("on PostgreSQL: %v, want two that are not and two that are", postgres)
	}
}

// TestNothingIsLeft of a test in the database of the next, whatever it did.
func TestNothingIsLeft(t *testing.T) {
	for _, harm := range []string{
		`INSERT INTO audit VALUES (1, 2, '', '', '', '', '', '', '', '')`,
		`CREATE TABLE more (id text)`,
		`DROP TRIGGER audit_kept ON audit`,
		`ALTER TABLE users ADD COLUMN more text`,
		`INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, true)`,
		"",
	} {
		dbtest.Each(t, func(t *testing.T, open func(t *testing.T) *db.DB) {
			d := open(t)
			if !d.Postgres() { // a new file each
				return
			}
			var left int
			err := d.Read().QueryRowContext(t.Context(), `SELECT (SELECT count(*) FROM audit)
				+ (SELECT count(*) FROM pg_class WHERE relname = 'more') + (SELECT count(*) FROM pg_attribute WHERE attname = 'more')
				+ (SELECT 2 - count(*) FROM pg_trigger WHERE tgname IN ('audit_kept', 'audit_whole'))
				+ (SELECT count(*) FROM goose_db_version WHERE version_id = 999)`).Scan(&left)
			if err != nil || left != 0 {
				t.Errorf("before %q: %d things are left, %v", harm, left, err)
			}
			if harm == "" {
				return
			}
			err = d.Write(t.Context(), func(tx *sql.Tx) error { _, err := tx.ExecContext(t.Context(), harm); return err })
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}
