package dbtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"testing"

	"xulang.vn/camera/hub/db"
)

// Postgres is the connection string of a fresh database, with the hub's schema in
// it, of a PostgreSQL server that lives as long as this test process. After the test
// the database may serve another. Without PostgreSQL on the machine the test fails.
func Postgres(t testing.TB) string {
	t.Helper()
	s, err := started()
	if err != nil {
		t.Fatalf("these tests need a PostgreSQL of their own: %v", err)
	}
	name, err := s.take(t.Context())
	if err != nil {
		t.Fatalf("make database: %v", err)
	}
	t.Cleanup(func() {
		if err := s.giveBack(context.WithoutCancel(t.Context()), name); err != nil {
			t.Errorf("give database back: %v", err)
		}
	})
	return s.dsn(name)
}

// openedPostgres is Postgres, opened. The connections stay with the database for the next
// test, as most of a small test's time would be theirs.
func openedPostgres(t testing.TB) *db.DB {
	t.Helper()
	s, err := started()
	if err != nil {
		t.Fatalf("these tests need a PostgreSQL of their own: %v", err)
	}
	s.mu.Lock()
	var w warm
	if n := len(s.warm); n > 0 {
		w, s.warm = s.warm[n-1], s.warm[:n-1]
	}
	s.mu.Unlock()
	if w.db == nil {
		if w, err = s.warmUp(t.Context()); err != nil {
			t.Fatalf("make database: %v", err)
		}
	}
	t.Cleanup(func() {
		if err := s.cool(context.WithoutCancel(t.Context()), w); err != nil {
			t.Errorf("give database back: %v", err)
		}
	})
	return w.db
}

// template is the database that all others are copies of.
const template = "hub"

// server is the one of this process. It is never stopped from here: see keeper.
type server struct {
	cluster
	admin  *sql.DB
	schema string // of the template

	mu   sync.Mutex
	made int      // databases so far
	free []string // empty ones
	warm []warm   // empty ones with open connections
}

// warm is a database with connections: the test's, and one to empty it.
type warm struct {
	name string
	db   *db.DB
	own  *sql.DB
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
	ctx := context.Background() // it outlives the test that happens to be the first
	if _, err := s.admin.ExecContext(ctx, `CREATE DATABASE `+template); err != nil {
		return nil, errors.Join(err, s.admin.Close())
	}
	d, err := db.Open(ctx, s.dsn(template))
	if err != nil {
		return nil, errors.Join(err, s.admin.Close())
	}
	err = d.Read().QueryRowContext(ctx, schemaNow).Scan(&s.schema)
	return s, errors.Join(err, d.Close()) // a copy is made of what nobody uses
})

// take finds an empty database, or makes one, which takes 100 ms.
func (s *server) take(ctx context.Context) (string, error) {
	s.mu.Lock()
	if n := len(s.free); n > 0 {
		name := s.free[n-1]
		s.free = s.free[:n-1]
		s.mu.Unlock()
		return name, nil
	}
	s.made++
	name := fmt.Sprintf("test%d", s.made)
	s.mu.Unlock()
	// Copying the files is quicker than going through the log where nothing is synced.
	_, err := s.admin.ExecContext(ctx, `CREATE DATABASE `+name+` TEMPLATE `+template+` STRATEGY file_copy`)
	return name, err
}

// giveBack ends what still uses the database and empties it. One whose schema a test
// has changed is dropped.
func (s *server) giveBack(ctx context.Context, name string) error {
	if _, err := s.admin.ExecContext(ctx, `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = $1`, name); err != nil {
		return err
	}
	schema, err := s.empty(ctx, name)
	if err != nil {
		return err
	}
	if schema != s.schema {
		_, err := s.admin.ExecContext(ctx, `DROP DATABASE `+name+` WITH (FORCE)`)
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = append(s.free, name)
	return nil
}

func (s *server) empty(ctx context.Context, name string) (schema string, err error) {
	d, err := sql.Open("pgx", s.dsn(name))
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	d.SetMaxOpenConns(1)
	return emptied(ctx, d)
}

func emptied(ctx context.Context, d *sql.DB) (schema string, err error) {
	if _, err := d.ExecContext(ctx, emptyAll); err != nil {
		return "", err
	}
	err = d.QueryRowContext(ctx, schemaNow).Scan(&schema)
	return schema, err
}

func (s *server) warmUp(ctx context.Context) (w warm, err error) {
	if w.name, err = s.take(ctx); err != nil {
		return w, err
	}
	if w.db, err = db.Open(ctx, s.dsn(w.name)); err != nil {
		return w, err
	}
	w.own, err = sql.Open("pgx", s.dsn(w.name))
	if err == nil {
		w.own.SetMaxOpenConns(1)
	}
	return w, err
}

// cool empties the database for another test. When this one has closed it, left a
// query open or changed the schema, its connections are not used again.
func (s *server) cool(ctx context.Context, w warm) error {
	if w.db.Ping(ctx) == nil && w.db.Read().Stats().InUse == 0 {
		if schema, err := emptied(ctx, w.own); err == nil && schema == s.schema {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.warm = append(s.warm, w)
			return nil
		}
	}
	return errors.Join(w.db.Close(), w.own.Close(), s.giveBack(ctx, w.name))
}

// emptyAll empties the tables that have rows; triggers do not see it.
const emptyAll = `DO $$
DECLARE
	name text;
	any_row boolean;
	filled text[] := '{}';
BEGIN
	SET LOCAL session_replication_role = replica;
	SET LOCAL lock_timeout = '10s'; -- a transaction that a test left open
	FOR name IN SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'goose_db_version' LOOP
		EXECUTE 'SELECT EXISTS (SELECT 1 FROM ' || name || ')' INTO any_row;
		IF any_row THEN
			filled := filled || name;
		END IF;
	END LOOP;
	IF cardinality(filled) > 0 THEN
		EXECUTE 'TRUNCATE ' || array_to_string(filled, ', ') || ' CASCADE';
	END IF;
END $$`

// schemaNow tells two schemas apart.
const schemaNow = `SELECT md5(string_agg(part, ';' ORDER BY part)) FROM (
	SELECT 'version ' || version_id AS part FROM goose_db_version
	UNION ALL SELECT nspname::text FROM pg_namespace WHERE nspname NOT LIKE 'pg\_%'
	UNION ALL SELECT c.relname || ' ' || c.relkind::text || ' ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relnamespace = 'public'::regnamespace
	UNION ALL SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
	UNION ALL SELECT pg_get_triggerdef(oid) || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal
	UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
	UNION ALL SELECT array_to_string(setconfig, ',') FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase WHERE d.datname = current_database()
) AS parts`
