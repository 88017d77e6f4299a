package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// box is a hub, its object store and a village as they run in a commune: real
// programs in processes of their own, which a test may kill.
type box struct {
	t                   *testing.T
	dir, bin            string
	net                 string // first two numbers of the homes' networks: a demo may be running beside
	hubURL              string
	minio, hub, village *process
	client              *http.Client
	hubPort, minioPort  int
	homes               []string
}

// process is a program that is started again after it was killed.
type process struct {
	name string
	make func() *exec.Cmd
	mu   sync.Mutex
	cmd  *exec.Cmd
	done chan struct{}
}

// startBox builds the programs with the race detector and starts everything. A theft
// every four minutes gets the rider to home-09, one every ten beyond home-10. The
// database is a PostgreSQL, or SQLite when it is "".
func startBox(t *testing.T, database, firstRide, everyRide string, homes ...string) *box {
	t.Helper()
	minio, err := filepath.Abs("../../.build/bin/minio")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(minio); err != nil {
		t.Fatalf("%s is missing: run make test, or scripts/minio build", minio)
	}
	b := &box{t: t, dir: t.TempDir(), homes: homes, hubPort: freePort(t), minioPort: freePort(t)}
	b.net = fmt.Sprintf("127.%d", 16+b.hubPort%200)
	b.hubURL = fmt.Sprintf("http://127.0.0.1:%d", b.hubPort)
	if b.bin, err = programs(); err != nil {
		t.Fatal(err)
	}
	b.write("keys", "village-test\n"+strings.Repeat("k", 40)+"\n")
	if database != "" {
		b.write("database", database+"\n")
		database = "file:" + b.path("database")
	}
	live := freePort(t)
	b.write("hub.yml", fmt.Sprintf("listen: 127.0.0.1:%d\ndata: %s\ndatabase: %q\nroads: ../../configs/demo/road-4a-sketch.osm\nsketch: true\nstore: {endpoint: \"127.0.0.1:%d\", bucket: footage, key_file: %s}\nlive: {udp: \"127.0.0.1:%d\", tcp: \"127.0.0.1:%d\"}\n",
		b.hubPort, b.path("hub"), database, b.minioPort, b.path("keys"), live, live))
	b.minio = b.start("minio", func() *exec.Cmd {
		cmd := exec.Command(minio, "server", "--quiet", "--address", fmt.Sprintf("127.0.0.1:%d", b.minioPort), b.path("objects"))
		cmd.Env = append(os.Environ(), "MINIO_ROOT_USER=village-test", "MINIO_ROOT_PASSWORD="+strings.Repeat("k", 40), "MINIO_BROWSER=off", "MINIO_UPDATE=off")
		return cmd
	})
	b.hub = b.start("hub", func() *exec.Cmd {
		return exec.Command(filepath.Join(b.bin, "xulang-hub"), "-config", b.path("hub.yml"))
	})
	b.await("the hub", time.Minute, func() error { return b.get("/health", nil) })
	b.village = b.start("village", func() *exec.Cmd {
		return exec.Command(filepath.Join(b.bin, "xulang-village"), "run", "-hub", b.hubURL, "-setup-link", b.path("hub/setup-link"),
			"-data", b.path("village"), "-homes", strings.Join(homes, ","), "-agent-program", filepath.Join(b.bin, "xulang-agent"),
			"-net", b.net, "-first-ride", firstRide, "-every-ride", everyRide)
	})
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b.client = &http.Client{Jar: jar, Timeout: 30 * time.Second}
	return b
}

func (b *box) path(name string) string { return filepath.Join(b.dir, name) }

