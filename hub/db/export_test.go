package db

import "io/fs"

// Migrations are the files as SQLite, or as PostgreSQL, reads them.
func Migrations(forPostgres bool, files fs.FS) fs.FS {
	if forPostgres {
		return postgres.only(files)
	}
	return sqlite.only(files)
}
