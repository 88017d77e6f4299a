package hub

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"xulang.vn/camera/hub/cases"
	"xulang.vn/camera/hub/db"
	"xulang.vn/camera/hub/index"
	"xulang.vn/camera/hub/keep"
	"xulang.vn/camera/hub/registry"
	"xulang.vn/camera/hub/store"
)

// shop is the part of a hub that works on what is kept, without anybody being served.
type shop struct {
	db    *db.DB
	store *store.Store
	index *index.Index
	keep  *keep.Keep
}

func openShop(ctx context.Context, cfg Config, out Outside) (*shop, error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	room := func(name string) Outside { out.Log = out.Log.With("room", name); return out }
	s := &shop{}
	var err error
	if s.store, err = openStore(cfg.Store, room("store").Log); err != nil {
		return nil, err
	}
	if s.db, err = openDatabase(ctx, cfg); err != nil {
		return nil, err
	}
	if s.index, err = index.Open(ctx, s.db, s.store.Shelf(cfg.Store.Index), room("index").Log, out.Now); err != nil {
		return nil, errors.Join(err, s.db.Close())
	}
	held := cases.New(cases.Parts{DB: s.db, Now: out.Now}) // nobody looks at anything here
	s.keep = newKeep(s.db, s.index, s.store, cfg.Store.Index, registry.New(s.db, out.Now), held, room("keep").Log, out.Now)
	return s, nil
}

// openThere is openShop for a database that is there already: an empty one in the place
// of one that was lost would make everything that is stored look like nobody's.
func openThere(ctx context.Context, cfg Config, out Outside) (*shop, error) {
	where, err := cfg.database()
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(where); cfg.Database == "" && errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("there is no database %s; is this the right config? A lost one comes back with restore", where)
	}
	return openShop(ctx, cfg, out)
}

// openDatabase opens the one that the config names, in words that tell no password.
func openDatabase(ctx context.Context, cfg Config) (*db.DB, error) {
	where, err := cfg.database()
	if err != nil {
		return nil, err
	}
	d, err := db.Open(ctx, where)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	return d, nil
}

// database is where the database is.
func (c Config) database() (string, error) {
	file, named := strings.CutPrefix(c.Database, "file:")
	switch {
	case c.Database == "":
		return filepath.Join(c.Data, "hub.sqlite"), nil
	case !named:
		return postgres(c.Database)
	}
	text, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		return "", fmt.Errorf("read where the database is: %w", err)
	}
	return postgres(strings.TrimSpace(string(text)))
}

// postgres refuses what hub/db would take for the name of a file, which a slip of the
// pen would make, password and all.
func postgres(where string) (string, error) {
	if db.IsPostgres(where) {
		return where, nil
	}
	return "", errors.New("check config: database begins with none of postgres://, postgresql://, host=")
}

// Check compares the index with the object store; a hub may run meanwhile.
func Check(ctx context.Context, cfg Config, out Outside, w keep.Wish, progress func(keep.Progress)) (r keep.Report, err error) {
	s, err := openThere(ctx, cfg, out)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.db.Close()) }()
	return s.keep.Check(ctx, w, progress)
}

// Backup writes a snapshot into the index bucket now. With a file it also writes there
// what the bucket does not have, the keys of the hub's own certificate, and the
// snapshot beside them.
func Backup(ctx context.Context, cfg Config, out Outside, file string) (snap keep.Snapshot, fresh bool, err error) {
	s, err := openThere(ctx, cfg, out)
	if err != nil {
		return snap, false, err
	}
	defer func() { err = errors.Join(err, s.db.Close()) }()
	if snap, fresh, err = s.keep.Snapshot(ctx); err != nil || file == "" {
		return snap, fresh, err
	}
	return snap, fresh, writeArchive(ctx, file, cfg.Data, s.store.Shelf(cfg.Store.Index), snap)
}

// Restore fills an empty database from the index bucket and what is stored. With a file
// of Backup the certificate's keys come back as well, and its snapshot counts beside
// those of the bucket: the newest one does.
func Restore(ctx context.Context, cfg Config, out Outside, file string, progress func(keep.Rebuilt)) (r keep.Restoration, err error) {
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return r, fmt.Errorf("make data folder: %w", err)
	}
	s, err := openShop(ctx, cfg, out)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.db.Close()) }()
	var shelf keep.Library = s.store.Shelf(cfg.Store.Index)
	if file != "" {
		a, err := readArchive(file)
		if err != nil {
			return r, err
		}
		if err := a.putKeys(cfg.Data); err != nil {
			return r, err
		}
		shelf = overlay{a.snapshots, shelf}
	}
	r, err = keep.Lost{Database: s.db, Index: kept{Index: s.index}, Footage: footage{s.store}, Shelf: shelf, Now: out.Now}.Restore(ctx, progress)
	if err != nil {
		return r, err
	}
	// A household may have taken its consent back since the snapshot: its box tells.
	return r, registry.New(s.db, out.Now).UnshareAll(ctx)
}
