package main_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var program string

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "xulang-hub-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	program = filepath.Join(folder, "xulang-hub")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(folder) // the temporary folder is the system's to clean
	os.Exit(code)
}

// TestAsTyped: what goes wrong is told once, in words, and ends with 1. 2 is for a check
// that found something, and for nothing else.
func TestAsTyped(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	keys := write("keys", "access\nsecret-of-the-store\n")
	store := fmt.Sprintf("store: {endpoint: \"127.0.0.1:1\", key_file: %s}\n", keys)
	empty := write("empty.yml", fmt.Sprintf("data: %s\n", filepath.Join(folder, "data"))+store)
	dsn := write("dsn", "postgres://hub:secret-of-the-database@127.0.0.1:1/hub\n")
	away := write("away.yml", fmt.Sprintf("data: %s\ndatabase: \"file:%s\"\n", folder, dsn)+store)
	typo := write("dsn-typo", "posgres://hub:secret-of-the-database@127.0.0.1/hub\n")
	typed := write("typo.yml", fmt.Sprintf("data: %s\ndatabase: \"file:%s\"\n", folder, typo)+store)
	bad := write("bad.yml", "databse: x\n")
	for line, want := range map[string]struct {
		code int
		text string
	}{
		"-version":                               {0, "0."},
		"-h":                                     {0, "-config"},
		"check -h":                               {0, "-depth"},
		"chekc":                                  {1, `unknown command "chekc"`},
		"-config " + empty + " check":            {1, "check comes first: xulang-hub check -config FILE"},
		"check -dept 3":                          {1, "not defined: -dept"},
		"check -config " + empty + " 3":          {1, `nothing is known of "3"`},
		"check -lang fr -config " + empty:        {1, `language "fr" is none of vi, en`},
		"check -config " + folder + "/none":      {1, "no such file"},
		"check -config " + bad:                   {1, "databse"},
		"check -delete-orphans -config " + empty: {1, "there is no database"},
		"backup -config " + empty:                {1, "there is no database"},
		"check -config " + typed:                 {1, "none of postgres://"},
		"check -config " + away:                  {1, "open database"},
	} {
		out, err := exec.Command(program, strings.Fields(line)...).CombinedOutput()
		code := 0
		if ended := new(exec.ExitError); errors.As(err, &ended) {
			code = ended.ExitCode()
		} else if err != nil {
			t.Fatal(err)
		}
		if code != want.code || strings.Count(string(out), want.text) == 0 || strings.Contains(string(out), "secret-of") {
			t.Errorf("%s: %d, want %d with %q:\n%s", line, code, want.code, want.text, out)
		}
	}
	if _, err := os.Stat(filepath.Join(folder, "data")); err == nil {
		t.Error("a check has made a data folder")
	}
}
