package db

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/pressly/goose/v3"
)

// dialect is one of the two databases that the migrations are written for.
//
// What stands between a line "-- sqlite:" or "-- postgres:" and the next line
// "-- end" is for that one alone; all else is for both.
type dialect struct {
	name  string
	goose goose.Dialect
}

var (
	sqlite   = dialect{"sqlite", goose.DialectSQLite3}
	postgres = dialect{"postgres", goose.DialectPostgres}
)

// only is the files as this database reads them.
func (d dialect) only(files fs.FS) fs.FS { return filtered{files, d} }

// filtered is a folder whose .sql files hold one dialect. It is read through
// ReadFile; folders and the names in them are as they are.
type filtered struct {
	fs.FS
	dialect dialect
}

// Open is for fs.Glob's and fs.ReadDir's look at folders, and for readers of files.
func (f filtered) Open(name string) (fs.File, error) {
	if path.Ext(name) != ".sql" {
		return f.FS.Open(name)
	}
	text, err := f.ReadFile(name)
	if err != nil {
		return nil, err
	}
	of, err := f.FS.Open(name)
	if err != nil {
		return nil, err
	}
	return part{of, bytes.NewReader(text)}, nil
}

// ReadFile cuts out what is for the other database. Lines are blanked rather than
// left out, so that an error's line number is the file's.
func (f filtered) ReadFile(name string) ([]byte, error) {
	text, err := fs.ReadFile(f.FS, name)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(string(text), "\n")
	of := "" // whose part this is
	for i, line := range lines {
		switch strings.TrimSpace(line) {
		case "-- sqlite:", "-- postgres:":
			if of != "" {
				return nil, fmt.Errorf("%s:%d: a part for one database inside the one for %s", name, i+1, of)
			}
			of, lines[i] = strings.Trim(line, "-: "), ""
		case "-- end":
			if of == "" {
				return nil, fmt.Errorf("%s:%d: the end of no part", name, i+1)
			}
			of, lines[i] = "", ""
		default:
			if of != "" && of != f.dialect.name {
				lines[i] = ""
			}
		}
	}
	if of != "" {
		return nil, fmt.Errorf("%s: the part for %s has no end", name, of)
	}
	return []byte(strings.Join(lines, "\n")), nil
}

// part is a file of which only some is read.
type part struct {
	fs.File
	text io.Reader
}

func (p part) Read(b []byte) (int, error) { return p.text.Read(b) }
