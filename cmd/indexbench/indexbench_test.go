package main_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"xulang.vn/camera/hub/db/dbtest"
)

func build(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "indexbench")
	if out, err := exec.Command("go", "build", "-o", file, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return file
}

// lines runs the program and reads what it prints.
func lines(t *testing.T, program string, args ...string) []map[string]any {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, said.Bytes())
	}
	var all []map[string]any
	for line := range strings.Lines(string(out)) {
		one := map[string]any{}
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		all = append(all, one)
	}
	return all
}

// TestEveryArm runs a small province over both databases and both layouts. The program
// itself compares every answer with what was announced.
func TestEveryArm(t *testing.T) {
	program := build(t)
	connect := strings.Join([]string{dbtest.Postgres(t), dbtest.Postgres(t), dbtest.Postgres(t)}, ";")
	all := lines(t, program, "-db", "sqlite,postgres", "-postgres", connect, "-dir", t.TempDir(),
		"-segments", "9000", "-put", "3000", "-cameras", "4", "-asked", "3", "-questions", "5", "-rounds", "1")
	if len(all) != 4 {
		t.Fatalf("%d lines: %v", len(all), all)
	}
	for i, one := range all {
		if one["db"] != []string{"sqlite", "sqlite", "postgres", "postgres"}[i] || one["layout"] != []string{"packed", "rows"}[i%2] {
			t.Errorf("line %d is of %v on %v", i, one["layout"], one["db"])
		}
		if one["segments"] != all[0]["segments"] || one["answered"] != all[0]["answered"] || one["answered"].(float64) < 100 {
			t.Errorf("line %d: %v segments, %v answered; the first: %v, %v", i, one["segments"], one["answered"], all[0]["segments"], all[0]["answered"])
		}
		for _, figure := range []string{"bytes_per_segment", "insert_per_s", "warm_ms_p50", "warm_ms_p95", "first_ms_p50", "floor_ms_p50", "put_share"} {
			if v, ok := one[figure].(float64); !ok || v <= 0 {
				t.Errorf("line %d: %s is %v", i, figure, one[figure])
			}
		}
	}
	if share := all[0]["put_share"].(float64); share >= 1 || all[0]["restore_per_s"] == nil || all[0]["activity_bytes_per_segment"] == nil {
		t.Errorf("packed: %v", all[0])
	}
}

const crossing = `<osm version="0.6">
	<node id="1" lat="21.85" lon="106.75"/><node id="2" lat="21.86" lon="106.75"/><node id="3" lat="21.85" lon="106.76"/>
	<way id="5"><nd ref="1"/><nd ref="2"/><tag k="highway" v="primary"/><tag k="ref" v="QL.1"/></way>
	<way id="6"><nd ref="1"/><nd ref="3"/><tag k="highway" v="residential"/><tag k="name" v="Lane"/></way>
</osm>`

func TestRoads(t *testing.T) {
	file := filepath.Join(t.TempDir(), "crossing.osm")
	if err := os.WriteFile(file, []byte(crossing), 0o600); err != nil {
		t.Fatal(err)
	}
	all := lines(t, build(t), "-db", "", "-osm", file, "-road-cameras", "50")
	if len(all) != 1 || all[0]["query"] != "road" || all[0]["cameras"] != 50.0 || all[0]["roads"] != 2.0 {
		t.Fatalf("%v", all)
	}
	for _, figure := range []string{"p50_ms", "p95_ms", "hub_mib", "found"} {
		if v, ok := all[0][figure].(float64); !ok || v <= 0 {
			t.Errorf("%s is %v", figure, all[0][figure])
		}
	}
}

func TestWrongFlags(t *testing.T) {
	program := build(t)
	for _, args := range [][]string{{"-db", "oracle"}, {"-db", "postgres"}, {"-layout", "columns"}, {"-cameras", "0"}, {"-osm", "map.png"}} {
		if out, err := exec.Command(program, args...).CombinedOutput(); err == nil || !bytes.Contains(out, []byte("indexbench: ")) {
			t.Errorf("%v: %v, %s", args, err, out)
		}
	}
}
