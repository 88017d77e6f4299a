package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"

	"github.com/mattn/go-sqlite3"
)

// connector opens connections on which $1 is the first argument wherever it
// stands in the statement. SQLite itself takes $1 for a name and counts names in
// the order in which they first appear (sqlite.org/lang_expr.html, "Parameters"),
// so "SET a = $2 WHERE id = $1" would get its arguments the wrong way round.
type connector struct{ source string }

func (c connector) Connect(context.Context) (driver.Conn, error) {
	opened, err := c.Driver().Open(c.source)
	if err != nil {
		return nil, err
	}
	conn, ok := opened.(*sqlite3.SQLiteConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("driver opened a %T", opened), opened.Close())
	}
	return numbered{conn}, nil
}

func (c connector) Driver() driver.Driver { return &sqlite3.SQLiteDriver{} }

// numbered is a connection that gives each argument its number as its name.
type numbered struct{ *sqlite3.SQLiteConn }

// CheckNamedValue is called by database/sql for every argument of a statement.
func (numbered) CheckNamedValue(v *driver.NamedValue) error {
	value, err := driver.DefaultParameterConverter.ConvertValue(v.Value)
	if err != nil {
		return err
	}
	v.Name, v.Value = strconv.Itoa(v.Ordinal), value
	return nil
}
