package setup

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	camera "xulang.vn/camera"
)

// codeLetters is how long the code is: 50 bits in base32.
const codeLetters = 10

// openCode reads the code, or makes it at the first start.
func openCode(file string) (string, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		code := rand.Text()[:codeLetters] // base32 (RFC 4648), 5 bits a letter
		if err := createCode(file, grouped(code)+"\n"); err != nil {
			return "", fmt.Errorf("make the page's code: %w", err)
		}
		return code, nil
	}
	if err != nil {
		return "", fmt.Errorf("read the page's code: %w", err)
	}
	code := camera.SecretOf(string(text))
	if len(code) != codeLetters || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" {
		return "", fmt.Errorf("read the page's code: %s does not hold one; remove it, and a new one is made", filepath.Base(file))
	}
	if err := os.Chmod(file, 0o600); err != nil { // it may come out of a backup
		return "", fmt.Errorf("protect the page's code: %w", err)
	}
	return code, nil
}

// createCode leaves a whole file or none: a code that was shown has to be there
// after a power cut.
func createCode(file, text string) error {
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, filepath.Base(file)+"-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// grouped is the code as people read it.
func grouped(code string) string { return code[:codeLetters/2] + "-" + code[codeLetters/2:] }
