package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// machine is the first JSON line: what the figures were measured on.
type machine struct {
	Kind   string `json:"kind"` // "machine"
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Kernel string `json:"kernel"`
	FFmpeg string `json:"ffmpeg"`
	Load   string `json:"load"` // before the first measurement: a machine that is busy measures nothing
}

func thisMachine(ctx context.Context) machine {
	m := machine{Kind: "machine", Cores: runtime.NumCPU()}
	// What cannot be read stays empty: it is told for people, nothing depends on it.
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		_, after, _ := strings.Cut(string(text), "model name")
		line, _, _ := strings.Cut(after, "\n")
		m.CPU = strings.TrimLeft(line, "\t :")
	}
	if text, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.Kernel = string(bytes.TrimSpace(text))
	}
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		m.Load = strings.Join(strings.Fields(string(text))[:3], " ")
	}
	if text, err := exec.CommandContext(ctx, "ffmpeg", "-version").Output(); err == nil {
		words := strings.Fields(string(text))
		m.FFmpeg = words[min(2, len(words)-1)] // "ffmpeg version 5.1.6-…"
	}
	return m
}
