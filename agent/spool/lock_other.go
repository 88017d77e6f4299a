//go:build !linux && !darwin && !freebsd

package spool

import (
	"os"
	"path/filepath"
)

// lock only opens the lock file where flock(2) does not exist: there the service
// manager has to see to it that only one agent runs.
func lock(dir string) (*os.File, error) {
	return os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
}
