package report_test

import (
	"encoding/json"
	"testing"
	"time"

	"xulang.vn/camera/cmd/ingestbench/report"
)

func one(arm string, n int, cpu, pss float64, lost int) report.Result {
	ratio := 1.01
	return report.Result{Kind: "round", Arm: arm, N: n, Seconds: 30, PerStreamHour: cpu, PSS: pss, FramesSent: 750, FramesLost: &lost, DiskRatio: &ratio, SourceLate: int64(cpu)}
}

func TestFill(t *testing.T) {
	r := report.Result{N: 8}
	r.Fill(30*time.Second, 4*time.Second, 600*time.Millisecond, 40<<20)
	if r.PerStreamHour != 60 || r.PSS != 40 || r.Seconds != 30 || r.SourceCores != 0.02 {
		t.Errorf("%+v", r)
	}
}

func TestCompareWithinARound(t *testing.T) {
	here := []report.Result{one("agent", 8, 30, 40, 0), one("ffmpeg", 8, 60, 100, 0), one("floor", 8, 20, 4, 0), one("agent-upload", 8, 36, 44, 0)}
	report.Compare(here)
	if *here[0].VsFFmpeg != 0.5 || *here[0].VsFloor != 1.5 || *here[0].PSSVsFFmpeg != 0.4 || here[0].UploadExtra != nil {
		t.Errorf("agent: %+v", here[0])
	}
	if *here[3].UploadExtra != 6 {
		t.Errorf("upload: %v", *here[3].UploadExtra)
	}
	alone := []report.Result{one("agent", 8, 30, 40, 0), one("ffmpeg", 8, 0, 0, 0)}[:1]
	report.Compare(alone)
	if alone[0].VsFFmpeg != nil || alone[0].VsFloor != nil {
		t.Errorf("a ratio to nothing: %+v", alone[0])
	}
}

func TestMedians(t *testing.T) {
	var all []report.Result
	for _, round := range []struct {
		agent, ffmpeg float64
		lost          int
	}{{30, 60, 0}, {90, 100, 2}, {40, 50, 1}} {
		here := []report.Result{one("agent", 8, round.agent, 30, round.lost), one("ffmpeg", 8, round.ffmpeg, 100, 0)}
		report.Compare(here)
		all = append(all, here...)
	}
	all = append(all, one("agent", 32, 10, 60, 0), one("agent", 32, 20, 61, 0))
	m := report.Medians(all)
	if len(m) != 3 || m[0].Arm != "agent" || m[0].N != 8 || m[1].Arm != "ffmpeg" || m[2].N != 32 {
		t.Fatalf("%+v", m)
	}
	// The median of the rounds' ratios (0.5, 0.9, 0.8), not the ratio of the medians (40/60).
	if m[0].PerStreamHour != 40 || *m[0].VsFFmpeg != 0.8 || m[0].Kind != "median" || m[0].Round != 0 {
		t.Errorf("agent: %+v", m[0])
	}
	if *m[0].FramesLost != 3 || m[0].FramesSent != 2250 || m[0].SourceLate != 90 {
		t.Errorf("what is counted: %+v", m[0])
	}
	if m[2].PerStreamHour != 15 || m[2].PSS != 60.5 || m[2].VsFFmpeg != nil {
		t.Errorf("two rounds: %+v", m[2])
	}
}

func TestGoals(t *testing.T) {
	all := []report.Result{one("agent", 8, 30, 41, 0), one("ffmpeg", 8, 50, 100, 0), one("agent-upload", 8, 39, 44, 0), one("agent", 32, 20, 65, 1)}
	report.Compare(all[:3])
	got := map[string]bool{}
	for _, g := range report.Goals(report.Medians(all)) {
		text, err := json.Marshal(g)
		if err != nil {
			t.Fatal(err)
		}
		got[string(text)] = true
	}
	for _, want := range []string{
		`{"kind":"goal","goal":"cpu_vs_ffmpeg","n":8,"value":0.6,"most":1,"met":true}`,
		`{"kind":"goal","goal":"cpu_vs_ffmpeg","n":8,"value":0.6,"most":0.6,"met":true}`,
		`{"kind":"goal","goal":"pss_mib","n":8,"value":41,"most":40,"met":false}`,
		`{"kind":"goal","goal":"pss_mib_per_further_camera","n":32,"value":1,"most":1.5,"met":true}`,
		`{"kind":"goal","goal":"disk_ratio","n":8,"value":1.01,"most":1.02,"met":true}`,
		`{"kind":"goal","goal":"frames_lost","n":32,"value":1,"most":0,"met":false}`,
		`{"kind":"goal","goal":"upload_cpu_s_per_stream_hour","n":8,"value":9,"most":8,"met":false}`,
	} {
		if !got[want] {
			t.Errorf("missing: %s\nin %v", want, got)
		}
	}
}

// TestUnknownIsLeftOut: a figure that could not be measured is not a zero.
func TestUnknownIsLeftOut(t *testing.T) {
	m := report.Medians([]report.Result{{Arm: "other", N: 1}})
	text, err := json.Marshal(m[0])
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"frames_lost", "disk_ratio", "cpu_vs_ffmpeg", "upload_cpu_s_per_stream_hour"} {
		if _, ok := fields[name]; ok {
			t.Errorf("%s stands in %s", name, text)
		}
	}
}
