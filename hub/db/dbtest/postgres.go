package dbtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"xulang.vn/camera/hub/db"
)

// Postgres is the connection string of a fresh database, with the hub's schema in
// it, of a PostgreSQL server that lives as long as this test process. The database
// is dropped with the test. Without PostgreSQL on the machine the test fails.
func Postgres(t testing.TB) string {
	t.Helper()
	s, err := started()
	if err != nil {
		t.Fatalf("these tests need a PostgreSQL of their own: %v", err)
	}
	name := fmt.Sprintf("test%d", s.made.Add(1))
	// A copy of files is quicker than one through the log where nothing is synced.
	if _, err := s.admin.ExecContext(t.Context(), `CREATE DATABASE `+name+` TEMPLATE `+template+` STRATEGY file_copy`); err != nil {
		t.Fatalf("make database: %v", err)
	}
	t.Cleanup(func() {
		_, err := s.admin.ExecContext(context.WithoutCancel(t.Context()), `DROP DATABASE `+name+` WITH (FORCE)`)
		if err != nil {
			t.Errorf("drop database: %v", err)
		}
	})
	return s.dsn(name)
}

// template is the database that all others are copies of.
const template = "hub"

// server is the one of this process. It is never stopped from here: see keeper.
type server struct {
	cluster
	admin *sql.DB
	made  atomic.Int64 // databases so far
}

func (s *server) dsn(name string) string {
	return "host=" + s.folder + " user=" + superuser + " dbname=" + name
}

var started = sync.OnceValues(func() (*server, error) {
	c, err := run()
	if err != nil {
		return nil, err
	}
	s := &server{cluster: c}
	// hub/db brings the driver.
	if s.admin, err = sql.Open("pgx", s.dsn("postgres")); err != nil {
		return nil, err
	}
	ctx := context.Background()
	if _, err := s.admin.ExecContext(ctx, `CREATE DATABASE `+template); err != nil {
		return nil, errors.Join(fmt.Errorf("make database: %w", err), s.admin.Close())
	}
	d, err := db.Open(ctx, s.dsn(template))
	if err == nil {
		err = d.Close()
	}
	return s, err
})
