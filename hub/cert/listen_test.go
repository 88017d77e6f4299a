package cert_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"xulang.vn/camera/hub/cert"
)

const patience = 20 * time.Second // of a test that would otherwise hang

// served is a web server behind one port that tells how it was reached.
func served(t *testing.T, c *cert.Certs, within time.Duration, most int) (address string) {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	config := c.TLS()
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "%s tls=%t", r.Proto, r.TLS != nil)
		}),
		TLSConfig: config, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo), ReadHeaderTimeout: patience,
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(cert.ListenWith(inner, config, within, most)) }()
	t.Cleanup(func() {
		server.Close()
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("serve: %v", err)
		}
	})
	return inner.Addr().String()
}

func get(t *testing.T, client *http.Client, url string) string {
	t.Helper()
	res, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestOnePort(t *testing.T) {
	c, _ := open(t, cert.Config{Dir: t.TempDir()}, time.Now)
	address := served(t, c, patience, 8)
	one := &http.Client{Transport: &http.Transport{TLSClientConfig: trusting(c, "127.0.0.1", time.Now())}, Timeout: patience}
	two := &http.Client{Transport: &http.Transport{TLSClientConfig: trusting(c, "127.0.0.1", time.Now()), ForceAttemptHTTP2: true}, Timeout: patience}
	defer one.CloseIdleConnections()
	defer two.CloseIdleConnections()
	for _, want := range []struct{ how, got string }{
		{"HTTP/1.1 tls=false", get(t, one, "http://"+address)},
		{"HTTP/1.1 tls=true", get(t, one, "https://"+address)},
		{"HTTP/2.0 tls=true", get(t, two, "https://"+address)},
	} {
		if want.how != want.got {
			t.Errorf("%q, want %q", want.got, want.how)
		}
	}
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// dropped waits for the server's end of it.
func dropped(t *testing.T, conn net.Conn) {
	t.Helper()
	if _, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
		t.Errorf("not dropped: %v", err)
	}
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

func ask(t *testing.T, conn net.Conn) {
	t.Helper()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if res, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("answer: %v", err)
	}
}

func TestSilence(t *testing.T) {
	c, _ := open(t, cert.Config{Dir: t.TempDir()}, time.Now)
	t.Run("blocks nobody", func(t *testing.T) {
		address := served(t, c, patience, 8)
		for range 7 {
			dial(t, address)
		}
		ask(t, dial(t, address))
	})
	t.Run("ends", func(t *testing.T) {
		dropped(t, dial(t, served(t, c, 20*time.Millisecond, 8)))
	})
	t.Run("has a bound", func(t *testing.T) {
		address := served(t, c, patience, 3)
		var silent []net.Conn
		for range 5 { // one after the other: the server takes them in their order
			silent = append(silent, dial(t, address))
		}
		ask(t, dial(t, address)) // the sixth takes the place of the third
		for _, old := range silent[:3] {
			dropped(t, old)
		}
		ask(t, silent[4]) // the younger ones may still speak
	})
	t.Run("does not keep it open", func(t *testing.T) {
		inner, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		l := cert.Listen(inner, c.TLS())
		silent := dial(t, inner.Addr().String())
		spoken := dial(t, inner.Addr().String())
		if _, err := io.WriteString(spoken, "G"); err != nil {
			t.Fatal(err)
		}
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		dropped(t, silent)
		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("accept after close: %v", err)
		}
		if b := make([]byte, 4); read(conn, b) != "G" {
			t.Error("the first byte is lost, or what was given away was closed")
		}
	})
}

func read(conn net.Conn, b []byte) string {
	n, _ := conn.Read(b)
	return string(b[:n])
}

// tired is a listener that has no more files for a moment.
type tired struct {
	net.Listener
	errs chan error
}

func (l tired) Accept() (net.Conn, error) {
	select {
	case err := <-l.errs:
		return nil, err
	default:
		return l.Listener.Accept()
	}
}

func TestAcceptErrors(t *testing.T) {
	c, _ := open(t, cert.Config{Dir: t.TempDir()}, time.Now)
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	many := errors.New("too many open files")
	errs := make(chan error, 1)
	errs <- many
	l := cert.Listen(tired{inner, errs}, c.TLS())
	if _, err := l.Accept(); !errors.Is(err, many) {
		t.Errorf("accept: %v", err)
	}
	conn := dial(t, inner.Addr().String())
	if _, err := conn.Write([]byte{22}); err != nil {
		t.Fatal(err)
	}
	got, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := got.(*tls.Conn); !ok {
		t.Errorf("a handshake came out as %T", got)
	}
	got.Close()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if cert.Listen(inner, nil) != inner {
		t.Error("without TLS there is something before the port")
	}
}
