package cert

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// fileLargest bounds what is read of a file of certificates or keys, in bytes.
const fileLargest = 1 << 20

// readFile reads a whole small file.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, fileLargest+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	if len(text) > fileLargest {
		return nil, fmt.Errorf("%s has more than %d bytes", filepath.Base(path), fileLargest)
	}
	return text, nil
}

// readSecret is readFile for one that nobody else may read; after a restore from a
// backup somebody else perhaps could.
func readSecret(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		if err := os.Chmod(path, 0o600); err != nil {
			return nil, err
		}
	}
	return readFile(path)
}

// createSecret puts a new file in place, whole and durable or not at all, readable
// by its owner alone. A file that is there stays: a link never replaces one.
func createSecret(path string, text []byte) error { return placeSecret(path, text, os.Link) }

// replaceSecret is createSecret over what is there.
func replaceSecret(path string, text []byte) error { return placeSecret(path, text, os.Rename) }

func placeSecret(path string, text []byte, place func(from, to string) error) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".new-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = place(f.Name(), path)
	}
	if left := os.Remove(f.Name()); !errors.Is(left, os.ErrNotExist) { // a rename leaves none
		err = errors.Join(err, left)
	}
	if err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close()) // the name has to outlive a power cut as well
}
