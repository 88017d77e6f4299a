package db_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pressly/goose/v3"

	"xulang.vn/camera/hub/db"
	"xulang.vn/camera/hub/db/dbtest"
)

// schemaOf brings a new file to a version, as a program of that time did, and runs
// statements on it.
func schemaOf(t *testing.T, path string, version int64, statements ...string) {
	t.Helper()
	w, err := sql.Open("sqlite3", "file:"+path+"?_journal_mode=WAL&_foreign_keys=true")
	if err != nil {
		t.Fatal(err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, w, db.Migrations(false, os.DirFS("migrations")), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
	for _, s := range statements {
		if _, err := w.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// text reads rows as one line each, NULL as "-".
func text(t *testing.T, d *db.DB, query string) string {
	t.Helper()
	return lines(t, d.Read(), query)
}

func lines(t *testing.T, from *sql.DB, query string) string {
	t.Helper()
	rows, err := from.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for rows.Next() {
		values, into := make([]sql.NullString, len(names)), make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		words := make([]string, len(names))
		for i, v := range values {
			if words[i] = v.String; !v.Valid {
				words[i] = "-"
			}
		}
		lines = append(lines, strings.Join(words, "|"))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

// TestFirstSchemaIsOpened: a hub that was installed before the recorder keeps what
// it had, to the letter.
func TestFirstSchemaIsOpened(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hub.db")
	sum, prev := strings.Repeat("ab", 32), strings.Repeat("cd", 32)
	schemaOf(t, path, 1,
		`INSERT INTO households VALUES ('h1', 'Nhà số 1', 1)`,
		`INSERT INTO devices VALUES ('U1', 'h1', 'hộp', '0.1.0', 2, 3, NULL)`,
		`INSERT INTO cameras VALUES ('c1', 'h1', 'U1', 'SN', 1, 'Cổng', 'clip', NULL, 0, 1, 1, 'recording', 4, '', 'h264', 5)`,
		`INSERT INTO views VALUES ('c1', 5, NULL, 106.5, 22, 90, 80, 40)`,
		`INSERT INTO segments VALUES ('c1', '00000000000000aa', 0, 1000, 7000, 5990, NULL, 0, -12, 7, 500, 80, '`+sum+`', '', 'avc1.64001f', 1920, 1080, 'stored', 7100)`,
		`INSERT INTO segments VALUES ('c1', '00000000000000aa', 1, 7000, 13000, 6000, 7040, 1, 0, 0, 600, 80, '`+prev+`', '`+sum+`', 'avc1.64001f', 1920, 1080, 'home', 13100)`,
		`INSERT INTO gaps VALUES ('c1', 20000, 30000, 'camera-off', 30100)`,
		`INSERT INTO gaps VALUES ('c1', 13000, 20000, 'disk', 20100)`,
		`INSERT INTO gaps VALUES ('c2', 13000, 20000, 'paused', 20100)`)
	before := []string{
		`SELECT id, label, created_ms FROM households`,
		`SELECT id, household_id, name, version, enrolled_ms, seen_ms, revoked_ms FROM devices`,
		`SELECT id, household_id, device_id, serial, channel, label, consent, consent_ms, paused, sound, shared, state, since_ms, detail, codec, registered_ms FROM cameras`,
		`SELECT * FROM views`,
		`SELECT camera_id, run, seq, start_ms, end_ms, media_ms, sender_report_ms, clock_sync, clock_offset_ms, clock_bound_ms,
			size, init_size, sha256, prev, codec, width, height, state, received_ms FROM segments ORDER BY seq`,
		`SELECT camera_id, start_ms, end_ms, cause, received_ms FROM gaps ORDER BY camera_id, start_ms`,
	}
	kept := []string{
		"h1|Nhà số 1|1",
		"U1|h1|hộp|0.1.0|2|3|-",
		"c1|h1|U1|SN|1|Cổng|clip|-|false|true|true|recording|4||h264|5",
		"c1|5|-|106.5|22|90|80|40",
		"c1|00000000000000aa|0|1000|7000|5990|-|false|-12|7|500|80|" + sum + "||avc1.64001f|1920|1080|stored|7100\n" +
			"c1|00000000000000aa|1|7000|13000|6000|7040|true|0|0|600|80|" + prev + "|" + sum + "|avc1.64001f|1920|1080|home|13100",
		"c1|13000|20000|disk|20100\nc1|20000|30000|camera-off|30100\nc2|13000|20000|paused|20100",
	}
	added := map[string]string{
		`SELECT stream, key_size, key_sha256, activity, signature FROM segments`:               "|0|||\n|0|||",
		`SELECT stream, signature FROM gaps`:                                                   "|\n|\n|",
		`SELECT verified_ms, uplink FROM cameras`:                                              "-|",
		`SELECT spool_used, spool_days, temperature, clock_sync, clock_offset_ms FROM devices`: "-|-|-|-|-",
		`SELECT count(*) FROM clocks`:                                                          "0",
		`SELECT count(*) FROM wants`:                                                           "0",
		`SELECT max(version_id) FROM goose_db_version`:                                         "5",
		`SELECT sql FROM sqlite_master WHERE name = 'gaps_end' AND tbl_name = 'gaps'`:          "CREATE INDEX gaps_end ON gaps (camera_id, stream, end_ms)",
		`SELECT count(*) FROM pragma_foreign_key_check`:                                        "0",
		`PRAGMA integrity_check`:                                                               "ok",
		`SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit%'`:     "2",
		`SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name NOT IN ('gaps', 'clocks', 'wants') AND name LIKE 'gaps%'`: "0",
	}
	for round := range 2 { // the second time it is up to date
		d, err := db.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		for i, query := range before {
			if got := text(t, d, query); got != kept[i] {
				t.Errorf("opened %d times: %s\n%s, want\n%s", round+1, query, got, kept[i])
			}
		}
		for query, want := range added {
			if got := text(t, d, query); got != want {
				t.Errorf("opened %d times: %s\n%s, want\n%s", round+1, query, got, want)
			}
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
	d := open(t, path)
	err := d.Write(t.Context(), func(tx *sql.Tx) error {
		for _, stream := range []string{"sub", ""} { // of one camera at one moment: one gap for each stream
			_, err := tx.ExecContext(t.Context(), `INSERT INTO gaps (camera_id, stream, start_ms, end_ms, cause, received_ms) VALUES ('c1', $1, 13000, 14000, 'disk', 1)`, stream)
			if err != nil {
				return fmt.Errorf("gap of stream %q: %w", stream, err)
			}
		}
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), `of stream ""`) {
		t.Errorf("a second gap of the main stream, and a first of the sub stream: %v", err)
	}
}

// second are rows of every table as a hub of the second schema wrote them.
var second = []string{
	`INSERT INTO users VALUES ('u1', 'ba', 'Ba', 'officer', 'commune', '$argon2id$', 1)`,
	`INSERT INTO sessions VALUES ('aa', 'u1', 2, 3)`,
	`INSERT INTO setup VALUES ('setup', 'bb', 1)`,
	`INSERT INTO households VALUES ('h1', 'Nhà số 1', 1)`,
	`INSERT INTO devices (id, household_id, name, version, enrolled_ms, seen_ms, spool_used, spool_days, waiting, temperature, clock_sync, clock_offset_ms, clock_bound_ms)
		VALUES ('U1', 'h1', 'hộp', '0.1.0', 2, 3, 1024, 7.5, 4, 61.5, 1, -3, 5)`,
	`INSERT INTO devices (id, household_id, name, version, enrolled_ms, revoked_ms) VALUES ('U2', 'h1', '', '', 2, 9)`,
	`INSERT INTO invitations VALUES ('cc', 'h1', 1, 600001, 2, 'U1')`,
	`INSERT INTO cameras (id, household_id, device_id, serial, channel, label, consent, consent_ms, paused, sound, shared, state, since_ms, detail, codec, registered_ms, verified_ms, uplink)
		VALUES ('c1', 'h1', 'U1', 'SN', 1, 'Cổng', 'clip', 99, 1, 1, 1, 'recording', 4, 'x', 'h264', 5, 6, 'sub')`,
	`INSERT INTO views VALUES ('c1', 5, 8, 106.5, 22, 90, 80, 40)`,
	`INSERT INTO views VALUES ('c1', 8, NULL, 106.5, 22, 95, 80, 40)`,
	`INSERT INTO presence VALUES ('U1', 3, 4)`,
	`INSERT INTO presence VALUES ('U1', 5, NULL)`,
	`INSERT INTO clocks VALUES ('c1', 'agent', 7, 1, -3, 5)`,
	`INSERT INTO segments (camera_id, run, seq, start_ms, end_ms, media_ms, sender_report_ms, clock_sync, clock_offset_ms, clock_bound_ms, size, init_size,
		sha256, prev, codec, width, height, state, received_ms, stream, key_size, key_sha256, activity, signature)
		VALUES ('c1', '00000000000000aa', 0, 1000, 7000, 5990, NULL, 0, -12, 7, 500, 80, 'ab', '', 'avc1.64001f', 1920, 1080, 'stored', 7100, 'sub', 90, 'cd', '0a0b', 'sig')`,
	`INSERT INTO gaps VALUES ('c1', 'sub', 20000, 30000, 'camera-off', 30100, 'sig')`,
	`INSERT INTO cases VALUES ('k1', '01/2026', 'criminal', 'điều 1', 'mất xe', 'commune', 'u1', 10, NULL)`,
	`INSERT INTO wants VALUES ('w1', 'k1', 'c1', 1000, 7000, 1, 'u1', 11, NULL)`,
	`INSERT INTO audit VALUES (1, 12, 'u1', 'Ba', 'officer', 'search', 'k1', 'c1', 'detail', '')`,
}

// third is what a hub of the third schema wrote beside the rows of the second.
var third = []string{
	`INSERT INTO invitations VALUES ('ab', 'cd', 'h1', 1, 600001, 2, 'U1')`,
	`UPDATE households SET lon = 106.5, lat = 22.25`,
	`UPDATE devices SET boot = 'b2', boots = 'b1 b0', quarantined_ms = 8, left_ms = 9, selftest = '{}', selftest_ms = 10 WHERE id = 'U2'`,
	`UPDATE cameras SET consent_for = '{"criminal":"clip"}', consent_from = 60, consent_to = 120, aim = 'moved', aim_ms = 12`,
	`INSERT INTO receipts VALUES ('R1', 'c1', 'U1', '{"n":1}', 1, 2)`,
	`INSERT INTO segments (camera_id, run, seq, start_ms, end_ms, media_ms, clock_sync, clock_offset_ms, clock_bound_ms, size, init_size,
		sha256, prev, codec, width, height, state, received_ms, origin, recorder_offset_ms, recorder_bound_ms)
		VALUES ('c1', '00000000000000bb', 0, 1000, 7000, 5990, 1, -12, 7, 500, 80, 'ab', '', 'avc1.64001f', 1920, 1080, 'home', 7100, 'recorder', -5, 3)`,
	`INSERT INTO pasts VALUES ('c1', 100, 200)`,
	`INSERT INTO past_clocks VALUES ('c1', 1, -2, 3)`,
	`UPDATE wants SET asked_ms = 12, answer = 'granted', answered_ms = 13, signature = 'sig', signed_ms = 14`,
	`INSERT INTO wants (id, case_id, camera_id, from_ms, to_ms, with_bytes, made_by, made_ms, ended_ms, answer) VALUES ('w2', 'k1', 'c1', 1000, 7000, 0, 'u1', 11, 12, 'silent')`,
}

// kept opens a file of an older schema with this program and compares each row of
// each table it had, but of those named.
func kept(t *testing.T, path string, tables int, but ...string) *db.DB {
	t.Helper()
	names := strings.Split(was(t, path, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'goose%' ORDER BY name`), "\n")
	if len(names) != tables {
		t.Fatalf("tables %v: a row of each belongs into this test", names)
	}
	queries, rows := map[string]string{}, map[string]string{}
	for _, table := range names {
		columns := strings.ReplaceAll(was(t, path, `SELECT name FROM pragma_table_info('`+table+`')`), "\n", ", ")
		queries[table] = `SELECT ` + columns + ` FROM ` + table + ` ORDER BY 1, 2, 3`
		if rows[table] = was(t, path, queries[table]); rows[table] == "" {
			t.Fatalf("no row of %s", table)
		}
	}
	d := open(t, path)
	for _, table := range names {
		if slices.Contains(but, table) {
			continue
		}
		if got := text(t, d, queries[table]); got != rows[table] {
			t.Errorf("%s: %s, want\n%s", table, got, rows[table])
		}
	}
	return d
}

func answers(t *testing.T, d *db.DB, of map[string]string) {
	t.Helper()
	for query, want := range of {
		if got := text(t, d, query); got != want {
			t.Errorf("%s\n%s, want\n%s", query, got, want)
		}
	}
}

// TestSecondSchemaIsOpened: a hub from before joining keeps every row of every table
// but invitations, whose codes lived for ten minutes and would prove nothing.
func TestSecondSchemaIsOpened(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hub.db")
	schemaOf(t, path, 2, second...)
	answers(t, kept(t, path, 15, "invitations"), map[string]string{
		`SELECT count(*) FROM invitations`:                                                                          "0",
		`SELECT lon, lat FROM households`:                                                                           "-|-",
		`SELECT boot, boots, quarantined_ms, left_ms, selftest, selftest_ms FROM devices`:                           "||-|-|-|-\n||-|-|-|-",
		`SELECT consent_for, consent_from, consent_to, aim, aim_ms FROM cameras`:                                    "|0|0||-",
		`SELECT origin, recorder_offset_ms, recorder_bound_ms FROM segments`:                                        "|0|0",
		`SELECT asked_ms, answer, answered_ms, signature, signed_ms FROM wants`:                                     "-||-||-",
		`SELECT count(*) FROM receipts`:                                                                             "0",
		`SELECT count(*) FROM pragma_foreign_key_check`:                                                             "0",
		`PRAGMA integrity_check`:                                                                                    "ok",
		`SELECT group_concat(name, ' ') FROM (SELECT name FROM sqlite_master WHERE type = 'trigger' ORDER BY name)`: "audit_kept audit_unchanged clocks_unchanged receipts_unchanged",
	})
}

// TestThirdSchemaIsOpened: a hub from before the index was packed keeps every row of
// every table; its segments are hub/index's to move. What it became then goes to
// PostgreSQL and back without a change.
func TestThirdSchemaIsOpened(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hub.db")
	schemaOf(t, path, 2, second...)
	schemaOf(t, path, 3, third...)
	d := kept(t, path, 18)
	answers(t, d, map[string]string{
		`SELECT keep_days FROM cameras`: "0",
		`SELECT (SELECT count(*) FROM fresh) + (SELECT count(*) FROM hours) + (SELECT count(*) FROM hour_activity) + (SELECT count(*) FROM run_hours)`: "0",
		`SELECT (SELECT count(*) FROM expiries) + (SELECT count(*) FROM checks) + (SELECT count(*) FROM road_zeros)`:                                   "0",
		`SELECT count(*) FROM pragma_foreign_key_check`: "0",
		`PRAGMA integrity_check`:                        "ok",
		`SELECT max(version_id) FROM goose_db_version`:  "5",
	})
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

// was reads a file with the plain driver, which migrates nothing; see text.
func was(t *testing.T, path, query string) string {
	t.Helper()
	w, err := sql.Open("sqlite3", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return lines(t, w, query)
}

// TestBrokenMigrationChangesNothing: a file that the second schema cannot be made
// of opens as before once it is put right.
func TestBrokenMigrationChangesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hub.db")
	schemaOf(t, path, 1,
		`INSERT INTO gaps VALUES ('c1', 13000, 20000, 'disk', 20100)`,
		`CREATE TABLE clocks (in_the_way text)`)
	if _, err := db.Open(t.Context(), path); err == nil || !strings.Contains(err.Error(), "clocks") {
		t.Fatalf("a table is in the way: %v", err)
	}
	schemaOf(t, path, 1, `DROP TABLE clocks`)
	d := open(t, path)
	if got := text(t, d, `SELECT * FROM gaps`); got != "c1||13000|20000|disk|20100|" {
		t.Errorf("gaps %q", got)
	}
}
