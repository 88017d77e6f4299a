package db

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate applies what is missing, each file in a transaction of its own, and
// closes w. A failure leaves the files before it applied and the failed one not at
// all.
func migrate(ctx context.Context, of dialect, w *sql.DB) (err error) {
	defer func() { err = errors.Join(err, w.Close()) }()
	w.SetMaxOpenConns(1)
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	p, err := goose.NewProvider(of.goose, w, of.only(files), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	has, known, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if has > known {
		return fmt.Errorf("its schema is version %d and this program knows only up to %d: "+
			"start the newer program that last used it, or restore a backup from before", has, known)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate schema: %w", err)
	}
	return nil
}
