package api_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/api"
)

// TestEveryOperationHasAnAccessRow fails the build when openapi.yaml has an
// operation that nobody decided about, or the table one that is gone.
func TestEveryOperationHasAnAccessRow(t *testing.T) {
	text, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]struct {
			OperationID string         `yaml:"operationId"`
			Security    *[]any         `yaml:"security"`
			Responses   map[string]any `yaml:"responses"`
		} `yaml:"paths"`
	}
	if err := yaml.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	rows := api.Rows()
	n := 0
	for path, operations := range doc.Paths {
		for method, op := range operations {
			n++
			name := strings.ToUpper(op.OperationID[:1]) + op.OperationID[1:]
			if !rows[name] {
				t.Errorf("%s %s: operation %s has no access row", method, path, name)
			}
			delete(rows, name)
			if op.Responses["default"] == nil && name != "GetSetup" && name != "GetHealth" {
				t.Errorf("%s: no Problem among its responses", name)
			}
		}
	}
	if n < 25 || len(rows) > 0 {
		t.Errorf("%d operations; rows without an operation: %v", n, rows)
	}
}

// TestEveryCodeHasWordsAndAStatus reads the codes from their source.
func TestEveryCodeHasWordsAndAStatus(t *testing.T) {
	text, err := os.ReadFile("../../errors.go")
	if err != nil {
		t.Fatal(err)
	}
	codes := regexp.MustCompile(`Code = "([a-z-]+)"`).FindAllStringSubmatch(string(text), -1)
	if len(codes) < 20 {
		t.Fatalf("%d codes found", len(codes))
	}
	for _, m := range codes {
		code := camera.Code(m[1])
		if w := api.Words()[code]; w[0] == "" || w[1] == "" || w[0] == w[1] {
			t.Errorf("code %s: words %q", code, w)
		}
		if s := api.Status()[code]; s < 400 || s > 599 {
			t.Errorf("code %s: status %d", code, s)
		}
	}
	if len(api.Words()) != len(codes) || len(api.Status()) != len(codes) {
		t.Errorf("%d codes, %d words, %d statuses", len(codes), len(api.Words()), len(api.Status()))
	}
}
