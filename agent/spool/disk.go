package spool

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

var (
	// ErrFull says that the disk or the spool's own limit has no room left.
	ErrFull = errors.New("spool is full")

	// ErrHeld is an ErrFull too: what is in the way is held and may not go.
	ErrHeld = fmt.Errorf("%w of footage that is held", ErrFull)
)

// disk is the file system as the spool uses it; tests put faults in.
type disk interface {
	MkdirAll(dir string) error
	Create(name string) (file, error) // new file for writing; an error when it exists
	Open(name string) (io.ReadCloser, error)
	Rename(from, to string) error
	Truncate(name string, size int64) error // durable when it returns nil, with what was written before
	Remove(name string) error               // no error when it is not there
	List(dir string) ([]listed, error)
	SyncDir(dir string) error
}

type file interface {
	io.Writer
	Sync() error
	Close() error
}

// listed is one name in a folder; links are not followed.
type listed struct {
	name    string
	size    int64
	regular bool
}

type osDisk struct{}

func (osDisk) MkdirAll(dir string) error { return os.MkdirAll(dir, 0o700) }

func (osDisk) Create(name string) (file, error) {
	return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

func (osDisk) Open(name string) (io.ReadCloser, error) { return os.Open(name) }

func (osDisk) Rename(from, to string) error { return os.Rename(from, to) }

func (osDisk) Truncate(name string, size int64) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	err = f.Truncate(size)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func (osDisk) Remove(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (osDisk) List(dir string) ([]listed, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	list := make([]listed, 0, len(entries))
	for _, e := range entries {
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed since the folder was read
		}
		if err != nil {
			return nil, err
		}
		list = append(list, listed{name: e.Name(), size: info.Size(), regular: info.Mode().IsRegular()})
	}
	return list, nil
}

// SyncDir makes renames and new names in a folder durable (fsync(2), NOTES).
func (osDisk) SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// writeAll is a write that never reports success for less than everything.
func writeAll(w io.Writer, b []byte) (int, error) {
	n, err := w.Write(b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	return n, err
}

// named marks errors of a full disk so that errors.Is(err, ErrFull) holds.
func named(err error) error {
	if noSpace(err) && !errors.Is(err, ErrFull) {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return err
}

func noSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
