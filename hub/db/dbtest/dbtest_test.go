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
