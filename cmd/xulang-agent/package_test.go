package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"xulang.vn/camera/agent"
)

// TestPackageRefusesAnOlderVersion before anything is unpacked, in words (dpkg runs
// preinst with "upgrade" and the version that is there).
func TestPackageRefusesAnOlderVersion(t *testing.T) {
	text, err := os.ReadFile("../../scripts/package/preinst")
	if err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(t.TempDir(), "preinst")
	filled := strings.NewReplacer("@PACKAGE@", "xulang-agent", "@VERSION@", agent.Version, "@USER@", "root").Replace(string(text))
	if err := os.WriteFile(script, []byte(filled), 0o600); err != nil {
		t.Fatal(err)
	}
	for args, refused := range map[string]bool{
		"install": false, "upgrade 0.1.0": false, "upgrade " + agent.Version: false, "upgrade 99.0.0": true, "upgrade 0.10.0": true,
	} {
		out, err := exec.Command("sh", append([]string{script}, strings.Fields(args)...)...).CombinedOutput()
		if (err != nil) != refused {
			t.Errorf("%s: %v\n%s", args, err, out)
		}
		if refused && (!strings.Contains(string(out), "bản cũ hơn") || !strings.Contains(string(out), "an older version")) {
			t.Errorf("%s says: %s", args, out)
		}
	}
}
