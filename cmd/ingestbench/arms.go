package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"xulang.vn/camera/cmd/ingestbench/report"
)

// arm is one way of recording that is measured.
type arm interface {
	name() string
	// ready says what is missing on this machine, before anything is measured.
	ready(o options) error
	// start begins to record; what it has started when it fails is stopped by s.
	start(ctx context.Context, s *site) error
}

// site is where one measurement takes place.
type site struct {
	options
	url  string // stream i is url/i
	n    int
	out  string // recordings; nothing else is in it
	side string // logs and other files

	measured []*child // the arm itself
	beside   []*child // what it talks to

	// settle, when there is one, looks after the measurement whether the arm did
	// all of its work.
	settle func(ctx context.Context, r *report.Result) error
}

// run starts a program that is measured.
func (s *site) run(ctx context.Context, r recipe) error {
	c, err := r.start(ctx)
	if err == nil {
		s.measured = append(s.measured, c)
	}
	return err
}

// alive gives an error when any program has ended.
func (s *site) alive() error {
	for _, c := range append(s.measured, s.beside...) {
		if err := c.alive(); err != nil {
			return err
		}
	}
	return nil
}

// stop ends the recording; stopBeside what it talked to, the newest first.
func (s *site) stop() error {
	ended := make(chan error)
	for _, c := range s.measured {
		go func() { ended <- c.stop() }()
	}
	var errs []error
	for range s.measured {
		errs = append(errs, <-ended)
	}
	s.measured = nil
	return errors.Join(errs...)
}

func (s *site) stopBeside() error {
	var errs []error
	for i := len(s.beside) - 1; i >= 0; i-- {
		errs = append(errs, s.beside[i].stop())
	}
	s.beside = nil
	return errors.Join(errs...)
}

func arms() []arm {
	return []arm{floorArm{}, ffmpegArm{}, agentArm{class: "on-request", as: "agent"}, agentArm{class: "all", as: "agent-upload"}}
}

func armNames() []string {
	var names []string
	for _, a := range arms() {
		names = append(names, a.name())
	}
	return names
}

// floorArm is this program's own floor.
type floorArm struct{}

func (floorArm) name() string        { return "floor" }
func (floorArm) ready(options) error { return nil }

func (floorArm) start(ctx context.Context, s *site) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("start floor: %w", err)
	}
	return s.run(ctx, newChild(s.side, "floor", self, "floor", "-url", s.url, "-n", strconv.Itoa(s.n), "-out", s.out))
}

// ffmpegArm is one segmenter for each stream, as recorders commonly run it.
type ffmpegArm struct{}

func (ffmpegArm) name() string        { return "ffmpeg" }
func (ffmpegArm) ready(options) error { return has("ffmpeg") }

func (ffmpegArm) start(ctx context.Context, s *site) error {
	for i := range s.n {
		err := s.run(ctx, newChild(s.side, fmt.Sprintf("ffmpeg-%d", i), "ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin",
			"-rtsp_transport", "tcp", "-i", fmt.Sprintf("%s/%d", s.url, i), "-c", "copy",
			"-f", "segment", "-segment_time", "6", "-reset_timestamps", "1", filepath.Join(s.out, fmt.Sprintf("%d-%%05d.mp4", i))))
		if err != nil {
			return err
		}
	}
	return nil
}

// commandArm is whatever the environment names.
type commandArm struct{ as, command string }

func (a commandArm) name() string        { return a.as }
func (a commandArm) ready(options) error { return nil }

func (a commandArm) start(ctx context.Context, s *site) error {
	r := newChild(s.side, "command", "sh", "-c", a.command)
	r.Env = append(os.Environ(), "URL="+s.url, "N="+strconv.Itoa(s.n), "OUT="+s.out)
	return s.run(ctx, r)
}

func has(program string) error {
	if _, err := exec.LookPath(program); err != nil {
		return fmt.Errorf("%s is missing: scripts/need %s installs it on a Debian-like machine", program, program)
	}
	return nil
}
