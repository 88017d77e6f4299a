//go:build !linux

package upload

import "syscall"

// tune does nothing where the options are not known.
func tune(_, _ string, _ syscall.RawConn) error { return nil }
