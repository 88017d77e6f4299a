package score_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"xulang.vn/camera/cmd/tracebench/score"
)

func TestSummary(t *testing.T) {
	clean := score.Line{
		Scenario: "tiny", Variant: "clean", Arm: "engine", Tasks: 2, Finished: 1, FootageP50: 1000, FloorP50: 4, FloorP90: 151,
		Found10: 0.5, Found30: 0.9, ProposalMS: 80,
	}
	late, prism, nearest := clean, clean, clean
	late.Variant, late.FloorP50 = "late10", 14
	prism.Arm, prism.FootageP50 = "prism", 10_000
	nearest.Arm, nearest.FootageP50 = "nearest", 39_000
	var text, table bytes.Buffer
	for _, line := range []score.Line{clean, prism, nearest, late} {
		if err := json.NewEncoder(&text).Encode(line); err != nil {
			t.Fatal(err)
		}
	}
	lines, err := score.Read(&text)
	if err != nil || len(lines) != 4 || lines[3] != late {
		t.Fatalf("%+v: %v", lines, err)
	}
	if err := score.Summary(&table, lines); err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(strings.TrimRight(table.String(), "\n"), "\n")
	if len(rows) != 5 {
		t.Fatalf("%d rows:\n%s", len(rows), &table)
	}
	for i, want := range map[int]string{
		1: "to reach first 10 150 1.00 0.45 0.65 1/6 1/40 3.00 3.00 300",
		2: "goal 4 40 1.00 0.65 0.85 1/15 1/100 2.00 2.00 100",
		3: "tiny clean 4* 151! 1.00* 0.50 0.90* 1/10 1/39! 80*",
		4: "tiny late10 14! 151! 1.00* 0.50 0.90* 3.50! 1.00* 80*",
	} {
		if got := strings.Join(strings.Fields(rows[i]), " "); got != want {
			t.Errorf("row %d: %s\nwant %s", i, got, want)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for _, text := range []string{"", "{}\nnot JSON\n"} {
		if lines, err := score.Read(strings.NewReader(text)); err == nil {
			t.Errorf("%q gave %v", text, lines)
		}
	}
}
