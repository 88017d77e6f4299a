package lan_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/icholy/digest"
	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/lan"
)

// device is a small HTTP device with one account, written from RFC 7616 and 7617.
type device struct {
	scheme   string // "digest", "basic" or "both"
	password string
	once     bool // a nonce serves for one request

	mu    sync.Mutex
	nonce int
	tries int // requests with a password, right or wrong
	wrong int
	basic int // of which by basic
}

func (d *device) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if body, _ := io.ReadAll(r.Body); r.Method == http.MethodPost && string(body) != "question" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if given := r.Header.Get("Authorization"); given != "" {
		d.tries++
		if d.right(r, given) {
			fmt.Fprint(w, "answer")
			return
		}
	}
	if d.scheme != "digest" {
		w.Header().Add("WWW-Authenticate", `Basic realm="device"`)
	}
	if d.scheme != "basic" {
		w.Header().Add("WWW-Authenticate", fmt.Sprintf(`digest realm="device", nonce="n%d", qop="auth, auth-int"`, d.nonce))
	}
	w.WriteHeader(http.StatusUnauthorized)
}

func (d *device) right(r *http.Request, given string) bool {
	if user, pass, ok := r.BasicAuth(); ok {
		d.basic++
		if user == "admin" && pass == d.password {
			return true
		}
		d.wrong++
		return false
	}
	c, err := digest.ParseCredentials(given)
	if err != nil || c.Nonce != fmt.Sprintf("n%d", d.nonce) {
		return false // an old nonce says nothing of the password
	}
	want, err := digest.Digest(&digest.Challenge{Realm: "device", Nonce: c.Nonce, QOP: []string{"auth"}}, digest.Options{
		Method: r.Method, URI: r.URL.RequestURI(), Count: c.Nc, Username: "admin", Password: d.password, Cnonce: c.Cnonce,
	})
	if err != nil || want.Response != c.Response {
		d.wrong++
		return false
	}
	if d.once {
		d.nonce++
	}
	return true
}

func ask(t *testing.T, c *http.Client, url string) int {
	t.Helper()
	res, err := c.Post(url+"/call?x=1", "text/plain", strings.NewReader("question"))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err != nil || res.StatusCode == http.StatusOK && string(body) != "answer" {
		t.Errorf("body %q, %v", body, err)
	}
	return res.StatusCode
}

func TestLogin(t *testing.T) {
	for _, c := range []struct {
		name     string
		device   *device
		password string
		status   int
		tries    int // of five calls
		wrong    int
		basic    int
	}{
		{"digest", &device{scheme: "digest", password: "đúng:rồi"}, "đúng:rồi", 200, 5, 0, 0},
		{"digest, a nonce a request", &device{scheme: "digest", password: "p", once: true}, "p", 200, 9, 0, 0},
		{"basic", &device{scheme: "basic", password: "p"}, "p", 200, 5, 0, 5},
		{"the better one of both", &device{scheme: "both", password: "p"}, "p", 200, 5, 0, 0},
		{"wrong by digest", &device{scheme: "digest", password: "p"}, "q", 401, 1, 1, 0},
		{"wrong by basic", &device{scheme: "basic", password: "p"}, "q", 401, 1, 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			url := serve(t, c.device.ServeHTTP)
			client := lan.New(lan.Config{Loopback: true}).Client("admin", c.password, 5*time.Second)
			for range 5 {
				if got := ask(t, client, url); got != c.status {
					t.Errorf("answer %d, want %d", got, c.status)
				}
			}
			if d := c.device; d.tries != c.tries || d.wrong != c.wrong || d.basic != c.basic {
				t.Errorf("%d tries, %d wrong, %d basic; want %d, %d, %d", d.tries, d.wrong, d.basic, c.tries, c.wrong, c.basic)
			}
		})
	}
}

