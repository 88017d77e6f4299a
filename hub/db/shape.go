package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// shape is what a dump tells of a table: its columns in their order, each with its
// type. Both databases give the same, as the migrations use five types alone.
type shape struct {
	Name    string   `json:"name"`
	Columns []column `json:"columns"`
	Key     []string `json:"key"`  // columns of the primary key, by which the rows are sorted
	Rows    int64    `json:"rows"` // of this table in the dump
}

type column struct {
	Name string `json:"name"`
	Type string `json:"type"` // text, bigint, boolean, double precision or bytea
}

// shapeOf reads a table's columns from the database's catalogue.
func shapeOf(ctx context.Context, q querier, postgres bool, table string) (shape, error) {
	query := `SELECT name, lower(type), pk FROM pragma_table_info($1) ORDER BY cid`
	if postgres {
		query = `SELECT a.attname::text, format_type(a.atttypid, NULL), COALESCE(array_position(i.indkey::int2[], a.attnum) + 1, 0)
			FROM pg_attribute a LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
			WHERE a.attrelid = to_regclass(quote_ident(current_schema()) || '.' || quote_ident($1::text)) AND a.attnum > 0 AND NOT a.attisdropped
			ORDER BY a.attnum`
	}
	s := shape{Name: table}
	rows, err := q.QueryContext(ctx, query, table)
	if err != nil {
		return s, err
	}
	defer rows.Close()
	key := map[int]string{} // by its place in the key, from 1
	for rows.Next() {
		var c column
		var place int
		if err := rows.Scan(&c.Name, &c.Type, &place); err != nil {
			return s, err
		}
		switch c.Type {
		case "text", "bigint", "boolean", "double precision", "bytea":
		default:
			return s, fmt.Errorf("column %s.%s is a %s, which is not the same in both databases", table, c.Name, c.Type)
		}
		if place > 0 {
			key[place] = c.Name
		}
		s.Columns = append(s.Columns, c)
	}
	for place := range len(key) {
		s.Key = append(s.Key, key[place+1])
	}
	return s, rows.Err()
}

func (s shape) names() string {
	var names []string
	for _, c := range s.Columns {
		names = append(names, c.Name)
	}
	return quoted(names)
}

// quoted is a list of names as SQL wants them.
func quoted(names []string) string {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
	}
	return strings.Join(list, ", ")
}

// into is where a row of the table is scanned to; the same place serves every row.
func (s shape) into() (values []any, pointers []any) {
	values, pointers = make([]any, len(s.Columns)), make([]any, len(s.Columns))
	for i := range values {
		pointers[i] = &values[i]
	}
	return values, pointers
}

// line makes of scanned values what JSON can tell without loss.
func (s shape) line(values []any) ([]byte, error) {
	for i, c := range s.Columns {
		ok := true
		switch v := values[i].(type) {
		case nil:
		case bool:
			ok = c.Type == "boolean"
		case int64:
			ok = c.Type == "bigint"
		case float64:
			if ok = c.Type == "double precision"; math.IsNaN(v) || math.IsInf(v, 0) {
				values[i] = strconv.FormatFloat(v, 'g', -1, 64)
			}
		case string:
			ok = c.Type == "text"
		case []byte: // SQLite's driver gives a text so where the column was written with bytes
			if c.Type == "text" {
				values[i] = string(v)
			} else {
				ok = c.Type == "bytea"
			}
		default:
			ok = false
		}
		if !ok {
			return nil, fmt.Errorf("column %s.%s is a %s and holds a %T", s.Name, c.Name, c.Type, values[i])
		}
	}
	b, err := json.Marshal(values)
	return append(b, '\n'), err
}

// values reads such a line back.
func (s shape) values(line []byte) ([]any, error) {
	var raw []json.RawMessage
	if err := json.Unmarshal(line, &raw); err != nil {
		return nil, fmt.Errorf("read row of %s: %w", s.Name, err)
	}
	if len(raw) != len(s.Columns) {
		return nil, fmt.Errorf("read row of %s: %d values for %d columns", s.Name, len(raw), len(s.Columns))
	}
	values := make([]any, len(raw))
	for i, c := range s.Columns {
		var err error
		if values[i], err = c.value(raw[i]); err != nil {
			return nil, fmt.Errorf("read %s.%s: %w", s.Name, c.Name, err)
		}
	}
	return values, nil
}

func (c column) value(raw json.RawMessage) (any, error) {
	if string(raw) == "null" {
		return nil, nil
	}
	switch c.Type {
	case "text":
		return as[string](raw)
	case "bigint":
		return as[int64](raw)
	case "boolean":
		return as[bool](raw)
	case "bytea":
		return as[[]byte](raw)
	}
	if raw[0] == '"' { // NaN or an infinity
		text, err := as[string](raw)
		if err != nil {
			return nil, err
		}
		return strconv.ParseFloat(text.(string), 64)
	}
	return as[float64](raw)
}

func as[T any](raw json.RawMessage) (any, error) {
	var v T
	err := json.Unmarshal(raw, &v)
	return v, err
}

// version is that of the schema.
func version(ctx context.Context, q querier) (int64, error) {
	var v sql.NullInt64
	err := q.QueryRowContext(ctx, `SELECT max(version_id) FROM goose_db_version`).Scan(&v)
	return v.Int64, err
}
