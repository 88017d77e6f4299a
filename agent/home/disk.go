package home

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// disk is what the store does to files; tests let it fail in the middle.
type disk interface {
	Read(name string, most int64) ([]byte, error)
	Write(name string, text []byte) error // whole or not at all, durable when it returns nil
	Remove(name string) error             // no error when it is not there
	Sweep(dir string) error               // removes what a crash left of Write
}

// step is called before every step of a Write, with its name. Nil in the program.
var step func(string) error

func before(name string) error {
	if step == nil {
		return nil
	}
	return step(name)
}

// Write writes a file beside the one that stands there, syncs it, gives it its name
// and syncs the folder. A crash leaves the old file or the new one, and perhaps a
// stray file that Sweep removes. An error after the rename leaves the new one.
func (osDisk) Write(name string, text []byte) error {
	dir := filepath.Dir(name)
	f, err := os.CreateTemp(dir, filepath.Base(name)+tempMark+"*") // mode 0600
	if err != nil {
		return err
	}
	if err = before("write"); err == nil {
		_, err = f.Write(text)
	}
	if err == nil {
		err = before("sync")
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = before("rename")
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, remove(f.Name()))
	}
	return syncDir(dir)
}

// tempMark stands in names of files that are not whole yet.
const tempMark = ".new-"

func (osDisk) Remove(name string) error {
	if err := remove(name); err != nil {
		return err
	}
	return syncDir(filepath.Dir(name))
}

func (osDisk) Sweep(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.Contains(e.Name(), tempMark) && e.Type().IsRegular() {
			err = errors.Join(err, remove(filepath.Join(dir, e.Name())))
		}
	}
	return err
}

func remove(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// syncDir makes new names and removals in a folder durable (fsync(2), NOTES).
func syncDir(dir string) error {
	if err := before("sync folder"); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
