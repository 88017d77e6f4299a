// Package proc measures a process and everything that it has started (Linux).
package proc

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// tick is the unit of times in /proc/<pid>/stat: USER_HZ is 100 on every Linux.
const tick = 10 * time.Millisecond

// Tree is a process that leads a session of its own, and all processes that
// descend from it or are in its session.
type Tree int

// process is a line of /proc/<pid>/stat (proc_pid_stat(5)).
type process struct {
	pid, parent, session int
	ended                bool          // and not waited for yet
	reaped               time.Duration // CPU time of children that have ended and were waited for
}

// CPU is the user and system time of all processes of the tree up to now, those
// included that have ended and were waited for. Living ones are measured by their
// CPU clocks, in nanoseconds (clock_getcpuclockid(3)); ended ones in ticks of 10 ms.
func (t Tree) CPU() (time.Duration, error) {
	all, err := t.processes()
	if err != nil {
		return 0, err
	}
	var sum time.Duration
	for _, p := range all {
		var at unix.Timespec
		err := unix.ClockGettime(int32(^p.pid)<<3|2, &at) // CPUCLOCK_SCHED of a whole process
		if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ESRCH) {
			continue // it ended meanwhile
		}
		if err != nil {
			return 0, fmt.Errorf("read CPU clock of process %d: %w", p.pid, err)
		}
		sum += time.Duration(at.Nano()) + p.reaped
	}
	return sum, nil
}

// PSS is the memory of all processes of the tree in bytes: their own pages, and
// their part of those that they share.
func (t Tree) PSS() (int64, error) {
	all, err := t.processes()
	if err != nil {
		return 0, err
	}
	var sum int64
	for _, p := range all {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", p.pid))
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("read memory of process %d: %w", p.pid, err)
		}
		for line := range bytes.Lines(text) {
			if after, ok := bytes.CutPrefix(line, []byte("Pss:")); ok {
				var kib int64
				if _, err := fmt.Sscan(string(after), &kib); err != nil {
					return 0, fmt.Errorf("read memory of process %d: %w", p.pid, err)
				}
				sum += kib << 10
			}
		}
	}
	return sum, nil
}

// killRounds bounds Kill: a process may start another while it is being listed.
const killRounds = 10

// Kill ends all processes of the tree at once.
func (t Tree) Kill() error {
	for range killRounds {
		all, err := t.processes()
		if err != nil {
			return err
		}
		living := false
		for _, p := range all {
			if p.ended {
				continue
			}
			living = true
			if err := syscall.Kill(p.pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("kill process %d: %w", p.pid, err)
			}
		}
		if !living {
			break
		}
	}
	return nil
}

// Living is how many processes of the tree have not ended.
func (t Tree) Living() (int, error) {
	all, err := t.processes()
	n := 0
	for _, p := range all {
		if !p.ended {
			n++
		}
	}
	return n, err
}

// processes lists the tree.
func (t Tree) processes() ([]process, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	all := map[int]process{}
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			if p, ok := read(pid); ok {
				all[pid] = p
			}
		}
	}
	var tree []process
	for _, p := range all {
		for at, steps := p, 0; ; steps++ {
			if at.pid == int(t) || at.session == int(t) {
				tree = append(tree, p)
				break
			}
			up, ok := all[at.parent]
			if !ok || steps > len(all) {
				break
			}
			at = up
		}
	}
	return tree, nil
}

// read takes one process; false: it has ended.
func read(pid int) (process, bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return process{}, false
	}
	// The name stands in brackets and may hold anything.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 15 {
		return process{}, false
	}
	number := func(field int) int { // as proc_pid_stat(5) counts, from 1
		n, err := strconv.Atoi(string(fields[field-3]))
		if err != nil {
			return 0
		}
		return n
	}
	return process{
		pid: pid, parent: number(4), session: number(6), ended: string(fields[0]) == "Z",
		reaped: time.Duration(number(16)+number(17)) * tick,
	}, true
}
