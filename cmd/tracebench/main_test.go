package main_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
)

const tiny = "testdata/tiny"

var program = struct {
	once sync.Once
	file string
	err  string
}{}

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "tracebench-")
	if err != nil {
		panic(err)
	}
	program.file = filepath.Join(folder, "tracebench")
	code := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

// run runs the program, which is built once.
func run(t *testing.T, args ...string) (out, said string, err error) {
	t.Helper()
	program.once.Do(func() {
		if text, err := exec.Command("go", "build", "-o", program.file, ".").CombinedOutput(); err != nil {
			program.err = string(text)
		}
	})
	if program.err != "" {
		t.Fatalf("build: %s", program.err)
	}
	cmd := exec.CommandContext(t.Context(), program.file, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	return stdout.String(), stderr.String(), err
}

func must(t *testing.T, args ...string) string {
	t.Helper()
	out, said, err := run(t, args...)
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, said)
	}
	return out
}

func lines(t *testing.T, text string) (all []map[string]any) {
	t.Helper()
	for line := range strings.Lines(text) {
		one := map[string]any{}
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		all = append(all, one)
	}
	return all
}

// TestAllArms: every arm under every variant finishes both tasks, and a second run says
// the same but for times, also with several tasks at once.
func TestAllArms(t *testing.T) {
	args := []string{"-scenario", tiny, "-variant", "all", "-json"}
	all, again := lines(t, must(t, args...)), lines(t, must(t, append(args, "-workers", "2")...))
	if len(all) != 5*3 {
		t.Fatalf("%d lines", len(all))
	}
	for i, one := range all {
		if one["scenario"] != "tiny" || one["tasks"] != 2.0 || one["finished"] != 1.0 {
			t.Errorf("%v", one)
		}
		if one["arm"] != []string{"engine", "prism", "nearest"}[i%3] || one["variant"] != []string{"clean", "detect07", "late10", "falsemarks", "offline20"}[i/3] {
			t.Errorf("line %d is of %v, %v", i, one["arm"], one["variant"])
		}
		delete(one, "proposal_ms_p95")
		delete(again[i], "proposal_ms_p95")
		if !reflect.DeepEqual(one, again[i]) {
			t.Errorf("%v\nand then %v", one, again[i])
		}
	}
	// By hand: t004 is over with its third camera, t014 with its second.
	if nearest := all[2]; nearest["footage_s_p50"] != (8100.0+5400)/2 || nearest["x_oracle_p50"] != (8100.0+5400)/2/20 || nearest["found_30min"] != 0.0 {
		t.Errorf("nearest: %v", nearest)
	}
}

// TestEachAndChosen: a line for each task, in their order.
func TestEachAndChosen(t *testing.T) {
	each := lines(t, must(t, "-scenario", tiny, "-arms", "prism", "-each", "-workers", "2"))
	if len(each) != 2 || each[0]["task"] != "t004" || each[1]["task"] != "t014" || each[0]["floor_s"] != 80.0 || each[0]["oracle_s"] != 20.0 {
		t.Errorf("%v", each)
	}
	for flag, want := range map[string]string{"-tasks=1": "t004", "-half=odd": "t014", "-half=even": "t004", "-only=t014": "t014"} {
		if got := lines(t, must(t, "-scenario", tiny, "-arms", "nearest", "-each", flag)); len(got) != 1 || got[0]["task"] != want {
			t.Errorf("%s: %v", flag, got)
		}
	}
	if given := lines(t, must(t, "-scenario", tiny, "-arms", "nearest", "-each", "-tasks=1", "-most=2")); given[0]["finished"] != false || given[0]["cost_s"] != 24300.0 {
		t.Errorf("given up: %v", given)
	}
}

func TestStory(t *testing.T) {
	story := must(t, "-scenario", tiny, "-arms", "nearest", "-show", "t014")
	for _, want := range []string{"SEEN [0]", "SEEN [1]", "c003", "finished: 5400 s", "found in clip, at cost", "1, 2700"} {
		if !strings.Contains(story, want) {
			t.Errorf("no %q in\n%s", want, story)
		}
	}
}

func TestRefused(t *testing.T) {
	for _, args := range [][]string{
		{}, {"-scenario", t.TempDir()}, {"-scenario", tiny, "-variant", "foggy"}, {"-scenario", tiny, "-arms", "guess"}, {"-scenario", tiny, "-half", "third"},
		{"-scenario", tiny, "-show", "t999"}, {"-scenario", tiny, "-only", "t999"}, {"-scenario", tiny, "-workers", "0"}, {"-scenario", tiny, "more"},
		{"tune", "-scenario", tiny, "-knobs", "NoSuch"}, {"tune", "-scenario", tiny, "-factors", "0"}, {"summary"}, {"summary", "file"},
		{"-scenario", tiny, "-params", filepath.Join(tiny, "meta.json")},
	} {
		if out, said, err := run(t, args...); err == nil || !strings.Contains(said, "tracebench:") {
			t.Errorf("%v: %v: %s%s", args, err, out, said)
		}
	}
}

// TestTune: two searches take the same steps, and what is written can be read.
func TestTune(t *testing.T) {
	for _, by := range []string{"foresight", "footage"} {
		var texts [2]string
		file := filepath.Join(t.TempDir(), "found.json")
		for i := range texts {
			texts[i] = must(t, "tune", "-scenario", tiny, "-by", by, "-knobs", "Pace,Trees,Car.Share", "-rounds", "1", "-out", file, "-halves")
		}
		if texts[0] != texts[1] {
			t.Errorf("%s\nand then %s", texts[0], texts[1])
		}
		for _, want := range []string{"start: objective", "Pace ", "Trees ", "Car.Share ", "odd tasks: objective", "end: objective"} {
			if !strings.Contains(texts[0], want) {
				t.Errorf("by %s: no %q in\n%s", by, want, texts[0])
			}
		}
		must(t, "-scenario", tiny, "-arms", "engine", "-params", file)
	}
	if _, said, err := run(t, "tune", "-scenario", tiny, "-by", "luck"); err == nil || !strings.Contains(said, "foresight or footage") {
		t.Errorf("by luck: %v, %s", err, said)
	}
}
