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

	"xulang.vn/camera/hub/store"
)

const (
	accessKey = "test-access"
	secretKey = "test-secret-0001"
)

// s3 is the server that the package's tests share: its address, and why there is
// none.
var s3 struct {
	addr string
	err  error
}

func TestMain(m *testing.M) {
	stop, err := startMinIO()
	s3.err = err
	code := m.Run()
	if stop != nil {
		stop()
	}
	os.Exit(code)
}

// server gives the address of a real MinIO.
func server(t *testing.T) string {
	t.Helper()
	if s3.err != nil {
		t.Fatal(s3.err)
	}
	return s3.addr
}

// open gives a store on a bucket of its own.
func open(t *testing.T, bucket string) *store.Store {
	t.Helper()
	s, err := store.Open(store.Config{
		Endpoint: server(t), AccessKey: accessKey, SecretKey: secretKey, Bucket: bucket,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func program() (string, error) {
	path := os.Getenv("XULANG_MINIO")
	if path == "" {
		path = "../../.build/bin/minio"
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(path); err != nil {
		return "", errors.New("the MinIO server is not built: run make test, or scripts/minio build")
	}
	return path, nil
}

// startMinIO tries a few ports: the server cannot be told to choose one itself, and
// another program may take a free one first.
func startMinIO() (stop func(), err error) {
	path, err := program()
	if err != nil {
		return nil, err
	}
	for range 3 {
		if stop, err = startOn(path); err == nil {
			return stop, nil
		}
	}
	return nil, err
}

func startOn(path string) (stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s3.addr = l.Addr().String()
	if err := l.Close(); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "xulang-store")
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(path, "server", "--quiet", "--address", s3.addr, dir)
	cmd.Env = append(os.Environ(), "MINIO_ROOT_USER="+accessKey, "MINIO_ROOT_PASSWORD="+secretKey,
		"MINIO_BROWSER=off", "MINIO_UPDATE=off", "HOME="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	gone := make(chan struct{})
	go func() { _ = cmd.Wait(); close(gone) }()
	stop = func() {
		_ = cmd.Process.Kill()
		<-gone
		_ = os.RemoveAll(dir)
	}
	if err := ready(gone); err != nil {
		stop()
		return nil, err
	}
	return stop, nil
}

// ready waits until the server answers.
func ready(gone <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s3.addr+"/minio/health/ready", nil)
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
			return errors.New("the MinIO server ended by itself")
		case <-ctx.Done():
			return fmt.Errorf("the MinIO server does not get ready: %w", ctx.Err())
		}
	}
}
