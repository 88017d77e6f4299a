package proc_test

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"xulang.vn/camera/cmd/ingestbench/proc"
)

// TestMain plays the measured program when it is asked to.
func TestMain(m *testing.M) {
	switch os.Getenv("PROC_TEST_ROLE") {
	case "parent":
		parent()
	case "spin":
		spin()
	default:
		os.Exit(m.Run())
	}
}

// sink keeps the work from being left out.
var sink [32]byte

func spin() {
	for range 100_000 {
		sink = sha256.Sum256(sink[:])
	}
}

// parent works, has a child work and end, takes memory, and then tells at each
// line that it reads how much CPU time the kernel counts for itself and its child.
func parent() {
	memory := make([]byte, 64<<20)
	for i := 0; i < len(memory); i += 4096 {
		memory[i] = byte(i >> 12)
	}
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "PROC_TEST_ROLE=spin")
	if err := child.Run(); err != nil {
		panic(err)
	}
	spin()
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		spin()
		fmt.Println(int64(spent(syscall.RUSAGE_SELF)), int64(spent(syscall.RUSAGE_CHILDREN)), memory[4096])
	}
}

func spent(who int) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(who, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// measured is a running program that tells what it has spent.
type measured struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func start(t *testing.T, attr *syscall.SysProcAttr) *measured {
	t.Helper()
	m := &measured{cmd: exec.Command(os.Args[0])}
	m.cmd.Env = append(os.Environ(), "PROC_TEST_ROLE=parent")
	m.cmd.SysProcAttr = attr
	m.cmd.Stderr = os.Stderr
	in, err := m.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := m.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	m.in, m.out = in, bufio.NewReader(out)
	if err := m.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		_ = m.cmd.Wait()
	})
	return m
}

// ask has the program work a little and tell its own and its child's time.
func (m *measured) ask(t *testing.T) (self, child time.Duration) {
	t.Helper()
	if _, err := io.WriteString(m.in, "\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fscanf(m.out, "%d %d 1\n", &self, &child); err != nil {
		t.Fatal(err)
	}
	return self, child
}

// TestCPU: what is measured from outside lies between what the program knew of
// itself before and after. The two are counted in different units; 25 ms is two
// ticks and a half.
func TestCPU(t *testing.T) {
	const ticks = 25 * time.Millisecond
	m := start(t, &syscall.SysProcAttr{Setsid: true})
	tree := proc.Tree(m.cmd.Process.Pid)
	self, child := m.ask(t)
	before := self + child
	if child < 5*time.Millisecond {
		t.Fatalf("the child that has ended spent only %s: the test shows nothing", child)
	}
	got, err := tree.CPU()
	if err != nil {
		t.Fatal(err)
	}
	self, child = m.ask(t)
	if after := self + child; got < before-ticks || got > after+ticks {
		t.Errorf("measured %s, the program knew of %s before and %s after", got, before, after)
	}
}

// TestTree: what a program has started belongs to it, and nothing else does.
func TestTree(t *testing.T) {
	leader := start(t, &syscall.SysProcAttr{Setsid: true})
	other := start(t, &syscall.SysProcAttr{Setsid: true})
	leader.ask(t)
	other.ask(t)
	one, err := proc.Tree(leader.cmd.Process.Pid).PSS()
	if err != nil {
		t.Fatal(err)
	}
	all, err := proc.Tree(os.Getpid()).PSS()
	if err != nil {
		t.Fatal(err)
	}
	const taken = 64 << 20
	if one < taken || all < one+taken {
		t.Errorf("%d bytes of one program, %d of this test and the two that it has started; each took %d", one, all, taken)
	}
}

// TestKill: processes are found through their parents and through their session;
// a pipe ends when the last of them has. The shell outlives its children, whichever dies first.
func TestKill(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	shell := exec.Command("sh", "-c", "setsid sleep 1000 & (sleep 1000 & echo ready); wait; while :; do sleep 1000; done")
	shell.Stdout = w
	shell.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	ready := make([]byte, 6)
	if _, err := io.ReadFull(r, ready); err != nil {
		t.Fatal(err)
	}
	if err := proc.Tree(shell.Process.Pid).Kill(); err != nil {
		t.Fatal(err)
	}
	if err := shell.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("the shell ended with %v", err)
	}
	if rest, err := io.ReadAll(r); err != nil || len(rest) != 0 {
		t.Errorf("read %q, %v", rest, err)
	}
}

func TestGone(t *testing.T) {
	cmd := exec.Command("true")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	tree := proc.Tree(cmd.Process.Pid)
	if cpu, err := tree.CPU(); cpu != 0 || err != nil {
		t.Errorf("CPU %s, %v", cpu, err)
	}
	if pss, err := tree.PSS(); pss != 0 || err != nil {
		t.Errorf("PSS %d, %v", pss, err)
	}
}
