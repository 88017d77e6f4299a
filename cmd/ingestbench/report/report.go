// Package report puts measurements into JSON lines, and rounds together.
package report

import (
	"math"
	"slices"
	"time"
)

// Result is a JSON line: one arm with n streams in one round, or the medians of
// all rounds. Figures that are not known are left out.
type Result struct {
	Kind    string  `json:"kind"` // "round" or "median"
	Round   int     `json:"round,omitempty"`
	Arm     string  `json:"arm"`
	N       int     `json:"n"`
	Seconds float64 `json:"seconds"` // measured

	PerStreamHour float64  `json:"cpu_s_per_stream_hour"`
	VsFFmpeg      *float64 `json:"cpu_vs_ffmpeg,omitempty"` // ratios within the same round
	VsFloor       *float64 `json:"cpu_vs_floor,omitempty"`
	PSS           float64  `json:"pss_mib"`
	PSSVsFFmpeg   *float64 `json:"pss_vs_ffmpeg,omitempty"`

	// UploadExtra is what an agent that uploads everything takes more than one that
	// does not, in CPU seconds per stream-hour.
	UploadExtra *float64 `json:"upload_cpu_s_per_stream_hour,omitempty"`
	UploadedMiB *float64 `json:"uploaded_mib,omitempty"` // in the object store when the measurement ended

	DiskRatio     *float64 `json:"disk_ratio,omitempty"` // bytes on the disk for each byte that the source sent of the recorded pictures
	FramesSent    int64    `json:"frames_sent"`          // within the measurement
	FramesLost    *int     `json:"frames_lost,omitempty"`
	FramesDamaged *int     `json:"frames_damaged,omitempty"` // samples that are no whole picture, in all files

	// What the source itself took, and whether it kept its time: pictures that it
	// dropped because an arm did not read are lost ones as well.
	SourceCores   float64 `json:"source_cores"`
	SourceLate    int64   `json:"source_late_ms"` // the most, since it started
	SourceDropped int64   `json:"source_dropped"`
}

// Fill takes what was measured over the window: CPU time of the arm and of the
// source, and the arm's memory in bytes at its end.
func (r *Result) Fill(window, cpu, src time.Duration, pss int64) {
	r.Seconds = Rounded(window.Seconds())
	r.PerStreamHour = Rounded(cpu.Seconds() / window.Seconds() * 3600 / float64(r.N))
	r.SourceCores = Rounded(src.Seconds() / window.Seconds())
	r.PSS = Rounded(float64(pss) / (1 << 20))
}

// Rounded leaves the digits that mean something.
func Rounded(v float64) float64 { return math.Round(v*1000) / 1000 }

// Compare fills in the ratios between arms that ran in the same round.
func Compare(here []Result) {
	of := func(name string) *Result {
		for i := range here {
			if here[i].Arm == name {
				return &here[i]
			}
		}
		return nil
	}
	ratio := func(a, b float64) *float64 {
		if b <= 0 {
			return nil
		}
		q := Rounded(a / b)
		return &q
	}
	for i := range here {
		r := &here[i]
		if f := of("ffmpeg"); f != nil {
			r.VsFFmpeg, r.PSSVsFFmpeg = ratio(r.PerStreamHour, f.PerStreamHour), ratio(r.PSS, f.PSS)
		}
		if f := of("floor"); f != nil {
			r.VsFloor = ratio(r.PerStreamHour, f.PerStreamHour)
		}
		if a := of("agent"); a != nil && r.Arm == "agent-upload" {
			extra := Rounded(r.PerStreamHour - a.PerStreamHour)
			r.UploadExtra = &extra
		}
	}
}

// Medians puts the rounds of each arm and number of streams together, in the order
// in which they first come.
func Medians(all []Result) []Result {
	type key struct {
		arm string
		n   int
	}
	var order []key
	groups := map[key][]Result{}
	for _, r := range all {
		k := key{r.Arm, r.N}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], r)
	}
	var out []Result
	for _, k := range order {
		out = append(out, medianOf(groups[k]))
	}
	return out
}

