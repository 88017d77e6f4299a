package agent

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	camera "xulang.vn/camera"
)

// TestNewerFolderIsRefused in words, and not a byte of it changes.
func TestNewerFolderIsRefused(t *testing.T) {
	cfg := Default()
	cfg.Data, cfg.Metrics = t.TempDir(), ""
	for name, text := range map[string]string{"format": "99\n", "home.json": "of a newer program"} {
		if err := os.WriteFile(filepath.Join(cfg.Data, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	err := Run(t.Context(), cfg, Outside{Log: slog.New(slog.DiscardHandler), Now: time.Now})
	if camera.CodeOf(err) != camera.CodeBadVersion {
		t.Fatalf("%v", err)
	}
	for name, want := range map[string]string{"format": "99\n", "home.json": "of a newer program"} {
		if text, err := os.ReadFile(filepath.Join(cfg.Data, name)); err != nil || string(text) != want {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(cfg.Data, "device.seed")); len(left) > 0 {
		t.Error("a key was made in a folder that was refused")
	}
}

// TestOlderFolderIsTaken, and says from then on how it is written.
func TestOlderFolderIsTaken(t *testing.T) {
	dir := t.TempDir()
	for _, before := range []string{"", "1\n", "2\n"} {
		if before != "" {
			if err := os.WriteFile(filepath.Join(dir, "format"), []byte(before), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := checkFormat(dir); err != nil {
			t.Errorf("%q: %v", before, err)
		}
		if text, err := os.ReadFile(filepath.Join(dir, "format")); err != nil || string(text) != "2\n" {
			t.Errorf("%q became %q, %v", before, text, err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "format"), []byte("two"), 0o600); err != nil {
		t.Fatal(err)
	}
	if checkFormat(dir) == nil {
		t.Error("a format that is no number is taken")
	}
}
