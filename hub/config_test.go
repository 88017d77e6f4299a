package hub_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"xulang.vn/camera/hub"
)

// TestExampleNamesEveryDefault: configs/hub.yml is the defaults, key by key.
func TestExampleNamesEveryDefault(t *testing.T) {
	cfg, err := hub.ReadConfig("../configs/hub.yml")
	if err != nil {
		t.Fatal(err)
	}
	want := hub.Default()
	want.Live.Hosts, want.ACME.Domains = []string{}, []string{}
	if !reflect.DeepEqual(cfg, want) {
		t.Errorf("configs/hub.yml gives %+v\nthe defaults are %+v", cfg, want)
	}
	if _, err := hub.ReadConfig("../configs/demo/hub.yml"); err != nil {
		t.Error(err)
	}
}

func TestBadConfigs(t *testing.T) {
	for text, want := range map[string]string{
		"listne: x":                 "listne",
		"listen: \"\"":              "listen",
		"tls_cert: a.pem":           "tls_key",
		"store: {bucket: \"\"}":     "bucket",
		"store: {endpoints: oops}":  "endpoints",
		"store: {index: footage}":   "one bucket",
		"database: posgres://u:p@h": "none of postgres://",
		"database: hub.sqlite":      "none of postgres://",
		// Nobody could follow an invitation to these.
		"public: camera.example:8470":         "public",
		"public: http://camera.example:8470":  "public",
		"public: https://":                    "public",
		"public: https://camera.example/#top": "public",
		"plain: true":                         "public",
	} {
		file := filepath.Join(t.TempDir(), "hub.yml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := hub.ReadConfig(file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