// TestLoginTogether: many requests at once do not spend many tries.
func TestLoginTogether(t *testing.T) {
	d := &device{scheme: "digest", password: "p"}
	url := serve(t, d.ServeHTTP)
	client := lan.New(lan.Config{Loopback: true}).Client("admin", "wrong", 20*time.Second)
	var all sync.WaitGroup
	for range 12 {
		all.Go(func() {
			if got := ask(t, client, url); got != 401 {
				t.Errorf("answer %d", got)
			}
		})
	}
	all.Wait()
	if d.wrong != 1 {
		t.Errorf("%d wrong tries, want 1", d.wrong)
	}
}

// TestLoginChanged: a password that worked is refused twice and then waits, however
// the device makes its nonces.
func TestLoginChanged(t *testing.T) {
	for scheme, c := range map[string]struct{ fresh, wrong int }{"digest": {0, 2}, "basic": {0, 2}, "both": {1, 1}} {
		changed(t, scheme, c.fresh, c.wrong)
	}
}

func changed(t *testing.T, scheme string, fresh, wrong int) {
	t.Helper()
	d := &device{scheme: scheme, password: "p"}
	url := serve(t, d.ServeHTTP)
	client := lan.New(lan.Config{Loopback: true}).Client("admin", "p", 5*time.Second)
	if got := ask(t, client, url); got != 200 {
		t.Fatalf("answer %d", got)
	}
	d.mu.Lock()
	d.password = "new"
	d.nonce += fresh
	d.mu.Unlock()
	for range 5 {
		if got := ask(t, client, url); got != 401 {
			t.Errorf("answer %d", got)
		}
	}
	if d.wrong != wrong {
		t.Errorf("%s: %d wrong tries, want %d", scheme, d.wrong, wrong)
	}
}

// TestNoName: without a name nothing is tried.
func TestNoName(t *testing.T) {
	d := &device{scheme: "both", password: ""}
	client := lan.New(lan.Config{Loopback: true}).Client("", "", 5*time.Second)
	if got := ask(t, client, serve(t, d.ServeHTTP)); got != 401 || d.tries != 0 {
		t.Errorf("answer %d after %d tries", got, d.tries)
	}
}

// TestMemory: many clients of one guard spend two tries of a wrong password, others
// and other devices are not held up, and after half an hour one may try again.
func TestMemory(t *testing.T) {
	d, other := &device{scheme: "digest", password: "p"}, &device{scheme: "basic", password: "p"}
	url, otherURL := serve(t, d.ServeHTTP), serve(t, other.ServeHTTP)
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	g := lan.New(lan.Config{Loopback: true, Now: func() time.Time { return now }})
	tries := func(url, password string, n int) (status int) {
		for range n {
			status = ask(t, g.Client("admin", password, 5*time.Second), url)
		}
		return status
	}
	if tries(url, "q", 5); d.wrong != 2 {
		t.Errorf("%d wrong tries, want 2", d.wrong)
	}
	if tries(otherURL, "q", 5); other.wrong != 2 {
		t.Errorf("%d wrong tries at another device, want 2", other.wrong)
	}
	if got := tries(url, "p", 3); got != 200 || d.wrong != 2 {
		t.Errorf("the right one: %d", got)
	}
	now = now.Add(29 * time.Minute)
	if tries(url, "q", 1); d.wrong != 2 {
		t.Error("tried too early")
	}
	now = now.Add(2 * time.Minute)
	if tries(url, "q", 5); d.wrong != 4 {
		t.Errorf("%d wrong tries after half an hour, want 4", d.wrong)
	}
	d.mu.Lock()
	d.password = "q"
	d.mu.Unlock()
	now = now.Add(31 * time.Minute)
	if got := tries(url, "q", 2); got != 200 {
		t.Errorf("answer %d", got)
	}
}

// TestOnlyDigest: a device that asks for the password itself does not get it.
func TestOnlyDigest(t *testing.T) {
	for _, scheme := range []string{"basic", "digest"} {
		d := &device{scheme: scheme, password: "p"}
		got := ask(t, lan.New(lan.Config{Loopback: true}).DigestClient("admin", "p", 5*time.Second), serve(t, d.ServeHTTP))
		if scheme == "basic" && (got != 401 || d.tries != 0) || scheme == "digest" && got != 200 {
			t.Errorf("%s: answer %d after %d tries", scheme, got, d.tries)
		}
	}
}

