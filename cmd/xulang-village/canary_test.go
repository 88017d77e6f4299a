package main_test

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// canaries looks for the recorders' passwords in everything that was written or
// answered: the hub's database, the object store, the books of the households, all
// logs, the answers of the hub and of the pages, and what agents print when they crash.
func canaries(t *testing.T, v *story) {
	own := *v
	own.box = v.of(t)
	own.crash("home-10", syscall.SIGQUIT)
	own.crash("home-08", syscall.SIGABRT)
	forms := map[string]string{} // what is looked for, and what it is
	for password, recorder := range map[string]string{
		typed: "SIMHIK0019", secret(201): "SIMHIK201", secret(202): "SIMHIK202",
		"Nhà 8: p@ss/w#rd?&": "SIMONV0008", "Nhà 9: p@ss/w#rd?&": "SIMDAH0009", "Nhà 10: p@ss/w#rd?&": "SIMHIK0010",
	} {
		for form, what := range disguises(password, recorder) {
			forms[form] = what
		}
	}
	files, terminal := 0, 0
	for path, text := range own.written(t) {
		files++
		for form, what := range forms {
			n := bytes.Count(text, []byte(form))
			if path == "village.log" && form == typed { // what the village tells the person who tries home-19 out
				terminal, n = n, 0
			}
			if n > 0 {
				t.Errorf("%s holds %s, %d times", path, what, n)
			}
		}
	}
	t.Logf("%d forms of passwords in %d files", len(forms), files)
	if terminal != 1 {
		t.Errorf("the one place where a password has to be found has it %d times", terminal)
	}
}

// disguises are a password as it may be written down by mistake.
func disguises(password, recorder string) map[string]string {
	quoted, _ := json.Marshal(password) // a string can always be written
	sum := func(realm string) string {
		h := md5.Sum([]byte("admin:" + realm + ":" + password)) // RFC 2617 section 3.2.2.2: as good as the password
		return hex.EncodeToString(h[:])
	}
	encoded := base64.StdEncoding.EncodeToString([]byte(password))
	all := map[string]string{
		password: "the password", strings.Trim(string(quoted), `"`): "the password in JSON", strings.Trim(strconv.QuoteToASCII(password), `"`): "the password, quoted",
		url.QueryEscape(password): "the password in a query", url.PathEscape(password): "the password in a path",
		url.UserPassword("admin", password).String():                   "user and password in an address",
		strings.TrimRight(encoded, "="):                                "the password in base64",
		base64.StdEncoding.EncodeToString([]byte("admin:" + password)): "basic authentication",
		sum("DVRNVRDVS"): "digest of Hikvision", sum("Login to " + recorder): "digest of Dahua", sum("Viettro VT-NVR-4"): "digest of ONVIF",
	}
	for form, what := range all {
		all[form] = fmt.Sprintf("%s of %s", what, recorder)
	}
	return all
}

// written is every file of the test's folder, by its path in it.
func (b *box) written(t *testing.T) func(yield func(string, []byte) bool) {
	t.Helper()
	return func(yield func(string, []byte) bool) {
		stopped := fmt.Errorf("stopped")
		err := filepath.WalkDir(b.dir, func(path string, e fs.DirEntry, err error) error {
			if os.IsNotExist(err) || err == nil && !e.Type().IsRegular() {
				return nil // the programs go on
			}
			if err != nil {
				return err
			}
			text, err := os.ReadFile(path)
			if os.IsNotExist(err) {
				return nil
			}
			if err != nil {
				return err
			}
			name, err := filepath.Rel(b.dir, path)
			if err == nil && !yield(name, text) {
				err = stopped
			}
			return err
		})
		if err != nil && err != stopped {
			t.Fatal(err)
		}
	}
}
