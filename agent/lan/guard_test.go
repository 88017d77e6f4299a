package lan_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/lan"
)

const (
	worldEnv   = "XULANG_LAN_WORLD"
	ownAddress = "192.168.77.9"
	hubAddress = "192.168.77.1"
	inside     = "192.168.77.50"
	noWorld    = 3 // exit code: this system gives no network of one's own
)

func TestMain(m *testing.M) {
	if os.Getenv(worldEnv) != "" {
		if err := makeWorld(); err != nil {
			fmt.Fprintln(os.Stderr, "make world:", err)
			os.Exit(noWorld)
		}
	}
	os.Exit(m.Run())
}

func confirmed(t *testing.T) *lan.Guard {
	t.Helper()
	g := lan.New(lan.Config{Barred: func() []netip.Addr { return []netip.Addr{netip.MustParseAddr(hubAddress)} }})
	err := g.Set([]netip.Prefix{
		netip.MustParsePrefix("192.168.77.0/24"), netip.MustParsePrefix("10.9.8.0/24"), netip.MustParsePrefix("fd12:3456:789a:1::/64"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// door counts the connections that arrive at any of this machine's addresses.
type door struct {
	port    string
	arrived atomic.Int64
	marks   chan struct{} // one for each connection that said that it is a mark
}

func open(t *testing.T) *door {
	t.Helper()
	l, err := net.Listen("tcp", ":0") // both families
	if err != nil {
		t.Fatal(err)
	}
	d := &door{port: strconv.Itoa(l.Addr().(*net.TCPAddr).Port), marks: make(chan struct{})}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mark := make([]byte, 4)
			if _, _ = c.Read(mark); string(mark) == "mark" {
				d.marks <- struct{}{}
			} else {
				d.arrived.Add(1)
			}
			c.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return d
}

// count tells how many came: connections are taken in their order, so that a mark
// comes after all of them.
func (d *door) count(t *testing.T) int64 {
	t.Helper()
	c, err := net.Dial("tcp", "127.0.0.1:"+d.port)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte("mark")); err != nil {
		t.Fatal(err)
	}
	<-d.marks
	return d.arrived.Load()
}

// knock tries a host by TCP, says nothing and hangs up.
func (d *door) knock(dial *net.Dialer, host string) error {
	c, err := dial.Dial("tcp", strings.Trim(host, "[]")+":"+d.port)
	if strings.HasPrefix(host, "[") {
		c, err = dial.Dial("tcp", host+":"+d.port)
	}
	if err == nil {
		c.Close()
	}
	return err
}

// TestHostile: in a network where every address leads here, none of the hostile
// ones does through the guard, by TCP, HTTP or HTTPS, and most of them do without.
func TestHostile(t *testing.T) {
	if len(hostile) < 60 {
		t.Fatalf("%d hostile addresses", len(hostile))
	}
	if os.Getenv(worldEnv) == "" {
		out, err := enclose("TestHostile")
		if err == nil {
			t.Logf("in a network of its own:\n%s", out)
			return
		}
		var ended *exec.ExitError
		if errors.As(err, &ended) && ended.ExitCode() != noWorld {
			t.Fatalf("in a network of its own: %v\n%s", err, out)
		}
		t.Logf("no network of its own here (%v): only this machine's addresses can arrive", err)
	}
	g, d := confirmed(t), open(t)
	client := g.Client("admin", "secret", 2*time.Second)
	for _, host := range hostile {
		if err := d.knock(g.Dialer(2*time.Second), host); err == nil {
			t.Errorf("dial %s: no error", host)
		}
		for _, scheme := range []string{"http://", "https://"} {
			res, err := client.Get(scheme + host + ":" + d.port + "/")
			if err == nil {
				res.Body.Close()
				t.Errorf("get %s%s: no error", scheme, host)
			}
		}
	}
	if n := d.count(t); n != 0 {
		t.Errorf("%d connections arrived through the guard", n)
	}
	free := &net.Dialer{Timeout: 200 * time.Millisecond}
	if os.Getenv(worldEnv) == "" {
		if d.knock(free, "127.0.0.1"); d.count(t) != 1 {
			t.Error("nothing arrives without a guard either")
		}
		return
	}
	reached := 0
	for _, host := range hostile {
		if d.knock(free, host) == nil {
			reached++
		}
	}
	if n := d.count(t); n != int64(reached) || n < 100 {
		t.Errorf("%d of %d hostile addresses lead here without a guard, %d arrived; want 100 at least", reached, len(hostile), n)
	}
	if err := d.knock(g.Dialer(2*time.Second), inside); err != nil {
		t.Errorf("a confirmed address: %v", err)
	}
	t.Logf("%d hostile addresses, of which %d lead here without a guard", len(hostile), reached)
}

// TestOutside: the refusal has its code through whatever wraps it.
func TestOutside(t *testing.T) {
	g := confirmed(t)
	_, err := g.Dialer(time.Second).Dial("tcp", "127.0.0.1:80")
	if camera.CodeOf(err) != camera.CodeOutsideLAN {
		t.Errorf("dial: %v", err)
	}
	_, err = g.Client("", "", time.Second).Get("http://169.254.169.254/latest/meta-data/") //nolint:noctx
	if camera.CodeOf(err) != camera.CodeOutsideLAN {
		t.Errorf("get: %v", err)
	}
	if err := g.Control("tcp4", "192.168.77.50:0", nil); err == nil {
		t.Error("port 0 passed")
	}
	for _, a := range []netip.Addr{{}, netip.MustParseAddr("::ffff:192.168.77.50"), netip.MustParseAddr("fd12:3456:789a:1::5%eth0")} {
		if camera.CodeOf(g.Check(a)) != camera.CodeOutsideLAN {
			t.Errorf("%v passed", a)
		}
	}
	for _, own := range lan.Own() {
		if g.Check(own) == nil {
			t.Errorf("own address %s passed", own)
		}
	}
}

// TestRebinding: a name that leads into the LAN when it is asked first, and
// elsewhere when it is asked again, is judged each time.
func TestRebinding(t *testing.T) {
	g := lan.New(lan.Config{Loopback: true})
	d := open(t)
	var asked atomic.Int64
	resolver := serveNames(t, func() netip.Addr {
		if asked.Add(1) == 1 {
			return netip.MustParseAddr("127.0.0.1") // what this guard lets through
		}
		return netip.MustParseAddr("0.0.0.0") // leads to the same listener, were it dialled
	})
	dial := g.Dialer(5 * time.Second)
	dial.Resolver = resolver
	if err := d.knock(dial, "camera.test."); err != nil {
		t.Fatalf("first: %v", err)
	}
	if n := d.count(t); n != 1 {
		t.Fatalf("%d connections, want 1", n)
	}
	for range 3 {
		if err := d.knock(dial, "camera.test."); camera.CodeOf(err) != camera.CodeOutsideLAN {
			t.Errorf("again: %v", err)
		}
	}
	if n := d.count(t); n != 1 || asked.Load() < 2 {
		t.Errorf("%d connections after %d questions, want 1", n, asked.Load())
	}
}

// TestRedirects: a device that sends the client elsewhere is not followed.
func TestRedirects(t *testing.T) {
	d := open(t)
	for _, to := range []string{"http://127.0.0.1:", "http://localhost:", "http://[::1]:", "//127.0.0.1:"} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			device := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", to+d.port+"/")
				w.WriteHeader(status)
			})
			res, err := lan.New(lan.Config{Loopback: true}).Client("admin", "secret", 2*time.Second).Get(device)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if res.StatusCode != status {
				t.Errorf("%s %d: answer %d", to, status, res.StatusCode)
			}
		}
	}
	if n := d.count(t); n != 0 {
		t.Errorf("%d redirects were followed", n)
	}
}

// TestProxy: the environment's proxy gets nothing.
func TestProxy(t *testing.T) {
	d := open(t)
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"} {
		t.Setenv(name, "http://127.0.0.1:"+d.port)
	}
	ctx, stop := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://192.168.76.50/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if res, err := confirmed(t).Client("", "", time.Second).Do(req); err == nil {
		res.Body.Close()
	}
	if n := d.count(t); n != 0 {
		t.Errorf("%d connections to the proxy", n)
	}
}
