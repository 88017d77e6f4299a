package report_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"xulang.vn/camera/cmd/indexbench/report"
)

func TestPercentile(t *testing.T) {
	var all []time.Duration
	for i := 100; i > 0; i-- {
		all = append(all, time.Duration(i)*time.Millisecond)
	}
	for of, want := range map[float64]float64{50: 50, 95: 95, 100: 100, 0: 1} {
		if got := report.Percentile(all, of); got != want {
			t.Errorf("%v of a hundred: %v ms, want %v", of, got, want)
		}
	}
	if all[0] != 100*time.Millisecond || report.Percentile(nil, 50) != 0 || report.Percentile(all[:1], 95) != 100 {
		t.Error("percentiles of few, or a changed list")
	}
}

func TestRounded(t *testing.T) {
	for v, want := range map[float64]float64{0: 0, 1.23456: 1.235, 123.456: 123.5, 0.00123456: 0.001235, 51_234.4: 51_230} {
		if got := report.Rounded(v); got != want {
			t.Errorf("%v is rounded to %v, want %v", v, got, want)
		}
	}
	if report.PerSecond(100, 2*time.Second) != 50 || report.PerSecond(100, 0) != 0 {
		t.Error("rates")
	}
}

// TestNamesOfTheIssue: whoever reads the lines looks for these words.
func TestNamesOfTheIssue(t *testing.T) {
	for text, value := range map[string]any{
		`"db" "layout" "segments" "bytes_per_segment" "insert_per_s" "warm_ms_p50" "warm_ms_p95" "first_ms_p50" "floor_ms_p50" "put_share"`: report.Line{},
		`"query" "cameras" "p50_ms" "p95_ms" "hub_mib"`: report.Road{},
	} {
		line, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		for word := range strings.FieldsSeq(text) {
			if !strings.Contains(string(line), word+":") {
				t.Errorf("%s is not in %s", word, line)
			}
		}
	}
}
