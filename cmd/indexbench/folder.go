package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"

	camera "xulang.vn/camera"
)

// folder is an index bucket on the local disk: index.Objects with a file an object.
type folder string

func (f folder) path(name string) string { return filepath.Join(string(f), filepath.FromSlash(name)) }

// Put is durable as far as a file is: it is synced and then gets its name.
func (f folder) Put(_ context.Context, name string, body []byte) error {
	path := f.path(name)
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".new-")
	if err != nil {
		return err
	}
	_, err = file.Write(body)
	return errors.Join(err, file.Sync(), file.Close(), os.Rename(file.Name(), path))
}

// Get is CodeNotFound when there is none.
func (f folder) Get(_ context.Context, name string) ([]byte, error) {
	body, err := os.ReadFile(f.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, camera.Errorf(camera.CodeNotFound, "object %s: none", name)
	}
	return body, err
}

// Delete lets objects go.
func (f folder) Delete(_ context.Context, names ...string) error {
	for _, name := range names {
		if err := os.Remove(f.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// List walks the folder of a prefix, in the order of names.
func (f folder) List(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		root := f.path(prefix[:strings.LastIndex(prefix, "/")+1])
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return nil // nothing was put there yet, or it went meanwhile
			case err != nil || ctx.Err() != nil:
				return errors.Join(err, ctx.Err())
			case d.IsDir() || strings.HasPrefix(d.Name(), ".new-"):
				return nil
			}
			name, err := filepath.Rel(string(f), path)
			if err != nil {
				return err
			}
			if name = filepath.ToSlash(name); strings.HasPrefix(name, prefix) && !yield(name, nil) {
				return fs.SkipAll
			}
			return nil
		})
		if err != nil {
			yield("", fmt.Errorf("list %s: %w", prefix, err))
		}
	}
}