func (b *box) write(name, text string) {
	b.t.Helper()
	if err := os.WriteFile(b.path(name), []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// programs builds the three with the race detector, once for all tests.
var programs = sync.OnceValues(func() (string, error) {
	args := []string{"build", "-race", "-o", built + "/", "../xulang-hub", "../xulang-agent", "../xulang-village"}
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("build programs: %w\n%s", err, out)
	}
	return built, nil
})

var built string // folder of the programs

func TestMain(m *testing.M) {
	var err error
	if built, err = os.MkdirTemp("", "xulang-village-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	flag.Parse()
	err = flag.Set("test.parallel", "8") // these tests wait for other programs much more than they compute
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(built) // the temporary folder is the system's to clean
	os.Exit(code)
}

// start runs a program until the test ends. Its output is shown when the test failed.
func (b *box) start(name string, build func() *exec.Cmd) *process {
	b.t.Helper()
	p := &process{name: name, make: build}
	b.run(p)
	b.t.Cleanup(func() {
		p.end(syscall.SIGTERM)
		text, _ := os.ReadFile(b.path(name + ".log"))
		if bytes.Contains(text, []byte("DATA RACE")) {
			b.t.Errorf("%s has a data race:\n%s", name, tail(text, 8000))
		} else if b.t.Failed() {
			b.t.Logf("the end of %s's log:\n%s", name, tail(text, 3000))
		}
	})
	return p
}

func (b *box) run(p *process) {
	b.t.Helper()
	log, err := os.OpenFile(b.path(p.name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		b.t.Fatal(err)
	}
	cmd := p.make()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		b.t.Fatalf("start %s: %v", p.name, err)
	}
	done := make(chan struct{})
	p.mu.Lock()
	p.cmd, p.done = cmd, done
	p.mu.Unlock()
	go func() {
		defer close(done)
		defer log.Close()
		_ = cmd.Wait()
	}()
}

func (p *process) end(with syscall.Signal) {
	p.mu.Lock()
	cmd, done := p.cmd, p.done
	p.mu.Unlock()
	_ = cmd.Process.Signal(with)
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		_ = cmd.Process.Kill()
		<-done
	}
}

// killAndRestart is kill -9, and the service manager's new start.
func (b *box) killAndRestart(p *process) {
	b.t.Helper()
	p.end(syscall.SIGKILL)
	b.run(p)
}

// killAgent sends a signal to a home's agent; the village starts it again.
func (b *box) killAgent(home string, with syscall.Signal) {
	b.t.Helper()
	file := b.path("village/" + home + "/agent.pid")
	text, err := os.ReadFile(file)
	if err != nil {
		b.t.Fatal(err)
	}
	pid, err := strconv.Atoi(string(text))
	if err != nil {
		b.t.Fatal(err)
	}
	if err := syscall.Kill(pid, with); err != nil {
		b.t.Fatalf("kill agent of %s: %v", home, err)
	}
	b.await("a new agent of "+home, 30*time.Second, func() error {
		now, err := os.ReadFile(file)
		if err == nil && bytes.Equal(now, text) {
			err = errors.New("same process")
		}
		return err
	})
}

// await asks until there is no error. Everything waited for is a state of the
// running system, never a span of time.
func (b *box) await(what string, most time.Duration, ask func() error) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), most)
	defer cancel()
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ask()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			b.t.Fatalf("waited %s for %s: %v", most, what, err)
		case <-tick.C:
		}
	}
}

// answer is a refusal of the hub, for tests that want one.
type answer struct {
	status int
	Code   string `json:"code"`
	text   string
}

func (a *answer) Error() string { return fmt.Sprintf("%d %s", a.status, a.text) }

func (b *box) get(path string, out any) error { return b.call(http.MethodGet, path, nil, out) }

func (b *box) post(path string, in, out any) error { return b.call(http.MethodPost, path, in, out) }

// call speaks the API as the signed-in person of the box's client.
func (b *box) call(method, path string, in, out any) error {
	client := b.client
	if client == nil {
		client = http.DefaultClient
	}
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	if !strings.HasPrefix(path, "/api/") {
		path = "/api/v1" + path
	}
	req, err := http.NewRequest(method, b.hubURL+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if err := b.heard(text); err != nil {
		return err
	}
	if resp.StatusCode >= 400 {
		a := &answer{status: resp.StatusCode, text: string(text)}
		_ = json.Unmarshal(text, a)
		return a
	}
	switch out := out.(type) {
	case nil:
		return nil
	case *[]byte:
		*out = text
		return nil
	}
	return json.Unmarshal(text, out)
}

// heard keeps an answer, so that it can be looked through for what must not be there.
func (b *box) heard(text []byte) error {
	f, err := os.OpenFile(b.path("answers"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(text[:min(len(text), 256<<10)], '\n'))
	return errors.Join(err, f.Close())
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func tail(text []byte, most int) []byte { return text[max(0, len(text)-most):] }
