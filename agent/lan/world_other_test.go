//go:build !linux

package lan_test

import "errors"

func enclose(string) ([]byte, error) { return nil, errors.New("networks of one's own are Linux'") }

func makeWorld() error { return errors.New("networks of one's own are Linux'") }