// TestSilent: however a client is printed, it does not show the password.
func TestSilent(t *testing.T) {
	c := lan.New(lan.Config{Loopback: true}).Client("admin", "canary-7f3a", time.Second)
	_, err := c.Get("http://127.0.0.1:1/")
	for _, text := range []string{fmt.Sprintf("%+v %#v", c, c), fmt.Sprintf("%+v %#v", c.Transport, c.Transport), err.Error()} {
		if strings.Contains(text, "canary") {
			t.Errorf("%s", text)
		}
	}
}

// TestWaitForTurn: who waits for another one's try gives up with its context.
func TestWaitForTurn(t *testing.T) {
	asked, answer := make(chan struct{}), make(chan struct{})
	url := serve(t, func(http.ResponseWriter, *http.Request) { asked <- struct{}{}; <-answer })
	client := lan.New(lan.Config{Loopback: true}).Client("admin", "p", time.Minute)
	done := make(chan error, 1)
	go func() {
		res, err := client.Get(url)
		if err == nil {
			res.Body.Close()
		}
		done <- err
	}()
	<-asked
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if res, err := client.Do(req); err == nil {
		res.Body.Close()
		t.Error("no error")
	}
	close(answer)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestSet(t *testing.T) {
	for _, c := range []struct {
		network  string
		loopback bool
		ok       bool
	}{
		{"192.168.1.0/24", false, true}, {"192.168.1.77/24", false, true}, {"10.1.2.0/25", false, true}, {"172.16.3.4/32", false, true},
		{"fd12::/64", false, true}, {"fd12::/48", false, false}, {"192.168.0.0/16", false, false}, {"10.0.0.0/8", false, false},
		{"0.0.0.0/0", false, false}, {"::/0", false, false}, {"8.8.8.0/24", false, false}, {"127.0.0.0/8", false, false},
		{"127.0.0.0/8", true, true}, {"127.0.0.1/32", true, true}, {"126.0.0.0/7", true, false}, {"::1/128", true, false}, {"169.254.0.0/24", false, false},
		{"224.0.0.0/24", false, false}, {"100.64.0.0/24", false, false}, {"fe80::/64", false, false}, {"2001:db8::/64", false, false},
	} {
		n := netip.MustParsePrefix(c.network)
		g := lan.New(lan.Config{Loopback: c.loopback})
		err := g.Set([]netip.Prefix{n})
		if (err == nil) != c.ok || err != nil && camera.CodeOf(err) != camera.CodeOutsideLAN {
			t.Errorf("%s, loopback %v: %v", c.network, c.loopback, err)
		}
	}
	g := lan.New(lan.Config{Networks: []netip.Prefix{netip.MustParsePrefix("192.168.5.0/24"), netip.MustParsePrefix("8.8.8.0/24")}})
	if err := g.Check(netip.MustParseAddr("192.168.5.6")); err != nil {
		t.Error(err)
	}
	if err := g.Set([]netip.Prefix{netip.MustParsePrefix("192.168.6.0/24"), netip.MustParsePrefix("8.8.8.0/24")}); err == nil {
		t.Error("a public network was confirmed")
	}
	if err := g.Check(netip.MustParseAddr("192.168.5.6")); err != nil {
		t.Errorf("after a refused change: %v", err)
	}
	if err := g.Set(nil); err != nil || g.Check(netip.MustParseAddr("192.168.5.6")) == nil {
		t.Error("nothing confirmed, and something dialled")
	}
}

func TestNetworks(t *testing.T) {
	for _, n := range lan.Networks() {
		if !n.Addr().Is4() || !n.Addr().IsPrivate() || n.Bits() < 24 || n.Masked() != n {
			t.Errorf("network %s", n)
		}
		if err := lan.New(lan.Config{}).Set([]netip.Prefix{n}); err != nil {
			t.Error(err)
		}
	}
	if len(lan.Own()) == 0 {
		t.Error("no own address")
	}
}
