package scenario_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/cmd/tracebench/scenario"
)

const tiny = "../testdata/tiny"

func TestLoad(t *testing.T) {
	s, err := scenario.Load(t.Context(), tiny)
	if err != nil {
		t.Fatal(err)
	}
	if s.Name != "tiny" || len(s.Cameras) != 3 || len(s.Tasks) != 2 || s.Graph.Edges() != 3 {
		t.Fatalf("%s: %d cameras, %d tasks, %d edges", s.Name, len(s.Cameras), len(s.Tasks), s.Graph.Edges())
	}
	if c := s.Cameras[2]; c.ID != "c003" || c.View.Heading != 270 || c.View.FOV != 90 || c.View.Range != 40 || len(s.Graph.Seen(c.View)) != 1 {
		t.Errorf("camera %+v", c)
	}
	task := s.Tasks[1]
	if task.Task != "t014" || task.Mode != camera.ModeMotorbike || task.Incident.From != 60 || task.Incident.To != 660 || task.Window != (scenario.Span{From: 60, To: 2760}) {
		t.Errorf("task %+v", task.Question)
	}
	if len(task.Passes) != 2 || task.Passes[0] != (scenario.Pass{Camera: "c002", Enter: 132.08, Leave: 134.58, Heading: 270}) {
		t.Errorf("passes %+v", task.Passes)
	}
	if p := task.Incident.Position; camera.Distance(p, camera.Position{Lon: 106.7, Lat: 21.97}) < 1800 {
		t.Errorf("incident at %v", p)
	}
}

// TestLoadRefuses: what would make scores meaningless.
func TestLoadRefuses(t *testing.T) {
	for name, change := range map[string]struct{ file, old, new string }{
		"no name":             {"meta.json", `"tiny"`, `""`},
		"a camera twice":      {"cameras.geojson", "c002", "c001"},
		"a bad view":          {"cameras.geojson", `"fov_deg": 90`, `"fov_deg": 400`},
		"an unknown camera":   {"tasks.ndjson", `"c002"`, `"c009"`},
		"an offline camera":   {"cameras.geojson", `"online": true`, `"online": false`},
		"outside the window":  {"tasks.ndjson", `62.66`, `2700.5`},
		"an unknown mode":     {"tasks.ndjson", `"car"`, `"boat"`},
		"nothing to find":     {"tasks.ndjson", `"passes": [`, `"none": [`},
		"broken JSON":         {"tasks.ndjson", `{"id"`, `{{`},
		"a file without road": {"roads.osm", `k="highway"`, `k="railway"`},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			for _, file := range []string{"meta.json", "cameras.geojson", "tasks.ndjson", "roads.osm"} {
				text, err := os.ReadFile(filepath.Join(tiny, file))
				if err != nil {
					t.Fatal(err)
				}
				if file == change.file {
					changed := strings.ReplaceAll(string(text), change.old, change.new)
					if changed == string(text) {
						t.Fatalf("%q is not in %s", change.old, file)
					}
					text = []byte(changed)
				}
				if err := os.WriteFile(filepath.Join(folder, file), text, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := scenario.Load(t.Context(), folder); err == nil {
				t.Error("was read")
			}
		})
	}
	if _, err := scenario.Load(t.Context(), t.TempDir()); err == nil {
		t.Error("an empty folder was read")
	}
}

func TestOracle(t *testing.T) {
	pass := func(seconds float64) scenario.Pass { return scenario.Pass{Enter: 100, Leave: 100 + seconds} }
	for want, passes := range map[float64][]scenario.Pass{
		0: nil, 10: {pass(1.2)}, 30: {pass(10), pass(10.01)}, 20: {pass(10), pass(9.99)}, 70: {pass(61.5)},
	} {
		if got := scenario.Oracle(passes); got != want {
			t.Errorf("%v: %v s, want %v", passes, got, want)
		}
	}
}

func TestTimesAndBack(t *testing.T) {
	for _, s := range []float64{0, 5115.93, 0.01, -3.25, 7604.9} {
		if got := scenario.Seconds(scenario.At(s)); got != s {
			t.Errorf("%v comes back as %v", s, got)
		}
	}
	if d := scenario.At(10.5).Sub(scenario.At(0)); d != 10500*time.Millisecond {
		t.Errorf("10.5 s are %v", d)
	}
}