// medianOf puts rounds together: medians of what is measured, sums of what is
// counted, the worst of what must not happen.
func medianOf(of []Result) Result {
	m := Result{Kind: "median", Arm: of[0].Arm, N: of[0].N}
	figure := func(get func(*Result) *float64) *float64 {
		var values []float64
		for i := range of {
			if v := get(&of[i]); v != nil {
				values = append(values, *v)
			}
		}
		if len(values) == 0 {
			return nil
		}
		v := Rounded(median(values))
		return &v
	}
	m.Seconds = *figure(func(r *Result) *float64 { return &r.Seconds })
	m.PerStreamHour = *figure(func(r *Result) *float64 { return &r.PerStreamHour })
	m.PSS = *figure(func(r *Result) *float64 { return &r.PSS })
	m.SourceCores = *figure(func(r *Result) *float64 { return &r.SourceCores })
	m.VsFFmpeg = figure(func(r *Result) *float64 { return r.VsFFmpeg })
	m.VsFloor = figure(func(r *Result) *float64 { return r.VsFloor })
	m.PSSVsFFmpeg = figure(func(r *Result) *float64 { return r.PSSVsFFmpeg })
	m.UploadExtra = figure(func(r *Result) *float64 { return r.UploadExtra })
	m.UploadedMiB = figure(func(r *Result) *float64 { return r.UploadedMiB })
	m.DiskRatio = figure(func(r *Result) *float64 { return r.DiskRatio })
	for _, r := range of {
		m.FramesSent += r.FramesSent
		m.FramesLost = sum(m.FramesLost, r.FramesLost)
		m.FramesDamaged = sum(m.FramesDamaged, r.FramesDamaged)
		m.SourceDropped += r.SourceDropped
		m.SourceLate = max(m.SourceLate, r.SourceLate)
	}
	return m
}

func sum(a, b *int) *int {
	if a == nil || b == nil {
		return b
	}
	s := *a + *b
	return &s
}

// median is the middle value, or the mean of the two in the middle.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}

// Goal is a JSON line: a figure of the agent beside what it shall be at most.
type Goal struct {
	Kind  string  `json:"kind"` // "goal"
	Goal  string  `json:"goal"`
	N     int     `json:"n"`
	Value float64 `json:"value"`
	Most  float64 `json:"most"`
	Met   bool    `json:"met"`
}

// Goals tells how medians of the agent stand to what is wanted.
func Goals(medians []Result) []Goal {
	var out []Goal
	add := func(name string, n int, value *float64, most float64) {
		if value != nil {
			out = append(out, Goal{Kind: "goal", Goal: name, N: n, Value: *value, Most: most, Met: *value <= most})
		}
	}
	var eight *Result
	for i, m := range medians {
		switch m.Arm {
		case "agent":
			if m.N >= 8 {
				add("cpu_vs_ffmpeg", m.N, m.VsFFmpeg, 1) // first
				add("cpu_vs_ffmpeg", m.N, m.VsFFmpeg, 0.6)
			}
			if m.N == 8 {
				eight = &medians[i]
				add("pss_mib", m.N, &m.PSS, 40)
			}
			if eight != nil && m.N > 8 {
				further := Rounded((m.PSS - eight.PSS) / float64(m.N-8))
				add("pss_mib_per_further_camera", m.N, &further, 1.5)
			}
			add("disk_ratio", m.N, m.DiskRatio, 1.02)
			if m.FramesLost != nil {
				lost := float64(*m.FramesLost)
				if m.FramesDamaged != nil {
					lost += float64(*m.FramesDamaged)
				}
				add("frames_lost", m.N, &lost, 0)
			}
		case "agent-upload":
			add("upload_cpu_s_per_stream_hour", m.N, m.UploadExtra, 8)
		}
	}
	return out
}
