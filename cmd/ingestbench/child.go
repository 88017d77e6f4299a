package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"xulang.vn/camera/cmd/ingestbench/proc"
)

// stopWithin is how long a program may take to end when it is asked to.
const stopWithin = 20 * time.Second

// recipe is a program that is about to be started.
type recipe struct {
	*exec.Cmd
	name, log string
}

// child is a running program. It leads a session of its own: Ctrl-C does not reach
// it, and everything that it starts can be found.
type child struct {
	recipe
	ended chan struct{} // closed when it was waited for
	err   error         // of the wait
}

// newChild writes the program's errors into a file in logs.
func newChild(logs, name, program string, args ...string) recipe {
	cmd := exec.Command(program, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	return recipe{Cmd: cmd, name: name, log: filepath.Join(logs, name+".log")}
}

func (r recipe) start(ctx context.Context) (*child, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	log, err := os.OpenFile(r.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", r.name, err)
	}
	defer log.Close()
	r.Stderr = log
	if r.Stdout == nil {
		r.Stdout = log
	}
	if err := r.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", r.name, err)
	}
	c := &child{recipe: r, ended: make(chan struct{})}
	go func() {
		defer close(c.ended)
		c.err = c.Wait()
	}()
	return c, nil
}

func (c *child) pid() int { return c.Process.Pid }

// alive gives an error with the end of the log when the program has ended.
func (c *child) alive() error {
	select {
	case <-c.ended:
		return fmt.Errorf("%s ended by itself: %w\n%s", c.name, errors.Join(errEnded, c.err), c.tail())
	default:
		return nil
	}
}

var errEnded = errors.New("it should have gone on")

// stop asks the program and what it has started to end, waits, and kills what is
// left of them.
func (c *child) stop() error {
	_ = syscall.Kill(-c.pid(), syscall.SIGTERM) // they may have ended already
	tree := proc.Tree(c.pid())
	late := time.NewTimer(stopWithin)
	defer late.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		living, err := tree.Living()
		if living == 0 || err != nil {
			<-c.ended
			return err
		}
		select {
		case <-tick.C:
		case <-late.C:
			err := errors.Join(fmt.Errorf("stop %s: it did not end within %s\n%s", c.name, stopWithin, c.tail()), tree.Kill())
			<-c.ended
			return err
		}
	}
}

// tail is the end of the program's log.
func (c *child) tail() string {
	text, err := os.ReadFile(c.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-2000):])
}

// await asks again and again until ok is true; a child that ends meanwhile is an error.
func await(ctx context.Context, what string, within time.Duration, children []*child, ok func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		good, err := ok()
		if good {
			return nil
		}
		for _, c := range children {
			if dead := c.alive(); dead != nil {
				return dead
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, errors.Join(ctx.Err(), err))
		case <-tick.C:
		}
	}
}
