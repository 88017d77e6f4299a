package store_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"xulang.vn/camera/hub/store"
)

const (
	accessKey = "test-access"
	secretKey = "test-secret-0001"
)

// s3 is a real object store that the package's tests share, a process of its own.
type s3 struct {
	name    string
	program string // what scripts/<program> builds
	health  string // path that answers 200 when it is ready
	command func(path, addr, dir string) *exec.Cmd
	addr    string
	err     error // why there is none
	stop    func()
}

var (
	minIO = &s3{name: "minio", program: "minio", health: "/minio/health/ready", command: func(path, addr, dir string) *exec.Cmd {
		cmd := exec.Command(path, "server", "--quiet", "--address", addr, dir)
		cmd.Env = append(os.Environ(), "MINIO_ROOT_USER="+accessKey, "MINIO_ROOT_PASSWORD="+secretKey,
			"MINIO_BROWSER=off", "MINIO_UPDATE=off", "HOME="+dir)
		return cmd
	}}
	versity = &s3{name: "versitygw", program: "versitygw", health: "/health", command: func(path, addr, dir string) *exec.Cmd {
		return versityCommand(path, addr, dir, true)
	}}
	servers = []*s3{minIO, versity}
)

// versityCommand keeps objects as files, and what S3 knows beside the bytes in
// extended attributes; where the folder has none (an old tmpfs), in files beside.
func versityCommand(path, addr, dir string, versions bool) *exec.Cmd {
	args := []string{"--port", addr, "--health", "/health", "--quiet", "posix"}
	folders := []string{"objects"}
	if versions {
		args = append(args, "--versioning-dir", filepath.Join(dir, "versions"))
		folders = append(folders, "versions")
	}
	if err := syscall.Setxattr(dir, "user.test", []byte("1"), 0); err != nil {
		args = append(args, "--sidecar", filepath.Join(dir, "beside"))
		folders = append(folders, "beside")
	}
	for _, f := range folders {
		if err := os.Mkdir(filepath.Join(dir, f), 0o700); err != nil {
			panic(err) // a new temporary folder
		}
	}
	cmd := exec.Command(path, append(args, filepath.Join(dir, "objects"))...)
	cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+accessKey, "ROOT_SECRET_KEY="+secretKey, "HOME="+dir)
	return cmd
}

func TestMain(m *testing.M) {
	for _, s := range servers {
		s.err = s.start()
	}
	code := m.Run()
	for _, s := range servers {
		if s.stop != nil {
			s.stop()
		}
	}
	os.Exit(code)
}

func (s *s3) at(t *testing.T) string {
	t.Helper()
	if s.err != nil {
		t.Fatal(s.err)
	}
	return s.addr
}

// each runs a test on every object store.
func each(t *testing.T, test func(t *testing.T, s *s3)) {
	for _, s := range servers {
		t.Run(s.name, func(t *testing.T) { test(t, s) })
	}
}

func (s *s3) config(t *testing.T, bucket string) store.Config {
	t.Helper()
	return store.Config{Endpoint: s.at(t), AccessKey: accessKey, SecretKey: secretKey, Bucket: bucket}
}

// open gives a store on a bucket of its own.
func (s *s3) open(t *testing.T, bucket string) *store.Store {
	t.Helper()
	return ready(t, s.config(t, bucket))
}

func ready(t *testing.T, cfg store.Config) *store.Store {
	t.Helper()
	s, err := store.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// plain is a client with all rights, for what the hub itself never does.
func (s *s3) plain(t *testing.T) *minio.Client {
	t.Helper()
	c, err := minio.New(s.at(t), &minio.Options{Creds: credentials.NewStaticV4(accessKey, secretKey, ""), Region: "us-east-1"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (s *s3) path() (string, error) {
	path := ""
	if s == minIO {
		path = os.Getenv("XULANG_MINIO")
	}
	if path == "" {
		path = "../../.build/bin/" + s.program
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("the server %s is not built: run make test, or scripts/%s build", s.name, s.program)
	}
	return path, nil
}

// start tries a few ports: a server cannot be told to choose one itself, and another
// program may take a free one first.
func (s *s3) start() error {
	path, err := s.path()
	if err != nil {
		return err
	}
	for range 3 {
		if err = s.startOnce(path); err == nil {
			return nil
		}
	}
	return err
}

func (s *s3) startOnce(path string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.addr = l.Addr().String()
	if err := l.Close(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "xulang-store")
	if err != nil {
		return err
	}
	cmd := s.command(path, s.addr, dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return err
	}
	gone := make(chan struct{})
	go func() { _ = cmd.Wait(); close(gone) }()
	stop := func() {
		_ = cmd.Process.Kill()
		<-gone
		_ = os.RemoveAll(dir)
	}
	if err := s.wait(gone); err != nil {
		stop()
		return err
	}
	s.stop = stop
	return nil
}

// wait returns when the server answers.
func (s *s3) wait(gone <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.addr+s.health, nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-tick.C:
		case <-gone:
			return errors.New("the server " + s.name + " ended by itself")
		case <-ctx.Done():
			return fmt.Errorf("the server %s does not get ready: %w", s.name, ctx.Err())
		}
	}
}
