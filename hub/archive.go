package hub

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"xulang.vn/camera/hub/keep"
)

// What an archive has: the folder of certificates and their keys, and a snapshot under
// its names in the bucket.
const (
	keysFolder     = "tls/"
	snapshotFolder = "snapshots/"
	archiveMost    = 4 << 30 // bytes of all files, unpacked
	keyMost        = 1 << 20 // bytes of one file of keys
)

// writeArchive makes a .tar.gz that nobody else may read: whoever has it can pass
// himself off as this hub. It is there whole or not at all.
func writeArchive(ctx context.Context, file, data string, shelf keep.Library, snap keep.Snapshot) (err error) {
	temp := file + ".new"
	f, err := os.OpenFile(filepath.Clean(temp), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("make archive: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(temp))
		}
	}()
	packed := gzip.NewWriter(f)
	a := tar.NewWriter(packed)
	err = addKeys(a, data)
	if err == nil {
		err = addSnapshot(ctx, a, shelf, snap)
	}
	if err = errors.Join(err, a.Close(), packed.Close(), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	if err := os.Rename(temp, file); err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	return nil
}

func addKeys(a *tar.Writer, data string) (err error) {
	root, err := os.OpenRoot(filepath.Join(data, strings.TrimSuffix(keysFolder, "/")))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // a hub behind a proxy has none
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	return fs.WalkDir(root.FS(), ".", func(at string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		body, err := root.ReadFile(at)
		if err != nil {
			return err
		}
		return add(a, keysFolder+at, body)
	})
}

func addSnapshot(ctx context.Context, a *tar.Writer, shelf keep.Library, snap keep.Snapshot) error {
	for name, err := range shelf.List(ctx, snap.Name) { // its parts have names that begin with it
		if err != nil {
			return err
		}
		body, err := shelf.Get(ctx, name)
		if err == nil {
			err = add(a, name, body)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func add(a *tar.Writer, name string, body []byte) error {
	err := a.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(body)), ModTime: time.Unix(0, 0)})
	if err == nil {
		_, err = a.Write(body)
	}
	return err
}

// archive is one that was read.
type archive struct{ keys, snapshots map[string][]byte }

// readArchive takes nothing but what writeArchive puts there.
func readArchive(file string) (a archive, err error) {
	f, err := os.Open(filepath.Clean(file))
	if err != nil {
		return a, fmt.Errorf("open archive: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	packed, err := gzip.NewReader(f)
	if err != nil {
		return a, fmt.Errorf("read archive %s: %w", file, err)
	}
	a = archive{map[string][]byte{}, map[string][]byte{}}
	in := tar.NewReader(io.LimitReader(packed, archiveMost))
	for {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return a, nil
		}
		if err == nil {
			err = a.take(h, in)
		}
		if err != nil {
			return a, fmt.Errorf("read archive %s: %w", file, err)
		}
	}
}

func (a archive) take(h *tar.Header, in io.Reader) error {
	name := h.Name
	into, most := a.snapshots, int64(archiveMost)
	switch {
	case h.Typeflag != tar.TypeReg || name != path.Clean(name) || !fs.ValidPath(name):
		return fmt.Errorf("a file named %q does not belong there", name)
	case strings.HasPrefix(name, keysFolder):
		into, most = a.keys, keyMost
	case !strings.HasPrefix(name, snapshotFolder):
		return fmt.Errorf("a file named %q does not belong there", name)
	}
	if h.Size > most {
		return fmt.Errorf("the file named %q has %d bytes, at most %d", name, h.Size, most)
	}
	body, err := io.ReadAll(in)
	into[name] = body
	return err
}

// putKeys puts the certificate's keys back where there are none.
func (a archive) putKeys(data string) error {
	for _, name := range slices.Sorted(maps.Keys(a.keys)) {
		at := filepath.Join(data, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			return fmt.Errorf("put back keys: %w", err)
		}
		f, err := os.OpenFile(at, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err == nil {
			_, err = f.Write(a.keys[name])
			err = errors.Join(err, f.Sync(), f.Close())
		}
		if err != nil {
			return fmt.Errorf("put back keys: %w", err)
		}
	}
	return nil
}

// overlay is a bucket in which the archive's snapshot lies as well.
type overlay struct {
	snapshots map[string][]byte
	keep.Library
}

func (o overlay) Get(ctx context.Context, name string) ([]byte, error) {
	if body, ok := o.snapshots[name]; ok {
		return body, nil
	}
	return o.Library.Get(ctx, name)
}

func (o overlay) List(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		names := map[string]bool{}
		for name := range o.snapshots {
			names[name] = strings.HasPrefix(name, prefix)
		}
		for name, err := range o.Library.List(ctx, prefix) {
			if err != nil {
				yield("", err)
				return
			}
			names[name] = true
		}
		for _, name := range slices.Sorted(maps.Keys(names)) {
			if names[name] && !yield(name, nil) {
				return
			}
		}
	}
}
