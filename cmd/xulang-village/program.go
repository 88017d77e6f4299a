package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"gopkg.in/yaml.v3"

	"xulang.vn/camera/agent"
)

// runProgram runs the agent as a process of its own, with its config and its
// process id as files in the home's folder.
func (v *village) runProgram(ctx context.Context, cfg agent.Config) error {
	cfg.Code = ""
	text, err := yaml.Marshal(cfg)
	if err != nil {
		return fmt.Errorf("write agent config: %w", err)
	}
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return fmt.Errorf("make agent's folder: %w", err)
	}
	file := filepath.Join(cfg.Data, "agent.yml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return fmt.Errorf("write agent config: %w", err)
	}
	log, err := os.OpenFile(filepath.Join(cfg.Data, "agent.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open agent log: %w", err)
	}
	defer log.Close()
	cmd := exec.CommandContext(ctx, v.agentProgram, "run", "-config", file)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start agent: %w", err)
	}
	pid := []byte(strconv.Itoa(cmd.Process.Pid))
	err = os.WriteFile(filepath.Join(cfg.Data, "agent.pid"), pid, 0o600)
	return errors.Join(errAgentEnded, cmd.Wait(), err)
}
