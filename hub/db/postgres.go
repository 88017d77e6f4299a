package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// Advisory locks of one PostgreSQL database (its manual, 13.3.5): who writes, and
// who brings the schema up to date.
const (
	writerLock  int64 = 0x78756c616e67 // "xulang"
	migrateLock int64 = writerLock + 1
)

// oldest is the first PostgreSQL that is tested, as server_version_num.
const oldest = 150000

func openPostgres(ctx context.Context, dsn string) (*DB, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		// The reason quotes parts of the string, and a password with a stray sign
		// in it can be any of them.
		return nil, errors.New("the connection string of PostgreSQL does not read: it is postgres://user:password@host:5432/name, " +
			"with %XX for signs in the password that have a meaning in addresses, or host=… user=… password=… dbname=…")
	}
	if _, ok := config.RuntimeParams["application_name"]; !ok {
		config.RuntimeParams["application_name"] = "xulang-hub"
	}
	if err := migratePostgres(ctx, config); err != nil {
		return nil, err
	}
	return &DB{
		write: sql.OpenDB(plainly{stdlib.GetConnector(*session(config, map[string]string{
			"synchronous_commit": "on", // what Write promises
			// A hub that hangs inside Write, or whose machine is gone, must not keep
			// the other hubs from writing.
			"idle_in_transaction_session_timeout": "60s",
			"tcp_keepalives_idle":                 "15",
			"tcp_keepalives_interval":             "5",
			"tcp_keepalives_count":                "3",
		}))}),
		read: sql.OpenDB(plainly{stdlib.GetConnector(*session(config, map[string]string{
			"default_transaction_read_only": "on",
		}))}),
		postgres: true,
	}, nil
}

// session is a copy of the configuration with settings for its connections. What
// the connection string itself sets stays, but never what keeps readers from writing.
func session(config *pgx.ConnConfig, settings map[string]string) *pgx.ConnConfig {
	config = config.Copy()
	for name, value := range settings {
		if _, own := config.RuntimeParams[name]; !own || name == "default_transaction_read_only" {
			config.RuntimeParams[name] = value
		}
	}
	return config
}

// migratePostgres brings the schema up to date while no other hub does: of two
// that start at once the second finds everything done.
func migratePostgres(ctx context.Context, config *pgx.ConnConfig) error {
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("connect for migration: %w", err)
	}
	// The lock ends with its connection.
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if err := suits(ctx, conn); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, migrateLock); err != nil {
		return fmt.Errorf("wait for another hub's migration: %w", err)
	}
	return migrate(ctx, postgres, sql.OpenDB(stdlib.GetConnector(*config)))
}

// suits refuses a database in which the rooms' text would mean something else than
// in SQLite: rows are merged in the order of their ids' bytes, and labels are UTF-8.
func suits(ctx context.Context, conn *pgx.Conn) error {
	var version int
	var encoding string
	var bytewise bool
	err := conn.QueryRow(ctx, `SELECT current_setting('server_version_num')::int, current_setting('server_encoding'),
		'B' < 'a' AND 'a-c' < 'ab'`).Scan(&version, &encoding, &bytewise)
	switch {
	case err != nil:
		return fmt.Errorf("ask PostgreSQL what it is: %w", err)
	case version < oldest:
		return fmt.Errorf("this is PostgreSQL %d: 15 or newer is needed", version/10000)
	case encoding != "UTF8" || !bytewise:
		return errors.New("the PostgreSQL database must keep UTF-8 and sort by bytes: " +
			"make it with CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'")
	}
	return nil
}

// becomeWriter waits until no other transaction of Write is open in this database.
// The lock ends with the transaction. Under READ COMMITTED every statement after it
// sees all that the writers before committed (PostgreSQL manual, 13.2.1).
func becomeWriter(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, writerLock); err != nil {
		return fmt.Errorf("wait for the other writer: %w", err)
	}
	return nil
}

// plainly opens connections that take the same Go values as SQLite's: what is a
// driver.Valuer or of a kind of string or number goes as that plain value.
type plainly struct{ driver.Connector }

func (p plainly) Connect(ctx context.Context) (driver.Conn, error) {
	opened, err := p.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	conn, ok := opened.(*stdlib.Conn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("driver opened a %T", opened), opened.Close())
	}
	return plain{conn}, nil
}

type plain struct{ *stdlib.Conn }

// CheckNamedValue is called by database/sql for every argument of a statement.
// Lists pass as they are, for "= ANY($1)" and unnest, which only PostgreSQL has.
// Its text holds neither a zero byte nor what is not UTF-8; as SQLite takes both,
// one such sign in a label must not refuse a whole message: it becomes U+FFFD.
func (plain) CheckNamedValue(v *driver.NamedValue) error {
	switch v.Value.(type) {
	case []string, []int64, [][]byte:
		return nil
	}
	value, err := driver.DefaultParameterConverter.ConvertValue(v.Value)
	if err != nil {
		return err
	}
	if text, ok := value.(string); ok {
		value = strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\x00", "\ufffd")
	}
	v.Value = value
	return nil
}
