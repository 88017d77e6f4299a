package camera_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "xulang.vn/camera"

// homes says in which rooms a big library may be imported (outside of tests).
var homes = map[string][]string{
	"github.com/bluenviron/gortsplib":     {"agent/ingest", "cmd/xulang-village/simcam", "cmd/xulang-village/simnvr"},
	"github.com/bluenviron/mediacommon":   {"agent/segment", "agent/ingest", "cmd/xulang-village/scene", "cmd/xulang-village/simcam", "cmd/xulang-village/simnvr"},
	"github.com/pion/webrtc":              {"agent/live", "hub/live"},
	"github.com/nats-io/nats-server":      {"hub/fleet"},
	"github.com/nats-io/nats.go":          {"agent/link", "hub/fleet"},
	"github.com/minio/minio-go":           {"hub/store"},
	"github.com/labstack/echo":            {"hub/api", "hub/api/gen"},
	"github.com/mattn/go-sqlite3":         {"hub/db"},
	"github.com/pressly/goose":            {"hub/db"},
	"github.com/jackc/pgx":                {"hub/db"},
	"github.com/transparency-dev/merkle":  {"hub/index/pack"},
	"github.com/paulmach/osm":             {"hub/road"},
	"github.com/prometheus/client_golang": {"agent/health"},
	"github.com/icholy/digest":            {"agent/lan"},
	"codeberg.org/go-pdf/fpdf":            {"agent/notice"},
	"github.com/go-fonts/dejavu":          {"agent/notice"},
	"golang.org/x/crypto/acme":            {"hub/cert"},
}

// leaves may be imported by every room of their half.
var leaves = map[string]bool{"agent/media": true, "agent/lan": true, "agent/home": true, "hub/db": true, "hub/road": true}

type pkg struct {
	ImportPath string
	Imports    []string
	Standard   bool
}

func TestWalls(t *testing.T) {
	packages := list(t)
	if len(packages) < 15 {
		t.Fatalf("go list gave %d packages; the house has more rooms", len(packages))
	}
	for _, p := range packages {
		from := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		for _, imported := range p.Imports {
			if inside, ok := strings.CutPrefix(imported, module); ok {
				if why := wall(from, strings.TrimPrefix(inside, "/")); why != "" {
					t.Errorf("%q imports %q: %s", from, imported, why)
				}
				continue
			}
			for library, rooms := range homes {
				if strings.HasPrefix(imported, library) && !contains(rooms, from) {
					t.Errorf("%q imports %s: its homes are %v", from, library, rooms)
				}
			}
		}
		if from == "" {
			for _, imported := range p.Imports {
				if strings.Contains(strings.Split(imported, "/")[0], ".") {
					t.Errorf("the root package imports %s: standard library only", imported)
				}
			}
		}
	}
}

// TestAgentNeedsNoC: the agent is built with CGO_ENABLED=0 for small boxes, so
// nothing that it stands on may be written in C.
func TestAgentNeedsNoC(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", "{{if and .CgoFiles (not .Standard)}}{{.ImportPath}}{{end}}", "./cmd/xulang-agent").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	if c := strings.Fields(string(out)); len(c) > 0 {
		t.Errorf("the agent needs C: %v", c)
	}
}

// wall says why from may not import to, or "".
func wall(from, to string) string {
	half := func(room string) string { first, _, _ := strings.Cut(room, "/"); return first }
	switch {
	case to == "":
		return ""
	case half(to) == "cmd" && program(to) != program(from):
		return "nobody imports a program"
	case half(from) == "cmd":
		return ""
	case from == "":
		return "the root package imports no room"
	case half(from) != half(to):
		return "the halves never import each other"
	case from == "agent" || from == "hub":
		return ""
	case to == "agent" || to == "hub":
		return "never upward"
	case to == "hub/api":
		return "nobody imports hub/api"
	case from == "hub/api" || strings.HasPrefix(to, from+"/") || leaves[to]:
		return ""
	}
	return "sibling rooms do not import each other"
}

// program is the folder of a command: its own rooms may import each other.
func program(room string) string {
	parts := strings.SplitN(room, "/", 3)
	return strings.Join(parts[:min(2, len(parts))], "/")
}

func list(t *testing.T) []pkg {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,Standard", "./...")
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var all []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func contains(all []string, one string) bool {
	for _, a := range all {
		if a == one {
			return true
		}
	}
	return false
}

func TestWallsRefuse(t *testing.T) {
	for _, c := range []struct{ from, to string }{
		{"agent/spool", "agent/upload"}, {"agent", "hub/db"}, {"hub/cases", "hub/index"}, {"hub/db", "hub"},
		{"hub", "cmd/xulang-hub"}, {"", "agent/media"}, {"hub/cases", "hub/api"}, {"hub", "web"},
		{"cmd/xulang-hub", "cmd/xulang-village/scene"}, {"agent/ingest", "cmd/xulang-village/simcam"},
	} {
		if wall(c.from, c.to) == "" {
			t.Errorf("%q may import %q", c.from, c.to)
		}
	}
	for _, c := range []struct{ from, to string }{
		{"agent/ingest", "agent/media"}, {"hub/index", "hub/db"}, {"hub/api", "hub/cases"}, {"cmd/xulang-hub", "web"}, {"hub", "hub/api"},
		{"cmd/xulang-village/simcam", "cmd/xulang-village/scene"},
	} {
		if why := wall(c.from, c.to); why != "" {
			t.Errorf("%q may not import %q: %s", c.from, c.to, why)
		}
	}
}
