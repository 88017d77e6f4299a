package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// lostDatabase: the hub's disk dies. What was acknowledged ten seconds before comes back
// from the buckets, the homes come back by themselves, and a look at every byte agrees.
func lostDatabase(t *testing.T, v *story) {
	archive := v.path("backup.tar.gz")
	v.tool(t, "backup", "-o", archive)
	from, to := v.joined, time.Now().Add(-10*time.Second)
	before, err := v.storedOf(from, to)
	if err != nil {
		t.Fatal(err)
	}
	// The bytes that a killed object store had not answered for come a second time.
	v.lost = time.Now()
	v.hub.end(syscall.SIGKILL)
	for _, name := range []string{"hub.sqlite", "hub.sqlite-wal", "hub.sqlite-shm", "tls"} {
		if err := os.RemoveAll(v.path("hub/" + name)); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%s", v.tool(t, "restore", "-from", archive))
	if text := v.tool(t, "check", "-depth", "3"); !strings.Contains(text, "khớp nhau") {
		t.Errorf("after the restore:\n%s", text)
	}
	at := time.Now()
	v.run(v.hub)
	v.await("the officer's sign-in after the restore", time.Minute, func() error {
		return v.post("/session", map[string]string{"login": "canbo", "password": "can-bo-lang-mau"}, nil)
	})
	// A home shows when its box has told what it shares now.
	var after map[string]string
	v.await("all homes after the restore", 90*time.Second, func() (err error) {
		if after, err = v.storedOf(from, to); err == nil && len(after) < len(before) {
			err = fmt.Errorf("%d of %d homes", len(after), len(before))
		}
		return err
	})
	for home, spans := range before {
		if after[home] != spans {
			t.Errorf("%s had stored\n%s\nand has\n%s", home, spans, after[home])
		}
	}
	v.await("footage after the restore", 90*time.Second, func() error { return v.freshSince(at.Add(10 * time.Second)) })
}

// tool runs a command of the hub's program, which must end well, and gives what it says.
func (b *box) tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(filepath.Join(b.bin, "xulang-hub"), append([]string{name, "-config", b.path("hub.yml"), "-lang", "vi"}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("xulang-hub %s: %v\n%s", name, err, out)
	}
	return string(out)
}

// storedOf writes by home what is stored of a window.
func (v *story) storedOf(from, to time.Time) (map[string]string, error) {
	got, err := v.ask(from, to)
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, c := range got.Cameras {
		var spans []string
		for _, s := range c.Spans {
			if s.State != nil && *s.State == "stored" {
				spans = append(spans, fmt.Sprintf("%s–%s", s.From.Format("15:04:05.000"), s.To.Format("15:04:05.000")))
			}
		}
		all[c.Camera.Label] = strings.Join(spans, "\n")
	}
	return all, nil
}
